# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # 03 · t-SNE
# ### 畫一張鄰居的地圖: a map on which neighbours stay neighbours
#
# **The question of this lecture: how do you draw, on paper, points that live in 784 dimensions?**

# %% tags=["setup"]

# %% [markdown]
# **When you are through, you can**
#
# 1. turn distances into "how likely are these two neighbours?", and choose the perplexity;
# 2. explain the crowding problem, and why a curve with a heavy tail cures it;
# 3. write t-SNE from scratch, with a gradient checked against autograd;
# 4. judge a map by a number (trustworthiness), not by its beauty;
# 5. name three things that may **not** be read off such a map.
#
# **Time:** about 50 minutes to read and play, and about a minute to run on a laptop with two cores.
# **You need:** lecture 01 (PCA), the codes of lecture 02, probabilities and logarithms.

# %% [markdown] tags=["terms", "slide"] headline="Words of today"
# | Term | 繁體中文 | In one line |
# | --- | --- | --- |
# | t-SNE | t-分布隨機鄰近嵌入 | a map made by matching neighbour probabilities |
# | embedding, map | 嵌入、地圖 | places $y_i$ in the plane, one for each thing |
# | perplexity | 困惑度 | how many neighbours each point has, in effect |
# | Kullback–Leibler divergence (KL) | KL 散度 | how badly $Q$ serves in the place of $P$ |
# | crowding problem | 擁擠問題 | no room in the plane for neighbours in many dimensions |
# | early exaggeration | 早期放大 | pulling too hard at first, so that groups find together |
# | trustworthiness | 可信度 | how few false neighbours a map shows, at best 1 |

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from course_utils import datasets, plotting, training, widgets

images, labels = datasets.mnist("train", n=2000)  # (2000, 1, 28, 28), (2000,)
X = images.flatten(1)  # (2000, 784)
mean = X.mean(0)
patterns = torch.linalg.svd(X - mean, full_matrices=False)[2][:50]
X50 = (X - mean) @ patterns.T  # 50 PCA numbers: quicker
print("digits", tuple(X.shape), " after PCA", tuple(X50.shape))

# %% [markdown] tags=["slide"]
# ## 1 · The idea in one picture
#
# A digit in the middle, and around it the eight digits that are nearest to it among 2,000. We want
# a map on which *every* digit stands like this: **among its own neighbours.** Who is far away, and
# how far, we do not mind.

# %% tags=["more"]
D2 = torch.cdist(X50, X50) ** 2  # (2000, 2000) squared distances
chosen = 7
order = D2[chosen].argsort()
figure, axis = plt.subplots(figsize=(4.2, 4.2))
for rank, i in enumerate(order[:9].tolist()):
    angle = 2 * np.pi * rank / 8
    x, y = (0, 0) if rank == 0 else (np.cos(angle), np.sin(angle))
    axis.imshow(images[i, 0], cmap="gray_r", extent=(x - 0.27, x + 0.27, y - 0.27, y + 0.27))
    if rank:
        axis.plot([0.3 * x, 0.7 * x], [0.3 * y, 0.7 * y], color=plotting.COLOURS[5])
axis.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal")
axis.axis("off")
plotting.show(figure, "A handwritten 3 in the middle, joined to its eight nearest digits around it.")

# %% [markdown] tags=["slide"]
# ## 2 · The simplest thing that could work
#
# We have drawn a map before: with two PCA numbers. Let us be strict with it. Take the 12 nearest
# neighbours of each digit *on the map*. Are they neighbours in 784 dimensions too?
# **Trustworthiness** (Venna and Kaski 2001) scores this: a false neighbour costs the more, the farther
# down it stands in the true order. 1 means that there are no false neighbours, and
# about 0.5 for a map drawn by chance.
#
# <details><summary><b>Predict:</b> PCA keeps the two directions with the largest spread. Will it
# keep neighbours?</summary>
#
# Badly. It cares for what is *far*: large distances make up most of the spread. Two digits that
# differ in the other 782 directions land on one spot.
# </details>

# %%
from sklearn.manifold import trustworthiness


def trust(Y):
    return trustworthiness(X.numpy(), np.asarray(Y), n_neighbors=12)


def same_digit(Y, labels=labels):
    """Share of points whose nearest neighbour on the map shows the same digit."""
    D = torch.cdist(torch.as_tensor(Y), torch.as_tensor(Y)).fill_diagonal_(torch.inf)
    return (labels[D.argmin(1)] == labels).float().mean().item()


pca_map = X50[:, :2]
training.seed_everything(0)
by_chance = torch.randn(2000, 2)
for name, Y in {"by chance": by_chance, "PCA": pca_map}.items():
    print(f"{name}: trustworthiness {trust(Y):.3f}, nearest is the same digit {same_digit(Y):.0%}")

# %% [markdown] tags=["slide"]
# ## 3 · From distances to neighbours
#
# Instead of distances, use **chances**. Point $i$ picks a neighbour $j$, near ones more likely, by
# a bell curve around itself:
#
# $$p_{j|i} = \frac{\exp(-\beta_i\, d_{ij}^2)}{\sum_{k \ne i} \exp(-\beta_i\, d_{ik}^2)},
# \qquad p_{i|i} = 0$$

# %% [markdown]
# How wide is the bell? In a dense region it should be narrow, in a thin one wide, so each point
# gets a $\beta_i$ of its own. We say how many neighbours we want, *in effect*: the **perplexity**,
# $e^{H_i}$ with the entropy $H_i = -\sum_j p_{j|i} \log p_{j|i}$. Twelve equally likely neighbours
# have perplexity 12. A larger $\beta$ always means fewer neighbours. So we double it until they are too
# few, and then halve the interval again and again.

# %%
def neighbour_chances(D2, perplexity, rounds=40):
    """p_{j|i} for every i (rows), each row with this perplexity: (n, n)."""
    n = len(D2)
    nearest = D2.clone().fill_diagonal_(torch.inf).amin(1, keepdim=True)
    D2 = D2 - nearest  # changes no chance, but exp() does not vanish for far points
    beta, low, high = torch.ones(n, 1), torch.zeros(n, 1), torch.full((n, 1), torch.inf)
    for _ in range(rounds):
        p = torch.exp(-beta * D2).fill_diagonal_(0)
        total = p.sum(1, keepdim=True)
        H = total.log() + beta * (p * D2).sum(1, keepdim=True) / total  # entropy, in nats
        too_many = H > np.log(perplexity)
        low = torch.where(too_many, beta, low)  # too many neighbours: beta must grow
        high = torch.where(too_many, high, beta)
        beta = torch.where(high.isinf(), 2 * beta, (low + high) / 2)
    return p / total


chances = neighbour_chances(D2, perplexity=30)
entropy = -torch.special.xlogy(chances, chances).sum(1)
print(f"perplexity of all rows: {entropy.exp().min():.3f} to {entropy.exp().max():.3f}")

# %% tags=["slide"] headline="Perplexity: how many neighbours, in effect"
figure, axis = plt.subplots(figsize=(6.2, 2.8))
for perplexity, colour in zip((5, 30, 100), (6, 5, 3)):
    row = neighbour_chances(D2, perplexity)[chosen].sort(descending=True).values[:60]
    axis.plot(row, color=plotting.COLOURS[colour], label=f"perplexity {perplexity}")
axis.set(xlabel="neighbours of one digit, nearest first", ylabel="chance $p_{j|i}$", ylim=(0, 0.25))
axis.legend()
plotting.show(
    figure,
    "Chance against rank of the neighbour: steep for perplexity 5, flatter for 30 and for 100.",
)

# %% [markdown]
# Last, make it mutual, so that no point is left without a friend (an outlier is nobody's nearest,
# but it has a nearest):
#
# $$p_{ij} = \frac{p_{j|i} + p_{i|j}}{2n}, \qquad \sum_{ij} p_{ij} = 1$$

# %%
def mutual(chances):
    return (chances + chances.T) / (2 * len(chances))


P = mutual(chances)
print(f"sum {P.sum():.4f}, symmetric: {torch.equal(P, P.T)}")

# %% [markdown] tags=["slide"]
# ## 4 · The map, and the crowding problem
#
# Now give each point a place $y_i$ in the plane. On the map, too, points pick neighbours, with
# chances $q_{ij}$. Move the points until $Q$ fits $P$. The misfit is the Kullback–Leibler
# divergence, in nats:
#
# $$\text{KL}(P \,\|\, Q) = \sum_{ij} p_{ij} \log \frac{p_{ij}}{q_{ij}}$$

# %% [markdown]
# Look at one term: $p$ large and $q$ small costs much. $p$ small and $q$ large costs little. So tearing
# neighbours apart is punished, and false neighbours hardly.
#
# The first method, SNE (Hinton and Roweis 2002), used a bell curve on the map as well. (Ours is its
# symmetric form, from the paper of 2008: one table $P$ in place of a row for each point.) It has a
# trouble with **room**:

# %% tags=["slide"] headline="The crowding problem"
training.seed_everything(0)
figure, axis = plt.subplots(figsize=(6.2, 2.6))
for dimensions, colour in ((2, 5), (10, 6), (50, 3)):
    direction = torch.nn.functional.normalize(torch.randn(20000, dimensions), dim=1)
    radius = torch.rand(20000) ** (1 / dimensions)  # evenly spread in a ball
    apart = (radius[:, None] * direction)[:10000] - (radius[:, None] * direction)[10000:]
    axis.hist(apart.norm(dim=1), bins=60, range=(0, 2), density=True, histtype="step", lw=2,
              color=plotting.COLOURS[colour], label=f"{dimensions} dimensions")  # fmt: skip
axis.set(xlabel="distance between two points of a ball", ylabel="how often", yticks=[])
axis.legend()
plotting.show(
    figure,
    "Distances in a ball: spread from 0 to 2 in two dimensions, all close to 1.4 in fifty.",
)

# %% [markdown]
# In 50 dimensions a point has a *crowd* of others, all at about the same middling distance. In the
# plane there is no room for them. At their right distance they do not fit, so they come out too far.
# The bell curve pulls them all back a little, and together they squeeze the map into one lump.

# %% [markdown] tags=["slide"] headline="The cure: a heavy tail"
# t-SNE (van der Maaten and Hinton 2008) cures it with a curve that has a **heavy tail**, Student's
# t. Two points of middling $p$ may then lie *far* apart on the map, at little cost:
#
# $$q_{ij} = \frac{w_{ij}}{\sum_{k \ne l} w_{kl}}, \qquad
# w_{ij} = \frac{1}{1 + \|y_i - y_j\|^2} \quad\text{in place of}\quad e^{-\|y_i - y_j\|^2}$$

# %% tags=["slide"] headline="The same weight, twice as far out"
distance = torch.linspace(0, 5, 200)
figure, axis = plt.subplots(figsize=(5.2, 2.6))
axis.plot(distance, torch.exp(-(distance**2)), color=plotting.COLOURS[6], label="bell curve (SNE)")
axis.plot(distance, 1 / (1 + distance**2), color=plotting.COLOURS[5], label="Student's t (t-SNE)")
axis.axhline(0.1, color="#999999", lw=0.8, ls=":")
arrow = {"arrowstyle": "->"}
axis.annotate("the same weight, twice as far out", (3.0, 0.1), (1.7, 0.4), arrowprops=arrow)
axis.set(xlabel="distance on the map", ylabel="weight w")
axis.legend()
plotting.show(figure, "The bell curve has fallen to 0.1 at distance 1.5, Student's t only at distance 3.")

# %% [markdown] tags=["slide"]
# ## 5 · Down the slope
#
# The gradient of the KL has a picture: springs between all pairs of points. Each pulls if $p > q$
# (they should be nearer), and pushes if $p < q$:
#
# $$\frac{\partial\, \text{KL}}{\partial y_i} = 4 \sum_j (p_{ij} - q_{ij})\, w_{ij}\, (y_i - y_j)$$

# %% [markdown]
# For SNE with its bell curve it is the same without the $w_{ij}$. (The names that end in `_` work in
# place. With four million pairs, asking for a new table at each turn costs more than filling it.)

# %% tags=["more"] code="gradient"
def weights(Y, tail="student"):
    """w_ij for all pairs, zero on the diagonal: (n, n)."""
    squared = (Y**2).sum(1)
    D2 = (-2 * Y @ Y.T).add_(squared).add_(squared[:, None]).fill_diagonal_(torch.inf)
    return D2.add_(1).reciprocal_() if tail == "student" else D2.neg_().exp_()


def divergence(P, Y, tail="student"):
    w = weights(Y, tail)
    Q = (w / w.sum()).clamp(min=1e-20)
    return torch.special.xlogy(P, P / Q).sum()


def gradient(P, Y, tail="student"):
    w = weights(Y, tail)
    springs = P - w / w.sum()  # p - q
    if tail == "student":
        springs *= w
    return 4 * (springs.sum(1, keepdim=True) * Y - springs @ Y)  # sum_j s_ij (y_i - y_j)


training.seed_everything(0)
few = mutual(neighbour_chances(D2[:50, :50], perplexity=5)).double()
for tail in ("student", "bell"):
    Y = torch.randn(50, 2, dtype=torch.double, requires_grad=True)
    divergence(few, Y, tail).backward()
    print(tail, "gradient as autograd's:", torch.allclose(Y.grad, gradient(few, Y, tail).detach()))

# %% [markdown] tags=["slide"] headline="Three tricks make it quick"
# Three tricks of the paper of 2008 make the descent quick:
#
# - **momentum**: keep some of the last step's speed;
# - **gains**: a coordinate that keeps its direction may take larger steps (Jacobs 1988);
# - **early exaggeration**: for the first quarter, multiply $P$ by 12 (the paper took 4; 12 is
#   from van der Maaten 2014). All pulls are too strong, so
#   points gather into tight groups while there is still room to move past each other.

# %% [markdown]
# We begin at a tiny copy of the PCA map. That makes the result repeatable, and keeps more of the
# large structure than a start by chance (Kobak and Berens 2019).

# %%
def tsne(P, start, steps=500, tail="student", curve=True, label="t-SNE"):
    """Places (n, 2) whose neighbour chances fit P, and the history."""
    rate = max(len(P) / 10, 20)
    state = {"Y": start / start[:, 0].std() * 1e-4}
    speed, gain = torch.zeros_like(start), torch.ones_like(start)
    seen = {}

    def step(t):
        nonlocal speed, gain
        early = t < steps // 4
        slope = gradient(12 * P if early else P, state["Y"], tail)
        gain = torch.where(speed * slope < 0, gain + 0.2, gain * 0.8).clamp(min=0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gain * slope
        state["Y"] = state["Y"] + speed
        if t % 25 == 0 or t == steps - 1:  # looking costs as much as a step
            seen["KL"] = divergence(P, state["Y"], tail)
        return seen

    history = training.train(step, steps=steps, label=label, unit="nats", curve=curve)
    return state["Y"], history


def places(n=None):
    """A repeatable start: PCA."""
    return X50[:n, :2]


# %% tags=["random", "slide"] headline="A cliff where the early exaggeration ends"
Y, history = tsne(P, places())
print(f"trustworthiness {trust(Y):.4f} (target: at least 0.96)")

# %% [markdown]
# The curve has stairs since we look at the KL every 25 steps only. And it has a cliff, where early
# exaggeration ends: until then the machine makes another loss small, the one with $12 P$.

# %% [markdown] tags=["slide"]
# ## 6 · Look
#
# <details><summary><b>Predict:</b> nobody told the machine about ten digits. How many islands
# will the map have? Which digits will touch?</summary>
#
# About ten. 4 and 9 touch or mix, and so do some 3s, 5s and 8s: those *are* neighbours, in 784
# dimensions as well.
# </details>

# %% tags=["random", "slide"] headline="The only difference is the tail of one curve"
sne, sne_history = tsne(P, places(), tail="bell", label="SNE")
figure, axes = plt.subplots(1, 3, figsize=(13.5, 4.5))
for axis, places_of, name in zip(axes, (pca_map, sne, Y), ("PCA", "SNE: bell curve", "t-SNE")):
    plotting.scatter_digits(axis, places_of, labels, size=5)
    text = f"{name}\ntrustworthiness {trust(places_of):.3f}"
    axis.set(title=text, xticks=[], yticks=[])
plotting.show(
    figure,
    "Three maps of 2000 digits. PCA: one cloud. SNE with a bell curve: groups pressed against each "
    "other. t-SNE: about ten islands, one per digit, with clear water between most.",
)

# %% [markdown]
# Same data, same $P$, same steps. The only difference between the middle and the right is the tail
# of one curve. In the middle the groups are there, but crowded. At the right there is room.

# %% [markdown] tags=["slide"] headline="What does perplexity do?"
# Perplexity is the knob that everybody turns. We draw maps of the first 1,000 digits with it set from
# 2 to 300.
#
# <details><summary><b>Predict:</b> what will go wrong at 2, and what at 300?</summary>
#
# At 2 every point cares for two others only: the map falls into crumbs. At 300 of 1,000 everybody
# is everybody's neighbour, and the islands melt together.
# </details>

# %% tags=["random", "slide"] headline="Crumbs, islands, one lump"
perplexities = [2, 5, 10, 30, 100, 300]
D2_1000 = D2[:1000, :1000]
maps = {}
for perplexity in perplexities:
    P_1000 = mutual(neighbour_chances(D2_1000, perplexity))
    maps[perplexity], _ = tsne(
        P_1000, places(1000), steps=400, curve=False, label=f"perplexity {perplexity}"
    )

figure, axes = plt.subplots(1, 3, figsize=(12, 4.2))
for axis, perplexity in zip(axes, (2, 30, 300)):
    plotting.scatter_digits(axis, maps[perplexity], labels[:1000], size=5)
    axis.set(xticks=[], yticks=[], title=f"perplexity {perplexity}")
plotting.show(
    figure,
    "Maps of 1000 digits. Perplexity 2: many crumbs. 30: about ten islands. 300: islands that touch.",
)

# %% [markdown]
# (Do not compare the KLs printed above. Each perplexity has another $P$, so the smaller number is not
# the better map.) Now turn the knob yourself:

# %% tags=["random"]
import ipywidgets


def drawn(perplexity):
    figure, axis = plt.subplots(figsize=(4.2, 4.2))
    plotting.scatter_digits(axis, maps[perplexity], labels[:1000], size=5)
    axis.set(xticks=[], yticks=[], title=f"perplexity {perplexity}")
    data = plotting.png(figure)
    plt.close(figure)
    return data


pictures = {perplexity: drawn(perplexity) for perplexity in perplexities}
widgets.Explorer(
    lambda perplexity: pictures[perplexity],
    {
        "perplexity": ipywidgets.SelectionSlider(
            options=perplexities, value=30, description="perplexity"
        )
    },
    alt="A t-SNE map of 1000 digits at perplexity 30: about ten islands.",
    width=380,
)

# %% [markdown]
# ## 7 · Measure
#
# We compare with scikit-learn's t-SNE on the same 50 PCA numbers, in this very run. Its map gets
# the *same* exact KL, from our own $P$. (The KL that it reports itself is of an approximation,
# Barnes–Hut, which it uses to be quick on large sets: van der Maaten 2014. It takes its usual 1,000
# steps, ours takes 500.)

# %% tags=["random", "slide"] headline="As good as the library's"
import time

from sklearn.manifold import TSNE

began = time.perf_counter()
theirs = TSNE(perplexity=30, init="pca", random_state=0).fit_transform(X50.numpy())
their_seconds = time.perf_counter() - began

began = time.perf_counter()
ours, _ = tsne(mutual(neighbour_chances(D2, 30)), places(), curve=False)
our_seconds = time.perf_counter() - began


def row(name, Y, seconds):
    return {
        "map": name,
        "KL (nats)": f"{divergence(P, torch.as_tensor(Y)):.3f}",
        "trustworthiness(12)": f"{trust(Y):.3f}",
        "nearest is the same digit": f"{same_digit(Y):.1%}",
        "seconds": seconds,
    }


plotting.table(
    [
        row("PCA (the baseline)", pca_map / pca_map.std() * 10, "–"),
        row("t-SNE, ours", ours, f"{our_seconds:.1f}"),
        row("t-SNE, scikit-learn", theirs, f"{their_seconds:.1f}"),
    ],
    "2,000 digits, perplexity 30",
)
ratio = divergence(P, ours) / divergence(P, torch.as_tensor(theirs))
print(f"KL, ours / theirs: {ratio:.3f} (target: at most 1.05)")
print(f"seconds, ours / theirs: {our_seconds / their_seconds:.2f} (target: at most 1.5)")

# %% [markdown]
# Ours computes every pair, $n^2$ springs in each step. For 2,000 points that is nothing to a matrix
# library. For 100,000 points it would be hopeless, and there the approximations win.
#
# ### Codes in place of pixels
#
# The 32 numbers of lecture 02's auto-encoder are a description too. Does a map of *codes* look
# better than a map of pixels? We train the encoder on all 60,000 digits and map the same 2,000.

# %% tags=["random"]
from torch import nn

training.seed_everything(0)
everything = datasets.mnist("train")[0].flatten(1)
encoder = nn.Sequential(nn.Linear(784, 256), nn.SiLU(), nn.Linear(256, 32))
decoder = nn.Sequential(nn.Linear(32, 256), nn.SiLU(), nn.Linear(256, 784), nn.Sigmoid())
optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)


def copy_step(t):
    x = everything[torch.randint(len(everything), (128,))]
    L = nn.functional.mse_loss(decoder(encoder(x)), x)
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return {"MSE per pixel": L}


training.train(copy_step, steps=1500, label="auto-encoder", log=True, unit="MSE per pixel")
with torch.no_grad():
    codes = encoder(X)
code_P = mutual(neighbour_chances(torch.cdist(codes, codes) ** 2, 30))
centred = codes - codes.mean(0)
start = centred @ torch.linalg.svd(centred, full_matrices=False)[2][:2].T  # PCA, of the codes
code_map, _ = tsne(code_P, start, curve=False)
print(f"trustworthiness of the map of codes, judged by pixels: {trust(code_map):.3f}")
for name, places_of in {"pixels": Y, "codes": code_map}.items():
    print(f"map of {name}: nearest is the same digit {same_digit(places_of):.1%}")
figure, axes = plt.subplots(1, 2, figsize=(9.4, 4.6))
for axis, places_of, name in zip(axes, (Y, code_map), ("of pixels", "of codes")):
    plotting.scatter_digits(axis, places_of, labels, size=5)
    axis.set(title=f"t-SNE {name}", xticks=[], yticks=[])
plotting.show(figure, "t-SNE maps of 2000 digits, of pixels and of codes: the same islands, in other places.")

# %% [markdown]
# Much the same. The auto-encoder has kept the neighbours: that is what the 32 numbers are for.
#
# ## 8 · Break it on purpose: three misreadings
#
# A t-SNE map is so pretty that people read things into it. We make data of which we *know* the
# truth, and look. (Wattenberg, Viégas and Johnson 2016 have many more.)

# %% [markdown] tags=["slide"]
# **First: the size of an island.** Two groups of points; one is ten times as wide as the other.
#
# <details><summary><b>Predict:</b> how large will the two islands be?</summary>
#
# About equal. Each point has its own $\beta$: in the wide group the bell curves are wide as well.
# Size is divided out.
# </details>

# %% tags=["random", "slide"] headline="The size of an island says nothing"
def map_of(points, perplexity=20, steps=400):
    chances = neighbour_chances(torch.cdist(points, points) ** 2, perplexity)
    centred = points - points.mean(0)
    start = centred @ torch.linalg.svd(centred, full_matrices=False)[2][:2].T
    return tsne(mutual(chances), start, steps, curve=False)[0]


def side_by_side(truth, made, group, alt, titles=("the truth", "t-SNE")):
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.4))
    for axis, points, title in zip(axes, (truth, made), titles):
        colours = [plotting.COLOURS[(5, 6, 3)[g]] for g in group.tolist()]
        axis.scatter(*points.T, c=colours, s=9)
        axis.set(title=title, xticks=[], yticks=[])
        axis.set_aspect("equal", "datalim")
    plotting.show(figure, alt)


def spread(points):
    return (points - points.mean(0)).norm(dim=1).mean().item()


training.seed_everything(0)
group = torch.arange(2).repeat_interleave(100)
points = torch.randn(200, 2) * torch.tensor([1.0, 10.0])[group, None]
points[group == 1] += torch.tensor([60.0, 0.0])
made = map_of(points)
side_by_side(points, made, group, "A small and a ten times wider group; two islands of like size.")
widths = [spread(p[group == 1]) / spread(p[group == 0]) for p in (points, made)]
print(f"width, group 2 / group 1: {widths[0]:.1f} in truth, {widths[1]:.1f} on the map")

# %% [markdown] tags=["slide"]
# **Second: the distance between islands.** Three groups; the third is far away from the first two.
#
# <details><summary><b>Predict:</b> will the map show that the third is far?</summary>
#
# Hardly. For a pair of points that are no neighbours, $p$ is almost 0 whether they are far apart
# or very far. Nothing in the loss holds the distance.
# </details>

# %% tags=["random", "slide"] headline="Nor does the distance between islands"
training.seed_everything(0)
group = torch.arange(3).repeat_interleave(70)
points = torch.randn(210, 2) + torch.tensor([[0.0, 0.0], [10.0, 0.0], [100.0, 0.0]])[group]
made = map_of(points)
side_by_side(points, made, group, "Groups at 0, 10 and 100; on the map the gaps are alike.")


def gaps(points):
    a, b, c = (points[group == g].mean(0) for g in range(3))
    return (c - b).norm() / (b - a).norm()


gap_ratios = [gaps(points), gaps(made)]
print("gap 2 to 3 / gap 1 to 2: {:.1f} in truth, {:.1f} on the map".format(*gap_ratios))

# %% [markdown] tags=["slide"]
# **Third: islands in the fog.** Points from *one* bell curve in 100 dimensions. There are no
# groups at all.
#
# <details><summary><b>Predict:</b> what does the map show at perplexity 2?</summary>
#
# Clumps and strings, which look like a discovery. With so few neighbours, chance itself makes
# little groups.
# </details>

# %% tags=["random", "slide"] headline="Islands in pure noise"
training.seed_everything(0)
points = torch.randn(300, 100)
foggy, better = (map_of(points, perplexity, steps=1000) for perplexity in (2, 60))
group = torch.zeros(300, dtype=torch.long)
side_by_side(
    foggy,
    better,
    group,
    "Pure noise: at perplexity 2 clumps and strings, at perplexity 60 an even disc.",
    ("noise, perplexity 2", "the same noise, perplexity 60"),
)


def clumping(points):
    """Nearest distance to typical distance: small when points sit in clumps."""
    D = torch.cdist(points, points).fill_diagonal_(torch.inf)
    return (D.amin(1).median() / D[D.isfinite()].median()).item()


print(f"nearest / typical distance: {clumping(foggy):.3f} and {clumping(better):.3f}")

# %% [markdown]
# So: run it with several perplexities and several seeds, measure trustworthiness, and go back to
# the data before you believe in an island.

# %% [markdown] tags=["slide"]
# ## 9 · What it still cannot do
#
# - It gives **places**, not a code: as written here it has no encoder for a new digit, and never a
#   decoder. (Lecture 02 had both.) You cannot create from it.
# - It needs $n^2$ pairs. *Barnes–Hut* t-SNE treats far groups as one point (van der Maaten 2014),
#   and *openTSNE* (Poličar, Stražar and Zupan 2019) also places new points on an old map. *UMAP*
#   (McInnes, Healy and Melville 2018) replaces the sum over all pairs by sampling a few, and is
#   quick on large sets. The three misreadings hold for all of them.
# - It needs **distances** to begin with. Between pictures we had pixels. But what is the distance
#   between *cat* and *dog*? Or between *king* and *queen*? Words come with no numbers at all.
#   Lecture 04 makes some.

# %% [markdown] tags=["slide"]
# ## 10 · Summary
#
# 1. Keep neighbours, let distances go.
# 2. Perplexity says how many neighbours; a binary search makes it so for every point.
# 3. In many dimensions a point has a crowd of neighbours; a heavy tail makes room for it.
# 4. The gradient is a set of springs: pull where $p > q$, push where $p < q$.
# 5. Do not read sizes, gaps, or crumbs. Measure.

# %%
widgets.quiz(
    "On your map, island A is twice as far from B as from C. What follows?",
    {
        "A is less like B than like C": "The loss hardly looks at points that are no neighbours. "
        "See the second misreading.",
        "Nothing, by itself": "Go back to the data and measure the distance there.",
        "B and C are neighbours": "Not even that: gaps of any size are drawn alike.",
    },
    right="Nothing, by itself",
)
widgets.quiz(
    "Why does every point have a β of its own?",
    {
        "To make the sum of P equal to 1": "That is what dividing by 2n is for.",
        "So that each has the same number of neighbours, in effect": "Dense or thin, every region "
        "gets its share of the map.",
        "To make the search faster": "It makes it slower: 2,000 searches in place of one.",
    },
    right="So that each has the same number of neighbours, in effect",
)
widgets.quiz(
    "What does the heavy tail of Student's t do?",
    {
        "It lets middling neighbours lie far out on the map": "So the near ones have room. That is "
        "the cure for crowding.",
        "It makes the method robust to outliers": "A heavy tail can do that elsewhere. Here it is "
        "about room.",
        "It makes Q symmetric": "The bell curve is symmetric too.",
    },
    right="It lets middling neighbours lie far out on the map",
)

# %% [markdown]
# **The exercise.** `exercises/03_tsne` has you write the search for β, $P$, $Q$ and the gradient
# yourself, and then draw a map that must be trusted.
#
# **Now you.** Map one digit only (`X[labels == 1]`, with perplexity 10). What does the longest
# direction of the island mean?
#
# **Further reading**
#
# - G. Hinton and S. Roweis (2002), *Stochastic neighbor embedding*.
# - R. A. Jacobs (1988), *Increased rates of convergence through learning rate adaptation*.
# - L. van der Maaten and G. Hinton (2008), *Visualizing data using t-SNE*.
# - L. van der Maaten (2014), *Accelerating t-SNE using tree-based algorithms*.
# - J. Venna and S. Kaski (2001), *Neighborhood preservation in nonlinear projection methods: an
#   experimental study*.
# - M. Wattenberg, F. Viégas and I. Johnson (2016), *How to use t-SNE effectively*.
# - L. McInnes, J. Healy and J. Melville (2018), *UMAP: uniform manifold approximation and
#   projection for dimension reduction*.
# - D. Kobak and P. Berens (2019), *The art of using t-SNE for single-cell transcriptomics*.
# - P. G. Poličar, M. Stražar and B. Zupan (2019), *openTSNE: a modular Python library for t-SNE
#   dimensionality reduction and embedding*.
