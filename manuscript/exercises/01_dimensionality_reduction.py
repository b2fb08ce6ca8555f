# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Exercise 01 · Dimensionality reduction
#
# You build the three codes of lecture 01 yourself: a flat one (PCA), the name of a group
# (k-means), and the step that turns distances into a map (classical scaling). Then you use what
# you built to make the best code of 16 numbers you can.
#
# | Task | | Difficulty | Minutes | Points |
# | --- | --- | --- | --- | --- |
# | 1 | `fit_pca` | ★★ | 15 | 4 |
# | 2 | `encode`, `decode` | ★ | 5 | 2 |
# | 3 | `error_curve` | ★★ | 15 | 3 |
# | 4 | `assign`, `update` | ★★ | 15 | 4 |
# | 5 | `classical_scaling` | ★★★ | 15 | 3 |
# | 6 | the best code of 16 numbers | ★★★ | 15 | 2 |
# | 7 | in your own words | ★ | 5 | 2 |
#
# **How it works.** Write your code where it says `YOUR CODE HERE`, run the cell, and run the test
# cell below it. It tells you what is wrong, in words. Some tests stay with your teacher: they ask
# the same of other shapes and other numbers. Before you hand in, restart the kernel and run all
# cells, or press *Validate*. A test that prints a warning in red counts as failed, so mend warnings.
# None of your functions may change what it is given: work on copies.

# %% tags=["setup"]

# %%
import numpy as np
import torch

from course_utils import datasets, plotting, training
from course_utils.checks import expect_array, expect_close, partial_credit

SEED = training.seed_everything(0)
X = datasets.mnist("train", n=10_000)[0].flatten(1)  # (10000, 784), pixels in [0, 1]
X_test = datasets.mnist("test", n=2_000)[0].flatten(1)  # (2000, 784), for reporting only


def cloud(n, d, seed):
    """Made-up data (n, d) with a mean far from zero and another spread in every direction."""
    random = torch.Generator().manual_seed(1000 * SEED + seed)
    spread = torch.linspace(3, 0.5, d)
    turn = torch.linalg.qr(torch.randn(d, d, generator=random))[0]
    return torch.randn(n, d, generator=random) * spread @ turn + 5 * torch.randn(
        d, generator=random
    )


# %% [markdown]
# ## Task 1 · The mean and the strongest patterns (★★, 15 minutes, 4 points)
#
# `fit_pca(X, k)`
#
# - **in:** `X`, float tensor (n, d), one example per row; `k`, how many patterns, from 1 to
#   min(n, d)
# - **out:** `mu`, float tensor (d,), the mean of the rows; `W`, float tensor (k, d), its rows of
#   length 1, at right angles to each other, and in order of the spread of the data along them,
#   largest first
#
# The sign of a pattern is yours to choose. `torch.linalg.svd(A, full_matrices=False)` returns
# `U, S, Vh` with `A = U @ diag(S) @ Vh`.

# %% tags=["solution"] id="fit_pca"
def fit_pca(X, k):
    """Mean (d,) and the k strongest patterns (k, d) of the rows of X (n, d)."""
    ### BEGIN SOLUTION
    mu = X.mean(0)
    U, S, Vh = torch.linalg.svd(X - mu, full_matrices=False)
    return mu, Vh[:k]
    ### END SOLUTION


# %% tags=["test"] id="test_fit_pca_form" points=2
def check_form(n, d, k, seed):
    data = cloud(n, d, seed)
    before = data.clone()
    result = fit_pca(data, k)
    assert torch.equal(data, before), "your fit_pca changes X itself: work on a copy"
    assert isinstance(result, tuple | list) and len(result) == 2, (
        f"fit_pca should return two things, mu and W, but it returns a {type(result).__name__}"
    )
    mu, W = result
    expect_close(mu, data.mean(0), "mu", "It is the mean over the examples, one number per column.")
    W = expect_array(W, (k, d), "W")
    lengths = np.linalg.norm(W, axis=1)
    assert np.allclose(lengths, 1, atol=1e-4), (
        f"every row of W should have length 1, but the lengths are {lengths.round(3)}"
    )
    off = np.abs(W @ W.T - np.eye(k)).max()
    assert off < 1e-3, f"rows of W should be at right angles; the largest dot product is {off:.3f}"


check_form(n=50, d=6, k=3, seed=1)
### BEGIN HIDDEN TESTS
check_form(n=40, d=9, k=9, seed=2)
check_form(n=7, d=20, k=4, seed=3)  # fewer examples than numbers in each
check_form(n=30, d=5, k=1, seed=4)
### END HIDDEN TESTS
print("The mean, and rows of length 1 at right angles: well done.")

# %% tags=["test"] id="test_fit_pca_best" points=2
# Points on a line through (10, 10), twice as steep as the diagonal.
line = torch.tensor([[9.0, 8.0], [10.0, 10.0], [12.0, 14.0]])
mu, W = fit_pca(line, 1)
W = expect_array(W, (1, 2), "W")
assert abs(W[0] @ np.array([1, 2]) / np.sqrt(5)) > 0.9999, (
    f"these three points lie on a line in direction (1, 2), but your pattern is {W[0].round(3)}. "
    "Did you subtract the mean before the SVD, and take the first rows of Vh?"
)


def check_best(data, k):
    from sklearn.decomposition import PCA

    best = PCA(k, svd_solver="full").fit(data.double().numpy())
    mu, W = (np.asarray(part, dtype=float) for part in fit_pca(data, k))
    spread = ((data.numpy() - data.numpy().mean(0)) @ W.T).std(0, ddof=1)
    wanted = np.sqrt(best.explained_variance_)
    assert (np.diff(spread) < 1e-3 * spread.max()).all(), (
        f"patterns should come strongest first, but the spread along them is {spread.round(3)}"
    )
    expect_close(
        spread,
        wanted,
        "the spread of the data along your patterns",
        "These are not the directions in which the data vary most.",
        tolerance=1e-3,
    )


check_best(cloud(200, 8, seed=5), 3)
### BEGIN HIDDEN TESTS
check_best(cloud(60, 12, seed=6), 12)
check_best(cloud(500, 5, seed=7) * torch.tensor([1, 5, 0.2, 1, 3]), 2)
check_best(X[:1000], 10)
### END HIDDEN TESTS
print("No flat code does better than yours.")

# %% tags=["wrong"] fails=["test_fit_pca_best"] why="forgets to subtract the mean"
def fit_pca(X, k):
    U, S, Vh = torch.linalg.svd(X, full_matrices=False)
    return X.mean(0), Vh[:k]


# %% tags=["wrong"] fails=["test_fit_pca_best"] why="takes the weakest patterns (eigh sorts upwards)"
def fit_pca(X, k):
    mu = X.mean(0)
    values, vectors = torch.linalg.eigh((X - mu).T @ (X - mu))
    return mu, vectors.T[:k]


# %% tags=["wrong"] fails=["test_fit_pca_best"] why="columns of Vh instead of rows"
def fit_pca(X, k):
    mu = X.mean(0)
    U, S, Vh = torch.linalg.svd((X - mu).T @ (X - mu))
    return mu, Vh[:, :k].T


# %% tags=["wrong"] fails=["test_fit_pca_best"] why="standardises every column first"
def fit_pca(X, k):
    mu = X.mean(0)
    scale = X.std(0).clamp(min=1e-6)
    U, S, Vh = torch.linalg.svd((X - mu) / scale, full_matrices=False)
    return mu, Vh[:k]


# %% tags=["wrong"] fails=["test_fit_pca_form"] why="leaves the singular values in the patterns"
def fit_pca(X, k):
    mu = X.mean(0)
    U, S, Vh = torch.linalg.svd(X - mu, full_matrices=False)
    return mu, (S[:, None] * Vh)[:k]


# %% tags=["wrong"] fails=["test_fit_pca_form"] why="returns U, the codes, in place of the patterns"
def fit_pca(X, k):
    mu = X.mean(0)
    U, S, Vh = torch.linalg.svd(X - mu, full_matrices=False)
    return mu, U[:, :k]


# %% tags=["wrong"] fails=["test_fit_pca_form"] why="the mean over pixels instead of over examples"
def fit_pca(X, k):
    mu = X.mean(1)
    U, S, Vh = torch.linalg.svd(X - mu[:, None], full_matrices=False)
    return mu, Vh[:k]


# %% tags=["wrong"] fails=["test_fit_pca_form"] why="subtracts the mean in place: X is changed"
def fit_pca(X, k):
    mu = X.mean(0)
    X -= mu
    U, S, Vh = torch.linalg.svd(X, full_matrices=False)
    return mu, Vh[:k]


# %% tags=["right"] why="eigenvectors of the covariance, reversed"
def fit_pca(X, k):
    mu = X.mean(0)
    centred = (X - mu).double()
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(X))
    return mu, vectors.flip(1)[:, :k].T.float()


# %% tags=["right"] why="scikit-learn's own PCA"
def fit_pca(X, k):
    from sklearn.decomposition import PCA

    model = PCA(k, svd_solver="full").fit(X.numpy())
    return torch.tensor(model.mean_), torch.tensor(model.components_)


# %% [markdown]
# ## Task 2 · There and back (★, 5 minutes, 2 points)
#
# `encode(X, mu, W)`, with $z = (x - \mu)W^\top$
#
# - **in:** `X` (n, d); `mu` (d,) and `W` (k, d) as in task 1. **out:** codes (n, k)
#
# `decode(z, mu, W)`, with $\hat x = \mu + zW$
#
# - **in:** codes `z` (n, k); `mu` (d,); `W` (k, d). **out:** copies (n, d)

# %% tags=["solution"] id="encode_decode"
def encode(X, mu, W):
    """Codes (n, k) of the rows of X (n, d)."""
    ### BEGIN SOLUTION
    return (X - mu) @ W.T
    ### END SOLUTION


def decode(z, mu, W):
    """Copies (n, d) drawn from codes z (n, k)."""
    ### BEGIN SOLUTION
    return mu + z @ W
    ### END SOLUTION


# %% tags=["test"] id="test_encode" points=1
# One example, two patterns, by hand: x - mu = (3, 4, 0).
mu_small = torch.tensor([1.0, 1.0, 1.0])
W_small = torch.tensor([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
expect_close(
    encode(torch.tensor([[4.0, 5.0, 1.0]]), mu_small, W_small),
    [[5.0, 0.0]],
    "the code of (4, 5, 1)",
    "Did you subtract mu first?",
)
### BEGIN HIDDEN TESTS
data, basis = cloud(20, 7, seed=8), torch.linalg.qr(cloud(7, 3, seed=9))[0].T
wanted = torch.einsum("nd,kd->nk", data - data.mean(0), basis)
before = data.clone()
expect_close(
    encode(data, data.mean(0), basis), wanted, "the codes of 20 examples", "z = (x - mu) W^T."
)
assert torch.equal(data, before), "your encode changes X itself: work on a copy"
### END HIDDEN TESTS
print("Encoded.")

# %% tags=["test"] id="test_decode" points=1
mu_small = torch.tensor([1.0, 1.0, 1.0])
W_small = torch.tensor([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
expect_close(
    decode(torch.tensor([[5.0, 2.0]]), mu_small, W_small),
    [[4.0, 5.0, 3.0]],
    "the copy drawn from the code (5, 2)",
    "Did you add mu back?",
)
### BEGIN HIDDEN TESTS
codes, centre = cloud(20, 3, seed=10), cloud(1, 7, seed=11)[0]
basis = torch.linalg.qr(cloud(7, 3, seed=12))[0].T
expect_close(
    decode(codes, centre, basis),
    centre + torch.einsum("nk,kd->nd", codes, basis),
    "the copies drawn from 20 codes",
    "x̂ = mu + z W.",
)
### END HIDDEN TESTS
print("And back.")

# %% tags=["wrong"] fails=["test_encode"] why="forgets to subtract the mean"
def encode(X, mu, W):
    return X @ W.T


def decode(z, mu, W):
    return mu + z @ W


# %% tags=["wrong"] fails=["test_decode"] why="forgets to add the mean"
def encode(X, mu, W):
    return (X - mu) @ W.T


def decode(z, mu, W):
    return z @ W


# %% tags=["wrong"] fails=["test_encode"] why="encodes and decodes at once: no code comes out"
def encode(X, mu, W):
    return mu + (X - mu) @ W.T @ W


def decode(z, mu, W):
    return mu + z @ W


# %% tags=["wrong"] fails=["test_encode"] why="scales every code to length 1"
def encode(X, mu, W):
    z = (X - mu) @ W.T
    return z / z.norm(dim=1, keepdim=True)


def decode(z, mu, W):
    return mu + z @ W


# %% tags=["wrong"] fails=["test_encode"] why="subtracts the mean in place: X is changed"
def encode(X, mu, W):
    X -= mu
    return X @ W.T


def decode(z, mu, W):
    return mu + z @ W


# %% tags=["wrong"] fails=["test_decode"] why="subtracts the mean once more"
def encode(X, mu, W):
    return (X - mu) @ W.T


def decode(z, mu, W):
    return z @ W - mu


# %% tags=["right"] why="pattern by pattern, in a loop"
def encode(X, mu, W):
    return torch.stack([((X - mu) * w).sum(1) for w in W], dim=1)


def decode(z, mu, W):
    copies = mu.repeat(len(z), 1)
    for amount, w in zip(z.T, W):
        copies = copies + amount[:, None] * w
    return copies


# %% [markdown]
# ## Task 3 · Error against code size, without decoding (★★, 15 minutes, 3 points)
#
# You want the error for *every* code size from 0 to k. Decoding k + 1 times would do, but
# Pythagoras gives all of them from one encoding: with rows of $W$ at right angles and of length 1,
#
# $$\|x - \hat x_j\|^2 = \|x - \mu\|^2 - (z_1^2 + \dots + z_j^2)$$
#
# where $\hat x_j$ uses the first $j$ patterns.
#
# `error_curve(X, mu, W)`
#
# - **in:** `X` (n, d), which need *not* be the data that `mu` (d,) and `W` (k, d) came from
# - **out:** float tensor (k + 1,): entry $j$ is the mean squared error **per pixel** with the
#   first $j$ patterns, $\frac{1}{n d}\sum \|x - \hat x_j\|^2$. Entry 0 uses the mean picture only.

# %% tags=["solution"] id="error_curve"
def error_curve(X, mu, W):
    """MSE per pixel with the first 0, 1, ..., k patterns: (k + 1,)."""
    ### BEGIN SOLUTION
    total = ((X - mu) ** 2).mean()
    explained = (((X - mu) @ W.T) ** 2).mean(0) / X.shape[1]  # (k,), per pixel
    return total - torch.cat([torch.zeros(1), explained.cumsum(0)])
    ### END SOLUTION


# %% tags=["test"] id="test_error_curve" points=3
# By hand: x - mu = (3, 4). Without patterns 25/2; with (1, 0) 16/2 is left; with both nothing.
expect_close(
    error_curve(torch.tensor([[4.0, 5.0]]), torch.tensor([1.0, 1.0]), torch.eye(2)),
    [12.5, 8.0, 0.0],
    "the error curve of (4, 5) around (1, 1)",
    "Entry 0 uses no pattern at all, and errors are means over pixels, not sums.",
)


def check_curve(data, mu, W):
    """Compare with decoding at every size."""
    brute = [data - mu - (data - mu) @ W[:j].T @ W[:j] for j in range(len(W) + 1)]
    expect_close(
        error_curve(data, mu, W),
        torch.stack([(left**2).mean() for left in brute]),
        "your error curve",
        "It should equal the error after decoding with the first 0, 1, ..., k patterns.",
        tolerance=1e-3,
    )


check_curve(cloud(30, 6, seed=13), cloud(1, 6, seed=14)[0], torch.eye(6)[[2, 0, 5]])
### BEGIN HIDDEN TESTS
check_curve(cloud(5, 11, seed=15), cloud(1, 11, seed=16)[0], torch.eye(11)[:7])
check_curve(X_test[:200], X[:500].mean(0), torch.linalg.svd(X[:500])[2][:20])
### END HIDDEN TESTS
print("One encoding, all errors.")

# %% tags=["wrong"] fails=["test_error_curve"] why="sums over pixels instead of averaging"
def error_curve(X, mu, W):
    total = ((X - mu) ** 2).sum(1).mean()
    explained = (((X - mu) @ W.T) ** 2).mean(0)
    return total - torch.cat([torch.zeros(1), explained.cumsum(0)])


# %% tags=["wrong"] fails=["test_error_curve"] why="leaves out the entry for no pattern"
def error_curve(X, mu, W):
    total = ((X - mu) ** 2).mean()
    return total - ((((X - mu) @ W.T) ** 2).mean(0) / X.shape[1]).cumsum(0)


# %% tags=["wrong"] fails=["test_error_curve"] why="each pattern alone, not the first j together"
def error_curve(X, mu, W):
    total = ((X - mu) ** 2).mean()
    explained = (((X - mu) @ W.T) ** 2).mean(0) / X.shape[1]
    return total - torch.cat([torch.zeros(1), explained])


# %% tags=["wrong"] fails=["test_error_curve"] why="uses the mean of X instead of mu"
def error_curve(X, mu, W):
    centred = X - X.mean(0)
    explained = ((centred @ W.T) ** 2).mean(0) / X.shape[1]
    return (centred**2).mean() - torch.cat([torch.zeros(1), explained.cumsum(0)])


# %% tags=["wrong"] fails=["test_error_curve"] why="averages the codes over patterns: k for d"
def error_curve(X, mu, W):
    total = ((X - mu) ** 2).mean()
    explained = (((X - mu) @ W.T) ** 2).mean(0) / len(W)
    return total - torch.cat([torch.zeros(1), explained.cumsum(0)])


# %% tags=["right"] why="decodes at every size after all"
def error_curve(X, mu, W):
    errors = []
    for j in range(len(W) + 1):
        copies = mu + (X - mu) @ W[:j].T @ W[:j]
        errors.append(torch.nn.functional.mse_loss(copies, X))
    return torch.stack(errors)


# %% [markdown]
# Look at your curve (this cell gives no points). It should fall from 0.064 to 0.0175.

# %%
mu, W = fit_pca(X, 32)
curve = error_curve(X_test, mu, W)
print("test error with 0, 2, 16 and 32 numbers:", [f"{curve[j]:.4f}" for j in (0, 2, 16, 32)])
plotting.show_images(
    torch.cat([X_test[:8], decode(encode(X_test[:8], mu, W), mu, W)]),
    "Eight test digits, and below them their copies from 32 numbers.",
    rows=["original", "PCA 32"],
    columns=8,
)

# %% [markdown]
# ## Task 4 · The name of a group (★★, 15 minutes, 4 points)
#
# `assign(X, m)`: to which mean is each row nearest?
#
# - **in:** `X` (n, d); means `m` (K, d). **out:** integer tensor (n,), entries 0 to K − 1: the index
#   of the mean with the smallest squared distance
#
# `update(X, c, m)`: move every mean into the middle of its group.
#
# - **in:** `X` (n, d); `c` (n,), the group of each row; the present means `m` (K, d). **out:** float
#   tensor (K, d). A group without members **keeps its present mean**. Do not change `m` itself.

# %% tags=["solution"] id="assign_update"
def assign(X, m):
    """Index of the nearest mean for each row: (n,)."""
    ### BEGIN SOLUTION
    return ((m**2).sum(1) - 2 * X @ m.T).argmin(1)
    ### END SOLUTION


def update(X, c, m):
    """Mean of each group (K, d); empty groups keep theirs."""
    ### BEGIN SOLUTION
    new = m.clone()
    for j in range(len(m)):
        if (c == j).any():
            new[j] = X[c == j].mean(0)
    return new
    ### END SOLUTION


# %% tags=["test"] id="test_assign" points=2
# The first point is nearer to the short mean, though its dot product with the long one is larger.
points = torch.tensor([[1.0, 0.0], [9.0, 1.0], [0.0, -1.0]])
expect_close(
    assign(points, torch.tensor([[0.0, 0.0], [10.0, 0.0]])),
    [0, 1, 0],
    "the groups of three points",
    "Nearest means smallest |x - m|², and that has a term |m|².",
)


def check_assign(n, d, K, seed):
    data, means = cloud(n, d, seed), cloud(K, d, seed + 500) - 2
    c = torch.as_tensor(assign(data, means))
    assert not c.is_floating_point(), f"groups are whole numbers, but assign returns {c.dtype}"
    expect_close(
        c,
        torch.cdist(data.double(), means.double()).argmin(1),
        f"the groups of {n} points around {K} means",
        "Each point goes to the mean with the smallest distance.",
    )


check_assign(300, 5, 6, seed=17)
### BEGIN HIDDEN TESTS
check_assign(200, 6, 9, seed=18)
check_assign(3, 4, 12, seed=19)  # more groups than points
### END HIDDEN TESTS
print("Everyone has found a group.")

# %% tags=["test"] id="test_update" points=2
points = torch.tensor([[0.0, 0.0], [2.0, 4.0], [7.0, 7.0]])
present = torch.tensor([[5.0, 5.0], [6.0, 6.0], [-1.0, -2.0]])
moved = update(points, torch.tensor([0, 0, 1]), present)
expect_close(
    moved,
    [[1.0, 2.0], [7.0, 7.0], [-1.0, -2.0]],
    "the new means",
    "Means of the members; group 2 has none and keeps (-1, -2).",
)
expect_close(present[0], [5.0, 5.0], "the old mean", "Do not change m: work on a copy.")
### BEGIN HIDDEN TESTS
data, old = cloud(60, 5, seed=20), cloud(8, 5, seed=21)
groups = torch.tensor([0, 1, 3, 4, 5, 6])[torch.arange(60) % 6]  # 2 and 7 stay empty
wanted = torch.stack(
    [old[j] if j in (2, 7) else data[groups == j].mean(0) for j in range(8)]
)
expect_close(
    update(data, groups, old),
    wanted,
    "the new means of 8 groups",
    "Means of the members; groups without members keep their present mean.",
)
### END HIDDEN TESTS
print("Every group stands around its mean.")

# %% tags=["wrong"] fails=["test_assign"] why="takes the largest dot product for the nearest"
def assign(X, m):
    return (X @ m.T).argmax(1)


def update(X, c, m):
    return torch.stack([X[c == j].mean(0) if (c == j).any() else m[j] for j in range(len(m))])


# %% tags=["wrong"] fails=["test_assign"] why="the farthest mean"
def assign(X, m):
    return torch.cdist(X, m).argmax(1)


def update(X, c, m):
    return torch.stack([X[c == j].mean(0) if (c == j).any() else m[j] for j in range(len(m))])


# %% tags=["wrong"] fails=["test_assign"] why="the nearest point of each mean: minimum over the wrong axis"
def assign(X, m):
    return torch.cdist(X, m).argmin(0)


def update(X, c, m):
    return torch.stack([X[c == j].mean(0) if (c == j).any() else m[j] for j in range(len(m))])


# %% tags=["wrong"] fails=["test_assign"] why="the sum of absolute differences instead of squares"
def assign(X, m):
    return torch.cdist(X, m, p=1).argmin(1)


def update(X, c, m):
    return torch.stack([X[c == j].mean(0) if (c == j).any() else m[j] for j in range(len(m))])


# %% tags=["wrong"] fails=["test_update"] why="thinks that only the last groups can be empty"
def assign(X, m):
    return torch.cdist(X, m).argmin(1)


def update(X, c, m):
    new = m.clone()
    for j in range(int(c.max()) + 1):
        new[j] = X[c == j].mean(0)
    return new


# %% tags=["wrong"] fails=["test_update"] why="an empty group becomes NaN"
def assign(X, m):
    return torch.cdist(X, m).argmin(1)


def update(X, c, m):
    return torch.stack([X[c == j].mean(0) for j in range(len(m))])


# %% tags=["wrong"] fails=["test_update"] why="an empty group moves to the origin"
def assign(X, m):
    return torch.cdist(X, m).argmin(1)


def update(X, c, m):
    member = torch.nn.functional.one_hot(c, len(m)).to(X.dtype)
    return member.T @ X / member.sum(0).clamp(min=1)[:, None]


# %% tags=["wrong"] fails=["test_update"] why="divides by the number of all rows"
def assign(X, m):
    return torch.cdist(X, m).argmin(1)


def update(X, c, m):
    return torch.stack(
        [X[c == j].sum(0) / len(X) if (c == j).any() else m[j] for j in range(len(m))]
    )


# %% tags=["wrong"] fails=["test_update"] why="writes into the means it was given"
def assign(X, m):
    return torch.cdist(X, m).argmin(1)


def update(X, c, m):
    for j in range(len(m)):
        if (c == j).any():
            m[j] = X[c == j].mean(0)
    return m


# %% tags=["right"] why="broadcasting, and one_hot with torch.where"
def assign(X, m):
    return ((X[:, None] - m[None]) ** 2).sum(-1).min(-1).indices


def update(X, c, m):
    member = torch.nn.functional.one_hot(c, len(m)).to(X.dtype)  # (n, K)
    count = member.sum(0)[:, None]
    return torch.where(count > 0, member.T @ X / count.clamp(min=1), m)


# %% [markdown]
# ## Task 5 · From distances to a map (★★★, 15 minutes, 3 points)
#
# Somebody gives you the distances between things, and you draw the map. It is the last move of
# Isomap, and lecture 01 has the formulas:
#
# $$B = -\tfrac12\, J D^{(2)} J, \qquad J = I - \tfrac1n \mathbf 1 \mathbf 1^\top, \qquad
# z = V\sqrt{\Lambda}$$
#
# with $D^{(2)}$ the **squared** distances, and $V$, $\Lambda$ the $k$ largest eigenvalues of $B$ and
# their eigenvectors.
#
# `classical_scaling(D, k)`
#
# - **in:** `D`, float tensor (n, n), distances (not squared), symmetric, zeros on the diagonal;
#   `k` ≤ n
# - **out:** float tensor (n, k): points with mean zero whose distances are `D` as nearly as k
#   numbers allow. How the map is turned or mirrored is yours to choose. Where an eigenvalue is
#   below zero, no map has such distances: take zero.

# %% tags=["solution"] id="classical_scaling"
def classical_scaling(D, k):
    """Points (n, k) whose distances match D (n, n)."""
    ### BEGIN SOLUTION
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    B = -0.5 * J @ D**2 @ J
    values, vectors = torch.linalg.eigh(B)  # smallest first
    return vectors[:, -k:].flip(1) * values[-k:].flip(0).clamp(min=0).sqrt()
    ### END SOLUTION


# %% tags=["test"] id="test_classical_scaling" points=3
def check_map(D, k, gram, what, tolerance=1e-3):
    """Maps may be turned or mirrored, so compare dot products, which stay the same."""
    before = D.clone()
    made = torch.as_tensor(expect_array(classical_scaling(D, k), (len(D), k), "the map"))
    assert torch.equal(D, before), "your function changes D: work on a copy"
    expect_close(made.mean(0), np.zeros(k), f"the mean of {what}", tolerance=1e-2)
    expect_close(
        made @ made.T,
        gram,
        f"a dot product between two points of {what}",
        "Look again at the square of D, the factor 1/2, J on both sides, the square root of the "
        "eigenvalues, which of them are the largest, and those below zero.",
        tolerance,
    )


def check_points(points, k, what):
    """Points that fit into k numbers."""
    centred = points - points.mean(0)
    D = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    check_map(D, k, centred @ centred.T, what)


# A box, 3 by 4 by 12: its corners are 3, 4, 5, 12, 13, ... apart.
box = torch.cartesian_prod(torch.tensor([0.0, 3]), torch.tensor([0.0, 4]), torch.tensor([0.0, 12]))
check_points(box, 3, "the map of a box")
### BEGIN HIDDEN TESTS
check_points(cloud(25, 3, seed=22), 3, "the map of 25 points")
check_points(cloud(10, 2, seed=23), 2, "the map of 10 points")
check_points(cloud(12, 1, seed=24), 2, "the map of points on a line")  # numbers left over
# More dimensions than numbers: the best map is PCA's.
points = cloud(40, 5, seed=25)
U, S, _ = torch.linalg.svd(points - points.mean(0), full_matrices=False)
best = U[:, :3] * S[:3]
check_map(torch.cdist(points, points), 3, best @ best.T, "the flat map of 40 points", 1e-2)
# Distances that no points have (5 is more than 1 + 1): eigenvalues 12.5, 12.5, 0, -11.5.
D = torch.tensor([[0.0, 1, 1, 5], [1, 0, 5, 1], [1, 5, 0, 1], [5, 1, 1, 0]])
best = torch.tensor([[1.0, 0, 0, -1], [0, 1, -1, 0], [0, -1, 1, 0], [-1, 0, 0, 1]]) * 6.25
check_map(D, 4, best, "the map of impossible distances")
### END HIDDEN TESTS
print("You have drawn a map from distances alone.")

# %% tags=["wrong"] fails=["test_classical_scaling"] why="forgets to square the distances"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    values, vectors = torch.linalg.eigh(-0.5 * J @ D @ J)
    return vectors[:, -k:].flip(1) * values[-k:].flip(0).clamp(min=0).sqrt()


# %% tags=["wrong"] fails=["test_classical_scaling"] why="forgets the factor 1/2"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    values, vectors = torch.linalg.eigh(-J @ D**2 @ J)
    return vectors[:, -k:].flip(1) * values[-k:].flip(0).clamp(min=0).sqrt()


# %% tags=["wrong"] fails=["test_classical_scaling"] why="eigenvalues without the square root"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    values, vectors = torch.linalg.eigh(-0.5 * J @ D**2 @ J)
    return vectors[:, -k:].flip(1) * values[-k:].flip(0).clamp(min=0)


# %% tags=["wrong"] fails=["test_classical_scaling"] why="bare eigenvectors, no eigenvalues"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    values, vectors = torch.linalg.eigh(-0.5 * J @ D**2 @ J)
    return vectors[:, -k:].flip(1)


# %% tags=["wrong"] fails=["test_classical_scaling"] why="the smallest eigenvalues"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    values, vectors = torch.linalg.eigh(-0.5 * J @ D**2 @ J)
    return vectors[:, :k] * values[:k].clamp(min=0).sqrt()


# %% tags=["wrong"] fails=["test_classical_scaling"] why="J on one side only"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    values, vectors = torch.linalg.eigh(-0.5 * J @ D**2)
    return vectors[:, -k:].flip(1) * values[-k:].flip(0).clamp(min=0).sqrt()


# %% tags=["wrong"] fails=["test_classical_scaling"] why="PCA of the rows of D, as if they were points"
def classical_scaling(D, k):
    centred = D - D.mean(0)
    U, S, Vh = torch.linalg.svd(centred)
    return U[:, :k] * S[:k]


# %% tags=["wrong"] fails=["test_classical_scaling"] why="the largest absolute eigenvalues"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    U, S, Vh = torch.linalg.svd(-0.5 * J @ D**2 @ J)
    return U[:, :k] * S[:k].sqrt()


# %% tags=["wrong"] fails=["test_classical_scaling"] why="NaN for an eigenvalue below zero"
def classical_scaling(D, k):
    n = len(D)
    J = torch.eye(n, dtype=D.dtype) - 1 / n
    values, vectors = torch.linalg.eigh(-0.5 * J @ D**2 @ J)
    return vectors[:, -k:].flip(1) * values[-k:].flip(0).sqrt()


# %% tags=["right"] why="weakest direction first, and mirrored: the contract leaves that open"
def classical_scaling(D, k):
    squared = D.double() ** 2
    B = -(squared - squared.mean(0) - squared.mean(1, keepdim=True) + squared.mean()) / 2
    values, vectors = torch.linalg.eigh(B)
    return -vectors[:, -k:] * values[-k:].clamp(min=0).sqrt()


# %% tags=["right"] why="row and column means taken away by hand, SVD in numpy"
def classical_scaling(D, k):
    squared = D.double().numpy() ** 2
    B = squared - squared.mean(0) - squared.mean(1)[:, None] + squared.mean()
    U, S, Vt = np.linalg.svd(-B / 2)
    positive = np.where((U * Vt.T).sum(0) > 0, S, 0)  # an eigenvalue below zero: sides differ
    order = np.argsort(-positive)[:k]
    return torch.tensor(U[:, order] * np.sqrt(positive[order]))


# %% [markdown]
# ## Task 6 · The best code of 16 numbers (★★★, 15 minutes, 2 points)
#
# Now put it to work. `fit_codec(X)` looks at training digits and returns an encoder and a decoder.
#
# - **in:** `X` (n, 784), training digits
# - **out:** two functions. `encoder(x)` takes (m, 784) and returns codes (m, 16), or fewer numbers
#   per digit. `decoder(z)` takes such codes, and nothing else, and returns copies (m, 784)
#
# Between the two, each number of the code is rounded to one byte: 256 steps from the smallest to
# the largest that occurs. Your points depend on the error per pixel on digits that the codec was
# not fitted to (the hidden test takes others than the visible one):
#
# | at most | points | what gets you there |
# | --- | --- | --- |
# | 0.0600 | ½ | a little better than tiles |
# | 0.0290 | 1½ | PCA |
# | 0.0240 | 2 | something cleverer |
#
# One idea: sort the digits into groups first, and give each group its own PCA. Then 15 numbers are
# left, for the sixteenth says which group it is.

# %% tags=["solution"] id="fit_codec"
def fit_codec(X):
    """An encoder (m, 784) -> (m, 16) and a decoder (m, 16) -> (m, 784), learnt from X."""
    ### BEGIN SOLUTION
    m = X[torch.randperm(len(X))[:10]]
    for _ in range(10):
        m = update(X, assign(X, m), m)
    parts = [fit_pca(X[assign(X, m) == j], 15) for j in range(len(m))]

    def encoder(x):
        groups = assign(x, m)
        z = torch.zeros(len(x), 16)
        for j, (mu, W) in enumerate(parts):
            z[groups == j, :15] = encode(x[groups == j], mu, W)
        z[:, 15] = groups
        return z

    def decoder(z):
        copies = torch.zeros(len(z), 784)
        for j, (mu, W) in enumerate(parts):
            mine = z[:, 15].round() == j
            copies[mine] = decode(z[mine, :15], mu, W)
        return copies

    return encoder, decoder
    ### END SOLUTION


# %% tags=["test", "heavy"] id="test_fit_codec" points=2
def one_byte(z):
    """Round every column to 256 steps between its smallest and its largest number."""
    low = z.min(0).values
    step = ((z.max(0).values - low) / 255).clamp(min=1e-9)
    return (low + ((z - low) / step).round() * step).to(z.dtype)


def error_of_codec(digits):
    codec = fit_codec(X.clone())
    assert isinstance(codec, tuple | list) and len(codec) == 2, (
        "fit_codec should return two functions: encoder, decoder"
    )
    encoder, decoder = codec
    z = encoder(digits.clone())
    assert torch.is_tensor(z) and z.ndim == 2 and len(z) == len(digits), (
        "the encoder should return one code per digit: a tensor (m, 16)"
    )
    assert z.shape[1] <= 16, f"a code may hold at most 16 numbers, yours holds {z.shape[1]}"
    encoder(X[: len(digits)].clone())  # a decoder must not rely on what was encoded last
    shuffled = torch.randperm(len(z), generator=torch.Generator().manual_seed(SEED))
    copies = expect_array(decoder(one_byte(z.detach())[shuffled]), digits.shape, "the copies")
    return float(((copies - digits[shuffled].numpy()) ** 2).mean())


error = error_of_codec(X_test)
### BEGIN HIDDEN TESTS
error = max(error, error_of_codec(datasets.mnist("test", n=4_000)[0].flatten(1)[2_000:]))
### END HIDDEN TESTS
print(f"Your error: {error:.4f}. Tiles reach 0.0604 here, PCA 0.0275.")
partial_credit(error, [(0.0600, 0.5), (0.0290, 1.5), (0.0240, 2)])

# %% tags=["wrong"] fails=["test_fit_codec"] why="32 numbers instead of 16"
def fit_codec(X):
    mu, W = fit_pca(X, 32)
    return lambda x: encode(x, mu, W), lambda z: decode(z, mu, W)


# %% tags=["wrong"] fails=["test_fit_codec"] why="learns from the first 20 digits only"
def fit_codec(X):
    mu, W = fit_pca(X[:20], 16)
    return lambda x: encode(x, mu, W), lambda z: decode(z, mu, W)


# %% tags=["wrong"] fails=["test_fit_codec"] why="16 tiles: never looks at the data"
def fit_codec(X):
    def encoder(x):
        return torch.nn.functional.avg_pool2d(x.view(-1, 1, 28, 28), 7).flatten(1)

    def decoder(z):
        tiles = z.view(-1, 1, 4, 4)
        return tiles.repeat_interleave(7, 2).repeat_interleave(7, 3).flatten(1)

    return encoder, decoder


# %% tags=["wrong"] fails=["test_fit_codec"] why="the decoder remembers the pictures it was shown"
def fit_codec(X):
    seen = []

    def encoder(x):
        seen.append(x)
        return x[:, :16]

    return encoder, lambda z: seen[-1]


# %% tags=["wrong"] fails=["test_fit_codec"] why="16 random directions"
def fit_codec(X):
    mu = X.mean(0)
    W = torch.linalg.qr(torch.randn(784, 16))[0].T
    return lambda x: encode(x, mu, W), lambda z: decode(z, mu, W)


# %% tags=["wrong"] fails=["test_fit_codec"] why="one PCA for all: good, but not yet the best"
def fit_codec(X):
    mu, W = fit_pca(X, 16)
    return lambda x: encode(x, mu, W), lambda z: decode(z, mu, W)


# %% tags=["wrong"] fails=["test_fit_codec"] why="groups, but one PCA of 15 numbers for all of them"
def fit_codec(X):
    mu, W = fit_pca(X, 15)
    m = X[:10]
    for _ in range(5):
        m = update(X, assign(X, m), m)

    def encoder(x):
        return torch.cat([encode(x, mu, W), assign(x, m)[:, None].float()], dim=1)

    return encoder, lambda z: decode(z[:, :15], mu, W)


# %% tags=["right"] why="scikit-learn's k-means and PCA, the group in the first number"
def fit_codec(X):
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    km = KMeans(16, n_init=1, max_iter=20, random_state=SEED).fit(X.numpy())
    parts = [PCA(15).fit(X.numpy()[km.labels_ == j]) for j in range(16)]

    def encoder(x):
        groups = km.predict(x.numpy())
        z = np.zeros((len(x), 16), dtype=np.float32)
        z[:, 0] = groups
        for j in np.unique(groups):
            z[groups == j, 1:] = parts[j].transform(x.numpy()[groups == j])
        return torch.tensor(z)

    def decoder(z):
        groups = z[:, 0].round().int().numpy()
        copies = np.zeros((len(z), 784), dtype=np.float32)
        for j in np.unique(groups):
            copies[groups == j] = parts[j].inverse_transform(z[:, 1:].numpy()[groups == j])
        return torch.tensor(copies)

    return encoder, decoder


# %% [markdown]
# ## Task 7 · In your own words (★, 5 minutes, 2 points)
#
# PCA needs more than twenty numbers for a digit that does nothing but turn, although one number, the
# angle, says it all. In three to six sentences: **why** does a flat code fail here, what does
# Isomap do differently, and what can PCA do that Isomap cannot?

# %% [markdown] tags=["written"] id="reflection" points=2
# ### BEGIN SOLUTION
# Turning moves the picture along a closed, bent line in pixel space. The line has one dimension
# but bends through many, and PCA can only lay a flat sheet through it, so it needs many directions
# and different angles may land on one spot. Isomap measures distance by walking from neighbour to
# neighbour along the line, so its map shows the order on the line. But Isomap only places the
# pictures it was given: it has no decoder (and no encoder for new ones), while PCA can encode any
# picture and draw from any code.
#
# **Rubric.** **½ point** the pictures lie on a curved line (manifold) in pixel space. **½ point** a flat
# sheet cannot follow it: many directions needed, or different angles on one spot. **½ point**
# Isomap uses distances along the line, through neighbours. **½ point** PCA can encode new pictures
# or decode; Isomap has no decoder. Take nothing off for language. Full marks for any other correct
# account, for example by Fourier harmonics of the turning picture.
# ### END SOLUTION
