# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # 00 · Deep learning in one slice
# ### 一次看懂三種網路: three kinds of network, one picture each
#
# **The question of this lecture: what can a network take in, what can it give out, and which kind
# suits which data?**

# %% tags=["setup"]

# %% [markdown]
# **When you are through, you can**
#
# 1. say what an MLP, a CNN and an RNN take in and give out, each in one line;
# 2. write the forward pass of each from scratch, and check it against PyTorch;
# 3. train any of them with one loop of five lines, and explain each line;
# 4. read a table of parameters, seconds and accuracy;
# 5. tell from an experiment what a network *assumes* about its data.
#
# **Time:** about 40 minutes to read and play, and about a minute and a half to run on a laptop
# with two cores. **You need:** calculus, matrices, and a little PyTorch.

# %% [markdown] tags=["slide"] headline="The course in three steps"
# **The course in three steps.** It follows a talk that Hung-yi Lee (李宏毅) gave in 2017, *Encoder,
# Generator, and put them together*. Find the simple code behind a complicated thing: the encoder,
# lectures 01 to 04. Turn the arrow round and make something new: the generator, lectures 05 to 09.
# Put the two together: lecture 10. This lecture is the toolbox for all of them.

# %% [markdown] tags=["terms", "slide"] headline="Words of today"
# | Term | 繁體中文 | In one line |
# | --- | --- | --- |
# | neural network | 神經網路 | a chain of simple functions with numbers to be learnt |
# | parameter, weight | 參數、權重 | a number that training may change |
# | multilayer perceptron (MLP) | 多層感知器 | vector in, vector out |
# | convolutional neural network (CNN) | 卷積神經網路 | matrix in, matrix out |
# | recurrent neural network (RNN) | 遞迴神經網路 | vectors in, one by one; vectors out |
# | activation function | 激勵函數 | the bend between two layers |
# | loss, cross-entropy | 損失、交叉熵 | how surprised the network is by the right answer |
# | gradient descent | 梯度下降 | a small step downhill, again and again |
# | hidden state | 隱藏狀態 | what an RNN remembers, called $h$ |

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import datasets, plotting, training, widgets

images, labels = datasets.mnist("train")  # (60000, 1, 28, 28), (60000,)
test_images, test_labels = datasets.mnist("test")  # for reporting only
print("train", tuple(images.shape), " test", tuple(test_images.shape))

# %% [markdown] tags=["slide"]
# ## 1 · The idea in one picture
#
# One handwritten 7, looked at in three ways. (What comes out at the right is a sketch.) As a
# **vector**: 784 numbers in a line, in no particular order. As a **matrix**: numbers with
# neighbours above, below, left and right. As a **sequence**: 28 rows that come one after the
# other.

# %% tags=["more"]
seven = test_images[0, 0]  # (28, 28)
edges = F.conv2d(seven[None, None], torch.tensor([[[[-1.0], [0.0], [1.0]]]]), padding=(1, 0))[0, 0]
figure, axes = plt.subplots(3, 3, figsize=(7.6, 5.2), width_ratios=[3, 2.6, 3])
looks = ["MLP\nvector → vector", "CNN\nmatrix → matrix", "RNN\nsequence → sequence"]
for row, look in zip(axes, looks):
    for axis in row:
        axis.axis("off")
    arrow = {"boxstyle": "rarrow,pad=0.4", "fc": "#DCEAF5", "ec": "#0072B2"}
    row[1].text(0.48, 0.5, look, ha="center", va="center", fontsize=10, bbox=arrow)
axes[0, 0].imshow(seven.view(1, -1), cmap="gray_r", aspect="auto")
axes[0, 0].set_ylim(2, -2)
axes[0, 2].bar(range(10), [0.05] * 7 + [0.9] + [0.05] * 2, color="#0072B2")
axes[0, 2].set_ylim(0, 1.3)
for d in range(10):
    axes[0, 2].text(d, -0.22, str(d), ha="center")
axes[1, 0].imshow(seven, cmap="gray_r")
axes[1, 2].imshow(edges, cmap=plotting.DIVERGING, vmin=-1, vmax=1)


def apart(rows):
    """Rows stand upright, one after the other, with a gap before the next."""
    spread = torch.full((rows.shape[1], 2 * len(rows)), torch.nan)
    spread[:, ::2] = rows.T
    return spread


axes[2, 0].imshow(apart(seven), cmap="gray_r", aspect="auto")
axes[2, 2].imshow(apart(seven.cumsum(0)), cmap="Blues", aspect="auto")
plotting.show(
    figure,
    "Three rows. An MLP takes one long strip of pixels and gives ten bars. A CNN takes the picture "
    "of a 7 and gives a picture of its edges. An RNN takes strips one by one and gives strips.",
)

# %% [markdown] tags=["slide"] headline="The whole slice"
# That is the whole slice:
#
# - an **MLP** is a function from a vector to a vector;
# - a **CNN** is a function from a matrix to a matrix (or from a stack of them to a stack of them);
# - an **RNN** is a function from a sequence of vectors to a sequence of vectors.

# %% [markdown]
# All else in this course is built from these three. We give all three the same job, "which digit
# is this?", and see what each makes of it.

# %% [markdown] tags=["slide"]
# ## 2 · The simplest thing that could work
#
# Give every digit $k$ a **score**: a weighted sum of all pixels, with one weight for each pixel
# and digit, and a constant.
#
# $$s = x W^\top + b, \qquad x: 784 \text{ numbers}, \quad s: 10 \text{ scores}$$

# %% [markdown]
# Turn the scores into probabilities (softmax), and ask how surprised we are by the right answer
# $y$. That surprise is the **loss**, called cross-entropy. Its unit is the *nat*, for $\log$ is the
# natural logarithm here. (From lecture 05 on we write $\ln$ for the same.)

# %% [markdown] tags=["slide"] headline="The loss: how surprised by the right answer"
# $$p_k = \frac{e^{s_k}}{\sum_j e^{s_j}}, \qquad L = -\log p_y$$
#
# Guessing blindly gives each digit $p = 1/10$, a loss of $\log 10 \approx 2.30$ nats.

# %% tags=["more"] code="cross_entropy"
def cross_entropy(s, y):  # scores (n, 10), right answers (n,)
    log_p = s - s.logsumexp(1, keepdim=True)  # log of the softmax, safe for large scores
    return -log_p[torch.arange(len(y)), y].mean()


W, b = torch.zeros(10, 784, requires_grad=True), torch.zeros(10, requires_grad=True)
x, y = images[:100].flatten(1), labels[:100]
L = cross_entropy(x @ W.T + b, y)
print(f"loss before any training: {L.item():.4f}, and log 10 = 2.3026")
assert torch.isclose(L, F.cross_entropy(x @ W.T + b, y))

# %% [markdown]
# Now the only trick of deep learning. Ask for the slope of the loss with respect to *every*
# weight, and take a small step downhill. PyTorch computes all slopes at once (`backward`). We do
# not take that on trust: nudge one weight by hand, and see by how much the loss changes.

# %%
L.backward()  # fills W.grad and b.grad
nudge = torch.zeros(10, 784)
nudge[7, 14 * 28 + 14] = 1e-2  # the middle pixel's weight for a 7
with torch.no_grad():
    by_hand = (
        cross_entropy(x @ (W + nudge).T + b, y) - cross_entropy(x @ (W - nudge).T + b, y)
    ) / 2e-2
print(f"slope by hand {by_hand.item():.5f}, by backward {W.grad[7, 14 * 28 + 14].item():.5f}")

# %% [markdown] tags=["slide"] headline="A small step downhill, again and again"
# One step downhill is $W \leftarrow W - \eta\, \partial L / \partial W$, where $\eta$ is the
# *learning rate*.

# %% [markdown]
# A few hundred pictures at a time give a slope that is good enough. Five lines,
# and we train. `training.train` calls our step again and again, shows a progress bar, and draws a
# curve that grows. Stop it with ■ whenever you like: what has been learnt stays.

# %% tags=["random", "more"] code="step"
def step(t):
    i = torch.randint(len(images), (256,))  # a random handful of pictures
    L = cross_entropy(images[i].flatten(1) @ W.T + b, labels[i])
    gradients = torch.autograd.grad(L, [W, b])
    with torch.no_grad():
        for parameter, gradient in zip([W, b], gradients):
            parameter -= 0.3 * gradient
    return {"cross-entropy": L}


linear_history = training.train(step, steps=1500, label="linear classifier", unit="nats")

# %% tags=["random", "slide"] headline="Nine in ten: one stencil per digit"
def accuracy(model, images, labels):
    """Share of pictures for which the highest score is the right digit."""
    with torch.no_grad():
        guesses = torch.cat([model(part).argmax(1) for part in images.split(1000)])
    return (guesses == labels).float().mean().item()


def linear(x):
    return x.flatten(1) @ W.T + b


linear_accuracy = accuracy(linear, test_images, test_labels)
print(f"linear classifier: {linear_accuracy:.1%} of the test digits right")
plotting.show_images(
    W.detach() / W.detach().abs().amax(1, keepdim=True),
    "The ten weight pictures, one per digit: blurred stencils, the 0 as a ring with a hole.",
    titles=[f"{d}" for d in range(10)],
    columns=5,
    signed=True,
    size=1.1,
)

# %% [markdown]
# Violet counts for a digit, orange against. Each is **one stencil per digit**: a 0 has ink on a
# ring and none in the middle. It is right about nine times in ten, and it can hardly do better: a
# 7 with a bar and a 7 without one must share a stencil.

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> does it help to put two such layers in a row?</summary>
#
# No. $(xA^\top)B^\top = x(BA)^\top$: two linear layers are one linear layer. Something must stand
# between them that is *not* linear.
# </details>

# %%
A, B = torch.randn(50, 784) / 28, torch.randn(10, 50) / 7
print("two linear layers are one:", torch.allclose((x @ A.T) @ B.T, x @ (B @ A).T, atol=1e-5))

# %% [markdown] tags=["slide"]
# ## 3 · MLP: vector in, vector out
#
# So put a bend between the layers. The simplest is $\text{ReLU}(a) = \max(0, a)$. Now the first
# layer can ask 256 questions of its own ("is there ink here and none there?"), and the second
# combines the answers:
#
# $$h = \text{ReLU}(x W_1^\top + b_1), \qquad s = h W_2^\top + b_2$$

# %% tags=["more"] code="MLP.forward"
class MLP(nn.Module):
    def __init__(self, hidden=256):
        super().__init__()
        self.W1 = nn.Parameter(torch.randn(hidden, 784) * (2 / 784) ** 0.5)
        self.b1 = nn.Parameter(torch.zeros(hidden))
        self.W2 = nn.Parameter(torch.randn(10, hidden) * (2 / hidden) ** 0.5)
        self.b2 = nn.Parameter(torch.zeros(10))

    def forward(self, x):  # (n, 1, 28, 28)
        x = x.flatten(1)  # (n, 784)
        h = torch.relu(x @ self.W1.T + self.b1)  # (n, 256)
        return h @ self.W2.T + self.b2  # (n, 10)


# %% [markdown]
# The start matters. With weights of size $\sqrt{2/n}$ for $n$ inputs, numbers neither die out nor
# blow up on their way through ReLU layers (He et al. 2015). And the step matters: *Adam* (Kingma
# and Ba 2015) gives every weight a step size of its own. From here on, one function trains all
# networks:

# %% tags=["slide"] headline="One loop trains them all" code="fit"
def fit(make, images, steps, lr, label):
    """Train make() on these images and our labels: the network and its history."""
    training.seed_everything(0)
    model = make()
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)

    def step(t):
        i = torch.randint(len(images), (128,))  # 1. a random handful
        L = F.cross_entropy(model(images[i]), labels[i])  # 2. the loss
        optimiser.zero_grad()  # 3. forget the last slopes
        L.backward()  # 4. the new slopes
        optimiser.step()  # 5. a step downhill
        schedule.step()  # warm up, then cool down
        return {"cross-entropy": L}

    return model, training.train(step, steps=steps, label=label, unit="nats", log=True)


# %% tags=["random", "slide"] headline="98 in 100, in a few seconds"
mlp, mlp_history = fit(MLP, images, steps=3000, lr=3e-3, label="MLP")
print(f"MLP: {accuracy(mlp, test_images, test_labels):.1%} right")

# %% [markdown]
# From nine in ten to 98 in 100, in a few seconds. What has it learnt to ask? Here are
# sixteen of its 256 questions, the rows of $W_1$ that are used most.

# %% tags=["random", "slide"] headline="Sixteen of its 256 questions"
most = mlp.W2.norm(dim=0).topk(16).indices
questions = mlp.W1.detach()[most]
plotting.show_images(
    questions / questions.abs().amax(1, keepdim=True),
    "Sixteen weight pictures of the first layer: spots and strokes of both signs amid speckle.",
    columns=8,
    signed=True,
)

# %% [markdown]
# Strokes in certain places, and speckle. Notice what the MLP does **not** know: that two pixels are
# neighbours. It must learn a stroke in the left corner and the same stroke in the right corner as
# two different things. Keep that for the experiment at the end.

# %% [markdown] tags=["slide"]
# ## 4 · CNN: matrix in, matrix out
#
# A picture has neighbours. So look through a small window, 3×3 pixels say, and slide it over the
# picture. At every place, take the same weighted sum of what the window shows:
#
# $$\text{out}[i, j] = \sum_{u, v} \text{kernel}[u, v] \cdot \text{in}[i + u, j + v]$$

# %% [markdown]
# The weights are the *kernel* (卷積核). In goes a matrix, out comes a matrix.

# %% tags=["more"] code="convolve"
def convolve(image, kernel):  # (H, W), (h, w) -> (H - h + 1, W - w + 1)
    h, w = kernel.shape
    out = torch.zeros(image.shape[0] - h + 1, image.shape[1] - w + 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (kernel * image[i : i + h, j : j + w]).sum()
    return out


kernels = {
    "blur": torch.ones(3, 3) / 9,
    "upper edge": torch.tensor([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]]) / 3,
    "left edge": torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]]) / 3,
    "diagonal": torch.tensor([[0.0, -1, 2], [-1, 2, -1], [2, -1, 0]]) / 4,
}
seen = [convolve(seven, kernel) for kernel in kernels.values()]
theirs = F.conv2d(seven[None, None], torch.stack(list(kernels.values()))[:, None])[0]
print("same as PyTorch's:", torch.allclose(torch.stack(seen), theirs, atol=1e-6))
plotting.show_images(
    torch.stack([seven[1:-1, 1:-1], *seen]),
    "A 7, and what four kernels make of it: a blur, its upper edges, its left edges, its diagonal.",
    titles=["the 7", *kernels],
    columns=5,
    size=1.3,
    signed=True,
)

# %% [markdown]
# We chose these four kernels by hand. A CNN **learns** its kernels. And it stacks them: the second
# layer slides over the matrices that the first one made. With a *stride* of 2 the window moves two
# pixels at a time, so the matrices shrink from 28 to 14 to 7 to 4, while their number grows.

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> the MLP has 203,530 weights. Will the CNN need more, to do
# better?</summary>
#
# Far fewer. A kernel of 25 weights serves the whole picture: a stroke is a stroke in every corner.
# </details>

# %%
def make_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=5, stride=2, padding=2),  # (n, 1, 28, 28) -> (n, 16, 14, 14)
        nn.ReLU(),
        nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1),  # -> (n, 32, 7, 7)
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3, stride=2, padding=1),  # -> (n, 64, 4, 4)
        nn.ReLU(),
        nn.Flatten(),  # -> (n, 1024)
        nn.Linear(1024, 10),
    )


# %% tags=["random"]
cnn, cnn_history = fit(make_cnn, images, steps=2000, lr=5e-3, label="CNN")
print(f"CNN: {accuracy(cnn, test_images, test_labels):.1%} right")

# %% tags=["random", "slide"] headline="What the first layer sees: edges, learnt by itself"
with torch.no_grad():
    maps = torch.relu(cnn[0](test_images[:1]))[0]  # (16, 14, 14)
plotting.show_images(
    maps / maps.amax((1, 2), keepdim=True).clamp(min=1e-6),
    "The sixteen matrices that the trained first layer makes of the 7: different edges light up.",
    columns=8,
)

# %% [markdown]
# Every small matrix answers one question at every place: "is there an edge of *this* direction
# here?" Nobody told the network about edges.

# %% [markdown] tags=["slide"]
# ## 5 · RNN: sequence in, sequence out
#
# Now read the digit as one reads a page: row by row, 28 rows of 28 pixels. After each row, mix
# the new row $x_t$ with what you remember, $h_{t-1}$:
#
# $$h_t = \tanh(W x_t + U h_{t-1} + b)$$

# %% [markdown]
# The *same* $W$, $U$, $b$ serve every row, just as the same kernel serves every place. A sequence
# may have any length.

# %% tags=["more"] code="rnn"
def rnn(x, W, U, b):  # (n, T, d) -> (n, T, H): every hidden state
    h = torch.zeros(len(x), len(b))
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states, dim=1)


theirs = nn.RNN(28, 64, batch_first=True)
rows = test_images[:5, 0]  # (5, 28, 28): five digits, 28 rows each
ours = rnn(rows, theirs.weight_ih_l0, theirs.weight_hh_l0, theirs.bias_ih_l0 + theirs.bias_hh_l0)
print("same as PyTorch's:", torch.allclose(ours, theirs(rows)[0], atol=1e-6))

# %% [markdown] tags=["slide"] headline="A gate decides how much to keep"
# This plain RNN has a weak memory: every row is mixed into $h$ and squeezed by tanh, 28 times.
# The *gated recurrent unit* (GRU, 閘控遞迴單元; Cho et al. 2014) adds a gate $z_t$ between 0 and 1
# that decides, for every entry of $h$, how much to keep:
#
# $$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$

# %% [markdown]
# With $z_t = 1$ the memory passes through untouched. ($\tilde h_t$ is a plain step like the one
# above, and $z_t$ a small layer of its own; `nn.GRU` has both.)
#
# <details><summary><b>Predict:</b> how much will the gate matter over 28 rows?</summary>
#
# A lot. At this budget the plain RNN stays well behind the GRU: see the table of section 6.
# </details>

# %%
class RowReader(nn.Module):
    """Reads a digit row by row; what it remembers after the last row names the digit."""

    def __init__(self, cell=nn.GRU, hidden=64):
        super().__init__()
        self.cell = cell(28, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 10)

    def beliefs(self, x):  # (n, 1, 28, 28) -> (n, 28, 10): scores after every row
        return self.out(self.cell(x[:, 0])[0])

    def forward(self, x):
        return self.beliefs(x)[:, -1]  # (n, 10)


# %% tags=["random"]
gru, gru_history = fit(RowReader, images, steps=1500, lr=1e-2, label="RNN (GRU)")
print(f"RNN with gates: {accuracy(gru, test_images, test_labels):.1%} right")
plain, plain_history = fit(
    lambda: RowReader(nn.RNN, 96), images, steps=1500, lr=2e-3, label="plain RNN"
)

# %% [markdown]
# A sequence comes **out** as well: a belief after every row. Move the slider, and let the network
# read on. When does it make up its mind? Which digits keep it guessing to the end?

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(4.6, 2.1))
page = left.imshow(torch.zeros(28, 28), cmap="gray_r", vmin=0, vmax=1)
left.axis("off")
bars = right.bar(range(10), [0.0] * 10, color=plotting.COLOURS[5])
right.set(ylim=(0, 1), xticks=range(10), ylabel="belief", xlabel="digit")
figure.tight_layout()
plt.close(figure)


def read(example, rows):
    x = test_images[example : example + 1]
    with torch.no_grad():
        p = gru.beliefs(x)[0, rows - 1].softmax(0)
    covered = x[0, 0].clone()
    covered[rows:] = 0.15  # not read yet
    page.set_data(covered)
    for bar, height in zip(bars, p.tolist()):
        bar.set_height(height)
    return plotting.png(figure, tight=False)


# %% tags=["random", "slide"] headline="A belief after every row"
import ipywidgets

widgets.Explorer(
    read,
    {
        "example": ipywidgets.IntSlider(value=15, min=0, max=99, description="example"),
        "rows": ipywidgets.IntSlider(value=14, min=1, max=28, description="rows read"),
    },
    alt="The upper half of a digit, the rest still covered, and the network's belief as ten bars.",
    width=420,
)

# %% [markdown]
# ## 6 · Measure
#
# Same data, same loop, same job. The published figures are from LeCun et al. 1998, and those
# networks were trained longer and with the means of their day.

# %% tags=["random", "slide"] headline="The CNN is best, with a sixth of the weights"
def count(model):
    return sum(p.numel() for p in model.parameters())


def row(name, parameters, history, right, published):
    return {
        "network": name,
        "parameters": f"{parameters:,}",
        "seconds": f"{history.seconds:.1f}",
        "accuracy": f"{right:.1%}",
        "published": published,
    }


trained = {"MLP": (mlp, mlp_history), "CNN": (cnn, cnn_history), "RNN (GRU)": (gru, gru_history)}
right = {name: accuracy(model, test_images, test_labels) for name, (model, _) in trained.items()}
published = {"MLP": "95.3 % (300 hidden units)", "CNN": "99.05 % (LeNet-5)", "RNN (GRU)": "–"}
plain_accuracy = accuracy(plain, test_images, test_labels)
plotting.table(
    [
        row("linear (the baseline)", 7850, linear_history, linear_accuracy, "88.0 %"),
        *[row(n, count(m), h, right[n], published[n]) for n, (m, h) in trained.items()],
        row("plain RNN", count(plain), plain_history, plain_accuracy, "–"),
    ],
    "Accuracy on the 10,000 test digits",
)
total = sum(history.seconds for _, history in trained.values())
print(f"MLP, CNN and RNN together: {total:.0f} s (target: at most 60 s)")
print("targets 97.5 / 98.5 / 97 % reached:", [right[n] >= t for n, t in
      zip(trained, (0.975, 0.985, 0.97))])  # fmt: skip

# %% [markdown]
# The CNN is best, with a sixth of the MLP's parameters. The RNN does well with fewer still. The
# plain RNN, which lacks the gate, does not. What each **assumes** about a picture decides how far
# it gets: neighbours matter (CNN), rows come in order (RNN), or nothing at all (MLP).

# %% [markdown] tags=["slide"]
# ## 7 · Break it on purpose
#
# If the CNN is good *because* of neighbours, then take the neighbours away. We shuffle the 784
# pixels, by **one fixed permutation**, the same for every picture.

# %% [markdown]
# Nothing is lost: every pixel is
# still there, always in the same new place.

# %% tags=["more"]
shuffle = torch.randperm(784, generator=torch.Generator().manual_seed(0))


def shuffled(images):
    return images.flatten(1)[:, shuffle].view(-1, 1, 28, 28)


plotting.show_images(
    torch.cat([test_images[:8], shuffled(test_images[:8])]),
    "Eight digits, and below them the same eight with their pixels shuffled: specks.",
    rows=["as written", "shuffled"],
    columns=8,
)

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> we train all three anew on shuffled digits. Who survives?
# </summary>
#
# The MLP does not even notice: it never knew which pixels were neighbours, so one order is as good
# as another. The CNN looks through a small window at pixels that have nothing to do with each
# other any more, and falls *behind* the MLP. The RNN still gets rows, but rows of confetti, and
# falls too.
# </details>

# %% tags=["random", "slide"] headline="A network is a bet on what the data are like"
makers = {
    "MLP": (MLP, 3000, 3e-3),
    "CNN": (make_cnn, 2000, 5e-3),
    "RNN (GRU)": (RowReader, 1500, 1e-2),
}
mixed_images, mixed_test = shuffled(images), shuffled(test_images)
mixed = {}
for name, (make, steps, lr) in makers.items():
    model, _ = fit(make, mixed_images, steps, lr, f"{name}, shuffled pixels")
    mixed[name] = accuracy(model, mixed_test, test_labels)
plotting.table(
    [
        {
            "network": name,
            "digits as written": f"{right[name]:.1%}",
            "pixels shuffled": f"{mixed[name]:.1%}",
            "change in points": f"{round(100 * (mixed[name] - right[name]), 1) + 0:+.1f}",
        }
        for name in makers
    ],
    "Accuracy on test digits before and after one fixed shuffle of the pixels",
)

# %% [markdown]
# A network is a bet on what the data are like. Where the bet is right, it needs fewer parameters
# and fewer examples. Where it is wrong, the simplest network wins.

# %% [markdown] tags=["slide"]
# **A second break: ask it about nothing.** We feed the CNN pure noise. There is no digit to see.
#
# <details><summary><b>Predict:</b> will it say that it does not know?</summary>
#
# It cannot. It has ten answers, and their probabilities add up to one. On average it is more than
# half sure, although nothing is there.
# </details>

# %% tags=["random"]
training.seed_everything(0)
noise = torch.rand(1000, 1, 28, 28)
with torch.no_grad():
    p = cnn(noise).softmax(1)
sure, guess = p.max(1)
print(f"pure noise: on average it is {sure.mean():.0%} sure of its answer")
print("its answers:", {d: int((guess == d).sum()) for d in range(10) if (guess == d).any()})

# %% [markdown] tags=["slide"]
# ## 8 · What it still cannot do
#
# - It needed **60,000 right answers**, each written down by a person.
# - It can **name** a digit, but it has no idea what a digit *is*: noise gets a name too.
# - It cannot **draw** one.

# %% [markdown]
# The rest of this course drops the labels. Can a machine look at 60,000 pictures, with nobody
# telling it anything, and find out what they have in common? And then draw new ones? Lecture 01
# begins with the smallest possible question: how few numbers does it take to describe a picture?

# %% [markdown] tags=["slide"]
# ## 9 · Summary
#
# 1. MLP: vector → vector. CNN: matrix → matrix. RNN: sequence → sequence.
# 2. Layers need a bend between them, or they melt into one.
# 3. Training is five lines: a handful, the loss, forget, slopes, step.
# 4. A CNN and an RNN use the same weights at every place or time: fewer parameters, better bets.
# 5. Shuffle the pixels, and you see what a network assumed.

# %%
widgets.quiz(
    "Old photo in, coloured photo of the same size out. Which network?",
    {
        "An MLP": "It could, but it would need a weight for every pair of pixels, and it would "
        "not know which of them are neighbours.",
        "A CNN": "Matrix in, matrix out, and what is sky in one corner is sky in the other.",
        "An RNN": "It reads in one direction only; the pixels below have not been seen yet.",
    },
    right="A CNN",
)
widgets.quiz(
    "You forget optimiser.zero_grad(). What happens?",
    {
        "An error": "No error: PyTorch adds the new slopes to the old ones. That makes it one of "
        "the most common mistakes.",
        "Every step follows the sum of all slopes so far": "backward() adds. Training becomes a "
        "ball that never loses speed.",
        "Nothing changes": "It does: the slopes of the first step are still in the sum at the end.",
    },
    right="Every step follows the sum of all slopes so far",
)
widgets.quiz(
    "Your network says 99 % for a picture of a cat: it is a 3. Why?",
    {
        "It was trained too long": "Training longer makes it surer, but even a well-trained "
        "network has only ten answers.",
        "It compares the scores of ten digits, and nothing else": "Softmax asks which score is the "
        "largest, not whether any is deserved.",
        "The cat looks like a 3": "Perhaps a little. But noise gets a digit too, as you have seen.",
    },
    right="It compares the scores of ten digits, and nothing else",
)

# %% [markdown]
# **The exercise.** `exercises/00_deep_learning_in_one_slice` checks your installation, shows you
# how to solve, test and hand in, and has you write softmax, a convolution and an RNN yourself.
#
# **Now you.** Train the three on 1,000 digits only (`images[:1000]`). Whose bet pays most when
# examples are few?
#
# **Further reading**
#
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), *Gradient-based learning applied to
#   document recognition*.
# - K. Cho et al. (2014), *Learning phrase representations using RNN encoder-decoder for statistical
#   machine translation*.
# - D. P. Kingma and J. Ba (2015), *Adam: a method for stochastic optimization*.
# - K. He, X. Zhang, S. Ren and J. Sun (2015), *Delving deep into rectifiers: surpassing human-level
#   performance on ImageNet classification*.
