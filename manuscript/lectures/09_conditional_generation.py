# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # 09 · Conditional generation
# ### 條件式生成: ask, and get what you asked for
#
# **The question of this lecture: a generator makes *something*. How do we tell it what we want, in
# words, and how do we make sure that it listens?**

# %% tags=["setup"]

# %% [markdown]
# **When you are through, you can**
#
# 1. say why a network trained to copy the target answers every wish with a blurred average;
# 2. bring a condition into a generator (concatenation, scale and shift) and into a discriminator
#    (projection);
# 3. draw faces from free text, and measure how often each wish is granted;
# 4. write attention and a copy gate, and summarise a paragraph in one line;
# 5. decode greedily and with a beam, and score the result with ROUGE.
#
# **Time:** about 75 minutes to read and play, and about two minutes to run on a laptop with two
# cores. **You need:** lecture 04 (words as vectors), lecture 05 (one word after the other), lecture 07
# (the game of $G$ and $D$).

# %% [markdown] tags=["terms", "slide"] headline="Words of today"
# | Term | 繁體中文 | In one line |
# | --- | --- | --- |
# | conditional generation | 條件式生成 | make something that fits a wish |
# | condition | 條件 | the wish, as a vector $t$ |
# | projection discriminator | 投影鑑別器 | adds the product of picture and wish to the logit |
# | matching-aware loss | 匹配感知損失 | a real picture with a wrong text counts as fake |
# | contrastive learning | 對比學習 | what belongs together comes close, the rest goes apart |
# | sequence-to-sequence | 序列到序列 | one text in, another text out |
# | attention | 注意力機制 | weights over the input words, which sum to 1 |
# | copy mechanism | 複製機制 | an output word may be taken from the input |
# | teacher forcing | 教師強制 | in training the true words so far are given |
# | greedy decoding | 貪婪解碼 | always take the likeliest next word |
# | beam search | 集束搜尋 | keep the few best beginnings |
# | ROUGE | ROUGE 評分 | how many words a summary shares with a person's |

# %%
import base64
import html
import math
import random
import re
import time
from collections import Counter

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from ipywidgets import Text
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_utils import captions, datasets, judges, metrics, plotting, training, widgets

faces, test_faces = datasets.pixel_faces("train"), datasets.pixel_faces("test")
meanings = faces.meanings  # what the six attributes of a face can be
names = list(meanings)
for name, values in meanings.items():
    print(f"{name:12} {', '.join(values)}")

# %% [markdown]
# # Part one: from a text to a face

# %% [markdown] tags=["slide"]
# ## 1 · The idea in one picture
#
# So far a generator was asked for nothing. It got a random code $z$, and drew one of all the things
# there are. Now a sentence comes along. A **text encoder** turns it into a vector $t$, the
# **condition**. The generator gets $z$ *and* $t$: the sentence says what must be right, and $z$ says
# the rest.

# %% [markdown]
# The bird of lecture 07 gets a second question. Not only *is this a real face?* but also *is it the
# face of this text?* Else the butterfly would have no reason to read the text at all. (In
# the picture a real face stands in for the made one: nothing is made yet.)

# %% tags=["more"]
def box(axis, x, y, text, colour, width=1.5, height=0.62):
    axis.add_patch(plt.Rectangle((x, y), width, height, color=colour, alpha=0.35))
    axis.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=9)


def arrow(axis, start, end):
    axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "black"})


rgb = faces.to_rgb()
blue = (faces.attributes[:, 0] == 7) & (faces.attributes[:, 4] == 1)
green = (faces.attributes[:, 0] == 9) & (faces.attributes[:, 4] == 0)
figure, axis = plt.subplots(figsize=(10, 3.6))
box(axis, 0.0, 2.6, '"blue hair,\nglasses"', plotting.COLOURS[4])
box(axis, 2.1, 2.6, "text encoder", plotting.COLOURS[3])
box(axis, 0.0, 1.2, "random code z", plotting.COLOURS[4])
box(axis, 2.1, 1.2, "generator G", plotting.COLOURS[2])
box(axis, 7.9, 1.6, "discriminator D:\nreal, and fitting?", plotting.COLOURS[1], width=2.1, height=0.9)
for start, end in [((1.5, 2.9), (2.1, 2.9)), ((2.85, 2.6), (2.85, 1.82)), ((1.5, 1.5), (2.1, 1.5)),
                   ((3.6, 1.5), (4.2, 1.5)), ((7.45, 2.05), (7.9, 2.05))]:  # fmt: skip
    arrow(axis, start, end)
axis.text(2.95, 2.2, "t", fontsize=11, style="italic")
trials = [(rgb[blue][0], "right: yes", 2.75), (rgb[blue][1], "made: no", 1.5), (rgb[green][0], "wrong: no", 0.25)]
for picture, verdict, y in trials:
    axis.imshow(picture.permute(1, 2, 0), extent=(4.3, 5.2, y, y + 0.9), interpolation="nearest")
    axis.text(5.3, y + 0.45, '"blue hair,\nglasses"', va="center", fontsize=8)
    axis.text(6.35, y + 0.45, verdict, va="center", fontsize=10, weight="bold")
axis.set(xlim=(-0.1, 10.1), ylim=(0, 3.8), aspect="equal")
axis.axis("off")
plotting.show(
    figure,
    "A caption goes through a text encoder and gives t; t and a random code z go into the generator. "
    "The discriminator sees three kinds of pairs: a real face with its caption, yes; a made face with "
    "its caption, no; a real face, with green hair, under the caption of another, no.",
)

# %% [markdown]
# Faces come with six attributes, not with sentences. So we write the sentences, in many wordings: the
# order changes, parts are left out, and some words have synonyms. What is left out is free. Six
# combinations of hair and eyes we **hold out**: no training picture and no training sentence has them.
# In section 7 we ask for exactly these.

# %%
HELD_OUT = [
    ("blue", "red"), ("green", "yellow"), ("pink", "green"),
    ("black", "purple"), ("white", "brown"), ("orange", "blue"),
]  # fmt: skip
held_out = {(meanings["hair_color"].index(h), meanings["eye_color"].index(e)) for h, e in HELD_OUT}
attributes = faces.attributes.long()
seen = torch.tensor([(h, e) not in held_out for h, e in attributes[:, :2].tolist()])
attributes = attributes[seen]
images = rgb[seen].contiguous(memory_format=torch.channels_last)  # (n, 3, 16, 16) in [0, 1]
known = captions.vocabulary(meanings)
print(f"{len(images)} faces to learn from, {(~seen).sum()} held out, {len(known) - 1} words")

rng = random.Random(training.seed_everything(0))
sizes = [len(values) for values in meanings.values()]
lied_about = [12, 6, 2, 4, 3, 2]  # most often about hair, with its twelve colours; mouth and glasses are small


def sentence(row, seed):
    """In half of the sentences nothing is left out, in the others three parts in ten."""
    return captions.write(row, meanings, random.Random(seed), mention=1.0 if seed < 0.5 else 0.7)


def with_a_lie(row, seed, truth):
    """The same sentence with one attribute changed, so that it is seen in the words."""
    while True:
        lie, (j,) = list(row), rng.choices(range(6), lied_about)
        lie[j] = (row[j] + rng.randrange(1, sizes[j])) % sizes[j]
        text = sentence(lie, seed)
        if text != truth and tuple(lie[:2]) not in held_out:
            return text


true_texts, near_texts = [], []
for row in attributes.tolist():
    seed = rng.random()
    true_texts.append(sentence(row, seed))
    near_texts.append(with_a_lie(row, seed, true_texts[-1]))
words, near_words = captions.numbers(true_texts, known), captions.numbers(near_texts, known)
for truth, lie in list(zip(true_texts, near_texts))[:4]:
    print(f"true: {truth}\nlie:  {lie}")

# %% [markdown]
# ## 2 · The simplest thing that could work: copy the target
#
# We have pairs (sentence, face). So: a network from the sentence to the face, trained to make the
# squared error small. Let us write the text encoder first; all of part one uses it. Each word becomes a
# vector (lecture 04). A convolution looks at three neighbouring words at a time, for *blue hair* must
# not be *blue eyes*. Then the **maximum over all places**: it does not ask *where* something stands, so
# the order of the parts cannot matter.

# %%
text_dim, latent_dim = 64, 16


class TextEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(known), 32, padding_idx=0)
        self.three_words = nn.Conv1d(32, 128, 3, padding=1)
        self.out = nn.Linear(128, text_dim)

    def forward(self, words):  # (n, L) numbers of words, 0 is no word
        h = self.three_words(self.embedding(words).transpose(1, 2)).relu()  # (n, 128, L)
        h = h.masked_fill((words == 0)[:, None], 0.0)
        return self.out(h.max(2).values)  # (n, 64)


def adam(parameters, lr, betas=(0.5, 0.99)):
    return torch.optim.Adam(parameters, lr, betas, fused=True)


def batch(n):
    """Numbers of n random faces."""
    return torch.randint(len(images), (n,))


# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> "a happy person with long blue hair". Nothing is said about eyes,
# glasses, hat, skin or clothes. Which single picture has the smallest squared error, on average, to all
# the faces that fit?</summary>
#
# Their average: eyes of a mixed colour, a quarter of a pair of glasses, a tenth of a hat. It fits no
# face at all. This is the blur of lecture 06 once more.
# </details>

# %% tags=["random", "slide"] headline="One picture, where there are many"
training.seed_everything(0)
copier_text = TextEncoder()
copier = nn.Sequential(nn.Linear(text_dim, 256), nn.ReLU(), nn.Linear(256, 768), nn.Sigmoid())
copier_optimiser = adam([*copier_text.parameters(), *copier.parameters()], 3e-3, (0.9, 0.99))


def copier_step(t):
    i = batch(64)
    loss = F.mse_loss(copier(copier_text(words[i])).view(-1, 3, 16, 16), images[i])
    copier_optimiser.zero_grad()
    loss.backward()
    copier_optimiser.step()
    return {"MSE": loss}


training.train(copier_step, seconds=2, label="copy the target", unit="MSE per pixel", log=True)
wishes = ["a happy person with long blue hair", "red hair and a hat", "sad, green eyes", "glasses"]
wish_words = captions.numbers(wishes, known)
with torch.no_grad():
    plotting.show_images(
        copier(copier_text(wish_words)).view(-1, 3, 16, 16),
        "One blurred average face for each of four captions; what was not asked for is a mixture.",
        titles=[wish.replace(" with ", "\nwith ") for wish in wishes], columns=4, size=1.6,
    )  # fmt: skip

# %% [markdown]
# It has read the text: the hair is blue where blue was asked for. But it answers with *one* picture
# where there are many, and so with none of them. A wish has many right answers. We need a
# **distribution** over faces for each text, and that is what a GAN learns.

# %% [markdown] tags=["slide"]
# ## 3 · First learn what the words mean
#
# Could the text encoder learn inside the GAN, from what the discriminator says? It could, and it takes
# long: in our trials 40 seconds were too few even for the eyes. It goes faster to learn first which
# texts fit which faces, without any generator (Reed et al. 2016 do so too). A picture encoder gives a
# vector $h$, the text encoder gives $t$, and the score of a pair is $h \cdot t$:

# %% [markdown] tags=["slide"] headline="Find the partner, find the lie"
# $$s_{ij} = \tfrac14 \, h_i \cdot t_j \qquad
# L = \underbrace{-\ln \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}}_{\text{which text?}}
# \; \underbrace{-\ln \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}}}_{\text{which face?}}
# \; + \; 2\, \underbrace{\ln\!\big(1 + e^{\,s_{i,\text{lie}} - s_{ii}}\big)}_{\text{truth or lie?}}$$

# %% [markdown]
# Out of 64 faces and 64 texts, find for each its partner. The last part asks a finer question: the same
# sentence with one attribute changed must score lower. This is **contrastive learning**; CLIP (Radford
# et al. 2021) does the first two parts with 400 million pairs from the web.

# %%
def picture_body(c=16, out=128):  # pictures (n, 3, 16, 16) -> vectors (n, out)
    return nn.Sequential(
        nn.Conv2d(3, c, 3, 1, 1), nn.LeakyReLU(0.2),  # all 16x16 pixels: an eye is only a few of them
        nn.Conv2d(c, 2 * c, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(128 * c, 256), nn.LeakyReLU(0.2), nn.Linear(256, out),
    ).to(memory_format=torch.channels_last)  # fmt: skip


def which_partner(scores):
    """Cross-entropy of finding the partner on the diagonal, row by row."""
    return F.cross_entropy(scores, torch.arange(len(scores)))


def matching_loss(h, t, t_lie):
    scores = h @ t.T / 4  # (n, n), row i: face i with every text
    lie = (h * (t_lie - t)).sum(1) / 4
    return {"which text": which_partner(scores), "which face": which_partner(scores.T),
            "truth or lie": 2 * F.softplus(lie).mean()}  # fmt: skip


# %% tags=["random"]
training.seed_everything(0)
text_encoder, picture_encoder = TextEncoder(), picture_body(out=text_dim)
matching_optimiser = adam([*text_encoder.parameters(), *picture_encoder.parameters()], 2e-3, (0.9, 0.99))
MATCHING_STEPS = 1400


def matching_step(step):
    for group in matching_optimiser.param_groups:
        group["lr"] = 2e-3 * min(1, 2 - 2 * step / MATCHING_STEPS)
    i = batch(64)
    t, t_lie = text_encoder(torch.cat([words[i], near_words[i]])).chunk(2)
    parts = matching_loss(picture_encoder(images[i]), t, t_lie)
    matching_optimiser.zero_grad()
    sum(parts.values()).backward()
    matching_optimiser.step()
    return parts


matching_history = training.train(matching_step, steps=MATCHING_STEPS, label="matching", unit="nats")
for net in (text_encoder, picture_encoder):
    net.requires_grad_(False)  # from here on they do not learn any more

# %% [markdown]
# Ask for test faces what the loss asked for: the true sentence against one that lies about a single
# attribute. By chance it would be 50 %. And see what the words have become: the vectors of 16 short
# captions, and their products.

# %% tags=["random", "slide"] headline="Happy is near smiling, and nobody said so"
test_rows = test_faces.attributes.tolist()
test_images = test_faces.to_rgb()
rng = random.Random(1)
truth_found = {}
with torch.no_grad():
    h = picture_encoder(test_images)
    for j, name in enumerate(names):
        truths, lies = [], []
        for row in test_rows:
            lie, seed = list(row), rng.random()
            lie[j] = (row[j] + rng.randrange(1, sizes[j])) % sizes[j]
            truths.append(captions.write(row, meanings, random.Random(seed), 1.0))
            lies.append(captions.write(lie, meanings, random.Random(seed), 1.0))
        t, t_lie = (text_encoder(captions.numbers(texts, known)) for texts in (truths, lies))
        said = torch.tensor([a != b for a, b in zip(truths, lies)])  # "blue hair" hides the length
        truth_found[name] = ((h * (t - t_lie)).sum(1) > 0)[said].float().mean().item()
print("truth preferred to a lie about " + ", ".join(f"{k} {v:.1%}" for k, v in truth_found.items()))
short = [f"{c} hair" for c in meanings["hair_color"]] + ["red eyes", "green eyes", "happy", "smiling"]
with torch.no_grad():
    t = F.normalize(text_encoder(captions.numbers(short, known)), dim=1)
figure, axis = plt.subplots(figsize=(5.4, 4.6))
shown = axis.imshow(t @ t.T, cmap=plotting.DIVERGING, vmin=-1, vmax=1)
axis.set_xticks(range(16), short, rotation=90, fontsize=8)
axis.set_yticks(range(16), short, fontsize=8)
figure.colorbar(shown, label="cosine of two texts")
plotting.show(figure, "A table of cosines: each caption with itself 1, happy and smiling near 1, hair colours that look alike closer than others.")

# %% [markdown]
# *Happy* and *smiling* are close now; nobody said so. Faces taught it. And hair colours that look alike are closer
# than others.

# %% [markdown] tags=["slide"]
# ## 4 · Two places for the condition
#
# **In the generator.** Put $t$ beside $z$, as one longer vector: **concatenation**. That is all it takes
# to make a conditional generator. We bring $t$ in once more near the end, where the pixels are made: it
# scales and shifts each channel, $h \leftarrow (1 + a(t)) \cdot h + b(t)$. In our trials the colours came
# out better with it. (The names for it are *conditional batch norm*, de Vries et al. 2017, and *FiLM*, Perez
# et al. 2018.)

# %% [markdown] tags=["slide"]
# **In the discriminator.** One logit for two questions (Miyato and Koyama 2018):
#
# $$l(x, t) = \underbrace{u \cdot h(x) + b}_{\text{real?}} \; + \;
# \underbrace{\tfrac14\, h(x) \cdot M t}_{\text{does it fit?}}$$
#
# (And $D = \sigma(l)$, as in lecture 07.) The text is *projected* onto the features of the picture. Without the second part the discriminator is
# blind to the text; we will see what comes of that.

# %%
class Generator(nn.Module):
    def __init__(self, c=32):
        super().__init__()
        self.start = nn.Sequential(
            nn.Linear(latent_dim + text_dim, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU(),
            nn.Linear(256, c * 64, bias=False), nn.BatchNorm1d(c * 64), nn.ReLU(),
            nn.Unflatten(1, (c, 8, 8)),
        )  # fmt: skip
        self.up = nn.ConvTranspose2d(c, c, 4, 2, 1)
        self.scale_shift = nn.Linear(text_dim, 2 * c)
        self.paint = nn.Conv2d(c, 3, 3, 1, 1)

    def forward(self, z, t):  # (n, 16), (n, 64) -> (n, 3, 16, 16)
        h = self.start(torch.cat([z, t], 1)).contiguous(memory_format=torch.channels_last)
        a, b = self.scale_shift(t)[:, :, None, None].chunk(2, 1)  # (n, c, 1, 1) each
        h = ((1 + a) * self.up(h) + b).relu()
        return self.paint(h).sigmoid()


class Discriminator(nn.Module):
    def __init__(self, reads=True):
        super().__init__()
        self.body = picture_body(out=128)
        self.real = nn.Linear(128, 1)
        self.project = nn.Linear(text_dim, 128)
        self.reads = reads

    def forward(self, h, t):  # h = body(x): the same features serve for several texts
        fits = (h * self.project(t)).sum(1) / 4 if self.reads else 0.0
        return self.real(h)[:, 0] + fits


# %% [markdown] tags=["slide"]
# **Three kinds of pairs.** A real face with its own text is right. A made face with the text it was made
# for is wrong. And, the trick of Reed et al. (2016): **a real face with a wrong text is wrong, too**.
# It is the only kind in which nothing is wrong but the fit. We take two sorts of wrong texts: that of
# another face (a fifth of the weight), and the near miss, the lie about one attribute (four fifths).
#
# $$L_D = -\ln D(x, t) \; - (1 - w) \ln\big(1 - D(G(z, t), t)\big) \; - w \ln\big(1 - D(x, t_\text{wrong})\big)$$

# %% [markdown]
# **A second teacher for $G$.** The picture encoder of section 3 can read faces. So $G$ is also asked:
# *of all texts of this batch, is yours the one it reads in your face?* That is `which_partner` again,
# with *truth or lie?* beside it; together they are $L_\text{read}$. AttnGAN (Xu et al. 2018) has such a teacher too,
# which also reads word by word. And $D$ pays the fee $R_1$ of lecture 07.

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> no loss so far asks $G$ to use $z$. Every text is a little different from
# every other. What will $G$ do with $z$?</summary>
#
# Nothing. It paints one face for each text, and takes the wording of the text for its dice. $D$ sees never
# sees two faces for one text side by side, and cannot notice. In our runs two faces for one text differed by a
# squared error of 0.003 or less; two real faces with the same six attributes differ by 0.07.
# </details>

# %% [markdown]
# **A fee for sameness.** So for eight texts of each batch $G$ draws twice, $x_1 = G(z_1, t)$ and
# $x_2 = G(z_2, t)$. Two real faces with the same attributes are $d$ apart; $G$ pays while its two are closer than
# six tenths of that:
#
# $$L_\text{same} = \max\Big(0,\; 1 - \frac{|x_1 - x_2|}{0.6 \, d}\Big)$$
#
# In all, $L_G = -\ln D(G(z, t), t) + 4 \, L_\text{read} + 0.3 \, L_\text{same}$.
#
# (After an idea of Mao et al. 2019, *mode seeking*. Theirs has no end; ours stops, for a longer push begins to
# vary what was asked for.)

# %%
def d_loss(right, made, wrong, near):
    """Logits of the three kinds of pairs; two sorts of wrong texts."""
    w = 0.6
    mismatch = 0.2 * F.softplus(wrong) + 0.8 * F.softplus(near)
    return {"right": F.softplus(-right).mean(), "made": (1 - w) * F.softplus(made).mean(),
            "wrong": w * mismatch.mean()}  # fmt: skip


def g_loss(made, h, t, t_lie, reading):
    """Please D, and be read as the text you were made for."""
    parts = {"G": F.softplus(-made).mean()}
    if reading:
        lie = (h * (t_lie - t)).sum(1) / 4
        parts["read"] = reading * (which_partner(h @ t.T / 4) + F.softplus(lie).mean())
    return parts


with torch.no_grad():
    T = torch.cat([text_encoder(part) for part in words.split(2000)])  # (n, 64), once for all
    T_lie = torch.cat([text_encoder(part) for part in near_words.split(2000)])
    middle, spread = T.mean(0), T.std(0)


def condition(t):
    """Codes of texts with mean 0 and spread 1, as a network likes its input."""
    return (t - middle) / spread


C, C_lie = condition(T), condition(T_lie)
first_with, twins = {}, []  # two training faces with the same six attributes, how far apart are they?
for place, row in enumerate(map(tuple, attributes.tolist())):
    if row in first_with:
        twins.append((first_with[row], place))
    first_with[row] = place
one, other = images[torch.tensor(twins)].unbind(1)
real_gap, real_square = (one - other).abs().mean().item(), (one - other).square().mean().item()
print(f"two real faces with equal attributes differ by {real_gap:.3f} (squared: {real_square:.3f})")


def sameness(one, other):
    return (1 - (one - other).abs().mean((1, 2, 3)) / (0.6 * real_gap)).relu().mean()


# %% [markdown]
# One round of the game. What is hard should be practised more. A hat is rare, one face in ten, and hides most
# of the hair; short hair has few pixels to be judged by. So we draw such faces more often.

# %%
hat, short_hair = attributes[:, 5] == 1, attributes[:, 2] == 0
how_often = 1.0 + hat + short_hair  # weights of the draw


def update(optimiser, parts):
    optimiser.zero_grad()
    sum(parts.values()).backward()
    optimiser.step()


class Game:
    """G, D, a running average of G, and one round of the game as `step`."""

    def __init__(self, reads=True, reading=4.0, memory=0.998):
        self.G, self.D = Generator(), Discriminator(reads)
        for net in (self.G, self.D):
            net.to(memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(memory)
        self.averaged = AveragedModel(self.G, multi_avg_fn=average, use_buffers=True)
        self.optimisers = [adam(net.parameters(), 3e-3) for net in (self.G, self.D)]
        self.reading = reading

    def step(self, step, n=32):
        i = torch.multinomial(how_often, n, replacement=True)
        x, t, t_lie = images[i], C[i], C_lie[i]
        z, again = torch.randn(n + 8, latent_dim), torch.cat([t, t[:8]])
        fake, other = self.G(z, again).split([n, 8])  # eight texts are drawn twice
        h, h_fake = self.D.body(torch.cat([x, fake.detach()])).chunk(2)
        parts = d_loss(self.D(h, t), self.D(h_fake, t), self.D(h, t.roll(1, 0)), self.D(h, t_lie))
        if step % 8 == 0:  # the fee R1, eight times as high, in every eighth round
            y = x.clone().requires_grad_(True)
            (slope,) = torch.autograd.grad(self.D(self.D.body(y), t).sum(), y, create_graph=True)
            parts["R1"] = 0.4 * slope.square().sum((1, 2, 3)).mean()
        update(self.optimisers[1], parts)
        self.D.requires_grad_(False)  # held still: its own gradients would be work for nothing
        made = self.D(self.D.body(fake), t)
        g_parts = g_loss(made, picture_encoder(fake), T[i], T_lie[i], self.reading)
        g_parts["same"] = 0.3 * sameness(fake[:8], other)
        update(self.optimisers[0], g_parts)
        self.D.requires_grad_(True)
        self.averaged.update_parameters(self.G)
        return {"D": sum(parts.values()), **g_parts}


# %%
def play(game, label, seconds):
    """Round after round; towards the end the steps become smaller."""
    began = time.perf_counter()

    def step(t):
        used = (time.perf_counter() - began) / seconds
        for group in (g for optimiser in game.optimisers for g in optimiser.param_groups):
            group["lr"] = 3e-3 * max(0.0, min(1.0, (1 - used) / 0.4))
        return game.step(t)

    history = training.train(step, seconds=seconds, label=label, unit="nats")
    game.averaged.eval()
    return history


# %% [markdown]
# ## 5 · Play
#
# <details><summary><b>Predict:</b> which wish will be granted more surely, the colour of the hair or that of the
# eyes?</summary>
#
# One would say hair: it has many pixels, and an eye is two. But $G$ has a teacher that reads eyes as well as
# hair, and no hat hides an eye. Look at the table of section 6.
# </details>

# %% tags=["random"]
training.seed_everything(0)
game = Game()
game_history = play(game, "text to face", seconds=54)

# %% [markdown]
# Are they nice faces? Look first. Each row is one wish, each picture another $z$. We draw $z$ with a spread of 0.7
# in place of 1: fewer odd faces, a little less variety. (A cousin of the *truncation trick* of Brock et al. 2019. What
# it gives and what it costs is measured below.)

# %% tags=["random", "slide"] headline="Four wishes, eight faces each"
@torch.no_grad()
def draw(texts, z=None, generator=None, width=0.7):
    """One face for each text: (n, 3, 16, 16)."""
    t = condition(text_encoder(captions.numbers(texts, known)))
    z = width * torch.randn(len(texts), latent_dim) if z is None else z
    return (generator or game.averaged)(z, t)


training.seed_everything(0)
wishes = [
    "a happy person with long blue hair, red eyes and glasses",
    "short black hair and green eyes",
    "a sad face with a hat and long pink hair",
    "glasses",
]
plotting.show_images(
    draw([wish for wish in wishes for _ in range(8)]),
    "Four rows of eight faces, one row for each caption, with different codes z: what was asked for "
    "stays, the rest changes.",
    rows=[wish.replace(" and ", "\nand ").replace(" with ", "\nwith ") for wish in wishes],
    columns=8,
)

# %% [markdown]
# Now the other way round: keep $z$, change one word of the text. Nothing in the text speaks of skin and
# clothes. They should stay.

# %% tags=["random", "slide"] headline="One word changes, the person stays"
training.seed_everything(3)
pattern = "a {} person with {} {} hair, {} eyes, {} and {}"
start = ["happy", "long", "blue", "red", "no glasses", "no hat"]
steps = [(None, None), (0, "sad"), (1, "short"), (2, "green"), (3, "blue"), (4, "glasses"), (5, "a hat")]
texts, titles = [], []
for place, word in steps:
    if place is not None:
        start[place] = word
    texts.append(pattern.format(*start))
    titles.append(word or "start")
z = 0.7 * torch.randn(3, latent_dim)
plotting.show_images(
    torch.cat([draw(texts, code.expand(len(texts), -1)) for code in z]),
    "Three people, one in each row; from left to right one word of the caption changes at a time, and the "
    "face changes where the word says.",
    titles=titles * 3, columns=len(texts), size=1.1,
)  # fmt: skip

# %% [markdown]
# ## 6 · Measure
#
# The judge of faces is a classifier that ships with the course. It has never seen a made face, and took
# no part in the training. We ask for the attributes of 2,000 test faces (none
# with a held-out pair), in random wordings that leave nothing out, and count how often it finds what was asked for. Its own accuracy on the real faces stands
# beside it: it is not 100 %, for a hat may hide the hair.
#
# *FID-faces* is the Fréchet distance in the features of this judge. As with FID-digits: compare it only
# within this course.

# %% tags=["random", "slide"] headline="How often is the wish granted?"
judge = judges.face_judge()
allowed = torch.tensor([(h, e) not in held_out for h, e in test_faces.attributes[:, :2].tolist()])
asked, asked_images = test_faces.attributes[allowed][:2000].long(), test_images[allowed][:2000]
real_features = judge.features(asked_images)


def ask_for(rows, seed=0):
    rng = random.Random(seed)
    return [captions.write(row, meanings, rng, mention=1.0) for row in rows.tolist()]


def granted(pictures, rows):
    """For each attribute, how often the judge finds what was asked for."""
    answers = judge.probabilities(pictures)
    return {name: (answers[name].argmax(1) == rows[:, j]).float().mean().item()
            for j, name in enumerate(names)}  # fmt: skip


def percent(shares):
    return {name.replace("_", " "): f"{share:.1%}" for name, share in shares.items()}


def fid(pictures):
    return metrics.frechet_distance(judge.features(pictures), real_features)


training.seed_everything(0)
with torch.no_grad():
    copied = copier(copier_text(captions.numbers(ask_for(asked), known))).view(-1, 3, 16, 16)
made = draw(ask_for(asked))
made_shares, judge_shares = granted(made, asked), granted(asked_images, asked)
copied_fid, made_fid, train_fid = fid(copied), fid(made), fid(images[:2000])
chance = {name: 1 / size for name, size in zip(names, sizes)}
results = [
    {"": "chance", **percent(chance), "FID-faces": "–"},
    {"": "copy the target (section 2)", **percent(granted(copied, asked)), "FID-faces": f"{copied_fid:.0f}"},
    {"": "text to face", **percent(made_shares), "FID-faces": f"{made_fid:.0f}"},
    {"": "real faces: the judge's own", **percent(judge_shares), "FID-faces": f"{train_fid:.0f}"},
]
plotting.table(results, "How often the judge finds what was asked for, 2,000 wishes")
seconds_of_training = matching_history.seconds + game_history.seconds
print(f"seconds of training: {seconds_of_training:.0f}")

# %% [markdown]
# Does it use $z$? Two faces for each of 300 texts, beside two real faces with the same attributes; and what the
# spread of $z$ does:

# %% tags=["random"]
variety = {}
for width in (1.0, 0.7, 0.4):
    first, second = draw(ask_for(asked[:300]) * 2, width=width).chunk(2)
    drawn = draw(ask_for(asked[:1000]), width=width)
    variety[width] = {"difference": (first - second).square().mean().item(), "fid": fid(drawn),
                      **granted(drawn, asked[:1000])}  # fmt: skip
plotting.table(
    [{"spread of z": w, "two faces for one text": f"{v['difference']:.3f}", "hair color": f"{v['hair_color']:.1%}",
      "glasses": f"{v['glasses']:.1%}", "FID-faces": f"{v['fid']:.0f}"} for w, v in variety.items()],
    f"Squared difference per pixel (two real faces: {real_square:.3f}), wishes granted, FID",
)  # fmt: skip

# %% [markdown]
# It does use $z$, though two faces for one text differ less than two real ones. The wider $z$ is spread, the more
# they differ, and the more often something asked for goes wrong.
#
# And does the order of the words matter? The same 500 wishes in two wordings, with the same $z$:

# %% tags=["random"]
z = 0.7 * torch.randn(500, latent_dim)
one_way, other_way = (ask_for(asked[:500], seed) for seed in (1, 2))
print(f"{one_way[0]}\n{other_way[0]}")
readings = [judge.probabilities(draw(texts, z)) for texts in (one_way, other_way)]
alike = sum((readings[0][name].argmax(1) == readings[1][name].argmax(1)).float().mean().item() for name in names) / 6
print(f"the judge reads the same in {alike:.1%} of the attributes")

# %% [markdown]
# The copier grants what is large (hats, the length of the hair), and misses the rest; its FID is far off. (The last
# row's FID is that of other real faces, training against test.) Where ours misses a hair colour, it is mostly
# under a hat, or one shade for its neighbour.

# %% [markdown] tags=["slide"]
# ## 7 · Combinations that nobody has ever seen
#
# Now the faces that we held out: blue hair with red eyes, and five more pairs. In training there was blue
# hair, and there were red eyes, never together.
#
# <details><summary><b>Predict:</b> will it draw them?</summary>
#
# If it has learnt by heart the thousand combinations that it has seen: no. If it has learnt what each word does: yes, nearly as well
# as the seen ones.
# </details>

# %% tags=["random", "slide"] headline="It draws what it has never seen together"
training.seed_everything(1)
unseen = faces.attributes[~seen].long()[:1500]
unseen_made = draw(ask_for(unseen))
unseen_shares = granted(unseen_made, unseen)
plotting.table(
    [{"": "seen combinations", **percent(made_shares)}, {"": "unseen", **percent(unseen_shares)}],
    "How often the judge finds what was asked for",
)
pairs = [f"{h} hair and {e} eyes" for h, e in HELD_OUT]
plotting.show_images(
    draw([pair for pair in pairs for _ in range(8)]),
    "Six rows of eight faces: the held-out pairs of hair and eyes, as asked.",
    rows=pairs, columns=8,
)  # fmt: skip

# %% [markdown]
# It puts together what it has never seen together. That is what a simple code behind complicated things
# is good for.

# %% [markdown] tags=["slide"]
# ## 8 · Break it on purpose: a blind bird
#
# Take the projection away. $D$ sees faces and never reads; $G$ still gets the text. And no second teacher.
# <details><summary><b>Predict:</b> what does $G$ do with the text?</summary>
#
# It has no reason to look at it. A face with green hair is as good an answer to "blue hair" as any other,
# for nobody ever compares. It treats $t$ as more noise.
# </details>

# %% tags=["random", "slide"] headline="A bird that does not read"
training.seed_everything(0)
blind_game = Game(reads=False, reading=0.0, memory=0.98)
blind_history = play(blind_game, "a discriminator that does not read", seconds=6)
blind_made = draw(ask_for(asked), generator=blind_game.averaged)
blind_shares = granted(blind_made, asked)
plotting.table(
    [{"": "chance", **percent(chance)}, {"": "blind D", **percent(blind_shares)},
     {"": "D that reads", **percent(made_shares)}],
    "The same wishes, and a discriminator that does not read",
)  # fmt: skip
plotting.show_images(
    draw([wishes[0]] * 8 + [wishes[1]] * 8, generator=blind_game.averaged),
    "Two rows of faces for two captions, drawn without a D that reads: any hair, any eyes.",
    rows=["long blue hair,\nred eyes, glasses", "short black hair,\ngreen eyes"], columns=8,
)  # fmt: skip

# %% [markdown]
# (Hats stand above one half without any reading, for most faces have none, asked or made. This $D$ had 6 seconds
# and the other one 54: that is why its faces are worse, but no number of seconds would teach it to read.) In a
# conditional GAN the discriminator must see the condition.
#
# **Type a wish.** Any words, in any order. What it does not know, it names and leaves out.

# %% tags=["random"]
def as_html(pictures, alt):
    """Pictures side by side as an HTML image."""
    strip = torch.cat([F.pad(p, (0, 2, 0, 0), value=1.0) for p in pictures], 2)
    data = base64.b64encode(widgets.image_png(strip, width=720)).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'


def answer(wish):
    understood, unknown = captions.read(wish, known)
    note = captions.complaint(unknown, known)
    if not understood:
        note += " There is no word here that I know, so here is anybody."
    pictures = draw([wish] * 8)
    return as_html(pictures, f"eight faces for: {wish}") + f"<p>{html.escape(note)}</p>"


training.seed_everything(5)
wish_box = widgets.TextExplorer(
    answer,
    {"wish": Text("eyes green, a smiling person with hair pink and a mohawk", description="I want",
                  continuous_update=False, layout={"width": "40em"})},
)  # fmt: skip
wish_box

# %% [markdown]
# # Part two: from a paragraph to a line

# %% [markdown] tags=["slide"]
# ## 9 · The condition is a whole text
#
# A face could be described by one vector $t$. A paragraph cannot: which of its words the summary needs
# changes from word to word. Our data: 31,000 software packages of Debian. Each has a paragraph of
# description, and one line written by a person, the *synopsis*. The test packages come from sources that
# none of the training packages come from, else near-copies of the answer would be in the training part.

# %% [markdown]
# **The simplest thing that could work:** take the first words. A description often begins with what matters. That
# is the *lead* baseline, and for news it is hard to beat (See et al. 2017 do not beat the first three
# sentences).
#
# How good is a summary? **ROUGE** (Lin 2004) counts words that it shares with the one a person wrote.
# ROUGE-1 counts single words, ROUGE-2 pairs of neighbours, ROUGE-L the longest common subsequence (the
# same words in the same order, gaps allowed). Each has a
# *recall* (how much of the person's line is there), a *precision* (how much of ours is in the person's), and
# their harmonic mean $F$, which we quote. The library `rouge-score` counts.

# %%
WORD = re.compile(r"[^\W_]+(?:[-+.'/#][^\W_]+|\+\+?)*|[^\w\s]")


def split_words(text):
    return WORD.findall(text.lower())


train_packages = datasets.debian_synopses("train")
test_packages = random.Random(0).sample(datasets.debian_synopses("test"), 1000)
both = {p.source for p in train_packages} & {p.source for p in test_packages}
print(f"{len(train_packages)} packages to learn from, {len(test_packages)} to test with, "
      f"sources in both: {len(both)}")
for package in test_packages[:2]:
    print(f"\n{package.package}: {package.description}\n-> {package.synopsis}")
try:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
except ImportError:
    scorer = None
    print("rouge-score is not installed here:  pip install rouge-score")
rouge = {}


def score(label, lines):
    """Mean ROUGE-1, -2 and -L (F) of lines against what people wrote."""
    if scorer is None:
        return
    found = [scorer.score(p.synopsis, line) for p, line in zip(test_packages, lines)]
    rouge[label] = {k: sum(s[k].fmeasure for s in found) / len(found) for k in found[0]}


for n in (6, 9):
    first_words = [" ".join(p.description.split()[:n]) for p in test_packages]
    score(f"the first {n} words", first_words)
    print(f"the first {n} words:", {k: round(v, 3) for k, v in rouge.get(f"the first {n} words", {}).items()})

# %% [markdown] tags=["slide"]
# ## 10 · Attention: where to look for the next word
#
# A **reader** goes through the paragraph in both directions, and leaves a vector $H_j$ at each word. A
# **writer** (a GRU as in lecture 05) writes the line word by word. Before each word it asks: *where do I have
# to look now?* Its state $d_i$ is compared with every $H_j$, and the weights sum to 1 (Bahdanau et al. 2015,
# Luong et al. 2015; the root is from Vaswani et al. 2017):
#
# $$a_{ij} = \underset{j}{\text{softmax}} \left( \frac{d_i \cdot W H_j}{\sqrt{\dim}} \right) \qquad
# c_i = \sum_j a_{ij} H_j$$

# %% [markdown]
# Short texts in a batch are filled up with word 0. These places must get weight 0: their scores are set to
# $-\infty$ *before* the softmax.

# %%
PAD, START, STOP, UNKNOWN = range(4)


def attention(d, H, real, W):
    """d (n, S, h) asks, H (n, T, h) answers, real (n, T) is True at words: weights (n, S, T)."""
    scores = d @ W(H).transpose(1, 2) / math.sqrt(d.shape[-1])
    return scores.masked_fill(~real[:, None], -math.inf).softmax(2)


# %% [markdown] tags=["slide"]
# **Copy.** Package descriptions are full of rare names, and no vocabulary holds them all. Ours has 2,500
# words. So the writer has a switch $g_i$: write a word of the vocabulary, or *point at* a word of the
# paragraph and copy it (Gu et al. 2016; See et al. 2017):
#
# $$g_i = \sigma(\text{gate}[d_i, c_i]) \qquad
# p_\text{vocabulary} = \text{softmax}\big(V \tanh(\text{mix}[d_i, c_i]) + \text{bias}\big)$$
#
# ($V$ are the word vectors themselves, so words that mean alike get alike chances.)
#
# $$p(w) = g_i \; p_\text{vocabulary}(w) + (1 - g_i) \sum_{j:\, x_j = w} a_{ij}$$

# %% [markdown]
# Unknown words of the paragraph get a number of their own, for this paragraph only: 2,500 plus their place.

# %%
VOCABULARY, LONGEST = 2500, 32
counts = Counter()
for package in train_packages:
    counts.update(split_words(package.description)[:LONGEST])
    counts.update(3 * split_words(package.synopsis))
vocabulary = ["<pad>", "<start>", "<stop>", "<unknown>"]
vocabulary += [word for word, _ in counts.most_common(VOCABULARY - 4)]
number = {word: i for i, word in enumerate(vocabulary)}


def as_numbers(packages):
    """x: the paragraph in the vocabulary's words; x_copy: the same, unknown ones by place; y: the line."""
    x = torch.zeros(len(packages), LONGEST, dtype=torch.int64)
    x_copy, y = x.clone(), torch.zeros(len(packages), 13, dtype=torch.int64)
    for row, package in enumerate(packages):
        source, own = split_words(package.description)[:LONGEST], {}
        for place, word in enumerate(source):
            own.setdefault(word, number.get(word, VOCABULARY + place))
        line = [own.get(w, number.get(w, UNKNOWN)) for w in split_words(package.synopsis)[:12]]
        x[row, : len(source)] = torch.tensor([number.get(word, UNKNOWN) for word in source])
        x_copy[row, : len(source)] = torch.tensor([own[word] for word in source])
        y[row, : len(line) + 1] = torch.tensor([*line, STOP])
    return x, x_copy, y


x, x_copy, y = as_numbers(train_packages)
test_x, test_x_copy, test_y = as_numbers(test_packages)
wanted = y[y > STOP]
print(f"words of the lines: {(wanted < VOCABULARY)[wanted != UNKNOWN].sum() / len(wanted):.1%} in the vocabulary, "
      f"{(wanted >= VOCABULARY).sum() / len(wanted):.1%} only in the paragraph, "
      f"{(wanted == UNKNOWN).sum() / len(wanted):.1%} nowhere")


# %%
class Summariser(nn.Module):
    def __init__(self, h=128):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, h)
        nn.init.normal_(self.embedding.weight, 0.0, 0.1)
        self.reader = nn.GRU(h, h // 2, batch_first=True, bidirectional=True)
        self.first, self.W = nn.Linear(h, h), nn.Linear(h, h, bias=False)
        self.writer = nn.GRU(h, h, batch_first=True)
        self.mix, self.gate = nn.Linear(2 * h, h), nn.Linear(2 * h, 1)
        self.bias, self.drop = nn.Parameter(torch.zeros(VOCABULARY)), nn.Dropout(0.2)

    def read(self, x):  # (n, T) -> H (n, T, h), real (n, T), the writer's first state (1, n, h)
        H, _ = self.reader(self.drop(self.embedding(x)))
        real = x != PAD
        mean = (H * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        return H, real, self.first(mean).tanh()[None]

    def write(self, H, real, state, y):  # y (n, S): the words so far, the newest one last
        y = torch.where(y < VOCABULARY, y, UNKNOWN)  # a copied word has no vector of its own
        d, state = self.writer(self.drop(self.embedding(y)), state)
        a = attention(d, H, real, self.W)  # (n, S, T)
        both = torch.cat([d, a @ H], 2)
        out = self.drop(self.mix(both).tanh())
        logits = out @ self.embedding.weight.T + self.bias  # (n, S, vocabulary)
        return logits.log_softmax(2), a, self.gate(both).sigmoid(), state


# %% [markdown]
# **Teacher forcing.** In training the writer gets the *true* words so far, whatever it would have written
# itself. So all places of the line are learnt in one pass. Later nobody gives it the truth: it must go on
# from its own words, also from the wrong ones.

# %% tags=["random"]
def nats_per_word(net, x, x_copy, y):
    H, real, state = net.read(x)
    before = F.pad(y[:, :-1], (1, 0), value=START)  # teacher forcing: the true words, one place later
    log_p, a, g, _ = net.write(H, real, state, before)
    from_vocabulary = log_p.gather(2, y.clamp(max=VOCABULARY - 1)[..., None]).exp()[..., 0]
    from_vocabulary = from_vocabulary * (y < VOCABULARY)
    copied = (a * (x_copy[:, None] == y[..., None])).sum(2)
    p = g[..., 0] * from_vocabulary + (1 - g[..., 0]) * copied
    return -(p + 1e-8).log()[y != PAD].mean()


training.seed_everything(0)
summariser = Summariser()
writer_optimiser = adam(summariser.parameters(), 3e-3, (0.9, 0.98))
lengths, WRITER_SECONDS = (x != PAD).sum(1), 24
began = time.perf_counter()


def writer_step(t):
    used = (time.perf_counter() - began) / WRITER_SECONDS
    writer_optimiser.param_groups[0]["lr"] = 3e-3 * min(1, t / 100, max(0, (1 - used) / 0.6))
    some = torch.randint(len(x), (512,))  # 64 of 512 that are about equally long: less filling
    k = 64 * random.randrange(8)
    i = some[lengths[some].argsort()][k : k + 64]
    T, S = int(lengths[i].max()), int((y[i] != PAD).sum(1).max())
    loss = nats_per_word(summariser, x[i, :T], x_copy[i, :T], y[i, :S])
    writer_optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(summariser.parameters(), 1.0)
    writer_optimiser.step()
    return {"nats per word": loss}


writer_history = training.train(writer_step, seconds=WRITER_SECONDS, label="summaries", unit="nats per word")

# %% [markdown]
# ## 11 · Write: greedily, or with a beam
#
# From here on teacher forcing is **off**. *Greedy decoding* takes the likeliest word, feeds it back, and goes
# on until the word is `<stop>`. One thing we have to forbid: a word that is already there. Small writers
# stutter.

# %%
def next_word(net, memory, state, newest, x_copy, copying=True):
    """Probability of every word of the vocabulary and of the paragraph: (n, 2500 + T)."""
    log_p, a, g, state = net.write(*memory, state, newest)
    g = g if copying else torch.ones_like(g)
    p = F.pad(g[:, 0] * log_p[:, 0].exp(), (0, x_copy.shape[1]))
    p.scatter_add_(1, x_copy, (1 - g[:, 0]) * a[:, 0])
    p[:, [PAD, START, UNKNOWN]] = 0.0
    return p, a[:, 0], g[:, 0, 0], state


@torch.no_grad()
def greedy(net, x, x_copy, repeats=False, copying=True, longest=12):
    """Words (n, up to 12), PAD after STOP; attention (n, steps, T); gates (n, steps)."""
    *memory, state = net.read(x)
    written = torch.full((len(x), 1), START)
    looks, gates = [], []
    for _ in range(longest):
        p, a, g, state = next_word(net, memory, state, written[:, -1:], x_copy, copying)
        if not repeats:
            p.scatter_(1, written, 0.0)
        newest = p.argmax(1)
        ended = (written == STOP).any(1)
        newest[ended] = PAD
        written = torch.cat([written, newest[:, None]], 1)
        looks.append(a)
        gates.append(g)
    return written[:, 1:], torch.stack(looks, 1), torch.stack(gates, 1)


def as_lines(written, packages):
    lines = []
    for row, package in zip(written.tolist(), packages):
        source = split_words(package.description)
        row = [i for i in row if i not in (PAD, STOP)]
        lines.append(" ".join(vocabulary[i] if i < VOCABULARY else source[i - VOCABULARY] for i in row))
    return lines


# %% [markdown]
# <details><summary><b>Predict:</b> which costs more, words that may repeat, or no copying?</summary>
#
# No copying, by far: package names and rare words are in no vocabulary of 2,500. Repeats cost little.
# </details>

# %% tags=["random"]
summariser.eval()
written, looks, gates = greedy(summariser, test_x, test_x_copy)
lines = as_lines(written, test_packages)
score("greedy", lines)
stuttered = as_lines(greedy(summariser, test_x, test_x_copy, repeats=True)[0], test_packages)
score("greedy, words may repeat", stuttered)
uncopied = as_lines(greedy(summariser, test_x, test_x_copy, copying=False)[0], test_packages)
score("greedy, never copies", uncopied)
for k in (0, 1, 2, 3, 4, 5):
    print(f"{test_packages[k].description[:150]}...\n  a person: {test_packages[k].synopsis}\n"
          f"  ours:     {lines[k]}\n")  # fmt: skip

# %% [markdown]
# **Where did it look?** One row for each word it wrote, dark where the attention is. The number at the left
# is $1 - g$, how much it wanted to copy.

# %% tags=["random", "slide"] headline="Where did it look?"
shared = [len(set(a.split()) & set(split_words(p.synopsis))) for a, p in zip(lines, test_packages)]
k = max(range(200), key=shared.__getitem__)  # a good one, to see something
source = split_words(test_packages[k].description)[:24]
line = lines[k].split()
figure, axis = plt.subplots(figsize=(10, 0.35 * len(line) + 1.6))
axis.imshow(looks[k, : len(line), : len(source)], cmap="gray_r", vmin=0, vmax=1, aspect="auto")
axis.set_xticks(range(len(source)), source, rotation=60, ha="right", fontsize=9)
axis.set_yticks(range(len(line)), [f"{word}  ({1 - g:.2f})" for word, g in zip(line, gates[k])], fontsize=9)
plotting.show(
    figure,
    "Attention of one summary: rows are the words written, columns the words of the paragraph; each row is "
    "darkest at the word that it copies, and grey at its neighbours.",
)
print("a person:", test_packages[k].synopsis)

# %% [markdown]
# **A beam.** The likeliest first word need not begin the likeliest line. *Beam search* keeps the $k$ best
# beginnings. In each step every one of them is tried with every next word, and the $k$ best of all survive. A
# long line multiplies more chances and so has a smaller one; to be fair we compare $\ln p$ **per word**.
#
# <details><summary><b>Predict:</b> four times the work. Will the ROUGE be much better?</summary>
#
# By less than a point in single words, by two in pairs of words. ROUGE asks for a person's words, while the beam
# looks for a line that the *writer* thinks likely; these are not the same.
# </details>

# %%
@torch.no_grad()
def beam_search(net, x, x_copy, k=4, longest=12):
    """The best of k lines for each paragraph, by ln p per word; (n, up to 12)."""
    n = len(x)
    *memory, state = net.read(x)
    memory = [part.repeat_interleave(k, 0) for part in memory]
    x_copy, state = x_copy.repeat_interleave(k, 0), state.repeat_interleave(k, 1)
    written = torch.full((n * k, 1), START)
    total = torch.tensor([0.0] + [-math.inf] * (k - 1)).repeat(n)  # at first all k would be the same
    for _ in range(longest):
        p, _, _, state = next_word(net, memory, state, written[:, -1:], x_copy)
        p.scatter_(1, written, 0.0)
        log_p, ended = p.log(), (written == STOP).any(1)
        log_p[ended] = -math.inf
        log_p[ended, PAD] = 0.0  # an ended line goes on with nothing, for nothing
        candidates = (total[:, None] + log_p).view(n, -1)
        total, best = candidates.topk(k)  # (n, k)
        total, parent = total.view(-1), best // p.shape[1]
        parent = (parent + k * torch.arange(n)[:, None]).view(-1)
        written = torch.cat([written[parent], (best % p.shape[1]).view(-1, 1)], 1)
        state = state[:, parent]
    words_written = (written[:, 1:] != PAD).sum(1)
    best = (total / words_written).view(n, k).argmax(1)
    return written.view(n, k, -1)[torch.arange(n), best, 1:]


# %% tags=["random"]
began = time.perf_counter()
greedy(summariser, test_x, test_x_copy)
greedy_seconds = time.perf_counter() - began
began = time.perf_counter()
beam_lines = as_lines(beam_search(summariser, test_x, test_x_copy), test_packages)
beam_seconds = time.perf_counter() - began
score("beam of 4", beam_lines)
changed = [i for i, (a, b) in enumerate(zip(lines, beam_lines)) if a != b]
print(f"the beam changes {len(changed) / len(lines):.0%} of the lines, in {beam_seconds / greedy_seconds:.1f} "
      "times the seconds")  # fmt: skip
for i in changed[:4]:
    print(f"  a person: {test_packages[i].synopsis}\n  greedy:   {lines[i]}\n  beam:     {beam_lines[i]}\n")

# %% [markdown] tags=["slide"]
# ## 12 · Measure the lines

# %% tags=["random", "more"]
plotting.table(
    [{"": label, "ROUGE-1": f"{f['rouge1']:.3f}", "ROUGE-2": f"{f['rouge2']:.3f}",
      "ROUGE-L": f"{f['rougeL']:.3f}"} for label, f in rouge.items()],
    f"F on {len(test_packages)} packages from sources never trained on",
)  # fmt: skip
with torch.no_grad():
    forced = nats_per_word(summariser, test_x, test_x_copy, test_y).item()
print(f"with the true words given: {forced:.2f} nats per word, a choice among {math.exp(forced):.0f} words")

# %% [markdown]
# For news (CNN/DailyMail) See et al. (2017) report ROUGE-1/2/L of 39.5 / 17.3 / 36.4 (in percent) for the same
# kind of writer with a *coverage* term against repeats, and about the same for the first three sentences. Other texts, other numbers: compare only
# within one table.
#
# Read the rows. Our writer beats the first words, which is not easy. The copy carries it, and to
# forbid repeats helps a little. (*Never copies* takes the gate away from a writer that has learnt to lean on it. One trained without it
# would lose less.) And ROUGE sees only words: *"a tool to remove files"* and *"a tool to keep files"* share four of
# five.

# %% [markdown] tags=["slide"]
# ## 13 · What it still cannot do
#
# - The face has its text from outside. Nobody can ask the generator of part one: *which $z$ and which text
#   draw **this** face?* The way back is missing.
# - Part two has an encoder and a generator, trained as one. Part one has a generator without an encoder,
#   lecture 06 an encoder whose generator blurs. **Lecture 10 puts the two arrows together.**
# - The writer may say what is not true of the package. ROUGE does not notice.

# %% [markdown] tags=["slide"]
# ## 14 · Summary
#
# 1. A wish has many right answers. Copying the target gives their average; a conditional generator gives
#    one of them.
# 2. The generator gets $z$ and $t$; the discriminator must see the text, too, or the text is ignored.
# 3. Three kinds of pairs: right, made, and real with a wrong text. Near misses ask the finest question.
# 4. Attention weighs the input words anew for each output word; a gate chooses between writing and copying.
# 5. Greedy takes the best word, a beam the best of a few lines. Judge with a measure, a baseline beside it,
#    on sources never seen.

# %%
widgets.quiz(
    "You train the conditional GAN without wrong-text pairs, and the projection stays. Can D still learn to "
    "read?",
    {
        "No, never": "It can: a made face that does not fit its text is told apart from right pairs by that.",
        "Yes, from made faces that do not fit": "While G is bad at reading, its pairs fit badly, and D may use "
        "that. Wrong-text pairs ask the question directly.",
        "Only with labels": "The texts are the labels.",
    },
    right="Yes, from made faces that do not fit",
)
widgets.quiz(
    "The scores at the filling places are set to 0 before the softmax, not to minus infinity. What happens?",
    {
        "Nothing, 0 is 0": "The softmax of 0 is exp(0) = 1, divided by the sum: not 0.",
        "They get weight": "exp(0) = 1 is often more than a real word's share. Short texts suffer most.",
        "NaN": "That comes when all places of a row are at minus infinity.",
    },
    right="They get weight",
)
widgets.quiz(
    "Why do we split the packages by source, and not at random?",
    {
        "It is faster": "It makes no difference to the seconds.",
        "Packages of one source have nearly the same text": "Many answers would stand in the training part "
        "nearly word for word, and the copy would look like understanding.",
        "To have more packages": "There are equally many.",
    },
    right="Packages of one source have nearly the same text",
)

# %% [markdown]
# **The exercise.** `exercises/09_conditional_generation` has you bring a condition into both networks, write the
# loss with three kinds of pairs, mask an attention, count ROUGE-1 by hand, and decode until the stop.
#
# **Now you.** Hold out all faces with hat *and* glasses: change `seen`, and the last line of `with_a_lie`. Does it still draw them together?
#
# **Further reading**
#
# - M. Mirza and S. Osindero (2014), *Conditional generative adversarial nets*.
# - D. Bahdanau, K. Cho and Y. Bengio (2015), *Neural machine translation by jointly learning to align and
#   translate*.
# - M.-T. Luong, H. Pham and C. D. Manning (2015), *Effective approaches to attention-based neural machine
#   translation*.
# - S. Reed, Z. Akata, X. Yan et al. (2016), *Generative adversarial text to image synthesis*.
# - J. Gu, Z. Lu, H. Li and V. O. K. Li (2016), *Incorporating copying mechanism in sequence-to-sequence learning*.
# - A. Vaswani, N. Shazeer, N. Parmar et al. (2017), *Attention is all you need*.
# - A. See, P. J. Liu and C. D. Manning (2017), *Get to the point: summarization with pointer-generator networks*.
# - H. de Vries, F. Strub, J. Mary et al. (2017), *Modulating early visual processing by language*.
# - T. Miyato and M. Koyama (2018), *cGANs with projection discriminator*.
# - E. Perez, F. Strub, H. de Vries et al. (2018), *FiLM: visual reasoning with a general conditioning layer*.
# - T. Xu, P. Zhang, Q. Huang et al. (2018), *AttnGAN: fine-grained text to image generation with attentional
#   generative adversarial networks*.
# - Q. Mao, H.-Y. Lee, H.-Y. Tseng, S. Ma and M.-H. Yang (2019), *Mode seeking generative adversarial networks for
#   diverse image synthesis*.
# - A. Brock, J. Donahue and K. Simonyan (2019), *Large scale GAN training for high fidelity natural image synthesis*.
# - A. Radford, J. W. Kim, C. Hallacy et al. (2021), *Learning transferable visual models from natural language
#   supervision*.
# - C.-Y. Lin (2004), *ROUGE: a package for automatic evaluation of summaries*.
