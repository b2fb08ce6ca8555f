# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Exercise 00 · Deep learning in one slice
#
# Welcome. This is the first exercise, so it does two things. It shows you how to solve, test and
# hand in, one step at a time. And it lets you write the parts of lecture 00 yourself: the loss and
# its slope, then the heart of an MLP, a CNN and an RNN. At the end you train a network of your own.
#
# | Task | | Difficulty | Minutes | Points |
# | --- | --- | --- | --- | --- |
# | 1 | `one_hot` | ★ | 5 | 1 |
# | 2 | `softmax`, `cross_entropy` | ★★ | 15 | 3 |
# | 3 | `linear_gradient` | ★★★ | 15 | 3 |
# | 4 | `mlp` | ★ | 5 | 2 |
# | 5 | `conv2d` | ★★ | 15 | 3 |
# | 6 | `rnn` | ★★ | 10 | 3 |
# | 7 | name digits you have never seen | ★★★ | 15 | 3 |
# | 8 | in your own words | ★ | 5 | 2 |
#
# ## How an exercise works
#
# 0. **Get your copy.** On a machine that you share with your class, choose *Nbgrader → Assignment
#    List* in the menu, press *Fetch* beside this exercise, and work in the copy it gives you.
#    Anywhere else, work in this file.
# 1. **Solve.** A grey box is a *cell*. Some cells hold the lines `# YOUR CODE HERE` and
#    `raise NotImplementedError(...)`. Put your code in their place. Then press *Shift + Enter*:
#    this runs the cell. Nothing appears? Good: the computer has read your function.
# 2. **Test.** Run the cell below it, a *test*. It tells you in words what is wrong, or that all is
#    well. Change your function, run it, test again, as often as you like. Test cells are locked.
#    For trials of your own, add cells anywhere (press *Esc*, then *B*).
# 3. **Start afresh.** A notebook remembers what you have run, even what you have deleted since. So
#    when you are done, choose *Kernel → Restart Kernel and Run All Cells*. It stops at the first
#    cell that fails, and shows you where to go on.
# 4. **Validate.** Save (*Ctrl + S*, on a Mac *Cmd + S*), then press the *Validate* button above the
#    notebook. It starts afresh by itself, runs every cell, and lists the tests that fail.
# 5. **Hand in.** The last cell of this notebook says how.
#
# **What the grade is made of.** Your teacher runs the tests you see and some that you do not. Those
# ask the same of other shapes and other numbers, so a function that does what its task says passes
# both. A test that prints a warning in red counts as failed. The last question is read by a person.
#
# **One rule for all tasks.** Your functions must not change what they are given: make new tensors.
# What goes in and comes out are PyTorch tensors. "Float" means float32, "integer" means int64. You
# may use anything PyTorch has. You learn most if you write the short versions yourself first.

# %% tags=["setup"]

# %% [markdown]
# ## Is everything installed?
#
# Run the cell above (it matters on Colab only), then the next one. It gives no points. It looks at
# each thing the course needs: a new enough Python; PyTorch and torchvision, which must be made for
# each other; the data; and the *device* that will do the work. Where something is missing, it says
# what to do.

# %% tags=["random"]
import sys
from importlib import metadata

faults = 0


def look(what, check, advice):
    """Run one check; print what it found, or what to do."""
    global faults
    try:
        print(f"ok    {what}: {check()}")
    except Exception as error:
        faults += 1
        print(f"MEND  {what}: {error}\n      → {advice}")


def python():
    assert sys.version_info >= (3, 11), f"this is Python {sys.version.split()[0]}, too old"
    return sys.version.split()[0]


def torch_pair():
    import torch
    import torchvision

    # Of two boxes on one spot, keep the better. This fails if the two were not made for each other.
    boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [5, 5, 6, 6]])
    kept = torchvision.ops.nms(boxes, torch.tensor([0.8, 0.9, 0.7]), 0.5)
    assert kept.tolist() == [1, 2], f"torchvision kept the boxes {kept.tolist()}, not 1 and 2"
    return f"{torch.__version__} and {torchvision.__version__} fit together"


def data():
    from course_utils import datasets

    digits, names = datasets.mnist("test", n=3)
    assert names.tolist() == [7, 2, 1], f"the first test digits are {names.tolist()}, not 7, 2, 1"
    return f"{len(digits)} digits read, {names.tolist()}"


def device():
    from course_utils import training

    kind = training.device().type
    return f"{kind} (no GPU found, and none is needed)" if kind == "cpu" else kind


look("Python", python, "install Python 3.11 or newer, then run 'make lab' again")
look(
    "torch and torchvision",
    torch_pair,
    "the two must be installed together: delete the folder .venv, then run 'make lab' again",
)
look("data sets", data, "was JupyterLab started by 'make lab'? If so, fetch the course again")
look("device", device, "was JupyterLab started by 'make lab'?")
if "google.colab" in sys.modules:
    print("note  on Colab there is no Validate button: step 3 does its work")
else:
    look("nbgrader", lambda: metadata.version("nbgrader"), "without it there is no Validate button")
print("All is well." if not faults else f"{faults} to mend: do what the lines with an arrow say.")

# %% [markdown]
# All well? Then load the digits. `X` and `y` are for learning. `X_held` and `y_held` are *held
# out*: your functions never learn from them, so they tell you how good a network is on digits it
# has never seen.

# %%
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import datasets, plotting, training
from course_utils.checks import expect_array, expect_close, partial_credit

SEED = training.seed_everything(0)
digits, names = datasets.mnist("train", n=15_000)
X, y = digits[:10_000, 0], names[:10_000]  # (10000, 28, 28), pixels in [0, 1], and (10000,)
X_held, y_held = digits[10_000:, 0], names[10_000:]  # (5000, 28, 28) and (5000,)


def numbers(*shape, seed):
    """Random numbers around 0 of this shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(1000 * SEED + seed))


def classes(n, K, seed):
    """Random labels (n,), from 0 to K - 1."""
    return torch.randint(K, (n,), generator=torch.Generator().manual_seed(1000 * SEED + seed))


def call(function, *inputs):
    """What the function returns, once it is sure that it left its inputs as they were."""
    before = [x.clone() if torch.is_tensor(x) else x for x in inputs]
    result = function(*inputs)
    for x, old in zip(inputs, before):
        assert not torch.is_tensor(x) or torch.equal(x, old), (
            f"your {function.__name__} changes what it was given: make a new tensor instead"
        )
    return result


# %% [markdown]
# ## Task 1 · One place for each class (★, 5 minutes, 1 point)
#
# A label such as 3 is a name, not an amount: a 3 is not "more" than a 2. So a network is given a
# row of zeros with a single 1 at place 3. That row is called *one-hot*.
#
# `one_hot(labels, K)`
#
# - **in:** `labels`, integer tensor (n,), each from 0 to K − 1; `K`, how many classes there are
# - **out:** float tensor (n, K): row $i$ is 1 at place `labels[i]` and 0 everywhere else
#
# For example, `one_hot(torch.tensor([2, 0]), 3)` is `[[0., 0., 1.], [1., 0., 0.]]`.
#
# **Do this first:** run the test *before* you write anything. It fails, as it should, and the last
# line in red says why. That is what a failing test looks like. Read the last line first, always.


# %% tags=["solution"] id="one_hot"
def one_hot(labels, K):
    """One row per label, with a 1 at the label's place: (n, K)."""
    ### BEGIN SOLUTION
    rows = torch.zeros(len(labels), K)
    rows[torch.arange(len(labels)), labels] = 1
    return rows
    ### END SOLUTION


# %% tags=["test"] id="test_one_hot" points=1
def check_one_hot(labels, K):
    rows = call(one_hot, labels, K)
    expect_close(
        rows,
        [[float(k == label) for k in range(K)] for label in labels.tolist()],
        f"one_hot of the labels {labels.tolist()} among {K} classes",
        "Row i has a single 1, in column labels[i]. Columns count from 0.",
    )
    assert torch.is_tensor(rows), f"one_hot should return a tensor, not a {type(rows).__name__}"
    assert rows.dtype == torch.float32, (
        f"the rows should be float32, but they are {rows.dtype}: .float() turns them into floats"
    )


check_one_hot(torch.tensor([2, 0]), 3)
check_one_hot(torch.tensor([1, 1, 0, 3]), 5)  # nobody is a 2 or a 4, yet they have columns
### BEGIN HIDDEN TESTS
check_one_hot(classes(12, 4, seed=1), 4)
check_one_hot(torch.tensor([0]), 2)
check_one_hot(classes(3, 10, seed=2), 11)
### END HIDDEN TESTS
print("A place for each class, and each in its place. This is what success looks like.")


# %% tags=["wrong"] fails=["test_one_hot"] why="sets whole columns: forgets to say which row"
def one_hot(labels, K):
    rows = torch.zeros(len(labels), K)
    rows[:, labels] = 1
    return rows


# %% tags=["wrong"] fails=["test_one_hot"] why="as many columns as the largest label asks for"
def one_hot(labels, K):
    return F.one_hot(labels).float()


# %% tags=["wrong"] fails=["test_one_hot"] why="returns integers"
def one_hot(labels, K):
    return F.one_hot(labels, K)


# %% tags=["wrong"] fails=["test_one_hot"] why="returns True and False"
def one_hot(labels, K):
    return labels[:, None] == torch.arange(K)


# %% tags=["wrong"] fails=["test_one_hot"] why="rows and columns swapped"
def one_hot(labels, K):
    return (labels == torch.arange(K)[:, None]).float()


# %% tags=["wrong"] fails=["test_one_hot"] why="counts from 1"
def one_hot(labels, K):
    return torch.eye(K)[labels - 1]


# %% tags=["wrong"] fails=["test_one_hot"] why="writes the label itself in place of a 1"
def one_hot(labels, K):
    rows = torch.zeros(len(labels), K)
    rows[torch.arange(len(labels)), labels] = labels.float()
    return rows


# %% tags=["wrong"] fails=["test_one_hot"] why="prints the rows and returns nothing"
def one_hot(labels, K):
    print(torch.eye(K)[labels])


# %% tags=["right"] why="rows of the identity matrix"
def one_hot(labels, K):
    return torch.eye(K)[labels]


# %% tags=["right"] why="row by row, number by number"
def one_hot(labels, K):
    rows = []
    for label in labels:
        rows.append([1.0 if k == label else 0.0 for k in range(K)])
    return torch.tensor(rows)


# %% tags=["right"] why="scatter"
def one_hot(labels, K):
    return torch.zeros(len(labels), K).scatter_(1, labels[:, None], 1.0)


# %% [markdown]
# ## Task 2 · From scores to surprise (★★, 15 minutes, 3 points)
#
# A network gives every class a *score*, any number at all. Two steps turn scores into a loss.
#
# `softmax(scores)`, with $p_k = e^{s_k} / \sum_j e^{s_j}$
#
# - **in:** `scores`, float tensor (n, K), one row per example
# - **out:** float tensor (n, K): probabilities. Each *row* adds up to 1
#
# `cross_entropy(scores, labels)`, with $L = \frac1n \sum_i -\log p_{i,\,y_i}$
#
# - **in:** `scores` (n, K) as above, *not* probabilities; `labels`, integer tensor (n,)
# - **out:** float tensor with no dimensions: the **mean** surprise over the n examples, in **nats**
#   (natural logarithm). It must be made of PyTorch operations, so that `backward` can find slopes
#   (no `.item()`, no numpy)
#
# **Take care:** both must be right for scores as large as 1000 and as small as −1000.
# $e^{1000}$ is too large for a computer. Two facts help:
#
# - Subtract the same number from every score of a row, and its probabilities stay the same. The
#   largest score of the row is a good choice: then no exponent is above 0.
# - $\log p_k = s_k - \log \sum_j e^{s_j}$. So you never need the logarithm of a probability that
#   has been rounded to 0. `torch.logsumexp` computes the last term safely.


# %% tags=["solution"] id="softmax"
def softmax(scores):
    """Probabilities (n, K) from scores (n, K)."""
    ### BEGIN SOLUTION
    powers = (scores - scores.amax(1, keepdim=True)).exp()
    return powers / powers.sum(1, keepdim=True)
    ### END SOLUTION


# %% tags=["test"] id="test_softmax" points=1
def check_softmax(scores, wanted, what, hint=""):
    p = call(softmax, scores)
    assert p is not None, "softmax returns nothing: does it end with 'return ...'?"
    assert not torch.as_tensor(p).isnan().any(), (
        f"{what} came out as NaN, not a number. Either exp(1000) became infinite, or all of a row "
        "became 0. Subtract from every row its own largest score before you call exp."
    )
    expect_close(p, wanted, what, hint)


# By hand: e to the power log 1, log 2, log 5 is 1, 2, 5. Together that is 8.
check_softmax(
    torch.tensor([[1.0, 2.0, 5.0]]).log(),
    [[0.125, 0.25, 0.625]],
    "the softmax of (log 1, log 2, log 5)",
    "Each power of e, divided by the sum of the powers of its row.",
)
check_softmax(
    torch.tensor([[1000.0, 0.0], [-1000.0, -1000.0]]),
    [[1.0, 0.0], [0.5, 0.5]],
    "the softmax of scores of 1000 and -1000",
)
### BEGIN HIDDEN TESTS
for n, K, size, seed in [(4, 3, 1, 3), (3, 3, 5, 4), (1, 10, 2, 5), (9, 1, 1, 6), (6, 8, 600, 7)]:
    scores = size * numbers(n, K, seed=seed) + size * numbers(n, 1, seed=seed + 500)
    what = f"the softmax of {n} rows of {K} scores"
    check_softmax(scores, torch.softmax(scores.double(), 1), what, "Each row stands by itself.")
### END HIDDEN TESTS
print("Each row adds up to 1, however large the scores.")


# %% tags=["wrong"] fails=["test_softmax"] why="the formula as it stands: exp(1000) overflows"
def softmax(scores):
    return scores.exp() / scores.exp().sum(1, keepdim=True)


# %% tags=["wrong"] fails=["test_softmax"] why="columns add up to 1 instead of rows"
def softmax(scores):
    return torch.softmax(scores, 0)


# %% tags=["wrong"] fails=["test_softmax"] why="subtracts the largest score of all rows"
def softmax(scores):
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(1, keepdim=True)


# %% tags=["wrong"] fails=["test_softmax"] why="divides by the sum of all rows together"
def softmax(scores):
    powers = (scores - scores.amax(1, keepdim=True)).exp()
    return powers / powers.sum()


# %% tags=["wrong"] fails=["test_softmax"] why="divides by the largest power instead of the sum"
def softmax(scores):
    return (scores - scores.amax(1, keepdim=True)).exp()


# %% tags=["wrong"] fails=["test_softmax"] why="cuts large scores off, which changes the answer"
def softmax(scores):
    powers = scores.clamp(-80, 80).exp()
    return powers / powers.sum(1, keepdim=True)


# %% tags=["wrong"] fails=["test_softmax"] why="returns logarithms of probabilities"
def softmax(scores):
    return torch.log_softmax(scores, 1)


# %% tags=["wrong"] fails=["test_softmax"] why="subtracts in place: the scores are changed"
def softmax(scores):
    scores -= scores.amax(1, keepdim=True)
    return scores.exp() / scores.exp().sum(1, keepdim=True)


# %% tags=["right"] why="through logsumexp"
def softmax(scores):
    return torch.exp(scores - torch.logsumexp(scores, dim=1, keepdim=True))


# %% tags=["right"] why="row by row in a loop"
def softmax(scores):
    rows = []
    for row in scores:
        powers = torch.exp(row - max(row.tolist()))
        rows.append(powers / powers.sum())
    return torch.stack(rows)


# %% tags=["right"] why="PyTorch's own"
def softmax(scores):
    return scores.softmax(dim=-1)


# %% tags=["solution"] id="cross_entropy"
def cross_entropy(scores, labels):
    """Mean surprise over the examples, in nats: a tensor with no dimensions."""
    ### BEGIN SOLUTION
    log_p = scores - scores.logsumexp(1, keepdim=True)  # (n, K)
    return -log_p[torch.arange(len(labels)), labels].mean()
    ### END SOLUTION


# %% tags=["test"] id="test_cross_entropy" points=2
def check_cross_entropy(scores, labels, wanted, what, hint=""):
    loss = call(cross_entropy, scores, labels)
    assert loss is not None, "cross_entropy returns nothing: does it end with 'return ...'?"
    assert torch.as_tensor(loss).isfinite().all(), (
        f"{what} came out as {loss}. Is a probability rounded to 0 before you take its logarithm, "
        "or is exp(1000) infinite? Use log p = s - logsumexp(s)."
    )
    expect_close(loss, wanted, what, hint)


# By hand: softmax gives (1/4, 3/4) and (1/2, 1/2); the right answers have 3/4 and 1/2.
check_cross_entropy(
    torch.tensor([[1.0, 3.0], [1.0, 1.0]]).log(),
    torch.tensor([1, 0]),
    (math.log(4 / 3) + math.log(2)) / 2,
    "the cross-entropy of two examples",
    "The mean over the examples (not the sum) of -log p of the right answer, natural logarithm. "
    "The scores go in as they are: cross_entropy takes the softmax itself.",
)
check_cross_entropy(
    torch.tensor([[1000.0, -1000.0, 0.0]]),
    torch.tensor([1]),
    2000.0,
    "the cross-entropy of a very sure and very wrong answer",
    "-log p is 1000 - (-1000). Adding a small number inside the logarithm, or cutting it off, "
    "hides how wrong it is.",
)


def check_slope(n, K, seed):
    scores, labels = numbers(n, K, seed=seed).requires_grad_(), classes(n, K, seed)
    loss = cross_entropy(scores, labels)
    assert torch.is_tensor(loss) and loss.requires_grad, (
        "no slope can flow back through your cross_entropy: return a tensor made of PyTorch "
        "operations, without .item(), .detach() or numpy"
    )
    (slope,) = torch.autograd.grad(loss, scores, allow_unused=True)
    assert slope is not None, "your cross-entropy has lost its way back to the scores"
    (wanted,) = torch.autograd.grad(F.cross_entropy(scores, labels), scores)
    expect_close(slope, wanted, "the slope of your cross-entropy")


check_slope(5, 4, seed=8)
### BEGIN HIDDEN TESTS
check_slope(11, 3, seed=9)
for n, K, size, seed in [(7, 5, 1, 10), (5, 5, 3, 11), (1, 10, 2, 12), (30, 2, 700, 13)]:
    scores = size * numbers(n, K, seed=seed) + size * numbers(n, 1, seed=seed + 500)
    labels = classes(n, K, seed)
    what = f"the cross-entropy of {n} examples with {K} classes"
    hint = "The mean over the examples of -log p of each example's own right answer."
    check_cross_entropy(scores, labels, F.cross_entropy(scores.double(), labels), what, hint)
### END HIDDEN TESTS
print("You can measure surprise. Guessing blindly among ten digits costs log 10 = 2.30 nats.")


# %% tags=["wrong"] fails=["test_cross_entropy"] why="log of a probability that is rounded to 0"
def cross_entropy(scores, labels):
    p = torch.softmax(scores, 1)
    return -p[torch.arange(len(labels)), labels].log().mean()


# %% tags=["wrong"] fails=["test_cross_entropy"] why="adds 1e-9 inside the logarithm"
def cross_entropy(scores, labels):
    p = torch.softmax(scores, 1)
    return -(p[torch.arange(len(labels)), labels] + 1e-9).log().mean()


# %% tags=["wrong"] fails=["test_cross_entropy"] why="the sum over the examples"
def cross_entropy(scores, labels):
    return F.cross_entropy(scores, labels, reduction="sum")


# %% tags=["wrong"] fails=["test_cross_entropy"] why="the mean over all n × K numbers"
def cross_entropy(scores, labels):
    log_p = scores - scores.logsumexp(1, keepdim=True)
    return -(log_p * F.one_hot(labels, scores.shape[1])).mean()


# %% tags=["wrong"] fails=["test_cross_entropy"] why="in bits"
def cross_entropy(scores, labels):
    return F.cross_entropy(scores, labels) / math.log(2)


# %% tags=["wrong"] fails=["test_cross_entropy"] why="forgets the minus"
def cross_entropy(scores, labels):
    return -F.cross_entropy(scores, labels)


# %% tags=["wrong"] fails=["test_cross_entropy"] why="softmax twice"
def cross_entropy(scores, labels):
    return F.cross_entropy(torch.softmax(scores, 1), labels)


# %% tags=["wrong"] fails=["test_cross_entropy"] why="all labels for all rows: names no row"
def cross_entropy(scores, labels):
    log_p = torch.log_softmax(scores, 1)
    return -log_p[:, labels].mean()


# %% tags=["wrong"] fails=["test_cross_entropy"] why="one loss per example, no mean"
def cross_entropy(scores, labels):
    return F.cross_entropy(scores, labels, reduction="none")


# %% tags=["wrong"] fails=["test_cross_entropy"] why="a plain number: no slope flows back"
def cross_entropy(scores, labels):
    return torch.tensor(F.cross_entropy(scores, labels).item())


# %% tags=["right"] why="one-hot rows times log probabilities, summed per row"
def cross_entropy(scores, labels):
    rows = torch.eye(scores.shape[1])[labels]
    shifted = scores - scores.max(dim=1, keepdim=True).values
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(rows * log_p).sum(dim=1).mean()


# %% tags=["right"] why="a loop over the examples"
def cross_entropy(scores, labels):
    total = 0
    for s, label in zip(scores, labels):
        total = total + torch.logsumexp(s, dim=0) - s[label]
    return total / len(labels)


# %% tags=["right"] why="PyTorch's own"
def cross_entropy(scores, labels):
    return nn.CrossEntropyLoss()(scores, labels)


# %% [markdown]
# ## Task 3 · Which way is downhill? (★★★, 15 minutes, 3 points)
#
# The simplest network has one layer and no bend: scores are $s = x W^\top$. Its slope can be
# written in one line. Take one example. If $W_{kj}$ grows a little, only the score $s_k$ grows, by
# $x_j$ as much. And the loss changes with a score by $\partial L / \partial s_k = p_k - y_k$, where
# $p$ is the softmax and $y$ is one-hot: *what you believed minus what was true*. So
#
# $$\frac{\partial L}{\partial W_{kj}} = \frac1n \sum_{i=1}^{n} (p_{ik} - y_{ik})\, x_{ij}$$
#
# `linear_gradient(X, labels, W)`
#
# - **in:** `X`, float tensor (n, d), one example per row; `labels`, integer tensor (n,); `W`, float
#   tensor (K, d), one row of weights per class
# - **out:** float tensor (K, d): the slope of the mean cross-entropy (in nats, as in task 2) with
#   respect to every weight. It points *up*hill
#
# You may use your own `softmax` and `one_hot`. Scores may be as large as in task 2.


# %% tags=["solution"] id="linear_gradient"
def linear_gradient(X, labels, W):
    """Slope (K, d) of the mean cross-entropy of the scores X W^T."""
    ### BEGIN SOLUTION
    p = softmax(X @ W.T)  # (n, K)
    return (p - one_hot(labels, len(W))).T @ X / len(X)
    ### END SOLUTION


# %% tags=["test"] id="test_linear_gradient" points=3
# By hand: with all weights 0, both classes have p = 1/2. The truth is class 0: p - y = (-1/2, 1/2).
expect_close(
    call(linear_gradient, torch.tensor([[2.0, 4.0]]), torch.tensor([0]), torch.zeros(2, 2)),
    [[-1.0, -2.0], [1.0, 2.0]],
    "the slope for one example x = (2, 4) of class 0",
    "It is (p - y) times x, one row per class. Is it y - p, or is it transposed?",
)
# By hand: scores of 1000 and -1000 give p = (1, 0), but the truth is class 1: p - y = (1, -1).
steep = call(
    linear_gradient, torch.tensor([[1000.0]]), torch.tensor([1]), torch.tensor([[1.0], [-1.0]])
)
assert steep is None or not torch.as_tensor(steep).isnan().any(), (
    "with scores of 1000 and -1000 your slope is NaN: use a softmax that is safe, as in task 2"
)
expect_close(steep, [[1000.0], [-1000.0]], "the slope at scores of 1000 and -1000")


def loss_of(X, labels, W):
    """The mean cross-entropy, in double precision."""
    return F.cross_entropy(X.double() @ W.double().T, labels)


def check_by_nudging(n, d, K, seed):
    """Nudge every weight both ways, and see by how much the loss changes."""
    data, labels, W = numbers(n, d, seed=seed), classes(n, K, seed), numbers(K, d, seed=seed + 500)
    wanted = torch.zeros(K, d)
    for k in range(K):
        for j in range(d):
            nudge = torch.zeros(K, d, dtype=torch.double)
            nudge[k, j] = 1e-4
            up, down = loss_of(data, labels, W + nudge), loss_of(data, labels, W - nudge)
            wanted[k, j] = (up - down) / 2e-4
    expect_close(
        call(linear_gradient, data, labels, W),
        wanted,
        f"your slope for {n} examples with {K} classes",
        "We nudged that weight by hand and looked at the loss. Did you divide by n, and only by n?",
    )


check_by_nudging(n=6, d=4, K=3, seed=14)
### BEGIN HIDDEN TESTS
check_by_nudging(n=1, d=5, K=4, seed=15)
check_by_nudging(n=5, d=3, K=3, seed=16)


def check_by_autograd(data, K, size, seed):
    W = (size * numbers(K, data.shape[1], seed=seed)).requires_grad_()
    labels = classes(len(data), K, seed)
    (wanted,) = torch.autograd.grad(loss_of(data, labels, W), W)
    expect_close(
        call(linear_gradient, data, labels, W.detach()),
        wanted,
        f"your slope for {len(data)} examples with {K} classes",
        "PyTorch's backward finds another one.",
    )


check_by_autograd(numbers(40, 12, seed=17), 10, 0.5, seed=18)
check_by_autograd(numbers(20, 6, seed=19), 5, 300, seed=20)  # scores of a thousand
check_by_autograd(X[:200].flatten(1), 11, 0.1, seed=21)  # real digits; class 10 may be missing
### END HIDDEN TESTS
print("You have found downhill without any help from backward.")


# %% tags=["wrong"] fails=["test_linear_gradient"] why="the other way round: y - p points downhill"
def linear_gradient(X, labels, W):
    p = torch.softmax(X @ W.T, 1)
    return (torch.eye(len(W))[labels] - p).T @ X / len(X)


# %% tags=["wrong"] fails=["test_linear_gradient"] why="forgets to divide by n"
def linear_gradient(X, labels, W):
    p = torch.softmax(X @ W.T, 1)
    return (p - torch.eye(len(W))[labels]).T @ X


# %% tags=["wrong"] fails=["test_linear_gradient"] why="divides by n × K"
def linear_gradient(X, labels, W):
    p = torch.softmax(X @ W.T, 1)
    return (p - torch.eye(len(W))[labels]).T @ X / p.numel()


# %% tags=["wrong"] fails=["test_linear_gradient"] why="transposed: (d, K)"
def linear_gradient(X, labels, W):
    p = torch.softmax(X @ W.T, 1)
    return X.T @ (p - torch.eye(len(W))[labels]) / len(X)


# %% tags=["wrong"] fails=["test_linear_gradient"] why="forgets the truth: p without - y"
def linear_gradient(X, labels, W):
    return torch.softmax(X @ W.T, 1).T @ X / len(X)


# %% tags=["wrong"] fails=["test_linear_gradient"] why="scores instead of probabilities"
def linear_gradient(X, labels, W):
    return (X @ W.T - torch.eye(len(W))[labels]).T @ X / len(X)


# %% tags=["wrong"] fails=["test_linear_gradient"] why="the best guess instead of probabilities"
def linear_gradient(X, labels, W):
    guess = (X @ W.T).argmax(1)
    return (torch.eye(len(W))[guess] - torch.eye(len(W))[labels]).T @ X / len(X)


# %% tags=["wrong"] fails=["test_linear_gradient"] why="takes the step instead of giving the slope"
def linear_gradient(X, labels, W):
    p = torch.softmax(X @ W.T, 1)
    W -= 0.1 * (p - torch.eye(len(W))[labels]).T @ X / len(X)
    return W


# %% tags=["right"] why="autograd"
def linear_gradient(X, labels, W):
    W = W.clone().requires_grad_()
    F.cross_entropy(X @ W.T, labels).backward()
    return W.grad


# %% tags=["right"] why="one example after the other, outer products"
def linear_gradient(X, labels, W):
    slope = torch.zeros_like(W)
    for x, label in zip(X, labels):
        p = torch.softmax(W @ x, 0)
        p[label] -= 1
        slope += torch.outer(p, x) / len(X)
    return slope


# %% tags=["right"] why="einsum"
def linear_gradient(X, labels, W):
    p = (X @ W.T).softmax(1)
    return torch.einsum("nk,nd->kd", p - F.one_hot(labels, len(W)), X) / X.shape[0]


# %% [markdown]
# Now walk downhill with *your* slope (this cell gives no points). Two hundred steps on 2,000 digits
# should bring you to about 86 % on the held-out ones, and draw ten stencils.

# %% tags=["random", "heavy"]
W = torch.zeros(10, 784)
for _ in range(200):
    W = W - 0.3 * linear_gradient(X[:2000].flatten(1), y[:2000], W)
guesses = (X_held.flatten(1) @ W.T).argmax(1)
print(f"{(guesses == y_held).float().mean():.1%} of the held-out digits right")
plotting.show_images(
    W / W.abs().amax(1, keepdim=True),
    "Ten weight pictures, one per digit: blurred stencils with violet strokes and orange gaps.",
    titles=[f"{k}" for k in range(10)],
    columns=5,
    signed=True,
    size=1.1,
)

# %% [markdown]
# ## Task 4 · MLP: vector in, vector out (★, 5 minutes, 2 points)
#
# Two layers with a bend between them. The bend is $\text{ReLU}(a) = \max(0, a)$:
#
# $$h = \text{ReLU}(x W_1^\top + b_1), \qquad s = h W_2^\top + b_2$$
#
# `mlp(x, W1, b1, W2, b2)`
#
# - **in:** `x`, float tensor (n, d); `W1` (H, d), `b1` (H,), `W2` (K, H), `b2` (K,), all float
# - **out:** float tensor (n, K): the scores $s$. They may be negative: there is no bend at the end


# %% tags=["solution"] id="mlp"
def mlp(x, W1, b1, W2, b2):
    """Scores (n, K) of a network with one hidden layer."""
    ### BEGIN SOLUTION
    h = torch.relu(x @ W1.T + b1)  # (n, H)
    return h @ W2.T + b2  # (n, K)
    ### END SOLUTION


# %% tags=["test"] id="test_mlp" points=2
# By hand: ReLU(x) + ReLU(-x) is the size of x without its sign. From that we take 1.
expect_close(
    call(
        mlp,
        torch.tensor([[-3.0], [0.0], [2.0]]),
        torch.tensor([[1.0], [-1.0]]),
        torch.zeros(2),
        torch.tensor([[1.0, 1.0]]),
        torch.tensor([-1.0]),
    ),
    [[2.0], [-1.0], [1.0]],
    "the network that computes |x| - 1",
    "ReLU stands between the two layers, not after the second. Did you add b2?",
)


def check_mlp(n, d, H, K, seed):
    x, W1, b1, W2, b2 = (
        numbers(*shape, seed=seed + 100 * i)
        for i, shape in enumerate([(n, d), (H, d), (H,), (K, H), (K,)])
    )
    theirs = nn.Sequential(nn.Linear(d, H), nn.ReLU(), nn.Linear(H, K))
    with torch.no_grad():
        for theirs_has, ours in zip(theirs.parameters(), (W1, b1, W2, b2)):
            theirs_has.copy_(ours)
        wanted = theirs(x)
    expect_close(
        call(mlp, x, W1, b1, W2, b2),
        wanted,
        f"the scores of a network with {d} inputs, {H} hidden units and {K} outputs",
        "First layer: weights, then b1, then ReLU. Second layer: weights, then b2, no ReLU.",
    )


check_mlp(n=4, d=3, H=6, K=2, seed=22)
### BEGIN HIDDEN TESTS
check_mlp(n=1, d=7, H=5, K=4, seed=23)
check_mlp(n=9, d=4, H=4, K=4, seed=24)  # all layers of one size: a swap would go unseen
check_mlp(n=6, d=2, H=20, K=1, seed=25)
### END HIDDEN TESTS
print("Vector in, vector out.")


# %% tags=["wrong"] fails=["test_mlp"] why="no bend: two linear layers melt into one"
def mlp(x, W1, b1, W2, b2):
    return (x @ W1.T + b1) @ W2.T + b2


# %% tags=["wrong"] fails=["test_mlp"] why="a bend after the second layer too"
def mlp(x, W1, b1, W2, b2):
    return torch.relu(torch.relu(x @ W1.T + b1) @ W2.T + b2)


# %% tags=["wrong"] fails=["test_mlp"] why="the bend before the bias"
def mlp(x, W1, b1, W2, b2):
    return (torch.relu(x @ W1.T) + b1) @ W2.T + b2


# %% tags=["wrong"] fails=["test_mlp"] why="forgets the first bias"
def mlp(x, W1, b1, W2, b2):
    return torch.relu(x @ W1.T) @ W2.T + b2


# %% tags=["wrong"] fails=["test_mlp"] why="forgets the second bias"
def mlp(x, W1, b1, W2, b2):
    return torch.relu(x @ W1.T + b1) @ W2.T


# %% tags=["wrong"] fails=["test_mlp"] why="the bend after the second layer instead of the first"
def mlp(x, W1, b1, W2, b2):
    return torch.relu((x @ W1.T + b1) @ W2.T + b2)


# %% tags=["wrong"] fails=["test_mlp"] why="another bend: tanh"
def mlp(x, W1, b1, W2, b2):
    return torch.tanh(x @ W1.T + b1) @ W2.T + b2


# %% tags=["wrong"] fails=["test_mlp"] why="turns the scores into probabilities"
def mlp(x, W1, b1, W2, b2):
    return torch.softmax(torch.relu(x @ W1.T + b1) @ W2.T + b2, 1)


# %% tags=["wrong"] fails=["test_mlp"] why="the largest entry of a layer in place of max(0, a)"
def mlp(x, W1, b1, W2, b2):
    a = x @ W1.T + b1
    return a.max(dim=1, keepdim=True).values.clamp(min=0).expand_as(a) @ W2.T + b2


# %% tags=["right"] why="F.linear and clamp"
def mlp(x, W1, b1, W2, b2):
    return F.linear(F.linear(x, W1, b1).clamp(min=0), W2, b2)


# %% tags=["right"] why="columns instead of rows, and a mask for the bend"
def mlp(x, W1, b1, W2, b2):
    a = W1 @ x.T + b1[:, None]
    h = a * (a > 0)
    return (W2 @ h + b2[:, None]).T


# %% [markdown]
# What can such a network draw? One number in, one number out, random weights (no points). Each
# hidden unit can give the line one more bend.

# %% tags=["random"]
x = torch.linspace(-3, 3, 400)[:, None]
figure, axes = plt.subplots(1, 3, figsize=(8, 2), sharey=True)
for axis, H in zip(axes, (2, 8, 200)):
    s = mlp(x, numbers(H, 1, seed=1), numbers(H, seed=2), numbers(1, H, seed=3), torch.zeros(1))
    axis.plot(x, (s - s.mean()) / s.std(), color=plotting.COLOURS[5])
    axis.set(title=f"{H} hidden units", xlabel="x")
plotting.show(figure, "Three curves: straight pieces with few bends, with more, and nearly smooth.")

# %% [markdown]
# ## Task 5 · CNN: matrix in, matrix out (★★, 15 minutes, 3 points)
#
# Lay a small window, the *kernel*, on a picture. Multiply what lies under it, number by number, and
# add up. Move on by one pixel, and do it again. The kernel stays inside the picture (PyTorch calls
# this `padding=0`, others "valid"), and it is **not** turned round:
#
# $$\text{out}_{ikab} = \sum_{u=0}^{h-1} \sum_{v=0}^{w-1}
# \text{kernels}_{kuv} \cdot \text{images}_{i,\,a+u,\,b+v}$$
#
# `conv2d(images, kernels)`
#
# - **in:** `images`, float tensor (n, H, W), n pictures of one channel; `kernels`, float tensor
#   (K, h, w), with h ≤ H and w ≤ W. Neither needs to be square
# - **out:** float tensor (n, K, H − h + 1, W − w + 1): every picture seen through every kernel
#
# Two loops are enough: over the rows $u$ and columns $v$ of the kernel, or over the rows $a$ and
# columns $b$ of what comes out.


# %% tags=["solution"] id="conv2d"
def conv2d(images, kernels):
    """Every picture (n, H, W) seen through every kernel (K, h, w)."""
    ### BEGIN SOLUTION
    (n, H, W), (K, h, w) = images.shape, kernels.shape
    out = torch.zeros(n, K, H - h + 1, W - w + 1)
    for u in range(h):
        for v in range(w):
            part = images[:, u : u + H - h + 1, v : v + W - w + 1]  # what lies under [u, v]
            out += kernels[:, u, v][None, :, None, None] * part[:, None]
    return out
    ### END SOLUTION


# %% tags=["test"] id="test_conv2d" points=3
# By hand: at the upper left this window sees 1 2 / 4 5, and 1 times 1 plus 2 times 2 is 5.
expect_close(
    call(
        conv2d,
        torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]),
        torch.tensor([[[1.0, 2.0], [0.0, 0.0]]]),
    ),
    [[[[5.0, 8.0], [14.0, 17.0]]]],
    "the picture 1 2 3 / 4 5 6 / 7 8 9 seen through the kernel 1 2 / 0 0",
    "5 8 / 14 17 is right. 13 16 / 22 25 would mean that your kernel is turned round, 9 12 / 18 21 "
    "that its rows and columns are mixed up, 5 14 / 8 17 that those of the result are.",
)


def check_conv2d(n, H, W, K, h, w, seed):
    images, kernels = numbers(n, H, W, seed=seed), numbers(K, h, w, seed=seed + 500)
    expect_close(
        call(conv2d, images, kernels),
        F.conv2d(images.double()[:, None], kernels.double()[:, None]),
        f"{n} pictures of {H} by {W}, seen through {K} kernels of {h} by {w},",
        "Sum over the window of kernel times picture, at every place where it fits.",
    )


check_conv2d(n=2, H=6, W=5, K=3, h=3, w=2, seed=26)
### BEGIN HIDDEN TESTS
check_conv2d(n=3, H=5, W=8, K=2, h=2, w=4, seed=27)
check_conv2d(n=1, H=7, W=4, K=4, h=3, w=3, seed=28)
check_conv2d(n=2, H=4, W=6, K=1, h=4, w=6, seed=29)  # it fits in one place only
check_conv2d(n=4, H=3, W=3, K=4, h=1, w=1, seed=30)
check_conv2d(n=2, H=3, W=9, K=2, h=1, w=5, seed=31)
### END HIDDEN TESTS
print("Matrix in, matrix out.")


# %% tags=["wrong"] fails=["test_conv2d"] why="turns the kernel round, as in signal processing"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels.flip(1, 2)[:, None])


# %% tags=["wrong"] fails=["test_conv2d"] why="adds a border, so that the size stays the same"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels[:, None], padding="same")


# %% tags=["wrong"] fails=["test_conv2d"] why="off by one: misses the last row and column"
def conv2d(images, kernels):
    (n, H, W), (K, h, w) = images.shape, kernels.shape
    out = torch.zeros(n, K, H - h, W - w)
    for a in range(H - h):
        for b in range(W - w):
            window = images[:, a : a + h, b : b + w]
            out[:, :, a, b] = (window[:, None] * kernels).sum((2, 3))
    return out


# %% tags=["wrong"] fails=["test_conv2d"] why="right size, but the last row and column stay zero"
def conv2d(images, kernels):
    (n, H, W), (K, h, w) = images.shape, kernels.shape
    out = torch.zeros(n, K, H - h + 1, W - w + 1)
    for a in range(H - h):
        for b in range(W - w):
            window = images[:, a : a + h, b : b + w]
            out[:, :, a, b] = (window[:, None] * kernels).sum((2, 3))
    return out


# %% tags=["wrong"] fails=["test_conv2d"] why="rows and columns of the kernel mixed up"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels.transpose(1, 2)[:, None])


# %% tags=["wrong"] fails=["test_conv2d"] why="rows and columns of the result mixed up"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels[:, None]).transpose(2, 3)


# %% tags=["wrong"] fails=["test_conv2d"] why="the mean under the window instead of the sum"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels[:, None]) / kernels[0].numel()


# %% tags=["wrong"] fails=["test_conv2d"] why="adds up all kernels: one matrix per picture"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels.sum(0)[None, None])


# %% tags=["wrong"] fails=["test_conv2d"] why="kernels before pictures: (K, n, ...)"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels[:, None]).transpose(0, 1)


# %% tags=["wrong"] fails=["test_conv2d"] why="a bend at the end, which was not asked for"
def conv2d(images, kernels):
    return torch.relu(F.conv2d(images[:, None], kernels[:, None]))


# %% tags=["wrong"] fails=["test_conv2d"] why="jumps a whole window instead of one pixel"
def conv2d(images, kernels):
    return F.conv2d(images[:, None], kernels[:, None], stride=kernels.shape[1:])


# %% tags=["right"] why="all windows at once, with unfold and einsum"
def conv2d(images, kernels):
    windows = images.unfold(1, kernels.shape[1], 1).unfold(2, kernels.shape[2], 1)
    return torch.einsum("iabuv,kuv->ikab", windows, kernels)


# %% tags=["right"] why="four loops, place by place and kernel by kernel"
def conv2d(images, kernels):
    h, w = kernels.shape[1:]
    return torch.stack([
        torch.stack([
            torch.stack([
                torch.stack([
                    (image[a : a + h, b : b + w] * kernel).sum()
                    for b in range(image.shape[1] - w + 1)
                ])
                for a in range(image.shape[0] - h + 1)
            ])
            for kernel in kernels
        ])
        for image in images
    ])  # fmt: skip


# %% tags=["right"] why="PyTorch's own"
def conv2d(images, kernels):
    return F.conv2d(images.unsqueeze(1), kernels.unsqueeze(1))


# %% [markdown]
# Look through your own window (no points). Violet is above zero, orange below.

# %%
kernels = torch.tensor([
    [[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]],  # light above, ink below
    [[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]],  # light left, ink right
    [[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]],  # darker than its neighbours
]) / 4  # fmt: skip
seen = conv2d(X_held[:8], kernels)  # (8, 3, 26, 26)
plotting.show_images(
    torch.cat([X_held[:8, 1:-1, 1:-1], *seen.transpose(0, 1)]),
    "Eight digits, and below them their upper edges, their left edges, and their outlines.",
    rows=["digit", "edge above", "edge at the left", "outline"],
    columns=8,
    signed=True,
)

# %% [markdown]
# ## Task 6 · RNN: sequence in, sequence out (★★, 10 minutes, 3 points)
#
# Read a sequence step by step. At each step mix what comes in, $x_t$, with what you remember,
# $h_{t-1}$. The same weights serve every step:
#
# $$h_t = \tanh(W x_t + U h_{t-1} + b), \qquad t = 0, \dots, T - 1$$
#
# Lecture 00 began with an empty memory. Here the memory it begins with, $h_{-1}$, is given. Then a
# long sequence can be read in pieces: the last state of one piece begins the next.
#
# `rnn(x, h, W, U, b)`
#
# - **in:** `x`, float tensor (n, T, d), n sequences of T vectors; `h` (n, H), the memory
#   $h_{-1}$ of each; `W` (H, d), `U` (H, H), `b` (H,), all float
# - **out:** float tensor (n, T, H): **every** state, from $h_0$ to $h_{T-1}$, in that order
#
# In the formula $x_t$ and $h_t$ are columns. In your tensors each sequence is a row, so $W x_t$
# becomes `x[:, t] @ W.T`.


# %% tags=["solution"] id="rnn"
def rnn(x, h, W, U, b):
    """Every hidden state (n, T, H) of the sequences x (n, T, d), beginning with memory h (n, H)."""
    ### BEGIN SOLUTION
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states, dim=1)
    ### END SOLUTION


# %% tags=["test"] id="test_rnn" points=3
# By hand: a memory of 0.5, then silence. What you hear is its echo.
one = torch.ones(1, 1)
expect_close(
    call(rnn, torch.zeros(1, 3, 1), one / 2, one, one, torch.zeros(1)),
    [[[math.tanh(0.5)], [math.tanh(math.tanh(0.5))], [math.tanh(math.tanh(math.tanh(0.5)))]]],
    "the echo of a memory of 0.5",
    "0.462, then 0.432, then 0.407. Does it begin with h, and is each state carried on, after "
    "exactly one tanh?",
)


def check_rnn(n, T, d, H, seed):
    x, b = numbers(n, T, d, seed=seed), numbers(H, seed=seed + 100)
    h = numbers(n, H, seed=seed + 400).tanh()
    W, U = numbers(H, d, seed=seed + 200) / d**0.5, numbers(H, H, seed=seed + 300) / H**0.5
    theirs = nn.RNN(d, H, batch_first=True)
    with torch.no_grad():
        for theirs_has, ours in zip(theirs.parameters(), (W, U, b, torch.zeros(H))):
            theirs_has.copy_(ours)
        wanted = theirs(x, h[None])[0]
    expect_close(
        call(rnn, x, h, W, U, b),
        wanted,
        f"the states of {n} sequences of {T} vectors of {d} numbers, with {H} in memory,",
        "h_t = tanh(W x_t + U h_{t-1} + b). Look at U (is it transposed?), at b, at the order of "
        "time, at the memory it begins with, and that each state feeds the next.",
    )


check_rnn(n=3, T=5, d=4, H=2, seed=32)
### BEGIN HIDDEN TESTS
check_rnn(n=2, T=9, d=3, H=5, seed=33)
check_rnn(n=4, T=4, d=4, H=4, seed=34)  # all of one size: a swap would go unseen
check_rnn(n=1, T=1, d=2, H=3, seed=35)
check_rnn(n=5, T=28, d=1, H=8, seed=36)
### END HIDDEN TESTS
print("Sequence in, sequence out. You have now written all three kinds of network.")


# %% tags=["wrong"] fails=["test_rnn"] why="has no memory: feeds x only"
def rnn(x, h, W, U, b):
    return torch.tanh(x @ W.T + b)


# %% tags=["wrong"] fails=["test_rnn"] why="every step starts from the first memory again"
def rnn(x, h, W, U, b):
    states = [torch.tanh(x[:, t] @ W.T + h @ U.T + b) for t in range(x.shape[1])]
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="begins with an empty memory, as in the lecture"
def rnn(x, h, W, U, b):
    h = torch.zeros(len(x), len(b))
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="writes into the memory it was given"
def rnn(x, h, W, U, b):
    states = []
    for t in range(x.shape[1]):
        h.copy_(torch.tanh(x[:, t] @ W.T + h @ U.T + b))
        states.append(h.clone())
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="returns only the last state"
def rnn(x, h, W, U, b):
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T + b)
    return h


# %% tags=["wrong"] fails=["test_rnn"] why="tanh twice"
def rnn(x, h, W, U, b):
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + torch.tanh(h @ U.T) + b)
        states.append(h)
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="carries on the sum from before tanh"
def rnn(x, h, W, U, b):
    a, states = h, []
    for t in range(x.shape[1]):
        a = x[:, t] @ W.T + a @ U.T + b
        states.append(torch.tanh(a))
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="reads from the end to the beginning"
def rnn(x, h, W, U, b):
    states = []
    for t in reversed(range(x.shape[1])):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states[::-1], dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="the states in reversed order"
def rnn(x, h, W, U, b):
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T + b)
        states.insert(0, h)
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="U is not transposed: the sizes fit, the numbers do not"
def rnn(x, h, W, U, b):
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U + b)
        states.append(h)
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="forgets b"
def rnn(x, h, W, U, b):
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T)
        states.append(h)
    return torch.stack(states, dim=1)


# %% tags=["wrong"] fails=["test_rnn"] why="time comes first: (T, n, H)"
def rnn(x, h, W, U, b):
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states)


# %% tags=["wrong"] fails=["test_rnn"] why="gives the first memory too: T + 1 states"
def rnn(x, h, W, U, b):
    states = [h]
    for t in range(x.shape[1]):
        states.append(torch.tanh(x[:, t] @ W.T + states[-1] @ U.T + b))
    return torch.stack(states, dim=1)


# %% tags=["right"] why="PyTorch's own, with our weights in it"
def rnn(x, h, W, U, b):
    cell = nn.RNN(W.shape[1], W.shape[0], batch_first=True)
    with torch.no_grad():
        cell.weight_ih_l0.copy_(W)
        cell.weight_hh_l0.copy_(U)
        cell.bias_ih_l0.copy_(b)
        cell.bias_hh_l0.zero_()
    return cell(x, h[None])[0]


# %% tags=["right"] why="all inputs first, then columns in a loop, into one tensor"
def rnn(x, h, W, U, b):
    inputs = torch.einsum("ntd,hd->nth", x, W) + b
    states = torch.zeros_like(inputs)
    for t in range(x.shape[1]):
        before = states[:, t - 1] if t else h
        states[:, t] = (inputs[:, t] + (U @ before.T).T).tanh()
    return states


# %% [markdown]
# How long does a memory last (no points)? One knock at step 0, then silence. The weight $U$ decides
# whether the echo dies at once, slowly, or never. That is the trouble with plain RNNs, and the
# reason why lecture 00 gave its RNN a gate.

# %%
knock = torch.zeros(1, 28, 1)
knock[0, 0] = 0.5
figure, axis = plt.subplots(figsize=(5.5, 2.2))
for u, colour in zip((0.5, 1.0, 1.5), plotting.COLOURS[5:]):
    states = rnn(knock, torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), u), torch.zeros(1))
    axis.plot(states[0, :, 0], "o-", markersize=3, color=colour, label=f"U = {u}")
axis.set(xlabel="step", ylabel="state h", ylim=(0, 1))
axis.legend(fontsize=8)
plotting.show(figure, "The echo dies within five steps, fades slowly, or grows and stays at 0.86.")

# %% [markdown]
# ## Task 7 · Name digits you have never seen (★★★, 15 minutes, 3 points)
#
# Now train one yourself. `train_classifier(X, y)` learns from digits and their names, and returns a
# function that names others. Any network will do. You may use all of `torch.nn` and `torch.optim`.
#
# - **in:** `X`, float tensor (10000, 28, 28), pixels from 0 to 1; `y`, integer tensor (10000,), the
#   names 0 to 9
# - **out:** a function `predict`. `predict(x)` takes a float tensor (m, 28, 28) with any number m
#   of digits, even a single one, and returns an integer tensor (m,): its guesses, 0 to 9. The guess
#   for a digit must not depend on chance, or on the other digits in `x`
#
# **Rules.** Learn from `X` and `y`, and from nothing else. Your teacher's test gives your function
# other digits, under *other names*: there, every 3 may be called 7. Then it asks about the digits
# of MNIST's test set. Choose nothing by looking at those. That is what `X_held` is for: try what
# you like on it. Aim for less than 30 seconds of training. A cell that takes three minutes is
# stopped.
#
# Your points depend on the share of wrong guesses:
#
# | at most | points | what gets you there | what we measured on `X_held` |
# | --- | --- | --- | --- |
# | 15 % | 1 | a linear network, trained for a second | 10 to 14 % |
# | 8 % | 2 | an MLP | 6 to 7 % |
# | 4 % | 3 | a CNN | 3 % |
#
# The five lines of training are in lecture 00, section 3. Train for a few passes over the
# digits: 700 steps of 64 digits are enough for a CNN. *Validate* calls this test failed until you
# have all three points. You may hand in with fewer.


# %% tags=["solution"] id="train_classifier"
def train_classifier(X, y):
    """Learn from digits X (n, 28, 28) and their names y (n,): a function that names others."""
    ### BEGIN SOLUTION
    steps = 700
    model = nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=5, stride=2, padding=2),  # (n, 16, 14, 14)
        nn.ReLU(),
        nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1),  # (n, 32, 7, 7)
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 10),
    )
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=steps)
    for _ in range(steps):
        i = torch.randint(len(X), (64,))  # 1. a random handful
        loss = F.cross_entropy(model(X[i][:, None]), y[i])  # 2. the loss
        optimiser.zero_grad()  # 3. forget the last slopes
        loss.backward()  # 4. the new slopes
        optimiser.step()  # 5. a step downhill
        schedule.step()

    def predict(x):
        with torch.no_grad():
            return model(x[:, None]).argmax(1)

    return predict
    ### END SOLUTION


# %% tags=["test", "heavy", "random"] id="test_train_classifier" points=3
def ask(predict, x):
    guesses = predict(x.clone())
    expect_array(guesses, (len(x),), f"what predict returns for {len(x)} digits")
    guesses = torch.as_tensor(guesses).cpu()
    assert not guesses.is_floating_point(), (
        f"predict should return whole numbers 0 to 9, but it returns {guesses.dtype}: argmax "
        "turns scores into a guess"
    )
    return guesses


def share_of_wrong_guesses(X, y, x, truth):
    torch.manual_seed(SEED)  # so that you get the same result every time
    predict = train_classifier(X.clone(), y.clone())
    assert callable(predict), (
        f"train_classifier should return a function, not a {type(predict).__name__}"
    )
    order = truth.argsort()  # all digits of one kind, then all of the next
    guesses = torch.zeros_like(truth)
    guesses[order] = torch.cat([ask(predict, part) for part in x[order].split(250)])
    again = torch.cat([ask(predict, x[:1999]), ask(predict, x[1999:2000])])
    differ = int((again != guesses[:2000]).sum())
    assert differ <= 6, (
        f"asked about the same 2000 digits among other neighbours, your network changed its mind "
        f"on {differ}. Is it still in training mode (call model.eval() before you predict)? "
        "Or does predict use a mean over all of x?"
    )
    return (guesses != truth).float().mean().item()


wrong = share_of_wrong_guesses(X, y, X_held, y_held)
### BEGIN HIDDEN TESTS
others, their_names = datasets.mnist("train", n=25_000)
tested, tested_names = datasets.mnist("test")
turn = 1 + SEED % 9  # every digit gets another name
wrong_too = share_of_wrong_guesses(
    others[15_000:, 0],
    (their_names[15_000:] + turn) % 10,
    tested[:, 0],
    (tested_names + turn) % 10,
)
print(f"Other digits to learn from, other names, the test set: {wrong_too:.1%} wrong.")
wrong = max(wrong, wrong_too)
### END HIDDEN TESTS
print(f"{wrong:.1%} wrong. A linear network: 10 to 14 %, an MLP: 6 to 7 %, a CNN: 3 %.")
partial_credit(wrong, [(0.15, 1), (0.08, 2), (0.04, 3)])


# %% tags=["wrong"] fails=["test_train_classifier"] why="a linear network: a start, not the end"
def train_classifier(X, y):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(400):
        i = torch.randint(len(X), (128,))
        optimiser.zero_grad()
        F.cross_entropy(model(X[i]), y[i]).backward()
        optimiser.step()
    return lambda x: model(x).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="an MLP: good, but it knows no neighbours"
def train_classifier(X, y):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(500):
        i = torch.randint(len(X), (128,))
        optimiser.zero_grad()
        F.cross_entropy(model(X[i]), y[i]).backward()
        optimiser.step()
    return lambda x: model(x).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="learns from the first 100 digits only"
def train_classifier(X, y):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(100):
        optimiser.zero_grad()
        F.cross_entropy(model(X[:100]), y[:100]).backward()
        optimiser.step()
    return lambda x: model(x).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="is never trained"
def train_classifier(X, y):
    model = nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 24 * 24, 10))
    return lambda x: model(x[:, None]).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="forgets zero_grad: slopes add up"
def train_classifier(X, y):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(300):
        i = torch.randint(len(X), (64,))
        F.cross_entropy(model(X[i]), y[i]).backward()
        optimiser.step()
    return lambda x: model(x).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="dropout still at work when it predicts"
def train_classifier(X, y):
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10)
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(200):
        i = torch.randint(len(X), (64,))
        optimiser.zero_grad()
        F.cross_entropy(model(X[i]), y[i]).backward()
        optimiser.step()
    return lambda x: model(x).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="batch norm looks at the other digits"
def train_classifier(X, y):
    model = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),
        nn.Linear(8 * 12 * 12, 10),
    )  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(150):
        i = torch.randint(len(X), (64,))
        optimiser.zero_grad()
        F.cross_entropy(model(X[i][:, None]), y[i]).backward()
        optimiser.step()
    return lambda x: model(x[:, None]).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="returns ten scores per digit, no guess"
def train_classifier(X, y):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    return lambda x: model(x)


# %% tags=["wrong"] fails=["test_train_classifier"] why="returns guesses, not a function"
def train_classifier(X, y):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    return model(X).argmax(1)


# %% tags=["wrong"] fails=["test_train_classifier"] why="learns from the test set instead"
def train_classifier(X, y):
    digits, names = datasets.mnist("test")
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(1568, 10),
    )  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=700)
    for _ in range(700):
        i = torch.randint(len(digits), (64,))
        optimiser.zero_grad()
        F.cross_entropy(model(digits[i]), names[i]).backward()
        optimiser.step()
        schedule.step()
    return lambda x: model(x[:, None]).argmax(1)


# %% tags=["right"] why="kernels are bits of digits, never trained; one linear system on top"
def train_classifier(X, y):
    i, a, b = torch.randint(len(X), (40,)), torch.randint(4, 17, (40,)), torch.randint(4, 17, (40,))
    kernels = torch.stack([X[n, r : r + 7, c : c + 7] for n, r, c in zip(i, a, b)])
    kernels = kernels - kernels.mean((1, 2), keepdim=True)
    kernels = kernels / kernels.norm(dim=(1, 2), keepdim=True).clamp(min=1e-3)

    def features(x):
        seen = F.conv2d(x[:, None], kernels[:, None], stride=2, padding=3)
        return F.pad(F.avg_pool2d((seen - 0.3).relu(), 3, 2).flatten(1), (0, 1), value=1.0)

    A = torch.cat([features(part) for part in X.split(1000)])
    B = torch.linalg.solve(A.T @ A + 0.3 * torch.eye(A.shape[1]), A.T @ torch.eye(10)[y])
    return lambda x: (features(x) @ B).argmax(1)


# %% tags=["right"] why="a class with batch norm, passes over shuffled digits, and eval at the end"
def train_classifier(X, y):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 16, 5, 2, 2), nn.Conv2d(16, 32, 3, 2, 1)
            self.norm1, self.norm2 = nn.BatchNorm2d(16), nn.BatchNorm2d(32)
            self.out = nn.Linear(1568, 10)

        def forward(self, x):
            h = self.norm1(self.first(x.unsqueeze(1))).relu()
            return self.out(self.norm2(self.second(h)).relu().flatten(1))

    model = Net()
    for rate in (5e-3, 2e-3, 5e-4):
        optimiser = torch.optim.Adam(model.parameters(), lr=rate)
        for part in torch.randperm(len(X)).split(64):
            optimiser.zero_grad()
            F.cross_entropy(model(X[part]), y[part]).backward()
            optimiser.step()
    model = model.eval()

    def predict(x):
        return torch.max(model(x), dim=1).indices

    return predict


# %% [markdown]
# Which digits does your network get wrong (no points)? Would you have known?

# %% tags=["random", "heavy"]
torch.manual_seed(SEED)
guesses = train_classifier(X, y)(X_held[:2000]).cpu()
missed = (guesses != y_held[:2000]).nonzero().flatten()[:16]
if len(missed):
    plotting.show_images(
        X_held[missed],
        "Some digits that the network names wrongly, each with its guess and its true name.",
        titles=[f"{guesses[i]}, is {y_held[i]}" for i in missed.tolist()],
        columns=8,
        size=1.1,
    )

# %% [markdown]
# ## Task 8 · In your own words (★, 5 minutes, 2 points)
#
# Shuffle the 784 pixels of all digits, training and test alike, by one fixed permutation. Then
# train an MLP, a CNN and an RNN (which reads row by row) on them from the start.
#
# In four to eight sentences: **whose** accuracy stays the same, whose falls, and **why**? And then:
# a clinic has 30 blood values for each patient, in a table, and wants to know who is ill. Which of
# the three kinds of network would you choose, and why?

# %% [markdown] tags=["written"] id="reflection" points=2
# ### BEGIN SOLUTION
# The MLP's accuracy stays the same. It has a weight of its own for every pixel, so shuffling the
# pixels only shuffles the columns of its first weight matrix: every function it could learn before
# it can learn now, and just as easily. The CNN falls. It looks through small windows and uses the
# same kernel at every place, which pays only if pixels side by side belong together and a stroke
# looks the same everywhere. After the shuffle neighbours have nothing to do with each other. The
# RNN falls too: it reads all rows with the same weights, and a row used to be a piece of the digit,
# much like the row before. Now each row is a handful of unrelated pixels, and at each step the same
# column means something else. For the blood values I choose an MLP: columns of a table have no
# neighbours and no order in time, so there is nothing for a window or a memory to use.
#
# **Rubric.** **½ point** the MLP stays the same, because no pixel is a neighbour to it: each has a
# weight of its own, and the weights can be shuffled along. **½ point** the CNN falls, because its
# windows (or its shared kernels) rely on neighbouring pixels. **½ point** the RNN falls, because
# rows in order have lost their meaning, or because it uses the same weights for every row. **½
# point** an MLP for the table, because the order of its columns means nothing. A small change in
# the MLP's accuracy by chance may be mentioned and costs nothing. Take nothing off for language.
# For the table, also full marks for another choice with a sound reason, such as values measured
# again and again over time (RNN).
# ### END SOLUTION

# %% [markdown]
# ## Hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*. Does it run to the end?
# 2. Save: *Ctrl + S*. What is handed in is the file, not what you see on the screen.
# 3. *Validate*: the button above the notebook. Or type this in a terminal, in the folder of the
#    course:
#
#    `.venv/bin/nbgrader validate exercises/00_*/00_*.ipynb`
#
#    "Success! Your notebook passes all the tests" is what you want to read. Of task 8 it can only
#    tell whether you wrote anything: a person reads it.
# 4. Hand in.
#    - **On a machine that you share with your class:** *Nbgrader → Assignment List* in the menu
#      opens the *Assignments* tab. Find this exercise under *Downloaded assignments* and press
#      *Submit*. You may submit again until the deadline: the last one counts.
#    - **Anywhere else:** send this notebook file (`.ipynb`) to your teacher, or upload it where you
#      are told to. Keep its name. On Colab, *Runtime → Restart session and run all* does the work
#      of steps 1 and 3, and *File → Download → Download .ipynb* gives you the file.
#    - **Teaching yourself?** Compare with `solutions/00_deep_learning_in_one_slice`.
#
# That was the whole way, once. In every exercise that follows, it is the same.
