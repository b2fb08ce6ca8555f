# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # 02 · Auto-encoders
# ### 自編碼器: a network that describes pictures to itself
#
# **The question of this lecture: can a machine invent its own code, one that bends with the data,
# and that works both ways?**

# %% tags=["setup"]

# %% [markdown]
# **When you are through, you can**
#
# 1. build an encoder and a decoder, stack them, and train them without a single label;
# 2. show that a linear auto-encoder *is* PCA, and that a deep one is not;
# 3. read an error-against-code-size curve of several models, and say when depth pays;
# 4. teach an auto-encoder to take noise away, and use its codes to find similar pictures;
# 5. name three things that a small error does **not** promise.
#
# **Time:** about 50 minutes to read and play, and under two minutes to run on a laptop with two
# cores. **You need:** lecture 01 (codes, PCA), and the training loop of lecture 00.

# %% [markdown] tags=["terms", "slide"] headline="Words of today"
# | Term | 繁體中文 | In one line |
# | --- | --- | --- |
# | auto-encoder | 自編碼器 | encoder and decoder, stacked and trained to copy |
# | bottleneck | 瓶頸層 | the narrow layer in the middle, where the code is |
# | latent space | 潛在空間 | the space that codes live in |
# | reconstruction | 重建 | what the decoder makes of a code, $\hat x$ |
# | denoising auto-encoder | 去噪自編碼器 | gets a spoilt picture, must give back the clean one |
# | layer-wise pre-training | 逐層預訓練 | training one layer at a time, as was once needed |
# | retrieval | 檢索 | finding the pictures most like a given one |

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import datasets, metrics, plotting, training, widgets
from course_utils.checks import check_code_size

images, labels = datasets.mnist("train")
test_images, test_labels = datasets.mnist("test")
X = images.flatten(1)  # (60000, 784), pixels in [0, 1]
X_test = test_images.flatten(1)  # (10000, 784), for reporting only
shown = torch.stack([X_test[test_labels == d][0] for d in range(10)])  # one of each digit
print("train", tuple(X.shape), " test", tuple(X_test.shape))

# %% [markdown] tags=["slide"]
# ## 1 · The idea in one picture
#
# In lecture 01 a formula gave us the code. Now a **network** shall find it. One network, the
# *encoder*, turns a picture into a short code. Another, the *decoder*, turns the code into a picture.

# %% [markdown]
# Nobody knows what the right code would be, so neither can be trained alone. But stacked
# on top of each other they make one deep network, and for *that* we know the right answer: **the
# picture itself.**

# %% tags=["more"]
widths = [784, 256, 128, 2, 128, 256, 784]
names = ["x", "", "", "z", "", "", "x̂"]
figure, axis = plt.subplots(figsize=(7.2, 3.0))
heights = 0.35 + 2.4 * np.array(widths) ** 0.5 / 28
for i, (h, width, name) in enumerate(zip(heights, widths, names)):
    colour = plotting.COLOURS[6] if name == "z" else plotting.COLOURS[2]
    axis.add_patch(plt.Rectangle((i - 0.11, -h / 2), 0.22, h, color=colour))
    axis.text(i, -1.75, f"{width}", ha="center", fontsize=9)
    axis.text(i, h / 2 + 0.1, name, ha="center", fontsize=13, style="italic")
    if i:
        for a, b in ((1, 1), (-1, -1)):
            ends = [a * heights[i - 1] / 2, b * h / 2]
            axis.plot([i - 0.89, i - 0.11], ends, color="#999999", lw=1)
for left, picture in ((-1.35, shown[3]), (6.35, shown[3])):
    axis.imshow(picture.view(28, 28), cmap="gray_r", extent=(left, left + 1, -0.5, 0.5))
axis.text(1, 1.75, "encoder", ha="center", fontsize=11, color=plotting.COLOURS[5])
axis.text(5, 1.75, "decoder", ha="center", fontsize=11, color=plotting.COLOURS[5])
axis.set(xlim=(-1.5, 7.5), ylim=(-2, 2.2), aspect="auto")
axis.axis("off")
plotting.show(
    figure,
    "An hourglass: layers of 784, 256, 128 numbers narrow down to a code of 2 and widen again to "
    "784; a 3 goes in at the left and should come out at the right.",
)

# %% [markdown] tags=["slide"] headline="The picture itself is the right answer"
# $$z = \text{enc}(x), \qquad \hat x = \text{dec}(z), \qquad
# L = \frac{1}{784}\,\|x - \hat x\|^2$$
#
# The narrow waist, the *bottleneck*, is what makes it a lesson. With 784 numbers in the middle the
# network could pass the picture through and learn nothing. With 2 it must find out what matters.

# %% [markdown] tags=["slide"]
# ## 2 · The simplest thing that could work
#
# Encoder and decoder of one layer each, and no bend anywhere: two matrices, trained by gradient
# descent as in lecture 00.
#
# <details><summary><b>Predict:</b> two matrices, found by a network that has never heard of
# singular values. Will it beat PCA's 0.0557, fall short of it, or reach it exactly?</summary>
#
# It reaches it. PCA's patterns are the best flat code there is (lecture 01), so no pair of
# matrices can beat it. And gradient descent gets there.
# </details>

# %%
def fit_pca(X):
    mu = X.mean(0)
    _, vectors = torch.linalg.eigh(((X - mu).T @ (X - mu)).double())
    W = vectors.flip(1).T.float()  # strongest pattern first
    return mu, W * W.sum(1, keepdim=True).sign()  # of w and -w the one with more ink, as in lecture 01


mu, W = fit_pca(X)


def pca_copy(X, k):
    return mu + (X - mu) @ W[:k].T @ W[:k]


pca_errors = {k: metrics.mse_per_pixel(X_test, pca_copy(X_test, k)) for k in (2, 8, 32)}
print("PCA:", {k: f"{e:.4f}" for k, e in pca_errors.items()})

# %% tags=["random"]
def fit(parameters, loss, steps, lr, label, batch=128):
    """Train on random handfuls x of X; loss(x) is what to make small."""
    optimiser = torch.optim.Adam(parameters, lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)

    def step(t):
        L = loss(X[torch.randint(len(X), (batch,))])
        optimiser.zero_grad()
        L.backward()
        optimiser.step()
        schedule.step()
        return {"MSE per pixel": L}

    return training.train(step, steps=steps, label=label, log=True, unit="MSE per pixel")


training.seed_everything(0)
A, B = (nn.Parameter(torch.randn(shape) / 30) for shape in ((784, 2), (2, 784)))
fit([A, B], lambda x: F.mse_loss((x - mu) @ A @ B, x - mu), 1500, 1e-2, "linear", batch=256)
with torch.no_grad():
    linear_error = metrics.mse_per_pixel(X_test, mu + (X_test - mu) @ A @ B)
print(f"linear auto-encoder {linear_error:.4f}, PCA {pca_errors[2]:.4f}")

# %% [markdown]
# The same error. Is it the same *code*? Compare the two planes: the angles between them
# (principal angles) have cosines of 1 when they are one plane. Then compare the patterns.

# %% tags=["random", "slide"] headline="The same plane, but other patterns"
with torch.no_grad():
    plane = torch.linalg.qr(B.T)[0]  # (784, 2): the plane that the decoder draws in
    print("cosines between the planes:", torch.linalg.svdvals(plane.T @ W[:2].T).round(decimals=3))
    patterns = torch.cat([W[:2], B])
plotting.show_images(
    patterns / patterns.abs().amax(1, keepdim=True),
    "Above PCA's two patterns, below the two of the linear auto-encoder: mixtures of them.",
    rows=["PCA", "linear AE"],
    columns=2,
    size=1.3,
    signed=True,
)

# %% [markdown]
# The same plane, but other patterns: mixtures of PCA's two. Nothing in the loss asks for right
# angles or for the strongest first. PCA *sorts* its code. An auto-encoder does not.
#
# So a linear auto-encoder is PCA with more work (Baldi and Hornik 1989). All its limits are PCA's
# limits: it is **flat**.

# %% [markdown] tags=["slide"]
# ## 3 · Deep
#
# Now put bends in, as in lecture 00. The encoder goes 784 → 256 → 128 → $k$, the decoder the same
# way back. The bend is SiLU, a smooth relative of ReLU; the last layer squeezes into [0, 1]
# (sigmoid), because pixels live there.

# %% tags=["more"] code="AutoEncoder.forward"
class AutoEncoder(nn.Module):
    def __init__(self, latent_dim, hidden=(256, 128)):
        super().__init__()
        check_code_size(latent_dim, largest=784)
        sizes = [784, *hidden]
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down, nn.Linear(sizes[-1], latent_dim))
        sizes = [latent_dim, *reversed(hidden)]
        up = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        self.decoder = nn.Sequential(*up, nn.Linear(sizes[-1], 784), nn.Sigmoid())

    def forward(self, x):  # (n, 784) -> (n, 784)
        z = self.encoder(x)  # (n, latent_dim)
        return self.decoder(z)


def train_autoencoder(latent_dim, hidden=(256, 128), steps=2500):
    training.seed_everything(0)
    model = AutoEncoder(latent_dim, hidden)
    name = f"{'deep' if len(hidden) > 1 else 'one hidden layer'}, {latent_dim} numbers"
    history = fit(model.parameters(), lambda x: F.mse_loss(model(x), x), steps, 1e-2, name)
    return model.eval().requires_grad_(False), history


# %% [markdown]
# Note what is **not** there: labels. Picture in, the same picture as the target.

# %% tags=["random", "slide"] headline="Two numbers, and the digits are clear"
deep2, history2 = train_autoencoder(2)
deep2_error = metrics.mse_per_pixel(X_test, deep2(X_test))
print(f"two numbers: deep {deep2_error:.4f}, PCA {pca_errors[2]:.4f} (target: at most 0.040)")
plotting.show_images(
    torch.cat([shown, pca_copy(shown, 2), deep2(shown)]),
    "Ten digits, PCA's copies from two numbers, grey blurs, and the deep auto-encoder's copies "
    "from two numbers: mostly clear digits, and the right ones.",
    rows=["original", "PCA 2", "deep 2"],
)

# %% [markdown]
# Two numbers! Look at the copies: most are **clear digits**, drawn with one stroke. PCA can only
# mix everything it knows; the decoder has learnt what strokes look like. Where it is unsure, as
# between a 3 and an 8, it still draws a blur. Pixel error asks for that: see section 8.

# %% [markdown] tags=["slide"]
# <details><summary><b>Predict:</b> how will the map of codes differ from PCA's map?</summary>
#
# PCA's map was one cloud with the digits on top of each other. The deep encoder can bend and tear.
# It gives each kind of digit a region of its own, often in the shape of an arm.
# </details>

# %% tags=["random", "slide"] headline="Every digit gets a region of its own"
Z_test = deep2.encoder(X_test)  # (10000, 2)
figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.6))
for axis, codes, name in zip(axes, ((X_test - mu) @ W[:2].T, Z_test), ("PCA", "deep auto-encoder")):
    plotting.scatter_digits(axis, codes[:4000], test_labels[:4000], size=3)
    axis.set(title=name, xlabel="$z_1$", ylabel="$z_2$", xticks=[], yticks=[])
    low, high = np.quantile(codes.numpy(), [0.04, 0.96], axis=0)  # leave out the far ends
    axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
plotting.show(
    figure,
    "Two maps of 4000 test digits. PCA: one cloud of overlapping digits. Deep auto-encoder: every "
    "digit has its own region or arm, and most regions are apart.",
)

# %% [markdown]
# Drag the point over the map. The decoder draws the digit that belongs to each place. Walk from the
# 0s to the 1s. Where does one digit turn into another? And what is drawn where no digit lives?

# %% tags=["random", "slide"] headline="What is drawn where no digit lives?"
widgets.plane(
    lambda z1, z2: deep2.decoder(torch.tensor([[z1, z2]]))[0],
    Z_test[:4000],
    test_labels[:4000],
    alt="A map of digits with a point to drag, and beside it the digit that is drawn from there.",
    start=tuple(Z_test[test_labels == 3].median(0).values.tolist()),
    beyond=0.04,
)

# %% [markdown] tags=["slide"]
# ## 4 · How large a code, how deep a network?
#
# Four models, three code sizes: PCA; a linear auto-encoder (which is PCA, so one curve serves
# both); a network with **one** hidden layer of 256 on each side; and our deep one with two.
#
# <details><summary><b>Predict:</b> will depth help most with 2 numbers or with 32?</summary>
#
# With 2. A tiny code forces the decoder to do something complicated with it, and for that it needs
# layers. With 32 numbers a little bending is enough.
# </details>

# %% tags=["random"]
sizes = [2, 8, 32]
models = {("deep", 2): deep2}
histories = {("deep", 2): history2}
for k in sizes:
    for name, hidden in (("one hidden", (256,)), ("deep", (256, 128))):
        if (name, k) not in models:
            models[name, k], histories[name, k] = train_autoencoder(k, hidden)
errors = {key: metrics.mse_per_pixel(X_test, model(X_test)) for key, model in models.items()}

# %% tags=["random", "slide"] headline="Depth pays where the code is tiny"
figure, axis = plt.subplots(figsize=(6.0, 3.4))
every = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]
curve = [metrics.mse_per_pixel(X_test, pca_copy(X_test, k)) for k in every]
axis.plot(every, curve, color=plotting.COLOURS[0], label="PCA")
axis.plot([2], [linear_error], "o", ms=9, mfc="none", color=plotting.COLOURS[0], label="linear AE")
for name, style, colour in (("one hidden", "s--", 1), ("deep", "o-", 5)):
    heights = [errors[name, k] for k in sizes]
    axis.plot(sizes, heights, style, color=plotting.COLOURS[colour], label=f"{name} layer AE"
              if name == "one hidden" else "deep AE")  # fmt: skip
axis.set(xscale="log", xlabel="numbers in the code, k", ylabel="test error (MSE per pixel)")
axis.set(xticks=[1, 2, 4, 8, 16, 32], xticklabels=["1", "2", "4", "8", "16", "32"], ylim=(0, 0.065))
axis.legend()
plotting.show(
    figure,
    "Test error against code size for PCA, linear, one-hidden-layer and deep auto-encoders: both "
    "networks lie far below PCA; the deep one wins at 2, the shallow one at 32 numbers.",
)
plotting.table(
    [
        {
            "code size": k,
            "PCA": f"{pca_errors[k]:.4f}",
            "linear AE": f"{linear_error:.4f}" if k == 2 else "= PCA",
            "one hidden layer": f"{errors['one hidden', k]:.4f}",
            "deep": f"{errors['deep', k]:.4f}",
        }
        for k in sizes
    ],
    "Test error, MSE per pixel. Targets: deep at most 0.040 with 2 numbers, at most 0.008 with 32",
)

# %% [markdown]
# Both networks beat PCA by far. Depth pays where the code is tiny. At 32 numbers, with the same
# number of steps, one hidden layer does better.
#
# Today we train all layers at once. In 2006 that did not work, so Hinton and Salakhutdinov trained
# one layer at a time, each to copy what the layer below gave it, and joined them up for a last
# polish. Better starting weights, bends that do not saturate, and Adam have made that story
# history.

# %% [markdown] tags=["slide"]
# ## 5 · Codes find similar pictures
#
# A code is good for more than copying. Take a digit, and look for the nearest ones: by pixels, or
# by the 32 numbers of its code. That is *retrieval* (檢索). No label is used in the search. We use
# labels only to score it: how many of the ten nearest show the same digit?
#
# <details><summary><b>Predict:</b> pixels hold everything, the code has thrown 96 % away. Which
# finds better neighbours?</summary>
#
# The code, by a little. It keeps what tells digits apart, and what was thrown away was mostly what
# does not matter: the exact place of every speck of ink. And it compares 32 numbers, not 784.
# </details>

# %% tags=["random", "slide"] headline="Codes find better neighbours than pixels"
code_of = models["deep", 32].encoder
queries, query_labels = X_test[:1000], test_labels[:1000]
bank, bank_labels = X[:20000], labels[:20000]


def neighbours(query, bank, k=10):
    """Index of the k nearest rows of the bank: (n, k)."""
    return torch.cdist(query, bank).topk(k, largest=False).indices


found = {
    "784 pixels": neighbours(queries, bank),
    "32 PCA numbers": neighbours((queries - mu) @ W[:32].T, (bank - mu) @ W[:32].T),
    "32 deep numbers": neighbours(code_of(queries), code_of(bank)),
    "2 PCA numbers": neighbours((queries - mu) @ W[:2].T, (bank - mu) @ W[:2].T),
    "2 deep numbers": neighbours(deep2.encoder(queries), deep2.encoder(bank)),
}
same = {name: bank_labels[i] == query_labels[:, None] for name, i in found.items()}  # (n, 10)
plotting.table(
    [
        {"distance by": name, "same digit among the ten nearest": f"{hit.float().mean():.1%}"}
        for name, hit in same.items()
    ],
    "Retrieval: 1,000 test digits looked up among 20,000 training digits",
)
query = int((test_labels == 2).nonzero()[3])
rows = [torch.cat([queries[query : query + 1], bank[found[n][query]]]) for n in
        ("784 pixels", "32 deep numbers", "2 deep numbers")]  # fmt: skip
plotting.show_images(
    torch.cat(rows),
    "A 2 and its ten nearest: by pixels nearly all are 1s, by 32 or 2 deep numbers nearly all 2s.",
    titles=["query", *[f"{i}" for i in range(1, 11)]],
    rows=["pixels", "32 deep", "2 deep"],
    columns=11,
    size=0.75,
)

# %% [markdown] tags=["slide"]
# ## 6 · Take the noise away
#
# There is a second way to keep a network from merely passing the picture through: spoil the picture
# first. We erase half of the pixels, at random. The network gets the spoilt picture $\tilde x$. Its
# target is the **clean** one:
#
# $$L = \frac1{784}\,\|x - \text{dec}(\text{enc}(\tilde x))\|^2$$
#
# To fill the holes it must know what digits look like. This is the *denoising auto-encoder*
# (Vincent et al. 2008).

# %% tags=["random"]
def spoil(x, erased=0.5):
    """Erase each pixel with this probability; x itself stays as it is."""
    return x * (torch.rand_like(x) > erased)


training.seed_everything(0)
denoiser = AutoEncoder(32, hidden=(256,))
fit(denoiser.parameters(), lambda x: F.mse_loss(denoiser(spoil(x)), x), 2500, 1e-2, "denoising")
denoiser = denoiser.eval().requires_grad_(False)

# %% tags=["random", "slide"] headline="Half of the pixels erased"
training.seed_everything(1)
spoilt = spoil(X_test)
plain = models["one hidden", 32]
noise_errors = {
    "the spoilt picture itself": metrics.mse_per_pixel(X_test, spoilt),
    "PCA, 32 numbers": metrics.mse_per_pixel(X_test, pca_copy(spoilt, 32)),
    "plain auto-encoder, 32 numbers": metrics.mse_per_pixel(X_test, plain(spoilt)),
    "denoising auto-encoder, 32 numbers": metrics.mse_per_pixel(X_test, denoiser(spoilt)),
}
plotting.table(
    [{"copy by": name, "error": f"{e:.4f}"} for name, e in noise_errors.items()],
    "Half of the pixels erased: distance to the clean test picture (MSE per pixel)",
)
ten = [int((test_labels == d).nonzero()[0]) for d in range(10)]
plotting.show_images(
    torch.cat([shown, spoilt[ten], plain(spoilt[ten]), denoiser(spoilt[ten])]),
    "Ten digits; with half of their pixels erased; what the plain auto-encoder makes of them, thin "
    "and broken; what the denoising one makes of them, nearly the originals.",
    rows=["clean", "spoilt", "plain", "denoising"],
)

# %% [markdown] tags=["slide"]
# ## 7 · Measure

# %% tags=["random", "more"]
def row(code, mse, published="–"):
    per_picture = f"{784 * mse:.2f}"  # the paper's unit: a sum over the pixels, not a mean
    return {"code": code, "MSE per pixel": f"{mse:.4f}", "squared error per picture": per_picture,
            "published": published}  # fmt: skip


plotting.table(
    [
        row("PCA, 2 numbers (the baseline)", pca_errors[2]),
        row("deep, 2 numbers", errors["deep", 2]),
        row("PCA, 32 numbers (the baseline)", pca_errors[32], "13.87 (30 numbers)"),
        row("deep, 32 numbers", errors["deep", 32], "3.00 (30 numbers)"),
        row("one hidden layer, 32 numbers", errors["one hidden", 32]),
    ],
    "Test error. Published: Hinton and Salakhutdinov 2006, layers 784-1000-500-250-30",
)
seconds = {f"{name}, {k}": round(h.seconds, 1) for (name, k), h in histories.items()}
print("seconds of training:", seconds)

# %% [markdown]
# ## 8 · Break it on purpose

# %% [markdown] tags=["slide"]
# **First break: what the error forgives, and what it punishes.** Take a test digit. Once, move it
# by one pixel to the right and one down. Once, erase its lower half.
#
# <details><summary><b>Predict:</b> which of the two has the larger mean squared error?</summary>
#
# Mostly the shift! Your eye does not even see it. But nearly every stroke is now beside itself, and
# the error counts that twice: ink where none was, and none where ink was.
# </details>

# %% tags=["slide"] headline="The move costs more than the missing half"
moved = test_images.roll((1, 1), (2, 3)).flatten(1)
halved = test_images.clone()
halved[:, :, 14:] = 0
halved = halved.flatten(1)
move_errors, half_errors = ((X_test - x).pow(2).mean(1) for x in (moved, halved))
print(f"moved by one pixel: {move_errors.mean():.4f}, lower half erased: {half_errors.mean():.4f}")
print(f"for {(move_errors > half_errors).float().mean():.0%} of the digits the move costs more")
plotting.show_images(
    torch.cat([shown, moved[ten], halved[ten]]),
    "Ten digits; the same moved by one pixel, hardly visible; the same with lower half erased.",
    rows=["original", "moved", "halved"],
)

# %% [markdown]
# Mean squared error compares pixel by pixel. It has no idea of *shape*. Keep this in mind for
# lectures 06 and 07: whoever trains on pixel error gets blur, because blur is forgiven.

# %% [markdown] tags=["slide"]
# **Second break: things that are no digits.** What does the auto-encoder make of plain noise, of a
# checkerboard, of a letter-like cross?
#
# <details><summary><b>Predict:</b> it was trained to copy. Will it copy a checkerboard?</summary>
#
# No. It has learnt to copy *digits*. All that comes out of the decoder is strokes.
# </details>

# %% tags=["random", "slide"] headline="It has learnt to copy digits, and only digits"
training.seed_everything(0)
squares = (torch.arange(28)[:, None] // 4 + torch.arange(28) // 4) % 2
cross = torch.zeros(28, 28)
cross[4:24, 12:16] = cross[12:16, 4:24] = 1
negative = 1 - shown[3].view(28, 28)
strange = torch.stack([torch.rand(28, 28), squares.float(), cross, negative]).flatten(1)
plotting.show_images(
    torch.cat([strange, models["deep", 32](strange), deep2(strange)]),
    "Noise, a checkerboard, a cross, a white 3 on black; below, what comes out: strokes of digits.",
    titles=["noise", "squares", "cross", "negative 3"],
    rows=["in", "deep 32", "deep 2"],
    columns=4,
    size=1.2,
)

# %% [markdown]
# That is useful too: a large error says "I have never seen such a thing". (Anomaly detection,
# 異常偵測, rests on it.)

# %% [markdown] tags=["slide"]
# **Third break: make something new.** The decoder draws from any code. So pick codes at random,
# from the bell curve $N(0, I)$, and let it draw!
#
# <details><summary><b>Predict:</b> what comes out of 32 random numbers?</summary>
#
# Junk. The decoder has been taught only at codes of real digits. Nobody ever told it, or us,
# *where* in 32 dimensions those codes are.
# </details>

# %% tags=["random", "slide"] headline="Random codes give junk"
training.seed_everything(0)
z = torch.randn(20, 32)
plotting.show_images(
    models["deep", 32].decoder(z),
    "Twenty pictures drawn from random codes: tangles of strokes, hardly a digit among them.",
)
codes = code_of(X)
print(f"spread of real codes, per number: {codes.std(0).min():.1f} to {codes.std(0).max():.1f}")
print(f"mean of real codes, per number: {codes.mean(0).min():.1f} to {codes.mean(0).max():.1f}")

# %% [markdown] tags=["slide"]
# ## 9 · What it still cannot do
#
# - It **describes**, both ways, and better than any flat code.
# - But its codes lie *somewhere*, in clumps with gaps between them. Hit a gap, and you get junk.
#   So it cannot yet **create**. Lecture 06 closes the gaps, with noise, and calls the result a VAE.
# - And with more than two numbers we cannot *look* at its codes. How do you draw a map of points in
#   32, or 784, dimensions, so that neighbours stay neighbours? That is lecture 03.

# %% [markdown] tags=["slide"]
# ## 10 · Summary
#
# 1. Stack an encoder and a decoder, train them to copy: no labels, and a code comes out.
# 2. Linear, it is PCA: the same plane, though not the same patterns.
# 3. Deep, it bends: two numbers draw clear digits.
# 4. Spoil the input, ask for the clean picture, and it learns to repair.
# 5. A small error is no promise: it punishes shifts, forgives blur, and says nothing about making
#    new things.

# %%
widgets.quiz(
    "The code has 784 numbers, as many as the picture. What will the auto-encoder learn?",
    {
        "The best code of all": "Best at copying, but passing the picture through does that. "
        "Nothing has to be understood.",
        "Perhaps nothing: it can pass the picture through": "Without a bottleneck, or noise, "
        "copying needs no understanding.",
        "It cannot be trained": "It trains very well. That is the trouble.",
    },
    right="Perhaps nothing: it can pass the picture through",
)
widgets.quiz(
    "In the denoising auto-encoder, what is compared with the output?",
    {
        "The spoilt picture": "Then it would learn to copy the holes.",
        "The clean picture": "The input is spoilt, the target is not. So it must fill the holes.",
        "The code": "The code has no right answer to compare with.",
    },
    right="The clean picture",
)
widgets.quiz(
    "Why does a random code give junk?",
    {
        "The decoder is too small": "A larger one is no better: it too is taught only where real "
        "codes are.",
        "Real codes fill only some places, and random ones miss them": "Nothing in the loss says "
        "where the codes should lie.",
        "Random numbers are never digits": "In lecture 06 they will be.",
    },
    right="Real codes fill only some places, and random ones miss them",
)

# %% [markdown]
# **The exercise.** `exercises/02_autoencoders` has you build the network, one training step, the
# denoising loss and retrieval, with tests that say what is wrong. It ends with a contest against
# PCA.
#
# **Now you.** Train `AutoEncoder(2)` on one digit only (`X[labels == 4]`). What do the two numbers
# mean now?
#
# **Further reading**
#
# - G. E. Hinton and R. R. Salakhutdinov (2006), *Reducing the dimensionality of data with neural
#   networks*.
# - P. Baldi and K. Hornik (1989), *Neural networks and principal component analysis: learning from
#   examples without local minima*.
# - P. Vincent, H. Larochelle, Y. Bengio and P.-A. Manzagol (2008), *Extracting and composing robust
#   features with denoising autoencoders*.
