# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown] tags=["slide"]
# # 01 · Dimensionality reduction
# ### 化繁為簡: making the complicated simple
#
# **The question of this lecture: how few numbers does it take to describe a picture?**

# %% tags=["setup"]

# %% [markdown]
# **When you are through, you can**
#
# 1. say why a picture of 784 numbers may have only one thing to tell;
# 2. write principal component analysis from scratch, and check it against a library;
# 3. read a curve of error against code size, and a map of codes;
# 4. show where a flat code fails and a curved one does not, and recover an angle from
#    pictures alone;
# 5. compress a picture to six bits, and say what was lost.
#
# **Time:** about 45 minutes to read and play, and under a minute to run on a laptop with two
# cores. **You need:** calculus, matrices, and a little PyTorch.

# %% [markdown] tags=["terms", "slide"] headline="Words of today"
# | Term | 繁體中文 | In one line |
# | --- | --- | --- |
# | dimensionality reduction | 降維 | describing a thing with fewer numbers, losing as little as possible |
# | code, latent code | 編碼、潛在編碼 | the few numbers, called $z$ in this course |
# | encoder / decoder | 編碼器／解碼器 | thing to code / code back to thing |
# | principal component analysis (PCA) | 主成分分析 | the best code among the flat ones |
# | reconstruction error | 重建誤差 | how far the copy is from the original |
# | manifold | 流形 | the curved sheet on which the data really lie |
# | geodesic distance | 測地距離 | distance walked along the sheet, not through the air |
# | clustering, k-means | 分群、k 平均 | a code that is only the name of a group |
# | unsupervised learning | 非監督式學習 | learning from pictures without labels |

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

from course_utils import datasets, metrics, plotting, training, widgets
from course_utils.checks import check_code_size

images, labels = datasets.mnist("train")  # (60000, 1, 28, 28), (60000,)
test_images, test_labels = datasets.mnist("test")
X = images.flatten(1)  # (60000, 784): one row per picture, pixels in [0, 1]
X_test = test_images.flatten(1)  # (10000, 784): for reporting only
print("train", tuple(X.shape), " test", tuple(X_test.shape))

# %% [markdown] tags=["slide"]
# ## 1 · The idea in one picture
#
# Take one handwritten digit. Turn it a little. Turn it again, all the way round. Every picture
# below is a list of 784 numbers, and from one picture to the next hundreds of them change.

# %% tags=["more"]
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from torchvision.transforms.functional import InterpolationMode, rotate

digit = images[2]  # a 4, shape (1, 28, 28)


def turned(degrees):
    """The digit, turned counter-clockwise by so many degrees."""
    return rotate(digit, float(degrees), InterpolationMode.BILINEAR)


figure, axis = plt.subplots(figsize=(5.4, 5.4))
for degrees in range(0, 360, 30):
    direction = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
    thumbnail = OffsetImage(turned(degrees)[0].numpy(), zoom=1.5, cmap="gray_r")
    axis.add_artist(AnnotationBbox(thumbnail, direction, frameon=False))
    axis.text(*(0.7 * direction), f"{degrees}°", ha="center", va="center", color="#0072B2")
axis.text(0, 0, "Hundreds of pixels\nchange. One number\nchanges: the angle.", ha="center", va="center")
axis.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal")
axis.axis("off")
plotting.show(
    figure, "Twelve copies of a handwritten 4 around a circle, each turned 30 degrees further."
)

# %% [markdown]
# If I tell you "the 4 from above, turned by 120°", you can draw the picture. So **one** number
# says what 784 pixels say. The pixels are the complicated description. The angle is the simple
# rule behind it.

# %% [markdown] tags=["slide"] headline="Can it find the rule by itself?"
# Nobody told the machine about angles. Can it find such a rule by itself, from pictures alone,
# without labels (*unsupervised*, 非監督式)? That is this lecture. The two halves of the problem
# have names that we keep for the whole course:
#
# $$\text{picture } x \;\xrightarrow{\;\text{encoder}\;}\; \text{code } z
# \;\xrightarrow{\;\text{decoder}\;}\; \text{copy } \hat x$$

# %% [markdown] tags=["slide"]
# ## 2 · The simplest thing that could work
#
# A code of 16 numbers? Easy: cut the picture into 4×4 large tiles, and keep the mean of each.
# To decode, blow the tiles up again.
#
# <details><summary><b>Predict:</b> which digits will you still recognise from 16 tiles?</summary>
#
# Hardly any. A 1 is still narrow and a 0 is still wide. But the strokes of a digit are two or
# three pixels wide, and a tile is seven: the stroke and the paper beside it melt into one grey.
# </details>

# %% tags=["slide"] headline="Sixteen tiles, and the digit is gone"
def tiles_encode(x):  # (n, 784) -> (n, 16)
    return torch.nn.functional.avg_pool2d(x.view(-1, 1, 28, 28), 7).flatten(1)


def tiles_decode(z):  # (n, 16) -> (n, 784)
    return z.view(-1, 1, 4, 4).repeat_interleave(7, 2).repeat_interleave(7, 3).flatten(1)


shown = torch.stack([X_test[test_labels == d][0] for d in range(10)])  # one of each digit
tiles = tiles_decode(tiles_encode(shown))
plotting.show_images(
    torch.cat([shown, tiles]),
    "Ten digits and below them their 4 by 4 tiles; the tiles cannot be read.",
    rows=["original", "16 tiles"],
)
tiles_error = metrics.mse_per_pixel(X_test, tiles_decode(tiles_encode(X_test)))
print(f"mean squared error per pixel, 16 tiles: {tiles_error:.4f}")

# %% [markdown]
# Sixteen numbers, and the digit is gone. The tiles treat every picture alike, a digit or a cat
# or plain noise. They have never **looked at the data**. A corner tile is white in nearly every
# digit, so its number says nothing, yet it takes one sixteenth of the code.
#
# Keep the figure in mind: **0.0637**. We will beat it with two numbers.

# %% [markdown] tags=["slide"]
# ## 3 · Learning the code: principal component analysis
#
# Here is a better plan. Let the code $z$ say *how much of each of $k$ patterns* to put on top of
# the mean picture. And let the data choose the patterns.
#
# $$\hat x = \mu + z_1 w_1 + z_2 w_2 + \dots + z_k w_k = \mu + zW$$

# %% [markdown]
# $\mu$ is the mean picture. The patterns $w_1, \dots, w_k$ are the rows of $W$, each of length 1
# and at right angles to the others, so that none repeats what another says. The best amount of
# pattern $w_i$ is then its dot product with the picture:
#
# $$z = (x - \mu)\,W^\top$$

# %% [markdown] tags=["slide"] headline="Which patterns? Those with the smallest error"
# **Which patterns?** Those with the smallest error. By Pythagoras, the error of one picture is
# what its code leaves over:
#
# $$\|x - \hat x\|^2 = \|x - \mu\|^2 - \|z\|^2$$
#
# The first term does not depend on $W$. So the smallest error is the largest $\|z\|^2$: **keep
# the directions in which the data vary most.**

# %% [markdown]
# A library routine finds them. The *singular value decomposition* (SVD) writes the centred data
# as $X - \mu = U S W_{\text{all}}$: the rows of $W_{\text{all}}$ are at right angles and of
# length 1, and so are the columns of $U$. Encode all pictures with row $w_i$, and you get the
# numbers $(X - \mu)w_i^\top = S_i u_i$, whose squares add up to $S_i^2$. The SVD sorts the
# *strengths* $S_i$, largest first. So the first $k$ rows are the patterns we want. (Pearson 1901
# and Hotelling 1933 had the method; Eckart and Young 1936 proved that no flat code does better.)

# %% tags=["slide"] headline="A dozen lines" code="fit_pca, encode, decode"
def fit_pca(X):
    """Mean picture (784,), all patterns as rows (784, 784), their strengths (784,)."""
    X = X.double()  # rounding mixes up patterns of nearly equal strength
    mu = X.mean(0)
    U, S, W = torch.linalg.svd(X - mu, full_matrices=False)  # X - mu = U diag(S) W
    W = W * W.sum(1, keepdim=True).sign()  # w and -w serve alike: take the one with more ink
    return mu.float(), W.float(), S.float()


def encode(X, k):  # z = (x - mu) W^T
    check_code_size(k, largest=len(W))
    return (X - mu) @ W[:k].T  # (n, 784) @ (784, k) -> (n, k)


def decode(z):  # x̂ = mu + z W
    return mu + z @ W[: z.shape[1]]  # (n, k) @ (k, 784) -> (n, 784)


mu, W, S = fit_pca(X)

# %% [markdown]
# A dozen lines. Do they do what the library does? The sign of a pattern is a matter of taste, so
# we compare up to sign.

# %%
from sklearn.decomposition import PCA

theirs = PCA(n_components=64, svd_solver="covariance_eigh").fit(X.numpy().astype(np.float64))
sign = np.sign((theirs.components_ * W[:64].numpy()).sum(1, keepdims=True))
difference = np.abs(sign * theirs.components_ - W[:64].numpy()).max()
print(f"largest difference to scikit-learn over 64 patterns: below 1e-5? {difference < 1e-5}")
assert difference < 1e-5

# %% [markdown]
# Now look at them. Violet adds ink, orange takes ink away.
#
# <details><summary><b>Predict:</b> what will the first pattern be?</summary>
#
# The direction in which digits differ most. It turns out to be "round as a 0" against "upright
# as a 1": a ring with a bar of the opposite sign through it.
# </details>

# %% tags=["slide"] headline="The mean digit, and the first nine patterns"
plotting.show_images(
    torch.cat([mu[None] / mu.max(), W[:9] / W[:9].abs().amax(1, keepdim=True)]),
    "The mean digit, a grey blur, and the first nine patterns; the first is a ring with a bar.",
    titles=["mean", *[f"pattern {i}" for i in range(1, 10)]],
    columns=5,
    size=1.2,
    signed=True,
)

# %% [markdown]
# ### How many patterns are enough?
#
# There is a free check. The error that remains with $k$ patterns is the strength of those we
# dropped: $\text{MSE} = \sum_{i>k} S_i^2 / (784\,n)$ on the data the patterns came from. The two
# training columns below are computed in these two ways, and the last column by scikit-learn.

# %%
sizes = [2, 4, 8, 16, 32, 64]
errors = {k: metrics.mse_per_pixel(X_test, decode(encode(X_test, k))) for k in sizes}


def library_error(k):
    z = theirs.transform(X_test.numpy())[:, :k]
    return metrics.mse_per_pixel(X_test, theirs.mean_ + z @ theirs.components_[:k])


plotting.table(
    [
        {
            "code size k": k,
            "train, by copying": f"{metrics.mse_per_pixel(X, decode(encode(X, k))):.4f}",
            "train, by dropped S": f"{(S[k:] ** 2).sum().item() / X.numel():.4f}",
            "test": f"{errors[k]:.4f}",
            "test, scikit-learn": f"{library_error(k):.4f}",
        }
        for k in sizes
    ],
    "PCA on MNIST: mean squared error per pixel, pixels in [0, 1]",
)

# %% tags=["slide"] headline="How many patterns are enough?"
copies = [decode(encode(shown, k)) for k in sizes]
plotting.show_images(
    torch.cat([shown, *copies, tiles]),
    "Ten digits rebuilt from 2, 4, 8, 16, 32 and 64 numbers; about half can be read from 16 numbers, nearly all from 32.",
    rows=["original", *[f"PCA {k}" for k in sizes], "16 tiles"],
)

# %% [markdown]
# Two numbers that were *learnt* (0.0557) beat sixteen tiles that were not (0.0637). With sixteen
# learnt numbers you can read about half of the digits, with 32 nearly all. And notice **how** PCA
# fails: not with specks, but with a blur and with ghosts of other digits' strokes. With two numbers
# everything is some mixture of a 0, a 1 and a 9.

# %% tags=["slide"] headline="Steep at first, then it crawls"
every = [0, 1, *range(2, 20, 2), *range(20, 200, 10)]
curve = [metrics.mse_per_pixel(X_test, mu.expand_as(X_test))]  # no numbers: the mean digit
curve += [metrics.mse_per_pixel(X_test, decode(encode(X_test, k))) for k in every[1:]]
figure, axis = plt.subplots(figsize=(6.2, 3.2))
axis.plot(every, curve, color=plotting.COLOURS[5])
axis.plot([16], [tiles_error], "s", color=plotting.COLOURS[6])
axis.annotate("16 tiles", (16, tiles_error), (20, tiles_error - 0.002))
axis.annotate("the mean digit alone", (0, curve[0]), (4, curve[0] + 0.002))
axis.annotate("PCA", (40, curve[every.index(40)]), (44, curve[every.index(40)] + 0.002))
axis.set(xlabel="numbers in the code, k", ylabel="test error (MSE per pixel)", ylim=(0, 0.075))
plotting.show(
    figure,
    "Test error of PCA falls steeply from 0.067 with no numbers to 0.027 with 16, then slowly.",
)

# %% [markdown]
# The curve falls steeply and then crawls. There is no corner that says "this many". The picture
# of 784 numbers does not hold 784 numbers' worth of news, but it holds more than two.

# %% [markdown] tags=["slide"]
# ## 4 · Look: all digits on one sheet of paper
#
# With $k=2$ the code is a point. So we can draw a map of all digits. The labels are used for
# colouring only: PCA never saw them.
#
# <details><summary><b>Predict:</b> which digits will lie on top of each other?</summary>
#
# Those that share most of their ink: 4, 7 and 9 in one corner; 2, 3, 5, 6 and 8 in the middle.
# The roundest and the straightest, 0 and 1, lie at opposite ends. Check it on the map, then in the
# count below.
# </details>

# %% tags=["slide"] headline="Two numbers: a map of all digits"
Z_test = encode(X_test, 2)  # (10000, 2)
figure, axis = plt.subplots(figsize=(6.4, 5.4))
plotting.scatter_digits(axis, Z_test[:4000], test_labels[:4000])
axis.set(xlabel="$z_1$: amount of pattern 1", ylabel="$z_2$: amount of pattern 2")
plotting.show(
    figure,
    "Map of 4000 test digits by two PCA numbers: 0 and 1 lie at opposite ends, the others "
    "overlap; 4, 7 and 9 share one region, and 2, 3, 5, 6 and 8 another.",
)

# %%
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import KNeighborsClassifier

neighbours = KNeighborsClassifier(15).fit(encode(X, 2).numpy(), labels.numpy())
guesses = neighbours.predict(Z_test.numpy())
mixed = confusion_matrix(test_labels.numpy(), guesses)
both = np.triu(mixed + mixed.T, 1)  # a taken for b, or b for a
print(f"digit guessed right from two numbers: {(guesses == test_labels.numpy()).mean():.0%}")
for pair in np.argsort(-both, axis=None, kind="stable")[:10]:
    a, b = divmod(pair, 10)
    print(f"  {a} and {b} confused {both[a, b]} times")

# %% [markdown]
# Your own digits now. Each slider is one entry of the code $z$. The picture is $\mu + zW$ and
# nothing else.
#
# Try this: find a 0. Find a 1. Then press *At random* a few times, and look hard at what comes
# out. Is it a digit?

# %%
amounts = encode(X, 8)
reach = (2.5 * amounts.std(0)).tolist()  # as far as the data go
start = encode(shown[3:4], 8)[0].tolist()  # begin at a 3


def draw(**z):
    return decode(torch.tensor([list(z.values())]))[0]


widgets.sliders(
    draw,
    {
        f"z{i + 1}": (-reach[i], reach[i], max(-reach[i], min(start[i], reach[i])))
        for i in range(8)
    },
    alt="Eight sliders for eight PCA numbers, and the digit they draw: a blurred 3.",
)

# %% [markdown]
# Most settings of the sliders are *no* digit: smoke with a bit of ring. Hold on to that. PCA
# has learnt to **describe** digits. It has not learnt which codes are digits, so it cannot
# **make** them. We come back to this in lecture 02, and cure it in lecture 06.

# %% [markdown] tags=["slide"]
# ## 5 · When the rule is curved
#
# Back to the turning 4, where one number is the whole truth. We make 180 pictures, two degrees
# apart, and shuffle them. PCA gets the pictures and nothing else.
#
# <details><summary><b>Predict:</b> a turning digit goes round and comes back to its start. What
# will two PCA numbers draw, and can you read the angle off it?</summary>
#
# A closed curve, of course. But a 4 turned by a half, or by a third, of a full turn covers much
# of the same ink, and PCA cares for ink. So its two strongest patterns may repeat several times
# during one turn. Then the curve runs round several times and lies on top of itself.
# </details>

# %% tags=["slide"] headline="A ring, but three angles share every spot"
training.seed_everything(0)
angles = torch.arange(0, 360, 2.0)[torch.randperm(180)]  # degrees, shuffled; kept for checking
turning = torch.stack([turned(a) for a in angles]).flatten(1)  # (180, 784)
theta = np.deg2rad(angles.numpy())

mean_turning, patterns, strength = fit_pca(turning)
flat = ((turning - mean_turning) @ patterns[:2].T).numpy()  # (180, 2)
share = (strength**2).cumsum(0) / (strength**2).sum()
needed = int((share < 0.95).sum()) + 1

figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 4.2), layout="constrained")
laps = flat * (1 + angles.numpy()[:, None] / 360)  # pushed outwards by the true angle
for axis, points, title in (
    (left, flat, "PCA of one turning digit"),
    (right, laps, "the same, pushed outwards by its true angle"),
):
    dots = axis.scatter(*points.T, c=angles, cmap="twilight", s=22)
    axis.set(title=title, xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
figure.colorbar(dots, label="true angle in degrees (PCA never saw it)")
plotting.show(
    figure,
    "Left: PCA draws the turning 4 as a ring on which different angles lie on top of each other. "
    "Right: unrolled by the true angle, the ring turns out to be a spiral of three laps.",
)


def angle_of(z):
    """Angle of points (n, 2) seen from the origin, in radians."""
    return np.arctan2(z[:, 1], z[:, 0])


flat_correlation = abs(metrics.circular_correlation(angle_of(flat), theta))
print(f"angle read off the PCA ring, correlation with the truth: {flat_correlation:.3f}")
print(f"numbers PCA needs for 95 % of the variation: {needed}; numbers there are: 1")

# %% [markdown]
# The ring looks splendid, and you cannot read the angle off it. While the digit turns once, its
# code goes round **three** times: three angles share every spot. The correlation with the true angle
# is 0. (It is one for angles, by Fisher and Lee 1983: ±1 means equal but for where zero lies. It is
# 0 for any ring that goes round more than once, although such a ring is not random.) And to keep
# 95 % of the variation PCA asks for 23 numbers.
#
# The reason is geometry. Each picture is a point in a space of 784 dimensions. Turning the digit
# moves the point along a **closed, bent line** in that space. Such a bent sheet or line on which
# data lie is called a *manifold* (流形). This one has one dimension, but it winds through 23 and
# more, and PCA can only lay flat sheets through it.

# %% [markdown]
# ### Walk along the line

# %% [markdown] tags=["slide"] headline="Walk along the line"
# So do not measure through the air. **Walk.** Neighbouring pictures are close in pixels, and that
# we can trust. To go farther, go from neighbour to neighbour and add up the steps. The length of
# such a walk is the *geodesic distance* (測地距離). That is Isomap (Tenenbaum, de Silva and
# Langford 2000), in three moves:
#
# 1. connect each picture to its nearest neighbours;
# 2. distance $d_{ij}$ = length of the shortest walk from $i$ to $j$;
# 3. find points in the plane whose straight distances are those walks.

# %% [markdown]
# The third move has a closed form (classical scaling, Torgerson 1952). For points with mean zero,
# squared distances turn into dot products by taking row and column means away,
#
# $$B = -\tfrac12\, J D^{(2)} J, \qquad J = I - \tfrac1n \mathbf 1 \mathbf 1^\top,
# \qquad D^{(2)}_{ij} = d_{ij}^2,$$
#
# and dot products turn into points by the largest eigenvectors, $z = V \sqrt{\Lambda}$.

# %% tags=["slide"] headline="From shuffled pictures, the angle"
from scipy.sparse.csgraph import shortest_path


def isomap(X, neighbours, k=2):
    """Codes (n, k) whose straight distances match walks between the rows of X (n, d)."""
    air = torch.cdist(X, X).double().numpy()  # (n, n) straight distances
    steps = np.full_like(air, np.inf)  # inf: no step from here to there
    near = np.argsort(air, axis=1)[:, 1 : neighbours + 1]
    for i, row in enumerate(near):
        steps[i, row] = steps[row, i] = air[i, row]
    walks = shortest_path(steps)  # d_ij

    n = len(walks)
    J = np.eye(n) - 1 / n
    B = -0.5 * J @ walks**2 @ J
    values, vectors = np.linalg.eigh(B)  # smallest first
    return vectors[:, ::-1][:, :k] * np.sqrt(values[::-1][:k])  # V sqrt(Lambda)


walked = isomap(turning, neighbours=4)
walked_correlation = abs(metrics.circular_correlation(angle_of(walked), theta))
figure, axis = plt.subplots(figsize=(5.2, 4.2))
dots = axis.scatter(*walked.T, c=angles, cmap="twilight", s=22)
figure.colorbar(dots, label="true angle in degrees (Isomap never saw it)")
axis.set(title="Isomap of the same pictures", xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
plotting.show(figure, "Isomap of the turning 4: one ring with the angles in perfect order.")
print(f"angle read off the Isomap ring, correlation with the truth: {walked_correlation:.4f}")

# %% [markdown]
# From shuffled pictures, with no labels, the machine found the angle. One number for 784.
#
# Is it luck with this 4? We try one example of every digit, with our Isomap, with
# scikit-learn's, and with another walker, locally linear embedding (LLE; Roweis and Saul 2000),
# which asks that each point stay the same mixture of its neighbours. For PCA we also count how
# often its ring goes round while the digit turns once.

# %% tags=["slide"] headline="Not luck: every digit gives its angle"
from sklearn.manifold import Isomap, LocallyLinearEmbedding

turns = np.deg2rad(np.arange(0, 360, 2.0))


def series_of(one):
    """One digit (1, 28, 28), turned in steps of two degrees: (180, 784)."""
    steps = range(0, 360, 2)
    return torch.stack([rotate(one, float(a), InterpolationMode.BILINEAR) for a in steps]).flatten(1)


def laps_of(z):
    """How often a closed curve (n, 2) goes round the origin."""
    angle = np.unwrap(angle_of(np.concatenate([z, z[:1]])))
    return abs(round((angle[-1] - angle[0]) / (2 * np.pi)))


def lle(series, reg):
    model = LocallyLinearEmbedding(n_neighbors=4, eigen_solver="dense", reg=reg)
    return model.fit_transform(series.double())


def score(z):
    return f"{abs(metrics.circular_correlation(angle_of(z), turns)):.3f}"


all_series = [series_of(images[labels == d][0]) for d in range(10)]
rows = []
for d, series in enumerate(all_series):
    ring = PCA(2).fit_transform(series)
    rows.append(
        {
            "digit": d,
            "PCA's laps": laps_of(ring),
            "PCA": score(ring),
            "Isomap, ours": score(isomap(series, 4)),
            "Isomap, scikit-learn": score(Isomap(n_neighbors=4).fit_transform(series)),
            "LLE, scikit-learn": score(lle(series, reg=0.1)),
        }
    )
plotting.table(rows, "Angle recovered from pictures alone: circular correlation with the truth")

# %% [markdown]
# PCA reads the angle of the 9, and only by luck: there its two strongest patterns happen to go
# round once. For all other digits they go round two or three times, and the angle is lost. The
# walkers find it every time.
#
# LLE has a knob, though, and the knob matters: the regularisation of its inner equations. Above we
# set it to 0.1. The library's own choice is 0.001:

# %% tags=["random"]
print("LLE with reg=0.001:", {d: score(lle(series, 0.001)) for d, series in enumerate(all_series)})

# %% [markdown]
# ## 6 · The most brutal code of all: the name of a group

# %% [markdown] tags=["slide"] headline="The most brutal code: the name of a group"
# Why many numbers, why even one? Sort all pictures into $K$ groups and let the code be the
# group's **name**. To decode, show the group's mean picture. With $K=64$ the code is one of 64
# names: 6 bits. A single PCA number already takes 32.

# %% [markdown]
# k-means (Lloyd, 1957, published 1982; the name is MacQueen's, 1967) finds the groups by doing
# two things in turn, and neither can make the error larger:

# %% [markdown] tags=["slide"] headline="k-means: two moves in turn"
# $$\text{assign: } c_i = \arg\min_j \|x_i - m_j\|^2 \qquad
# \text{update: } m_j = \text{mean of all } x_i \text{ with } c_i = j$$
#
# <details><summary><b>Predict:</b> ten groups, so a code of $\log_2 10 \approx 3.3$ bits. Will
# its error be larger or smaller than that of two PCA numbers (64 bits)?</summary>
#
# Smaller! See for yourself below. Ten good pictures to point at say more about a digit than a
# spot on the best flat sheet. A code need not be numbers to be a good code. (Fairness: the decoder
# is larger too. It stores ten pictures, where PCA with two numbers stores three.)
# </details>

# %%
def nearest(X, m):
    """Squared distance to the nearest mean, and its index c: (n,), (n,)."""
    # |x - m|² = |x|² - 2 x·m + |m|², for every picture and every mean at once: (n, K)
    squared = (X**2).sum(1, keepdim=True) - 2 * X @ m.T + (m**2).sum(1)
    return squared.min(1)


def update(X, c, m):
    """Mean of each group (K, 784); a group that lost all its members keeps its old mean."""
    member = torch.nn.functional.one_hot(c, len(m)).float()  # (n, K)
    count = member.sum(0)[:, None]  # (K, 1)
    return torch.where(count > 0, member.T @ X / count.clamp(min=1), m)


# %% [markdown]
# Now train it. Every lecture trains through the one loop that you know from lecture 00: a function
# that does one step and names its losses, a budget, a progress bar, and a curve that grows.

# %% tags=["random"]
def k_means(X, K, steps):
    training.seed_everything(0)
    groups = {"m": X[torch.randperm(len(X))[:K]]}  # begin at K pictures picked by chance

    def step(t):
        squared, c = nearest(X, groups["m"])
        groups["m"] = update(X, c, groups["m"])
        return {"error": squared.mean() / 784}

    history = training.train(step, steps=steps, label=f"k-means, K = {K}", unit="MSE per pixel")
    return groups["m"], history


means, history = k_means(X, K=64, steps=15)

# %% tags=["random", "slide"] headline="64 names: six bits"
order = torch.bincount(nearest(X, means)[1], minlength=64).argsort(descending=True)
plotting.show_images(
    means[order],
    "The 64 mean pictures that k-means found: mostly readable digits, several styles of each.",
    columns=16,
    size=0.55,
)
plotting.show_images(
    torch.cat([shown, means[nearest(shown, means)[1]]]),
    "Ten digits, and below each the mean picture of its group: often the right digit, "
    "always in the group's handwriting.",
    rows=["original", "6 bits"],
)
means10, history10 = k_means(X, K=10, steps=15)
group_errors = {
    K: metrics.mse_per_pixel(X_test, m[nearest(X_test, m)[1]]) for K, m in ((10, means10), (64, means))
}
print({K: round(e, 4) for K, e in group_errors.items()})

# %% [markdown]
# What survives in six bits? How slanted it is, how round, and often which digit it is (but look for
# a 4 that came back as a 9). What is lost is everything that makes it *this* digit: each has got the
# handwriting of its group. And not every
# group is a digit: look for the grey smudges, where pictures were gathered that fit nowhere.
#
# <details><summary><b>Predict:</b> nobody told the machine that there are ten digits. With $K=10$,
# will each digit get a group of its own?</summary>
#
# No. Round and slanted 0s differ by more ink than a 4 and a 9 do. So 0 or 1 often get two groups,
# and 4, 7 and 9 must share. Compare the shares below: no digit had to be in a group by itself.
# </details>

# %% tags=["random"]
titles = []
for g in range(10):
    inside = test_labels[nearest(X_test, means10)[1] == g]
    commonest = inside.mode().values
    titles.append(f"{(inside == commonest).float().mean():.0%} are {commonest}")
plotting.show_images(
    means10,
    "Ten mean pictures, and over each the share of its commonest digit.",
    titles=titles,
    columns=5,
    size=1.2,
)

# %% [markdown] tags=["slide"]
# ## 7 · Measure
#
# One table for the whole lecture. All errors are on test pictures; no code was fitted on them.

# %% tags=["random", "more"]
def row(code, size, error, library="–"):
    return {"code": code, "size": size, "ours": f"{error:.4f}", "scikit-learn": library}


plotting.table(
    [
        row("nothing: the mean digit", "0", curve[0]),
        row("16 tiles (the baseline)", "16 numbers", tiles_error),
        row("k-means", "3.3 bits", group_errors[10]),
        row("k-means", "6 bits", group_errors[64]),
        *[row("PCA", f"{k} numbers", errors[k], f"{library_error(k):.4f}") for k in (2, 16, 32)],
    ],
    "Test error: MSE per pixel, pixels in [0, 1]. PCA is exact, so the library is its reference.",
)
plotting.table(
    [
        {"angle of a turning 4 from": "PCA, 2 numbers", "correlation": f"{flat_correlation:.3f}"},
        {"angle of a turning 4 from": "Isomap", "correlation": f"{walked_correlation:.4f}"},
    ],
    "The curved rule: circular correlation with the true angle (target 0.99)",
)
print(f"64 groups took {history.seconds:.1f} s, 10 groups {history10.seconds:.1f} s")

# %% [markdown]
# ## 8 · Break it on purpose

# %% [markdown] tags=["slide"]
# **First break: between two pictures.** Take the turning 4 at 0° and at 60°. Halfway between their
# *angles* lies the 4 at 30°. Halfway between their *PCA codes* lies what?
#
# <details><summary><b>Predict</b> it before you look.</summary>
#
# A double exposure: both 4s at half strength. A flat code can only mix pictures like paint. It
# has no idea of turning, however many numbers you give it.
# </details>

# %% tags=["slide"] headline="A flat code mixes pictures like paint"
path = torch.linspace(0, 1, 7)
first, last = turned(0).flatten(), turned(60).flatten()
all_codes = [(p - mean_turning) @ patterns.T for p in (first, last)]  # all 180 numbers
mixed_codes = torch.stack([(1 - t) * all_codes[0] + t * all_codes[1] for t in path])
truth = torch.stack([turned(60 * t).flatten() for t in path])
plotting.show_images(
    torch.cat([truth, mean_turning + mixed_codes @ patterns]),
    "Above, a 4 turning from 0 to 60 degrees; below, its PCA codes mixed: a double exposure.",
    titles=[f"{60 * t:.0f}°" for t in path],
    rows=["by angle", "by PCA code"],
    columns=7,
)

# %% [markdown] tags=["slide"]
# **Second break: neighbours that are none.** Isomap trusts its neighbours. Give it more of them, and
# at some point one of them lies across a bend. The walk takes that bridge through the air.
#
# <details><summary><b>Predict:</b> will the angle get worse little by little?</summary>
#
# No, it snaps. One bridge is enough: the shortest walks of *all* pictures will use it.
# </details>

# %% tags=["slide"] headline="It snaps: one bridge is enough"
counts = [2, 4, 8, 16, 24, 32, 48, 64, 96]
kept = [
    abs(metrics.circular_correlation(angle_of(isomap(turning, c)), theta)) for c in counts
]
figure, axis = plt.subplots(figsize=(5.6, 2.8))
axis.plot(counts, kept, "o-", color=plotting.COLOURS[5])
axis.set(xlabel="neighbours", ylabel="correlation with true angle", ylim=(-0.05, 1.05))
plotting.show(
    figure,
    "Correlation of the recovered angle stays at 1 for few neighbours and falls for many.",
)
print({c: round(float(k), 2) for c, k in zip(counts, kept)})

# %% [markdown] tags=["slide"]
# ## 9 · What it still cannot do
#
# - PCA **draws** from a code, but only flat mixtures.
# - Isomap finds the **curved** rule, but it has no decoder: give it an angle it has not seen, and
#   it cannot draw the picture. It has no encoder for a new picture either.
# - k-means draws well, but only the few pictures that it stores.
#
# We want all of it: an encoder for any picture, a decoder for any code, and room for curves. If
# flat maps are too weak, why not put a **neural network** on either side of the code and train
# both to copy? That is lecture 02, the auto-encoder.

# %% [markdown] tags=["slide"]
# ## 10 · Summary
#
# 1. Behind complicated things lie simple rules: a turning digit is 784 numbers and one angle.
# 2. A code that has looked at the data beats one that has not: two learnt numbers beat 16 tiles.
# 3. PCA is the best flat code: centre, take the strongest directions, add up.
# 4. Where the rule is curved, distances must be walked; then the angle falls out of the pictures.
# 5. The name of a group is a code too: 6 bits beat two real numbers.

# %%
widgets.quiz(
    "You forget to subtract the mean before the SVD. What is the first pattern likely to show?",
    {
        "Nothing useful: the SVD fails": "It runs without complaint. That is what makes the "
        "mistake hard to notice.",
        "The mean digit": "All pictures lie on one side of the origin, so the strongest "
        "direction points at their mean. One number of the code is spent on what is always so.",
        "The same as before": "Only if the mean were zero, and ink is never negative.",
    },
    right="The mean digit",
)
widgets.quiz(
    "You double the code from 32 to 64 PCA numbers. What happens to the test error?",
    {
        "It goes down": "Each further pattern takes some error away, here from 0.0168 to 0.0090. "
        "Patterns at right angles never get in each other's way.",
        "It may go up: overfitting": "On the data that PCA learnt from it cannot go up. On new "
        "pictures it cannot either: a projection onto more directions is never farther away.",
        "It halves exactly": "That depends on how the spread falls off. Nothing makes it a half.",
    },
    right="It goes down",
)
widgets.quiz(
    "Isomap finds the angle of the turning digit up to which unknown?",
    {
        "None: it finds the angle itself": "How could it know which picture is called 0°, or "
        "which way round is positive? Nobody told it.",
        "Where zero is, and which way round": "The ring may come out turned or mirrored. That is "
        "why we take a correlation for angles, and its absolute value.",
        "Its size only": "Size is known: walks have a length. Zero and direction are not.",
    },
    right="Where zero is, and which way round",
)

# %% [markdown]
# **The exercise.** `exercises/01_dimensionality_reduction` has you write PCA, k-means and classical
# scaling yourself, with tests that tell you what is wrong, and ends with a small contest: the best
# code of 16 numbers.
#
# **Now you.** Run the lecture on clothes (this needs a download). Which ones does PCA confuse?
#
# ```python
# from torchvision.datasets import FashionMNIST
# clothes = FashionMNIST("fashion", train=True, download=True)
# images, labels = clothes.data[:, None].float() / 255, clothes.targets
# ```
#
# **Further reading**
#
# - K. Pearson (1901), *On lines and planes of closest fit to systems of points in space*.
# - H. Hotelling (1933), *Analysis of a complex of statistical variables into principal components*.
# - C. Eckart and G. Young (1936), *The approximation of one matrix by another of lower rank*.
# - W. S. Torgerson (1952), *Multidimensional scaling: I. Theory and method*.
# - S. P. Lloyd (1982), *Least squares quantization in PCM* (a Bell Labs paper of 1957).
# - N. I. Fisher and A. J. Lee (1983), *A correlation coefficient for circular data*.
# - J. B. Tenenbaum, V. de Silva and J. C. Langford (2000), *A global geometric framework for
#   nonlinear dimensionality reduction*.
# - S. T. Roweis and L. K. Saul (2000), *Nonlinear dimensionality reduction by locally linear
#   embedding*.
