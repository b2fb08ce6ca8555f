# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # 05 · Pixel generation
# ### 逐一生成: paint one pixel, write one character, and go on
#
# **The question of this lecture: can a machine create a whole picture, or a poem, by doing nothing
# but guess the next piece?**

# %% tags=["setup"]

# %% [markdown]
# **When you are through, you can**
#
# 1. split the probability of a picture into a chain of small guesses, and say why nothing is lost;
# 2. build a PixelRNN and a PixelCNN, prove with a gradient what they look at, and cure the blind
#    spot;
# 3. measure a generator in nats per image, bits per pixel and perplexity, beside honest baselines;
# 4. finish half a face, continue a poem, and turn the temperature up and down;
# 5. say what this way of creating does badly.
#
# **Time:** about 60 minutes to read and play, and two minutes to run on a laptop with two cores.
# **You need:** lecture 00 (CNN, RNN, cross-entropy); lecture 04's word vectors help.

# %% [markdown] tags=["terms", "slide"] headline="Words of today"
# | Term | 繁體中文 | In one line |
# | --- | --- | --- |
# | autoregressive model | 自迴歸模型 | guesses the next piece from all the pieces before it |
# | chain rule | 連鎖律 | $p(x_1, x_2) = p(x_1)\,p(x_2 \mid x_1)$, and so on |
# | likelihood | 概似度 | the probability that a model gives to the data |
# | entropy | 熵 | the mean of $-\log p$: how much there is to guess |
# | masked convolution | 遮罩卷積 | a convolution that must not see what comes later |
# | receptive field | 感受野 | the part of the input that can move one output |
# | sampling | 取樣 | drawing something new from a model |
# | temperature | 溫度 | how daring the drawing is |
# | perplexity | 困惑度 | among how many equally likely pieces the model seems to choose |

# %%
import math
import time
from collections import Counter, defaultdict

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from ipywidgets import FloatSlider, IntSlider, SelectionSlider, Text
from torch import nn
from torchvision.utils import make_grid

from course_utils import datasets, plotting, training, widgets

images, _ = datasets.mnist("train")
test_images, _ = datasets.mnist("test")
grey, grey_test = images[:, 0], test_images[:, 0]  # (60000, 28, 28) and (10000, 28, 28), in [0, 1]
faces = datasets.pixel_faces("train")
faces_test = datasets.pixel_faces("test").index.long()  # (4000, 16, 16)
colours = faces.index.long()  # (20000, 16, 16), whole numbers: which of 228 colours
print("digits", tuple(grey.shape), " faces", tuple(colours.shape))

# %% [markdown]
# ## 1 · The idea in one picture

# %% [markdown] tags=["slide"] headline="Guess the next pixel"
# Cover a picture with your hand, and uncover it pixel by pixel, row by row, as one reads. Before
# each pixel, guess. Most guesses are easy: beside white comes white, beside hair comes hair.

# %% [markdown]
# On the left is half a face. Which colour comes next? On the right are the colours that really
# came, in 20,000 faces, after the same colour at the left and the same colour above.

# %% tags=["more"]
face, row, column = 5, 8, 5
left, above = colours[face, row, column - 1], colours[face, row - 1, column]
alike = (colours[:, 1:, :-1] == left) & (colours[:, :-1, 1:] == above)
counts = torch.bincount(colours[:, 1:, 1:][alike], minlength=228)
five = counts.argsort(descending=True)[:5]
half = faces.to_rgb(faces.index[face : face + 1])[0].permute(1, 2, 0).clone()  # (16, 16, 3)
half[row, column:], half[row + 1 :] = 0.85, 0.85
figure, axes = plt.subplots(1, 2, figsize=(7.0, 2.9), width_ratios=(1, 1.3))
axes[0].imshow(half)
axes[0].add_patch(
    plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fc="0.85", ec=plotting.COLOURS[6], lw=2.5)
)
axes[0].text(column, row, "?", ha="center", va="center", fontsize=11)
axes[0].set(xticks=[], yticks=[])
shares = counts[five] / counts.sum()
axes[1].bar(range(5), shares, color=faces.palette[five].numpy() / 255, edgecolor="black")
for k, share in enumerate(shares):
    axes[1].text(k, share + 0.02, f"{share:.0%}", ha="center")
axes[1].set(xticks=[], xlabel="next colour", ylabel="share", ylim=(0, 1))
figure.tight_layout()
plotting.show(
    figure,
    "Half a pixel face with one pixel marked by a question mark, and bars: the five colours that "
    "most often come next; one of them is by far the most frequent.",
)

# %% [markdown]
# Mostly skin. But one time in eight it is something else, and that is where a face becomes *this*
# face. That is all. A machine that guesses well can also **create**: draw one of the colours, with these
# chances, put it down, and go on to the next pixel. Hung-yi Lee calls it *component by component*.
#
# ## 2 · The chain rule
#
# Is it allowed to go pixel by pixel? Start with one. Take the pixel in the middle of every digit,
# in 8 steps of grey. Its **histogram** is a full model: it says how likely each grey is, and we can
# draw new greys from it.

# %%
levels = (grey * 7.999).long()  # (60000, 28, 28), 0 (paper) to 7 (ink)
x1, x2 = levels[:, 14, 14], levels[:, 14, 15]  # a pixel and its right neighbour
joint = torch.zeros(8, 8).index_put_((x1, x2), torch.ones(len(x1)), accumulate=True)
joint /= joint.sum()  # p(x1, x2), measured
p1 = joint.sum(1)  # p(x1)
p2_given_1 = joint / p1[:, None]  # p(x2 | x1): one histogram per row
figure, axes = plt.subplots(1, 4, figsize=(10.6, 2.6), sharey=True)
for axis, heights, name in (
    (axes[0], p1, "$p(x_1)$"),
    (axes[1], joint.sum(0), "$p(x_2)$, condition forgotten"),
    (axes[2], p2_given_1[0], "$p(x_2 | x_1 = $ paper$)$"),
    (axes[3], p2_given_1[7], "$p(x_2 | x_1 = $ ink$)$"),
):
    axis.bar(range(8), heights, color=plotting.COLOURS[5])
    axis.set(title=name, xlabel="grey, 0 to 7", xticks=range(8))
axes[0].set_ylabel("share of digits")
plotting.show(
    figure,
    "Four histograms over eight greys. The middle pixel is mostly paper or ink, and so is its "
    "neighbour; but that is mostly paper after paper, and mostly ink after ink.",
)

# %% [markdown] tags=["slide"] headline="The chain rule loses nothing"
# Now two pixels. Draw the first from $p(x_1)$, then the second from the histogram that **belongs to
# what the first turned out to be**:
#
# $$p(x_1, x_2) = p(x_1)\; p(x_2 \mid x_1)$$
#
# <details><summary><b>Predict:</b> is the product of the two exactly the table of pairs, or only
# nearly?</summary>
#
# Exactly. It is no assumption, it is what "probability of $x_2$, given $x_1$" means. The chain rule
# loses nothing, in any order of the pixels. What loses something is to forget the condition.
# </details>
#
# How much? A good code spends $-\log_2 p$ bits on something of probability $p$. The mean of that is
# the **entropy** $H$. Take the logarithm of the chain rule, and then the mean:
# $H(x_1, x_2) = H(x_1) + H(x_2 \mid x_1)$. So the second pixel, once we know the first, costs
# $H(x_1, x_2) - H(x_1)$ bits.

# %%
def entropy(p):
    """Bits that a good code needs on average: the mean of -log2 p."""
    return -(p * p.clamp(min=1e-12).log2()).sum().item()


p2 = joint.sum(0)
print(f"chain rule against the table of pairs: largest error {(p1[:, None] * p2_given_1 - joint).abs().max():.0e}")
print(f"condition forgotten: largest error {(p1[:, None] * p2 - joint).abs().max():.2f}")
h1, h2, h12 = entropy(p1), entropy(p2), entropy(joint)
print(f"bits: first {h1:.2f}, second alone {h2:.2f}, second after first {h12 - h1:.2f}")

# %% [markdown]
# The second pixel costs a quarter less once we know the first. With 784 pixels the chain is
# longer, and no less exact:

# %% [markdown] tags=["slide"] headline="A picture is 784 guesses, and the loss is a likelihood"
# $$p(x) = \prod_{i=1}^{784} p(x_i \mid x_1, \dots, x_{i-1})
# \qquad -\ln p(x) = \sum_{i=1}^{784} -\ln p(x_i \mid x_1, \dots, x_{i-1})$$
#
# The sum on the right is our loss. It is a real **likelihood**, in *nats* per image (divide by
# $\ln 2$ for bits). Smaller is better, and nobody can cheat: whoever gives more to one picture must
# take it from another.

# %% [markdown]
# To keep guesses simple, we make each pixel either paper (0) or ink (1). A grey of 0.7 becomes ink
# with probability 0.7, drawn anew at each visit (*dynamic binarisation*). The test digits are drawn
# once.

# %%
def binarise(x, generator=None):
    """Greys (n, 28, 28) in [0, 1] -> 0 or 1, int64, drawn at random."""
    return (torch.rand(x.shape, generator=generator) < x).long()


digits_test = binarise(grey_test, torch.Generator().manual_seed(1))  # (10000, 28, 28)

# %% [markdown] tags=["slide"]
# ## 3 · The simplest thing that could work
#
# **Forget the condition:** each place has its own chance of ink. **Remember twelve pixels:** a
# table with $2^{12}$ rows, one for every pattern of the twelve nearest pixels that are already
# there.
#
# <details><summary><b>Predict:</b> a table for <i>all</i> earlier pixels would be perfect. Why not
# make one?</summary>
#
# It would need up to $2^{783}$ rows, and all but a few would stay empty: no two digits are alike.
# A table cannot say "this is like that one". A network can.
# </details>

# %%
chance = grey.mean(0).clamp(1e-4, 1 - 1e-4)  # (28, 28), how often each place is ink
log_p = digits_test * chance.log() + (1 - digits_test) * (1 - chance).log()
alone_nats = -log_p.sum((1, 2)).mean().item()

NEAREST = [(0, 1), (0, 2), (0, 3), (1, -2), (1, -1), (1, 0), (1, 1), (1, 2), (2, -1), (2, 0),
           (2, 1), (3, 0)]  # fmt: skip  # (rows up, columns left)


def pattern(x):
    """The twelve nearest earlier pixels as one number, 0 to 4095: (n, h, 28) -> (n, h, 28)."""
    wide, h = F.pad(x, (3, 3, 3, 0)), x.shape[1]
    views = [wide[:, 3 - up : 3 - up + h, 3 - left : 31 - left] for up, left in NEAREST]
    return sum(view << bit for bit, view in enumerate(views))


training.seed_everything(0)
some = binarise(grey[:20000])
seen = torch.full((4096, 2), 0.5)  # half a count to begin with, so that no chance is 0
seen.view(-1).index_add_(0, (pattern(some) * 2 + some).flatten(), torch.ones(some.numel()))
ink = seen[:, 1] / seen.sum(1)  # (4096,)
p_ink = ink[pattern(digits_test)]  # (10000, 28, 28)
table_nats = F.binary_cross_entropy(p_ink, digits_test.float(), reduction="sum").item() / 10000
print(f"each pixel alone {alone_nats:.1f} nats per image, table of 12 pixels {table_nats:.1f}")

# %% tags=["random", "slide"] headline="It knows strokes, and no digit"
training.seed_everything(0)
dust = binarise(chance.expand(10, 28, 28))
scribble = torch.zeros(10, 28, 28, dtype=torch.int64)
for i in range(28):
    for j in range(28):
        scribble[:, i, j] = torch.bernoulli(ink[pattern(scribble[:, : i + 1])[:, i, j]]).long()
plotting.show_images(
    torch.cat([digits_test[:10], dust, scribble]),
    "Real digits; drawn with each pixel alone, clouds of dust; drawn from the table, pieces of "
    "strokes that lead nowhere.",
    rows=["real", "alone", "table"],
)

# %% [markdown]
# The table knows what a stroke looks like. It does not know what a digit is: it has forgotten all
# but twelve pixels. We need a longer memory.
#
# ## 4 · PixelRNN: read it like a text

# %% [markdown] tags=["slide"] headline="PixelRNN: read it like a text"
# A network with a memory is an old friend: the GRU of lecture 00. Lay the rows of pixels one after
# the other, 784 in a line. After each pixel, its state $h$ must tell the next one:
#
# $$h_i = \text{GRU}(h_{i-1}, x_{i-1}, \text{place}_i) \qquad p(x_i \mid x_{<i}) =
# \text{softmax}(W h_i)$$

# %% [markdown]
# All models here have the same form: pictures of whole numbers in, (n, h, w); for every place a
# score for each colour out, (n, colours, h, w). So one loss serves all. Paper and ink go in as an
# *embedding*: a learnt row of 16 numbers for each, like a word in lecture 04.

# %%
def nats(model, x):
    """-ln p(x) of each picture: (n, h, w) -> (n,)."""
    return F.cross_entropy(model(x), x, reduction="none").sum((1, 2))


@torch.no_grad()
def mean_nats(model, x):
    return torch.cat([nats(model, part) for part in x.split(250)]).mean().item()


def fit(model, draw, steps, label, lr=1.2e-2):
    """Make nats(model, draw()) small; draw() gives a fresh batch of pictures."""
    optimiser = torch.optim.Adam(model.parameters(), lr, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps, pct_start=0.1)

    def step(t):
        L = nats(model, draw()).mean()
        optimiser.zero_grad()
        L.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 100.0)  # nats are summed over all places
        optimiser.step()
        schedule.step()
        return {"nats per image": L}

    return training.train(step, steps=steps, label=label, unit="nats per image")


def some_digits(n=16):
    return binarise(grey[torch.randint(len(grey), (n,))])


# %%
class PixelRNN(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.embed = nn.Embedding(2, 16)
        self.place = nn.Parameter(torch.zeros(784, 16))
        self.gru = nn.GRU(16, width, batch_first=True)
        self.out = nn.Linear(width, 2)

    def forward(self, x):  # (n, 28, 28) -> (n, 2, 28, 28)
        before = F.pad(self.embed(x.flatten(1)), (0, 0, 1, -1))  # the pixel before: (n, 784, 16)
        h, _ = self.gru(before + self.place)  # (n, 784, width)
        return self.out(h).transpose(1, 2).unflatten(2, (28, 28))

    @torch.no_grad()
    def sample(self, n):
        x, h = torch.zeros(n, 784, dtype=torch.int64), None
        before = torch.zeros(n, 1, 16)
        for i in range(784):
            y, h = self.gru(before + self.place[i], h)
            x[:, i] = torch.multinomial(self.out(y[:, 0]).softmax(1), 1)[:, 0]
            before = self.embed(x[:, i : i + 1])
        return x.view(n, 28, 28)


# %% [markdown]
# <details><summary><b>Predict:</b> the table remembers 12 pixels, the GRU could remember 783. Who is
# better after 75 steps of training?</summary>
#
# The table. To *be able* to remember is not yet to have learnt it.
# </details>

# %% tags=["random", "slide"] headline="Dashes: the pixel above is 28 turns ago"
training.seed_everything(0)
rnn = PixelRNN()
rnn_history = fit(rnn, some_digits, 75, "PixelRNN")
rnn_nats = mean_nats(rnn, digits_test[:1000])
print(f"test, the first 1,000 digits: {rnn_nats:.1f} nats per image")
plotting.show_images(rnn.sample(10), "Ten pictures by the PixelRNN: stacks of short dashes from left to right.")

# %% [markdown]
# Far better than dust, and not even as good as the table! It is slow: 784 turns of the GRU, one after
# the other, for every picture it learns from, so a few seconds allow few steps. And a pixel's neighbour
# **above** is 28 turns ago: it has learnt to draw dashes from left to right, and hardly any stroke
# that goes down. (The PixelRNN of van den Oord et al. 2016 walks along diagonals, to have both
# neighbours at hand. It was the best of its time, after long training on graphics cards.)

# %% [markdown] tags=["slide"]
# ## 5 · PixelCNN: look at all places at once
#
# In training we have the whole picture. So let a CNN guess **all** pixels at once, as long as no
# guess can see its own pixel or a later one. Take the window of a convolution, and set to zero what
# it must not see. Mask **A** hides the pixel itself: it is for the first layer. Mask **B** shows
# the middle: from the second layer on, what stands there is no longer the pixel.

# %% tags=["more"] code="causal_mask"
def causal_mask(size, kind):
    """1 where a (size, size) window may look, in reading order."""
    mask = torch.ones(size, size)
    middle = size // 2
    mask[middle + 1 :] = 0  # the rows below
    mask[middle, middle + (kind == "B") :] = 0  # the rest of this row
    return mask


class MaskedConv2d(nn.Conv2d):
    def __init__(self, c_in, c_out, size, kind):
        super().__init__(c_in, c_out, size, padding=size // 2)
        self.register_buffer("mask", causal_mask(size, kind))

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


print("mask A", causal_mask(3, "A").int().tolist())
print("mask B", causal_mask(3, "B").int().tolist())

# %% [markdown] tags=["slide"] headline="Do not believe it: test it"
# Does it work? Do not believe it, **test** it. Ask the gradient: if a pixel of the input can move
# an output, the derivative is not zero. Colour all pixels that can. That is the *receptive field*.
#
# <details><summary><b>Predict:</b> seven layers with 3×3 masks. Does the pixel in the middle see
# <i>everything</i> above it, or is something missing?</summary>
#
# Look. To go right, a signal must go up, and a 3×3 window allows one step right per step up. So a
# whole wedge at the upper right stays dark, however many layers you stack: the *blind spot*.
# </details>

# %%
def receptive_field(model, size=15):
    """How strongly each input can move the output in the middle: (size, size)."""
    x = torch.rand(4, 1, size, size, requires_grad=True)
    model(x)[:, :, size // 2, size // 2].sum().backward()
    return x.grad.abs().sum((0, 1))


def draw_field(axis, field, title):
    middle = len(field) // 2
    axis.imshow(field > 0, cmap="Blues", vmin=0, vmax=1.6)
    axis.add_patch(plt.Rectangle((middle - 0.5,) * 2, 1, 1, color=plotting.COLOURS[6]))
    axis.set(title=title, xticks=[], yticks=[])


training.seed_everything(0)
stack = [MaskedConv2d(1, 8, 3, "A")]
fields = {"1 layer": receptive_field(nn.Sequential(*stack))}
stack += [MaskedConv2d(8, 8, 3, "B") for _ in range(6)]
fields["3 layers"] = receptive_field(nn.Sequential(*stack[:3]))
fields["7 layers"] = receptive_field(nn.Sequential(*stack))

# %% [markdown] tags=["slide"]
# **The cure** (van den Oord et al. 2016, *Conditional image generation*): two stacks of layers.
#
# - The **vertical** stack $v$ sees rows only, but all of them whole: this row and those above.
# - The **horizontal** stack $h$ sees this row, to the left of the pixel. From $v$ it takes what
#   stands **one row higher**. So nothing of the own row leaks in from the right.
#
# $$h \leftarrow h + W\,r\big(\text{conv}_{1\times2}(r(h)) + U\,\text{down}(r(v))\big)
# \qquad v \leftarrow v + \text{conv}_{2\times3}(r(v)), \qquad r = \text{ReLU}$$

# %% [markdown]
# (The paper multiplies a tanh by a sigmoid *gate* where we write $r$. Ours is smaller.)

# %%
def rows_conv(c_in, c_out, rows, width):
    """Sees this row and the rows - 1 above it, as far to the right as to the left."""
    pad = nn.ZeroPad2d((width // 2, width // 2, rows - 1, 0))
    return nn.Sequential(pad, nn.Conv2d(c_in, c_out, (rows, width)))


def left_conv(c_in, c_out, width):
    """Sees this pixel and the width - 1 to the left of it."""
    return nn.Sequential(nn.ZeroPad2d((width - 1, 0, 0, 0)), nn.Conv2d(c_in, c_out, (1, width)))


def down(v):
    """One row down: each row now holds what stood above it."""
    return F.pad(v, (0, 0, 1, -1))


def right(x):
    """One column to the right: each pixel now holds its left neighbour."""
    return F.pad(x, (1, -1))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.vertical, self.horizontal = rows_conv(c, c, 2, 3), left_conv(c, c, 2)
        self.U, self.W = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)

    def forward(self, v, h):
        h = h + self.W(F.relu(self.horizontal(F.relu(h)) + self.U(down(F.relu(v)))))
        return v + self.vertical(F.relu(v)), h


# %% [markdown]
# The whole PixelCNN: every colour gets a few numbers (an embedding, as words in lecture 04), a
# first look as far as `reach`, three layers, and a score for each colour. Digits always stand in
# the middle, so there we add a `place` map: some numbers for "where am I?".
#
# Half a minute on two cores is little. So the network is narrow, the batches are small (16 digits
# make 12,544 guesses), and the learning rate is high at first and falls to zero. What each of these
# choices is worth at equal seconds stands in `benchmarks/pixelcnn.py`.

# %% tags=["slide"] headline="The blind spot, and its cure"
class PixelCNN(nn.Module):
    def __init__(self, colours, reach, embedding_dim, width, size=None, layers=3):
        super().__init__()
        self.embed = nn.Embedding(colours, embedding_dim)
        self.first_v = rows_conv(embedding_dim, width, reach, 2 * reach - 1)
        self.first_h = left_conv(embedding_dim, width, reach)
        self.place = nn.Parameter(torch.zeros(2, width, size, size)) if size else None
        self.layers = nn.ModuleList(Layer(width) for _ in range(layers))
        self.out = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, 2 * width, 1), nn.ReLU(), nn.Conv2d(2 * width, colours, 1)
        )
        self.to(memory_format=torch.channels_last)  # faster convolutions on a CPU

    def forward(self, x):  # (n, h, w) -> (n, colours, h, w)
        return self.scores(self.embed(x).permute(0, 3, 1, 2))

    def scores(self, e):  # (n, embedding_dim, h, w) -> (n, colours, h, w)
        v, h = self.first_v(e), self.first_h(right(e))
        if self.place is not None:
            v, h = v + self.place[0, :, : v.shape[2]], h + self.place[1, :, : v.shape[2]]
        for layer in self.layers:
            v, h = layer(v, h)
        return self.out(h)


training.seed_everything(0)
small = PixelCNN(colours=2, reach=3, embedding_dim=1, width=8, layers=6)
fields["two stacks"] = receptive_field(small.scores)
figure, axes = plt.subplots(1, 4, figsize=(9.6, 2.7))
for axis, (name, field) in zip(axes, fields.items()):
    draw_field(axis, field, name)
plotting.show(
    figure,
    "Receptive fields of the middle pixel. One masked layer: four neighbours. Three and seven: a "
    "wedge that leans to the left; the upper right is blind. Two stacks: all rows above, whole, "
    "and the own row up to the left neighbour.",
)

# %%
middle = 7
field = fields["two stacks"] > 0
earlier = torch.arange(15 * 15).view(15, 15) < 15 * middle + middle
blind = earlier & ~(fields["7 layers"] > 0)
print("sees itself or a later pixel:", bool((field & ~earlier).any()))
print(f"earlier pixels it cannot see: {int((earlier & ~field).sum())}, "
      f"7 masked layers: {int(blind.sum())} of {int(earlier.sum())}")  # fmt: skip

# %% [markdown] tags=["slide"]
# ## 6 · Digits
#
# <details><summary><b>Predict:</b> how many steps does the PixelCNN take in the time that the
# PixelRNN took for 75? And is that why it is better?</summary>
#
# Several times as many, since it looks at all 784 places at once: in training, nothing waits.
# (Large language models are trained like that, too.) But it is only half of the answer. Look at the
# two losses after equally many steps, printed below: the PixelCNN is ahead there too. The pixel
# above is next door for it, not 28 turns away.
# </details>

# %% tags=["random"]
training.seed_everything(0)
cnn = PixelCNN(colours=2, reach=7, embedding_dim=2, width=32, size=28)
cnn_history = fit(cnn, some_digits, 1000, "PixelCNN, digits")
cnn_nats = mean_nats(cnn, digits_test)
print(f"test, all 10,000 digits: {cnn_nats:.2f} nats per image (target: at most 90)")
after_75 = {name: sum(past.losses["nats per image"][65:75]) / 10
            for name, past in (("PixelRNN", rnn_history), ("PixelCNN", cnn_history))}  # fmt: skip
print("training, steps 65 to 75:", {name: f"{value:.0f} nats" for name, value in after_75.items()})
e = cnn.embed(digits_test[:200]).permute(0, 3, 1, 2).detach().requires_grad_()  # real digits
cnn.scores(e)[:, 1, 14, 14].sum().backward()
far = e.grad.abs().sum((0, 1)) > 0
print(f"the pixel in the middle is judged by {int(far.sum())} of {14 * 28 + 14} earlier pixels")
figure, axis = plt.subplots(figsize=(2.6, 2.6))
draw_field(axis, far, "what our PixelCNN sees")
plotting.show(
    figure,
    "The field of the pixel in the middle of a digit: a block of nine rows above it and ten pixels "
    "at its left; the five top rows are out of sight.",
)

# %% [markdown]
# The blind spot is gone, but a window still ends somewhere: nine rows up. A digit is twenty rows
# high. More layers see further, and cost time.

# %% [markdown]
# Now create. In training all pixels were there; now each must wait for the one before. The same
# function can also **finish** something: pixels that are `known` stay as they are.

# %%
@torch.no_grad()
def paint(model, x, known, temperature=1.0):
    """Paint the pixels of x (n, h, w) that are not known (n, h, w), in reading order."""
    x = x * known
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            if not known[:, i, j].all():
                scores = model(x[:, : i + 1])[:, :, i, j]  # rows further down do not matter
                drawn = torch.multinomial((scores / temperature).softmax(1), 1)[:, 0]
                x[:, i, j] = torch.where(known[:, i, j], x[:, i, j], drawn)
    return x


def blank(n, height, width):
    """Nothing painted, nothing known."""
    return torch.zeros(n, height, width, dtype=torch.int64), torch.zeros(n, height, width).bool()


# %% tags=["random", "slide"] headline="Nobody drew these"
training.seed_everything(0)
began = time.perf_counter()
drawn_digits = paint(cnn, *blank(20, 28, 28))
digit_seconds = time.perf_counter() - began
plotting.show_images(
    drawn_digits,
    "Twenty pictures by the PixelCNN: strokes like a pen's; about half are clear digits, others "
    "fall into pieces.",
)
print(f"{digit_seconds:.1f} s for 20 digits: 784 runs of the network, one after the other")

# %% [markdown]
# Nobody drew these. Look for the ones that are *almost* digits: each stroke is right, and the whole
# is not. Part of this is our thrift, the nine rows. Keep the rest in mind.
#
# ## 7 · Faces
#
# The same class, 228 colours instead of 2. First what it has to beat, in bits per pixel: one
# histogram for all pixels (*unigram*); the left neighbour; left and upper neighbour.

# %%
def neighbours(x):
    """Left and upper neighbour of every pixel; 228 stands for 'outside'."""
    wide = F.pad(x, (1, 0, 1, 0), value=228)
    return wide[:, 1:, :-1], wide[:, :-1, 1:]


def counted(context, x, contexts, fallback):
    """p(colour | context) by counting, with 5 counts of the fallback mixed in."""
    table = torch.zeros(contexts * 228)
    table.index_add_(0, (context * 228 + x).flatten(), torch.ones(x.numel()))
    table = table.view(contexts, 228)
    return (table + 5 * fallback) / (table.sum(1, keepdim=True) + 5)


def bits(p):
    return -p.log2().mean().item()


unigram = counted(0 * colours, colours, 1, torch.full((1, 228), 1 / 228))
left, above = neighbours(colours)
by_left = counted(left, colours, 229, unigram)
both = counted(left * 229 + above, colours, 229**2, by_left.repeat_interleave(229, 0))
left, above = neighbours(faces_test)
face_bits = {
    "unigram": bits(unigram[0, faces_test]),
    "left neighbour": bits(by_left[left, faces_test]),
    "left and upper neighbour": bits(both[left * 229 + above, faces_test]),
}
print({name: f"{value:.2f} bits per pixel" for name, value in face_bits.items()})
del both

# %% tags=["random"]
def some_faces(n=16):
    return colours[torch.randint(len(colours), (n,))]


training.seed_everything(0)
painter = PixelCNN(colours=228, reach=8, embedding_dim=16, width=48)
face_history = fit(painter, some_faces, 600, "PixelCNN, faces", lr=1.5e-2)
face_bits["PixelCNN"] = mean_nats(painter, faces_test) / 256 / math.log(2)
print(f"test: {face_bits['PixelCNN']:.3f} bits per pixel")

# %% tags=["random", "slide"] headline="228 colours in place of two"
training.seed_everything(0)
began = time.perf_counter()
new_faces = paint(painter, *blank(30, 16, 16))
face_seconds = time.perf_counter() - began
plotting.show_images(
    faces.to_rgb(new_faces),
    "Thirty new pixel faces: hair, eyes, glasses, hats and clothes in place; most have an eye, a "
    "cheek or a lock in a colour that does not belong.",
)
print(f"{face_seconds:.1f} s for 30 faces")

# %% [markdown] tags=["slide"]
# They look like faces. Now look at each one as a whole.
#
# <details><summary><b>Predict:</b> in 96 of 100 real faces the two eyes are alike, and every real face
# has one tone of skin. And in painted ones?</summary>
#
# Far fewer, see below. Each pixel fits its neighbours, and the second eye has to guess what the
# first was.
# </details>

# %% tags=["random", "slide"] headline="Every pixel fits its neighbours, and the eyes do not match"
SKINS = colours[:, 9, 4].unique()  # a pixel that is always skin in real faces: eight tones


def whole(x):
    """Share of faces with both eyes alike, and with one tone of skin only."""
    alike = (x[:, 5:8, 4:7] == x[:, 5:8, 9:12]).flatten(1).all(1)
    tones = (x[..., None] == SKINS).flatten(1, 2).any(1).sum(1)
    return alike.float().mean().item(), (tones == 1).float().mean().item()


training.seed_everything(1)
more_faces = torch.cat([new_faces, paint(painter, *blank(70, 16, 16))])
wholes = {"real": whole(faces_test), "painted": whole(more_faces)}
for name, (eyes, skin) in wholes.items():
    print(f"{name:8} eyes alike {eyes:.0%}, one tone of skin {skin:.0%}")

# %% [markdown]
# **Finish half a face, twelve ways.** We keep the upper half of a face from the test set. There is
# no single right answer, and a model that draws by chance does not pretend there is.

# %% tags=["random", "slide"] headline="Half a face, finished twelve ways"
training.seed_everything(0)
upper = torch.zeros(16, 16).bool()
upper[:8] = True
finished = []
for i in (0, 3, 8):
    shown = faces_test[i].clone()
    twelve = paint(painter, faces_test[i].expand(12, 16, 16), upper.expand(12, 16, 16))
    finished.append(faces.to_rgb(torch.cat([shown[None], twelve])))
    finished[-1][0, :, 8:] = 0.85  # what is hidden
plotting.show_images(
    torch.cat(finished),
    "Three half faces, each finished in twelve ways: other mouths and clothes, and nearly always "
    "the skin goes on as it began.",
    columns=13,
    size=0.9,
)

# %% [markdown] tags=["slide"]
# **Temperature.** Divide the scores by $T$ before the softmax. With $T < 1$ likely colours become
# likelier: safe and dull. With $T > 1$ it dares more, and fails more. (Cooling each guess is not the
# same as making likely *pictures* likelier. It is greedy, pixel by pixel.)
#
# $$p_T(x_i = c) \propto \exp(s_c / T)$$
#
# <details><summary><b>Predict:</b> T = 0.5, 1 and 1.5. Which row will you like best?</summary>
#
# $T = 1$ is the honest one: only there are the chances the learnt ones. At 0.5 faces are neat, and
# plainer. At 1.5 one wild pixel leads to the next: the model must go on from its own mistakes.
# </details>

# %% tags=["random", "slide"] headline="Cool is plain, hot is wild"
training.seed_everything(0)
warm = [paint(painter, *blank(10, 16, 16), temperature=T) for T in (0.5, 1.0, 1.5)]
plotting.show_images(
    faces.to_rgb(torch.cat(warm)),
    "Ten faces each: at temperature 0.5 neat and plain, at 1 varied, at 1.5 with speckles and "
    "broken features.",
    rows=["T = 0.5", "T = 1", "T = 1.5"],
)

# %% [markdown]
# **A size it was never trained on.** A convolution does not care how large the picture is. Faces
# have no `place` map, so we can ask for 16 rows of 32 pixels.
#
# <details><summary><b>Predict:</b> what will a face twice as wide look like?</summary>
#
# Every patch is right: skin beside skin, an eye with its white. And nobody counts the eyes. In
# training the edge of the picture was always near, and told it where it was. Here, in the middle,
# no edge is in sight.
# </details>

# %% tags=["random", "slide"] headline="A size it was never trained on"
training.seed_everything(0)
plotting.show_images(
    faces.to_rgb(paint(painter, *blank(6, 16, 32))),
    "Six faces twice as wide: stretched heads with several eyes in a row, smeared glasses, and "
    "rarely a mouth in the middle.",
    columns=6,
    size=1.6,
)

# %% [markdown]
# Here is the flaw that Hung-yi Lee's notes name: **it loses the whole picture.** The chain rule is not
# to blame: with perfect guesses every whole would be right too. But each guess is a little wrong.
# It is trained to fit the next pixel only, and nothing in it says *this face has green eyes*: the
# second eye must read that off the first.

# %% [markdown] tags=["slide"]
# ## 8 · Poems
#
# Nothing in the chain rule is about pictures. Read a pile of poems, guess the next character, and
# you can write poems. The pile: 12,721 Tang quatrains (絕句), four lines of five or seven
# characters. A quatrain is a line of signs: each character, and a sign `/` where a line ends.

# %%
poems, poems_test = datasets.tang_quatrains("train"), datasets.tang_quatrains("test")
often = Counter(c for poem in poems for line in poem.lines for c in line)
signs = ["/", "□", *(c for c, n in often.most_common() if n >= 3)]  # □: any rarer character
number = {sign: i for i, sign in enumerate(signs)}


def encode(lines):
    return [0, *(number.get(c, 1) for line in lines for c in (*line, "/"))]


def pack(poems):
    """Poems as rows of numbers, (n, 33); the shorter ones end in -1."""
    rows = [encode(poem.lines) for poem in poems]
    return torch.tensor([row + [-1] * (33 - len(row)) for row in rows])


corpus, corpus_test = pack(poems), pack(poems_test)
rare = (corpus_test == 1).sum() / (corpus_test[:, 1:] > 0).sum()
print(f"{len(signs)} signs; {rare:.1%} of the test poems' characters are □")
plotting.show_poems(
    [poem.lines for poem in poems_test[40:44]], [poem.author for poem in poems_test[40:44]]
)

# %% [markdown]
# Each step asks two small questions: **does the line end here?** And if not, **which character?**
# Both are part of the chain, with $\sigma(e) = 1/(1 + e^{-e})$:
#
# $$p(\text{/}) = \sigma(e) \qquad p(c) = \big(1 - \sigma(e)\big)\;\text{softmax}(s)_c$$
#
# The state comes from a GRU. The scores $s$ compare it with each character's vector (lecture 04).
# It is told the number of the sign (`place`), so it need not count. It has to remember only whether
# the lines have five characters or seven.

# %%
class Poet(nn.Module):
    def __init__(self, embedding_dim=64, width=128):
        super().__init__()
        self.embed = nn.Embedding(len(signs), embedding_dim)
        nn.init.normal_(self.embed.weight, std=0.1)
        self.place = nn.Parameter(0.1 * torch.randn(33, embedding_dim))
        self.gru = nn.GRU(embedding_dim, width, batch_first=True)
        self.out = nn.Linear(width, embedding_dim)
        frequency = torch.bincount(corpus[:, 1:][corpus[:, 1:] >= 0], minlength=len(signs))
        self.common = nn.Parameter((frequency[1:] + 0.5).log())  # start from the unigram
        self.end = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, x, h=None, start=0):  # (n, t) -> ln p of the next sign (n, t, signs), state
        y, h = self.gru(self.embed(x) + self.place[start : start + x.shape[1]], h)
        e = self.end(y)  # (n, t, 1)
        s = self.out(y) @ self.embed.weight[1:].T + self.common  # (n, t, signs - 1)
        return torch.cat([F.logsigmoid(e), F.logsigmoid(-e) + s.log_softmax(-1)], -1), h

    def nats(self, x):
        """-ln p of each sign after the first, in a row; the filling is left out."""
        log_p, _ = self(x[:, :-1].clamp(min=0))
        loss = F.nll_loss(log_p.flatten(0, 1), x[:, 1:].flatten().clamp(min=0), reduction="none")
        return loss[x[:, 1:].flatten() >= 0]


# %% tags=["random"]
training.seed_everything(0)
poet = Poet()
lr, steps = 2e-2, 550
optimiser = torch.optim.Adam(poet.parameters(), lr, betas=(0.9, 0.99))
schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps, pct_start=0.15)


def step(t):
    L = poet.nats(corpus[torch.randint(len(corpus), (32,))]).mean()
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    schedule.step()
    return {"nats per sign": L}


poem_history = training.train(step, steps=steps, label="poet", unit="nats per sign")

# %% [markdown]
# **Perplexity** is $e^{\text{nats per sign}}$: among how many equally likely signs it seems to
# choose. (It is lecture 03's word and formula: there it counted neighbours.) Beside it: counting
# single signs, and counting pairs (with counts of single signs mixed in, so that an unseen pair is
# not impossible).

# %% tags=["random"]
p1 = torch.bincount(corpus[:, 1:][corpus[:, 1:] >= 0], minlength=len(signs)) + 0.5
p1 = p1 / p1.sum()
first, second = (corpus[:, :-1].flatten(), corpus[:, 1:].flatten())
pairs = torch.zeros(len(signs), len(signs))
pairs.index_put_((first[second >= 0], second[second >= 0]), torch.tensor(1.0), accumulate=True)
p2 = (pairs + 300 * p1) / (pairs.sum(1, keepdim=True) + 300)
first, second = (corpus_test[:, :-1].flatten(), corpus_test[:, 1:].flatten())
first, second = first[second >= 0], second[second >= 0]
with torch.no_grad():
    poet_nats = torch.cat([poet.nats(part) for part in corpus_test.split(100)])
costs = {"unigram": -p1[second].log(), "bigram": -p2[first, second].log(), "GRU": poet_nats}
perplexity = {name: cost.mean().exp().item() for name, cost in costs.items()}
ends = second == 0  # the signs that end a line
for name, cost in costs.items():
    print(f"{name:8} perplexity {perplexity[name]:.0f}; line end {cost[ends].mean():.2f} nats, "
          f"character {cost[~ends].mean():.2f} nats")  # fmt: skip

# %% tags=["random", "slide"] headline="The form is right, the sense drifts away"
@torch.no_grad()
def write(n, begin="", temperature=1.0):
    """Write n poems that begin with these characters; the lines of each."""
    given = torch.tensor([encode([begin])[:-1]]).expand(n, -1)  # "/" and the first characters
    log_p, h = poet(given)
    written = [begin] * n
    for t in range(given.shape[1], 33):
        scores = log_p[:, -1] / temperature
        scores[:, 1] = -math.inf  # never write □
        x = torch.multinomial(scores.softmax(1), 1)  # (n, 1)
        written = [text + signs[i] for text, i in zip(written, x[:, 0].tolist())]
        log_p, h = poet(x, h, start=t)
    return [text.split("/")[:4] for text in written]


def well_formed(lines):
    """Four lines of equal length, five or seven characters."""
    return len(lines) == 4 and {len(line) for line in lines} in ({5}, {7})


training.seed_everything(0)
new_poems = write(1000)
share = sum(map(well_formed, new_poems)) / len(new_poems)
print(f"well-formed: {share:.1%} of 1,000 poems (target: at least 98 %)")
plotting.show_poems(new_poems[:6])

# %% [markdown]
# The form is nearly perfect, and pairs of characters sound like Tang poetry: moons, rivers, spring, white
# hair. Read a whole line, and the sense drifts away. It is the wide face again: every step fits,
# and nobody has decided what the poem is about.
#
# **Give it a first line.** Seven characters, and it answers in sevens.

# %% tags=["random"]
training.seed_everything(0)
beginnings = ["春風又綠江南岸", "白日依山盡", "獨坐幽篁裏"]
plotting.show_poems([poem for begin in beginnings for poem in write(2, begin + "/", 0.7)])
originals = [(poem, where) for pile, where in ((poems, "in the pile"), (poems_test, "in the test"))
             for poem in pile if poem.lines[0] in beginnings]  # fmt: skip
plotting.show_poems([p.lines for p, _ in originals], [f"{w}: {p.author}" for p, w in originals])

# %% [markdown]
# Three cases. 春風又綠江南岸 is by 王安石, of the Song dynasty: not in the pile. 獨坐幽篁裏 opens a poem
# by 王維 that was kept for the test: never read. 白日依山盡 was in the pile. (You know it as 王之渙's
# 登鸛雀樓. The *Complete Tang Poems* print it under 朱斌 too, and our file keeps that name.) The poet has
# read each poem of the pile once or twice (550 steps of 32), far too little to learn one by heart.
#
# **Is it copying?** Look up, for each new poem, the poem of the training set that shares the most
# pairs of neighbouring characters with it. But how many is many? Real poets quote each other too:
# so do the same for poems of the test set.
#
# <details><summary><b>Predict:</b> who shares more with the training poems: our poet, or real Tang
# poets?</summary>
#
# The real ones. They use the same phrases again and again, and our small poet has not even learnt
# all of those.
# </details>

# %% tags=["random"]
def pairs_of(lines):
    return {line[i : i + 2] for line in lines for i in range(len(line) - 1)}


holders = defaultdict(list)  # pair of characters -> the poems that hold it
for i, poem in enumerate(poems):
    for pair in pairs_of(poem.lines):
        holders[pair].append(i)


def nearest_poem(lines):
    """The training poem that shares most pairs, and the share of the pairs."""
    shared = Counter(i for pair in pairs_of(lines) for i in holders[pair])
    (i, n), *_ = shared.most_common(1) or [(0, 0)]
    return poems[i], n / len(pairs_of(lines))


checked = [poem for poem in new_poems if well_formed(poem)][:300]
copies = sorted(((nearest_poem(lines)[1], lines) for lines in checked), reverse=True)
copy_share = sum(part for part, _ in copies) / 300
test_share = sum(nearest_poem(poem.lines)[1] for poem in poems_test[:300]) / 300
print(f"pairs shared with the nearest training poem: new poems {copy_share:.0%}, "
      f"real test poems {test_share:.0%}")  # fmt: skip
worst, lines = copies[0]
match, _ = nearest_poem(lines)
print(f"the closest of 300 new poems shares {worst:.0%} with one training poem:")
plotting.show_poems([lines, match.lines], ["the closest new poem", f"its nearest: {match.author}"])

# %% [markdown]
# On average, new poems share *less* with the training set than real poems do, and even the closest
# one is no copy. Train for fifty passes in place of one or two, and try again.
#
# ## 9 · Play
#
# **Finish my face.** Choose a face and how many rows of it stay. All answers were painted
# beforehand (that takes seconds, see below), so the picture follows at once.

# %% tags=["random"]
training.seed_everything(0)
chosen, kept_rows = faces_test[[11, 3, 24, 8]], [2, 5, 7, 9, 11, 13]
known = torch.arange(16)[:, None] < torch.tensor(kept_rows)[:, None, None]  # (6, 16, 1)
known = known.expand(6, 16, 16).repeat(4, 1, 1).repeat_interleave(5, 0)
answers = paint(painter, chosen.repeat_interleave(30, 0), known)  # 4 faces x 6 x 5 answers
answers = faces.to_rgb(answers).view(4, 6, 5, 3, 16, 16)


def finish(face, rows):
    k = kept_rows.index(rows)
    start = faces.to_rgb(chosen[face - 1 : face])[0].clone()
    start[:, kept_rows[k] :] = 0.85
    return make_grid([start, *answers[face - 1, k]], nrow=3, padding=1, pad_value=1.0)


widgets.Explorer(
    finish,
    {
        "face": IntSlider(1, 1, 4, description="face"),
        "rows": SelectionSlider(options=kept_rows, value=7, description="rows kept"),
    },
    alt="The part of a face that is kept, and five ways to finish it.",
    width=330,
)

# %% [markdown]
# **Finish my poem.** Type a beginning, up to one line, and press Enter. This one is written while
# you wait: a GRU needs one small step per character.

# %% tags=["random"]
def finish_poem(begin, temperature):
    begin = begin.strip()
    strange = [c for c in begin if c not in number or c in "/□"]
    if strange:
        raise ValueError(f"these do not occur in the poems: {' '.join(strange)}")
    if len(begin) > 7:
        raise ValueError("give at most seven characters, one line")
    begin += "/" if len(begin) in (5, 7) else ""
    return plotting.poem_cards(write(3, begin, temperature))


training.seed_everything(2)
widgets.TextExplorer(
    finish_poem,
    {
        "begin": Text("明月照", description="begins", continuous_update=False),
        "temperature": FloatSlider(value=0.7, min=0.3, max=1.5, step=0.1, description="T"),
    },
)

# %% [markdown] tags=["slide"]
# ## 10 · Measure

# %% tags=["random", "more"]
plotting.table(
    [
        {"model": "each pixel alone", "nats per image": f"{alone_nats:.1f}", "seconds": "–"},
        {"model": "table of 12 pixels", "nats per image": f"{table_nats:.1f}", "seconds": "–"},
        {"model": "PixelRNN, 75 steps (first 1,000 digits)", "nats per image": f"{rnn_nats:.1f}",
         "seconds": f"{rnn_history.seconds:.0f}"},
        {"model": "PixelCNN, 1,000 steps", "nats per image": f"{cnn_nats:.2f}",
         "seconds": f"{cnn_history.seconds:.0f}"},
        {"model": "published: PixelCNN", "nats per image": "81.30", "seconds": "long"},
        {"model": "published: PixelRNN, diagonal", "nats per image": "79.20", "seconds": "long"},
    ],
    "Test digits, made black and white at random. Published: van den Oord et al. 2016, with one fixed "
    "draw for training and test. Ours draws anew in training, and the test draw is our own: not the "
    "same race",
)  # fmt: skip
plotting.table(
    [{"faces": name, "bits per pixel": f"{value:.3f}"} for name, value in face_bits.items()],
    "4,000 test faces, 228 colours",
)
plotting.table(
    [{"poems": name, "perplexity": f"{value:.0f}"} for name, value in perplexity.items()],
    "1,372 test poems, per sign, line ends counted; characters seen fewer than 3 times are one sign",
)

# %% [markdown]
# And **speed**. Guessing all pixels of a known picture takes one run of the network. Creating one
# takes as many runs as there are pixels, since each guess needs the ones before.

# %% tags=["random"]
with torch.no_grad():
    began = time.perf_counter()
    cnn(drawn_digits)
    one_run = time.perf_counter() - began
print(f"20 digits: to judge them {one_run * 1000:.0f} ms, to draw them {digit_seconds:.1f} s")
print(f"per sample, 20 or 30 at a time: digit {digit_seconds / 20:.2f} s, "
      f"face {face_seconds / 30:.3f} s")  # fmt: skip
draw_over_judge = digit_seconds / one_run

# %% [markdown] tags=["slide"]
# ## 11 · Break it on purpose
#
# Use mask **B** in the first layer, so that each guess sees its own pixel.
#
# <details><summary><b>Predict:</b> what happens to the loss, and what to the pictures?</summary>
#
# The loss falls almost to zero: copying is easy. It would be the best model ever published. And it
# can draw nothing: when it paints, the pixel that it wants to copy is not there yet.
# </details>

# %% tags=["random"]
class Cheat(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            MaskedConv2d(1, 16, 5, "B"), nn.ReLU(), MaskedConv2d(16, 2, 3, "B")
        )

    def forward(self, x):
        return self.net(x[:, None].float())


training.seed_everything(0)
cheat = Cheat()
fit(cheat, some_digits, 200, "mask B first")
cheat_nats = mean_nats(cheat, digits_test[:1000])
print(f"test: {cheat_nats:.2f} nats per image")
cheat_drawn = paint(cheat, *blank(10, 28, 28))
print(f"ink in what it draws: {cheat_drawn.float().mean():.1%}, "
      f"in real digits: {digits_test.float().mean():.1%}")  # fmt: skip

# %% [markdown]
# But did we not say that nobody can cheat with a likelihood? This is none. The chain rule asks for
# $p(x_i \mid \text{earlier pixels})$, and a guess that has seen $x_i$ is something else: added up over
# all pictures, these "chances" come to far more than 1. So a likelihood that is too good is a bug.
# Ask the gradient, as in section 5. A derivative that is not zero *proves* a leak. Zero at a few random
# pictures is strong evidence only: a unit that happens to be off passes nothing on. So try several
# pictures and several places, corners too.

# %%
peek = receptive_field(nn.Sequential(cheat.net))
print("the cheat sees the pixel it should guess:", bool(peek[7, 7] > 0))

# %% [markdown] tags=["slide"]
# ## 12 · What it still cannot do
#
# - It **creates**, and it is measured by a true likelihood. Few other generators are.
# - It is **slow**: one step per pixel. For a photograph of a million pixels that is a long wait.
# - It **loses the whole picture**: nothing in it decides on the whole before the first pixel.
# - And it has no **code**. There is nothing to turn, to compare, to walk along, as in lectures 01
#   and 02. Lecture 06 puts the code back: first a short $z$ for the whole, then the picture.

# %% [markdown] tags=["slide"]
# ## 13 · Summary
#
# 1. The chain rule turns "how likely is this picture?" into a row of small guesses, exactly.
# 2. An RNN carries its memory along; a masked CNN has every neighbour at hand, all places at once.
# 3. Ask the gradient what a model sees: that finds blind spots, and it finds cheats.
# 4. Nats, bits per pixel and perplexity say how good the guesses are; baselines say how hard it was.
# 5. Every piece fits its neighbours, and nobody decides on the whole.

# %%
widgets.quiz(
    "Why does the first layer need mask A, and the others mask B?",
    {
        "A is smaller, so it is faster": "The masks cost the same.",
        "In the first layer the middle is the pixel itself; later it is a summary of earlier ones":
        "So later layers may look at the middle, and only the first must not.",
        "B would see the pixels below": "Neither mask shows anything below.",
    },
    right="In the first layer the middle is the pixel itself; later it is a summary of earlier ones",
)
widgets.quiz(
    "A model gets 88 nats per image on digits. What is the probability of one test digit?",
    {
        "88 %": "Nats are no percentages.",
        "About e to the power of −88": "Tiny, and still far more than the 2 to the power of −784 "
        "that pure chance gives.",
        "1 in 88": "That would be 4.5 nats.",
    },
    right="About e to the power of −88",
)
widgets.quiz(
    "Why is a PixelCNN fast to train and slow to draw?",
    {
        "Drawing needs a larger network": "It is the same network.",
        "In training all pixels are known, in drawing each must wait for the one before":
        "One run judges 784 guesses. To draw, it takes 784 runs.",
        "Random numbers are slow": "They cost next to nothing.",
    },
    right="In training all pixels are known, in drawing each must wait for the one before",
)

# %% [markdown]
# **The exercise.** `exercises/05_pixel_generation` has you build masks, prove them with gradients,
# cure the blind spot, count nats, and draw with a temperature.
#
# **Now you.** Cut pieces out of the *middle* of a face (`known` may have any form) and let it be
# finished. What goes wrong at the lower edge of the hole, and why?
#
# **Further reading**
#
# - C. E. Shannon (1948), *A mathematical theory of communication*: entropy, and the first sentences
#   made letter by letter and word by word.
# - A. van den Oord, N. Kalchbrenner and K. Kavukcuoglu (2016), *Pixel recurrent neural networks*.
# - A. van den Oord, N. Kalchbrenner, O. Vinyals, L. Espeholt, A. Graves and K. Kavukcuoglu (2016),
#   *Conditional image generation with PixelCNN decoders*: the two stacks.
# - M. Germain, K. Gregor, I. Murray and H. Larochelle (2015), *MADE: masked autoencoder for
#   distribution estimation*: the same trick without convolutions.
# - X. Zhang and M. Lapata (2014), *Chinese poetry generation with recurrent neural networks*.
