# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Exercise 08 · Wasserstein GAN
#
# You compute the earth mover's distance in three ways, write the gradient penalty and prove it on
# critics whose slope is known, measure how much a matrix can stretch, and play one round of the game
# with the right number of steps. Then you train a WGAN that holds all eight heaps.
#
# | Task | | Difficulty | Minutes | Points |
# | --- | --- | --- | --- | --- |
# | 1 | `w1_samples`, `w1_histograms` | ★ | 10 | 4 |
# | 2 | `move` | ★★ | 15 | 3 |
# | 3 | `between`, `gradient_penalty` | ★★ | 15 | 4 |
# | 4 | `largest_stretch`, `lipschitz_bound` | ★★ | 12 | 2 |
# | 5 | `play_round` | ★★ | 15 | 3 |
# | 6 | eight heaps | ★★★ | 12 | 2 |
# | 7 | in your own words | ★★ | 8 | 2 |
#
# **How it works.** Write your code where it says `YOUR CODE HERE`, run the cell, then the test
# cells below it. They say in words what is wrong. Your teacher keeps more tests, which ask the same
# of other numbers. At the end, restart the kernel and run all cells, or press *Validate*. A test
# that prints a warning in red counts as failed. None of your functions may change what it is given,
# except the weights that a round is there to change.

# %% tags=["setup"]

# %%
import math
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linprog
from torch import nn

from course_utils import plotting, ring, training
from course_utils.checks import attempt, expect_array, expect_close, partial_credit

SEED = training.seed_everything(0)


def made_up(*shape, seed):
    """Random numbers of this shape, other ones for every seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1000 * SEED + seed))


# %% [markdown]
# ## Task 1 · On a line there is a formula (★, 10 minutes, 4 points)
#
# To carry n grains to n places on a line with the least work, never let two ways cross: the k-th
# smallest grain goes to the k-th smallest place. For two piles over the same bins, look at what
# must pass from each bin to the next: the difference of the **cumulative** sums.
#
# $$W_1 = \frac1n \sum_{k} |x_{(k)} - y_{(k)}| \qquad
# W_1 = h \sum_{i} \big|P_i - Q_i\big|, \quad P_i = p_1 + \dots + p_i$$
#
# `w1_samples(x, y)` and `w1_histograms(p, q, h)`
#
# - **in:** `x`, `y`, float tensors (n,), equally long, in any order; `p`, `q`, float tensors (k,), none
#   below 0, each with sum 1; `h`, the width of a bin
# - **out:** one number each, a float tensor without dimensions

# %% tags=["solution"] id="w1"
def w1_samples(x, y):
    """Earth mover's distance of two samples on a line."""
    ### BEGIN SOLUTION
    return (x.sort().values - y.sort().values).abs().mean()
    ### END SOLUTION


def w1_histograms(p, q, h):
    """Earth mover's distance of two piles over the same bins."""
    ### BEGIN SOLUTION
    return h * (p - q).cumsum(0).abs().sum()
    ### END SOLUTION


# %% tags=["test"] id="test_w1_samples" points=2
def check_samples(x, y, wanted, hint):
    expect_close(attempt(w1_samples, x, y), wanted, "W1 of two samples", hint)


check_samples(torch.tensor([0.0, 1, 2]), torch.tensor([2.0, 0, 1]), 0.0, "The order does not count.")
check_samples(torch.tensor([0.0, 4]), torch.tensor([6.0, 1]), 1.5, "0 goes to 1, and 4 to 6.")
check_samples(torch.zeros(5), torch.full((5,), -3.0), 3.0, "All five go the same way.")
### BEGIN HIDDEN TESTS
from scipy.stats import wasserstein_distance

for trial, n in enumerate((1, 7, 100)):
    x, y = made_up(n, seed=trial), 2 * made_up(n, seed=10 + trial) + trial
    wanted = wasserstein_distance(x.double().numpy(), y.double().numpy())
    check_samples(x, y, wanted, "Compare with scipy's wasserstein_distance.")
    check_samples(y, x, wanted, "It is the same both ways.")
### END HIDDEN TESTS
print("Samples: right.")

# %% tags=["test"] id="test_w1_histograms" points=2
def check_piles(p, q, h, wanted, hint):
    expect_close(attempt(w1_histograms, p, q, h), wanted, "W1 of two piles", hint)


p, q = torch.tensor([1.0, 0, 0, 0]), torch.tensor([0.0, 0, 0, 1])
check_piles(p, q, 1.0, 3.0, "All goes three bins on.")
check_piles(p, q, 0.5, 1.5, "The bins are half as wide, so the way is half as long.")
half = torch.tensor([0.5, 0.0, 0.5, 0.0])
check_piles(half, torch.tensor([0.0, 0.5, 0.0, 0.5]), 1.0, 1.0, "Each half goes one bin on.")
check_piles(half, torch.tensor([0.0, 1.0, 0, 0]), 1.0, 1.0, "One half goes on, the other back.")
### BEGIN HIDDEN TESTS
for trial, (k, h) in enumerate([(2, 1.0), (9, 0.3), (40, 2.0)]):
    p, q = made_up(k, seed=20 + trial).softmax(0), (2 * made_up(k, seed=30 + trial)).softmax(0)
    places = h * np.arange(k)
    wanted = wasserstein_distance(places, places, p.double().numpy(), q.double().numpy())
    check_piles(p, q, h, wanted, "Compare with scipy's wasserstein_distance.")
    check_piles(q, p, h, wanted, "It is the same both ways.")
### END HIDDEN TESTS
print("Piles: right.")

# %% tags=["wrong"] fails=["test_w1_samples"] why="not sorted"
def w1_samples(x, y):
    return (x - y).abs().mean()


# %% tags=["wrong"] fails=["test_w1_samples"] why="one sorted upwards, one downwards"
def w1_samples(x, y):
    return (x.sort().values - y.sort(descending=True).values).abs().mean()


# %% tags=["wrong"] fails=["test_w1_samples"] why="the distance of the means"
def w1_samples(x, y):
    return (x.mean() - y.mean()).abs()


# %% tags=["wrong"] fails=["test_w1_samples"] why="W2: squares"
def w1_samples(x, y):
    return (x.sort().values - y.sort().values).square().mean().sqrt()


# %% tags=["wrong"] fails=["test_w1_samples"] why="the sum of the ways"
def w1_samples(x, y):
    return (x.sort().values - y.sort().values).abs().sum()


# %% tags=["wrong"] fails=["test_w1_samples"] why="each to its nearest place"
def w1_samples(x, y):
    return (x[:, None] - y).abs().min(1).values.mean()


# %% tags=["wrong"] fails=["test_w1_histograms"] why="no cumulative sum: twice the total variation"
def w1_histograms(p, q, h):
    return h * (p - q).abs().sum()


# %% tags=["wrong"] fails=["test_w1_histograms"] why="the width of a bin is forgotten"
def w1_histograms(p, q, h):
    return (p - q).cumsum(0).abs().sum()


# %% tags=["wrong"] fails=["test_w1_histograms"] why="the size after the sum: ways back cancel"
def w1_histograms(p, q, h):
    return (h * (p - q).cumsum(0).sum()).abs()


# %% tags=["wrong"] fails=["test_w1_histograms"] why="the mean over the bins"
def w1_histograms(p, q, h):
    return h * (p - q).cumsum(0).abs().mean()


# %% tags=["wrong"] fails=["test_w1_histograms"] why="sorts the shares"
def w1_histograms(p, q, h):
    return h * (p.sort().values - q.sort().values).abs().sum()


# %% tags=["right"] why="grain by grain, bin by bin"
def w1_samples(x, y):
    ways = [abs(a - b) for a, b in zip(sorted(x.tolist()), sorted(y.tolist()))]
    return torch.tensor(sum(ways) / len(ways))


def w1_histograms(p, q, h):
    work, carried = 0.0, 0.0
    for a, b in zip(p.tolist(), q.tolist()):
        carried += a - b
        work += abs(carried) * h
    return torch.tensor(work)


# %% [markdown]
# ## Task 2 · Everywhere else there is a linear program (★★, 15 minutes, 3 points)
#
# $$\min_{\gamma \ge 0} \sum_{ij} \gamma_{ij} c_{ij} \qquad \sum_j \gamma_{ij} = p_i, \quad
# \sum_i \gamma_{ij} = q_j$$
#
# `move(p, q, cost)`
#
# - **in:** numpy arrays: `p` (n,) and `q` (m,), none below 0, each with sum 1; `cost` (n, m), what one unit
#   from i to j costs
# - **out:** the plan, a numpy array (n, m), and its work, a number. `scipy.optimize.linprog(c, A_eq=...,
#   b_eq=...)` finds the best x with `A_eq @ x = b_eq` and all x at least 0: write the plan row by row
#   as one long x

# %% tags=["solution"] id="move"
def move(p, q, cost):
    """The cheapest plan, and its work."""
    ### BEGIN SOLUTION
    n, m = cost.shape
    leaves = np.kron(np.eye(n), np.ones(m))  # (n, n m): what leaves each i
    comes = np.kron(np.ones(n), np.eye(m))  # (m, n m): what comes to each j
    A, b = np.vstack([leaves, comes]), np.concatenate([p, q])
    found = linprog(cost.ravel(), A_eq=A, b_eq=b)
    return found.x.reshape(n, m), found.fun
    ### END SOLUTION


# %% tags=["test"] id="test_move" points=3
def check_move(p, q, cost, wanted, hint=""):
    p, q, cost = (np.asarray(v, float) for v in (p, q, cost))
    before = [v.copy() for v in (p, q, cost)]
    both = attempt(move, p, q, cost, hint=hint)
    assert isinstance(both, tuple | list) and len(both) == 2, "give two things: the plan, its work"
    plan = expect_array(both[0], cost.shape, "the plan")
    assert plan.min() > -1e-7, "the plan carries a negative amount"
    expect_close(plan.sum(1), p, "what leaves each place", "Row i of the plan sums to p[i].")
    expect_close(plan.sum(0), q, "what comes to each place", "Column j sums to q[j].")
    expect_close(np.asarray(both[1]), wanted, "the work", hint)
    expect_close((plan * cost).sum(), wanted, "the work of your plan", hint)
    for now, then in zip((p, q, cost), before):
        assert np.array_equal(now, then), "your move changes what it is given"


check_move([1.0], [0.25, 0.75], [[2.0, 4.0]], 3.5, "One pile, two goals: there is no choice.")
check_move([0.5, 0.5], [0.5, 0.5], [[0.0, 1], [1, 0]], 0.0, "All may stay where it is.")
check_move([0.5, 0.5], [0.5, 0.5], [[1.0, 3], [2, 9]], 2.5, "1 + 9 or 3 + 2? Half of the smaller.")
check_move([0.7, 0.3], [0.2, 0.5, 0.3], [[1.0, 2, 3], [3, 1, 1]], 1.5,
           "0.2 at 1 and 0.5 at 2 from the first, 0.3 at 1 from the second.")  # fmt: skip
### BEGIN HIDDEN TESTS
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance

for trial, (n, m) in enumerate([(5, 3), (2, 7), (6, 6)]):
    a, b = made_up(n, seed=40 + trial).double().numpy(), made_up(m, seed=50 + trial).double().numpy()
    p = made_up(n, seed=60 + trial).double().softmax(0).numpy()
    q = made_up(m, seed=70 + trial).double().softmax(0).numpy()
    check_move(p, q, abs(a[:, None] - b), wasserstein_distance(a, b, p, q),
               "On a line, scipy's wasserstein_distance knows the answer.")  # fmt: skip
for trial, n in enumerate((4, 12)):
    points = made_up(2, n, 3, seed=80 + trial).double().numpy()
    cost = np.linalg.norm(points[0][:, None] - points[1], axis=2)
    i, j = linear_sum_assignment(cost)
    even = np.full(n, 1 / n)
    check_move(even, even, cost, cost[i, j].mean(), "With equal weights it is the best pairing.")
### END HIDDEN TESTS
print("The cheapest plan.")

# %% tags=["wrong"] fails=["test_move"] why="each pile goes to its nearest goal, whatever fits there"
def move(p, q, cost):
    plan = np.zeros(cost.shape)
    plan[np.arange(len(p)), cost.argmin(1)] = p
    return plan, (plan * cost).sum()


# %% tags=["wrong"] fails=["test_move"] why="spreads everything evenly: p times q"
def move(p, q, cost):
    plan = np.outer(p, q)
    return plan, (plan * cost).sum()


# %% tags=["wrong"] fails=["test_move"] why="greedy: the cheapest way first"
def move(p, q, cost):
    left, room, plan = p.copy(), q.copy(), np.zeros(cost.shape)
    for flat in cost.ravel().argsort(kind="stable"):
        i, j = divmod(int(flat), len(q))
        plan[i, j] = min(left[i], room[j])
        left[i] -= plan[i, j]
        room[j] -= plan[i, j]
    return plan, (plan * cost).sum()


# %% tags=["wrong"] fails=["test_move"] why="only what leaves is asked for"
def move(p, q, cost):
    n, m = cost.shape
    found = linprog(cost.ravel(), A_eq=np.kron(np.eye(n), np.ones(m)), b_eq=p)
    return found.x.reshape(n, m), found.fun


# %% tags=["wrong"] fails=["test_move"] why="rows and columns are mixed up"
def move(p, q, cost):
    n, m = cost.shape
    A = np.vstack([np.kron(np.ones(m), np.eye(n)), np.kron(np.eye(m), np.ones(n))])
    found = linprog(cost.ravel(), A_eq=A, b_eq=np.concatenate([p, q]))
    return found.x.reshape(n, m), found.fun


# %% tags=["wrong"] fails=["test_move"] why="the dearest plan"
def move(p, q, cost):
    n, m = cost.shape
    A = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    found = linprog(-cost.ravel(), A_eq=A, b_eq=np.concatenate([p, q]))
    return found.x.reshape(n, m), -found.fun


# %% tags=["right"] why="equation by equation, without the last one, which follows from the others"
def move(p, q, cost):
    n, m = cost.shape
    equations, amounts = [], []
    for i in range(n):
        row = np.zeros((n, m))
        row[i] = 1
        equations.append(row.ravel())
        amounts.append(p[i])
    for j in range(m - 1):
        column = np.zeros((n, m))
        column[:, j] = 1
        equations.append(column.ravel())
        amounts.append(q[j])
    found = linprog(cost.ravel(), A_eq=np.array(equations), b_eq=np.array(amounts), method="highs")
    plan = found.x.reshape(n, m)
    return plan, float((plan * cost).sum())


# %% [markdown]
# ## Task 3 · The gradient penalty (★★, 15 minutes, 4 points)
#
# $$\hat x_i = u_i x_i + (1 - u_i)\, G(z_i), \quad u_i \text{ uniform in } [0, 1] \qquad
# \text{penalty} = \frac1n \sum_i \big(\|\nabla f(\hat x_i)\|_2 - 1\big)^2$$
#
# `between(real, fake)` and `gradient_penalty(critic, points)`
#
# - **in:** `real` and `fake`, float tensors (n, ...) of one shape; `critic`, a function of a batch (n, ...)
#   that gives heights (n, 1); `points` (n, ...)
# - **out of `between`:** float tensor of the shape of `real`: for each **pair** its own $u$, drawn anew at
#   each call, the same for all numbers of one pair. It carries no gradient to `real` or `fake`
# - **out of `gradient_penalty`:** one number, a float tensor without dimensions. The slope of the critic
#   at each point, as **one** length over all numbers of the point. The penalty itself can be
#   differentiated, so that the critic can learn from it

# %% tags=["solution"] id="penalty"
def between(real, fake):
    """Points between real and fake, one for each pair."""
    ### BEGIN SOLUTION
    u = torch.rand(len(real), *[1] * (real.ndim - 1))
    return (u * real + (1 - u) * fake).detach()
    ### END SOLUTION


def gradient_penalty(critic, points):
    """Mean of (|slope| - 1)^2 over the points."""
    ### BEGIN SOLUTION
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).pow(2).mean()
    ### END SOLUTION


# %% tags=["test"] id="test_between" points=2
def shares(real, fake):
    """The u of every number of every pair, where real is 1 and fake is 0."""
    return torch.tensor(expect_array(attempt(between, real, fake), real.shape, "the points"))


u = shares(torch.ones(4000, 3), torch.zeros(4000, 3))
assert u.min() >= 0 and u.max() <= 1, (
    "some points do not lie between real and fake: u is uniform in [0, 1], as torch.rand gives it"
)
assert torch.equal(u[:, 0], u[:, 1]), "all numbers of one pair have the same u"
assert len(u[:, 0].unique()) > 3000, "each pair has its own u"
assert not torch.equal(u, shares(torch.ones(4000, 3), torch.zeros(4000, 3))), "draw u anew each time"
### BEGIN HIDDEN TESTS
for shape in ((6000, 1), (3000, 2, 4, 4)):
    u = shares(torch.ones(shape), torch.zeros(shape)).flatten(1)
    assert torch.equal(u.min(1).values, u.max(1).values), "one u for each pair, pictures too"
    u = u[:, 0].sort().values
    gap = (u - (torch.arange(len(u)) + 0.5) / len(u)).abs().max()
    assert gap < 0.05, f"u is not uniform in [0, 1]: its distribution is off by {gap:.2f}"
real, fake = made_up(50, 4, seed=90), made_up(50, 4, seed=91)
points = shares(real, fake).float()
ratio = (points - fake) / (real - fake)
assert ((ratio - ratio[:, :1]).abs() < 1e-2).all(), "a point is not on the line of its own pair"
real.requires_grad_()
assert not attempt(between, real, fake).requires_grad, "no gradient to real or fake: detach"
assert not attempt(between, fake, real).requires_grad, "no gradient to real or fake: detach"
### END HIDDEN TESTS
print("Between, and nowhere else.")

# %% tags=["test"] id="test_penalty" points=2
def check_penalty(critic, points, wanted, hint):
    expect_close(attempt(gradient_penalty, critic, points), wanted, "the penalty", hint)


w = torch.tensor([[3.0], [4.0]])  # a plane with slope 5
check_penalty(lambda x: x @ w, torch.zeros(6, 2), 16.0, "The slope is 5 everywhere: (5 - 1)^2.")
check_penalty(lambda x: x @ w / 5, torch.zeros(6, 2), 0.0, "A slope of 1 costs nothing.")
check_penalty(lambda x: 0 * x.sum(1, keepdim=True), torch.zeros(3, 2), 1.0, "A flat critic pays 1.")
check_penalty(
    lambda x: x.pow(2).sum(1, keepdim=True) / 2, torch.tensor([[3.0, 4], [0, 2]]), 8.5,
    "The slope is the point's own length here: 5 and 2, so (16 + 1) / 2.",
)  # fmt: skip
net = nn.Linear(2, 1)
penalty = attempt(gradient_penalty, net, torch.zeros(3, 2))
assert isinstance(penalty, torch.Tensor) and penalty.requires_grad, (
    "the penalty should carry a gradient to the critic's weights: create_graph=True"
)
penalty.backward()
length = net.weight.detach().norm()
expect_close(net.weight.grad, 2 * (length - 1) * net.weight.detach() / length,
             "the penalty's gradient with regard to the critic's weights")  # fmt: skip
### BEGIN HIDDEN TESTS
for trial, shape in enumerate(((4, 3), (5, 1), (3, 2, 4, 4))):
    points, tilt = made_up(*shape, seed=100 + trial), made_up(*shape[1:], seed=110 + trial)

    def critic(x, tilt=tilt):
        return ((x * tilt).flatten(1).sum(1, keepdim=True)).sin()

    inner = (points * tilt).flatten(1).sum(1)
    slope = inner.cos().abs() * tilt.norm()
    check_penalty(critic, points, (slope - 1).pow(2).mean(), "A wave: its slope is known everywhere.")
net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
points = made_up(4, 3, seed=120)
attempt(gradient_penalty, net, points).backward()
got = net[0].weight.grad[0, 0].item()


def numerical(step):
    with torch.no_grad():
        net[0].weight[0, 0] += step
    value = attempt(gradient_penalty, net, points).item()
    with torch.no_grad():
        net[0].weight[0, 0] -= step
    return value


wanted = (numerical(0.01) - numerical(-0.01)) / 0.02
assert abs(got - wanted) < 0.02 * max(1.0, abs(wanted)), (
    f"the penalty's gradient is {got:.4f}, by small steps it is {wanted:.4f}"
)
### END HIDDEN TESTS
print("The fee is right, and it can be learnt from.")

# %% tags=["wrong"] fails=["test_between"] why="normal in place of uniform"
def between(real, fake):
    u = torch.randn(len(real), *[1] * (real.ndim - 1))
    return (u * real + (1 - u) * fake).detach()


# %% tags=["wrong"] fails=["test_between"] why="one u for the whole batch"
def between(real, fake):
    u = torch.rand(())
    return (u * real + (1 - u) * fake).detach()


# %% tags=["wrong"] fails=["test_between"] why="a u for every number"
def between(real, fake):
    u = torch.rand_like(real)
    return (u * real + (1 - u) * fake).detach()


# %% tags=["wrong"] fails=["test_between"] why="always the middle"
def between(real, fake):
    return ((real + fake) / 2).detach()


# %% tags=["wrong"] fails=["test_between"] why="one shape only: u is (n, 1), and pictures break it"
def between(real, fake):
    u = torch.rand(len(real), 1)
    return (u * real + (1 - u) * fake).detach()


# %% tags=["wrong"] fails=["test_between"] why="the two do not add up to 1"
def between(real, fake):
    shape = (len(real), *[1] * (real.ndim - 1))
    return (torch.rand(shape) * real + torch.rand(shape) * fake).detach()


# %% tags=["wrong"] fails=["test_between"] why="the gradient goes on to real"
def between(real, fake):
    u = torch.rand(len(real), *[1] * (real.ndim - 1))
    return u * real + (1 - u) * fake


# %% tags=["wrong"] fails=["test_between"] why="the bell squeezed into [0, 1]"
def between(real, fake):
    u = (0.5 + 0.2 * torch.randn(len(real), *[1] * (real.ndim - 1))).clamp(0, 1)
    return (u * real + (1 - u) * fake).detach()


# %% tags=["wrong"] fails=["test_penalty"] why="create_graph is missing"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x)
    return (slope.flatten(1).norm(dim=1) - 1).pow(2).mean()


# %% tags=["wrong"] fails=["test_penalty"] why="the 1 is missing: pushes the slope to 0"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return slope.flatten(1).norm(dim=1).pow(2).mean()


# %% tags=["wrong"] fails=["test_penalty"] why="gradient of the mean: n times too small"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).mean(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).pow(2).mean()


# %% tags=["wrong"] fails=["test_penalty"] why="one length for the whole batch"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm() - 1).pow(2)


# %% tags=["wrong"] fails=["test_penalty"] why="a length for each channel of a picture"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.norm(dim=-1) - 1).pow(2).mean()


# %% tags=["wrong"] fails=["test_penalty"] why="the sum of the parts in place of the length"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).abs().sum(1) - 1).pow(2).mean()


# %% tags=["wrong"] fails=["test_penalty"] why="one-sided: flat critics pay nothing"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).clamp(min=0).pow(2).mean()


# %% tags=["wrong"] fails=["test_penalty"] why="the size in place of the square"
def gradient_penalty(critic, points):
    x = points.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).abs().mean()


# %% tags=["right"] why="written with lerp, and the gradient by parts"
def between(real, fake):
    with torch.no_grad():
        u = torch.empty(real.shape[0]).uniform_(0, 1).view(-1, *(1,) * (real.dim() - 1))
        return torch.lerp(fake, real, u.expand_as(real))


def gradient_penalty(critic, points):
    x = points.clone().detach().requires_grad_(True)
    heights = critic(x)
    slope = torch.autograd.grad(
        heights, x, grad_outputs=torch.ones_like(heights), create_graph=True
    )[0].reshape(len(x), -1)
    lengths = (slope.square().sum(1) + 1e-16).sqrt()
    return ((lengths - 1) ** 2).mean()


# %% [markdown]
# ## Task 4 · How steep can a critic be? (★★, 12 minutes, 2 points)
#
# A linear layer is as steep as the most that its matrix stretches a vector: the largest singular value.
# A network of such layers with LeakyReLU between, which stretches nothing, is at most as steep as the
# **product**. So divide each matrix by its own stretch, and no slope of the critic is above 1.
#
# `largest_stretch(A, steps)`: the *power iteration*. Begin with any vector v (not zero, and not
# orthogonal to what you look for: draw it at random), push it through $A$ and back through $A^\top$, make
# its length 1, and do that `steps` times. Then the answer is $\|A v\|$.
#
# - **in:** `A`, float tensor (m, n), not zero; `steps`, a whole number from 1
# - **out:** one number, a float tensor without dimensions. **Not** by `svd`, `eig` or `norm(2)` of the
#   matrix: those do not scale, and need not be asked at each step of a training

# %% tags=["solution"] id="largest_stretch"
def largest_stretch(A, steps):
    """The largest singular value, by power iteration."""
    ### BEGIN SOLUTION
    v = torch.randn(A.shape[1])
    for _ in range(steps):
        v = F.normalize(A.T @ (A @ v), dim=0)
    return (A @ v).norm()
    ### END SOLUTION


# %% tags=["test"] id="test_largest_stretch" points=1
def check_stretch(A, steps, wanted, hint="", tolerance=1e-3):
    result = attempt(largest_stretch, A, steps)
    expect_close(result, wanted, "the largest stretch", hint, tolerance)


check_stretch(torch.diag(torch.tensor([1.0, 3.0, -5.0])), 60, 5.0, "A stretch has no sign.")
check_stretch(torch.tensor([[3.0, 4.0]]), 1, 5.0, "One row: its own length.")
check_stretch(torch.tensor([[0.0, 2.0], [0.0, 0.0]]), 20, 2.0, "Its eigenvalues are 0, it stretches by 2.")
### BEGIN HIDDEN TESTS
for trial, (m, n) in enumerate([(4, 4), (3, 9), (20, 2)]):
    A = made_up(m, n, seed=130 + trial)
    s = torch.linalg.svdvals(A.double())
    steps = int(12 / max(math.log(s[0] / s[1]), 1e-3)) + 5
    check_stretch(A, steps, s[0], "Compare with the largest singular value.")
A = torch.diag(torch.tensor([1.0, 0.99]))  # two nearly equal: one step is far from enough
torch.manual_seed(SEED)
values = [float(attempt(largest_stretch, 100 * A, 1)) for _ in range(30)]
assert max(values) - min(values) > 1e-3, (
    "one step of the power iteration gives a rough value, which depends on where it began"
)
assert all(98.9 < value < 100.01 for value in values), "after one step the value lies between"
### END HIDDEN TESTS
print("As far as it stretches.")

# %% tags=["wrong"] fails=["test_largest_stretch"] why="the Frobenius norm"
def largest_stretch(A, steps):
    return A.norm()


# %% tags=["wrong"] fails=["test_largest_stretch"] why="the largest entry"
def largest_stretch(A, steps):
    return A.abs().max()


# %% tags=["wrong"] fails=["test_largest_stretch"] why="the answer of a library"
def largest_stretch(A, steps):
    return torch.linalg.matrix_norm(A, 2)


# %% tags=["wrong"] fails=["test_largest_stretch"] why="without the way back: square matrices only"
def largest_stretch(A, steps):
    v = torch.randn(A.shape[1])
    for _ in range(steps):
        v = F.normalize(A @ v, dim=0)
    return (A @ v).norm()


# %% tags=["wrong"] fails=["test_largest_stretch"] why="the eigenvalue of A'A: squared"
def largest_stretch(A, steps):
    v = torch.randn(A.shape[1])
    for _ in range(steps):
        v = F.normalize(A.T @ (A @ v), dim=0)
    return v @ (A.T @ (A @ v))


# %% tags=["wrong"] fails=["test_largest_stretch"] why="never made to length 1: it overflows"
def largest_stretch(A, steps):
    v = torch.randn(A.shape[1])
    for _ in range(steps):
        v = A.T @ (A @ v)
    return (A @ v).norm() / v.norm()


# %% tags=["wrong"] fails=["test_largest_stretch"] why="begins with the first axis, which may be orthogonal"
def largest_stretch(A, steps):
    v = torch.zeros(A.shape[1])
    v[0] = 1.0
    for _ in range(steps):
        v = F.normalize(A.T @ (A @ v), dim=0)
    return (A @ v).norm()


# %% tags=["right"] why="two vectors, as in the paper"
def largest_stretch(A, steps):
    v = torch.nn.functional.normalize(torch.randn(A.size(1)), dim=0)
    u = A.new_zeros(A.size(0))
    for _ in range(steps):
        u = A.mv(v)
        u = u / u.norm()
        v = A.t().mv(u)
        v = v / v.norm()
    return torch.dot(A.mv(v), A.mv(v)).sqrt()


# %% [markdown]
# `lipschitz_bound(critic, steps)`
#
# - **in:** `critic`, an `nn.Sequential` of `nn.Linear` and `nn.LeakyReLU` layers; `steps`, as above
# - **out:** one number, a float tensor without dimensions: the product of the stretches of its matrices, by
#   your `largest_stretch`. The critic's slope exceeds it nowhere

# %% tags=["solution"] id="lipschitz_bound"
def lipschitz_bound(critic, steps):
    """A slope that the critic exceeds nowhere."""
    ### BEGIN SOLUTION
    bound = torch.tensor(1.0)
    for layer in critic:
        if isinstance(layer, nn.Linear):
            bound = bound * largest_stretch(layer.weight.detach(), steps)
    return bound
    ### END SOLUTION


# %% tags=["test"] id="test_lipschitz_bound" points=1
def critic_of(*matrices):
    """A critic with these matrices, LeakyReLU between, and shifts that should not count."""
    layers = []
    for matrix in matrices:
        m, n = matrix.shape
        layers += [nn.Linear(n, m), nn.LeakyReLU(0.2)]
        with torch.no_grad():
            layers[-2].weight.copy_(matrix)
            layers[-2].bias.fill_(7.0)
    return nn.Sequential(*layers[:-1])


def check_bound(critic, wanted, hint, steps=60):
    before = torch.cat([p.detach().flatten().clone() for p in critic.parameters()])
    expect_close(attempt(lipschitz_bound, critic, steps), wanted, "the bound", hint, 1e-3)
    after = torch.cat([p.detach().flatten() for p in critic.parameters()])
    assert torch.equal(before, after), "lipschitz_bound changes the critic: it should only look"


check_bound(critic_of(torch.tensor([[3.0, 4.0]])), 5.0, "One layer: its own stretch.")
check_bound(
    critic_of(torch.diag(torch.tensor([2.0, 0.5])), torch.tensor([[0.0, 3.0]])), 6.0,
    "Stretches of 2 and 3. That they pull in different directions, the bound does not see.",
)  # fmt: skip
### BEGIN HIDDEN TESTS
for trial, sizes in enumerate([(2, 6, 1), (3, 5, 4, 1), (4, 2)]):
    matrices = [made_up(m, n, seed=150 + 10 * trial + i) for i, (n, m) in enumerate(pairwise(sizes))]
    wanted = math.prod(torch.linalg.svdvals(m.double())[0].item() for m in matrices)
    check_bound(critic_of(*matrices), wanted, "The product of the largest singular values.", 3000)
    ruler = critic_of(*[m / torch.linalg.matrix_norm(m, 2) for m in matrices])
    check_bound(ruler, 1.0, "Each matrix divided by its own stretch: a ruler.", 3000)
### END HIDDEN TESTS
print("No slope is above it.")

# %% tags=["wrong"] fails=["test_lipschitz_bound"] why="the sum of the stretches"
def lipschitz_bound(critic, steps):
    return sum(largest_stretch(m.weight.detach(), steps) for m in critic if isinstance(m, nn.Linear))


# %% tags=["wrong"] fails=["test_lipschitz_bound"] why="the steepest layer only"
def lipschitz_bound(critic, steps):
    linear = [m for m in critic if isinstance(m, nn.Linear)]
    return torch.stack([largest_stretch(m.weight.detach(), steps) for m in linear]).max()


# %% tags=["wrong"] fails=["test_lipschitz_bound"] why="the stretch of the product, as if nothing stood between"
def lipschitz_bound(critic, steps):
    product = torch.eye(critic[0].in_features)
    for m in critic:
        if isinstance(m, nn.Linear):
            product = m.weight.detach() @ product
    return largest_stretch(product, steps)


# %% tags=["wrong"] fails=["test_lipschitz_bound"] why="the steepest slope at random places: a bound from below"
def lipschitz_bound(critic, steps):
    x = torch.randn(500, critic[0].in_features).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x)
    return slope.norm(dim=1).max()


# %% tags=["wrong"] fails=["test_lipschitz_bound"] why="Frobenius norms: a bound, but not the one asked for"
def lipschitz_bound(critic, steps):
    bound = torch.tensor(1.0)
    for m in critic:
        if isinstance(m, nn.Linear):
            bound = bound * m.weight.detach().norm()
    return bound


# %% tags=["right"] why="from the names of the parameters"
def lipschitz_bound(critic, steps):
    with torch.no_grad():
        stretches = [
            largest_stretch(value, steps)
            for name, value in critic.named_parameters()
            if name.endswith("weight")
        ]
        return torch.stack(stretches).prod()


# %% [markdown]
# ## Task 5 · One round (★★, 15 minutes, 3 points)
#
# `play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight)`
#
# - **in:** networks `G`: (n, latent_dim) → (n, ...) and `critic`: (n, ...) → (n, 1); an optimiser for each;
#   `real(n)`, a function that draws n real things; `turns`, how many steps the critic makes; `weight`,
#   the factor of the penalty
# - **does:** first `turns` steps of the critic, each on **new** real things and **new** codes, 64 of each, on
#   $E f(G(z)) - E f(x) + \text{weight} \cdot \text{penalty}$ with your `between` and `gradient_penalty`.
#   Then **one** step of G, on 64 new codes, on $-E f(G(z))$. Only the one whose turn it is
#   changes; no gradient reaches G in the critic's steps
# - **out:** the critic's estimate in its **last** step, $E f(x) - E f(G(z))$ before that step, a Python
#   number. It does not hold the penalty

# %% tags=["solution"] id="play_round"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    """`turns` steps of the critic, one of G; the critic's last estimate."""
    ### BEGIN SOLUTION
    for _ in range(turns):
        x = real(64)
        with torch.no_grad():
            fake = G(torch.randn(64, latent_dim))
        estimate = critic(x).mean() - critic(fake).mean()
        loss = -estimate + weight * gradient_penalty(critic, between(x, fake))
        c_optimiser.zero_grad()
        loss.backward()
        c_optimiser.step()
    loss = -critic(G(torch.randn(64, latent_dim))).mean()
    g_optimiser.zero_grad()
    loss.backward()
    g_optimiser.step()
    return estimate.item()
    ### END SOLUTION


# %% tags=["test"] id="test_play_round" points=3
class Counting(torch.optim.SGD):
    """SGD that notes its steps, and what the gradients were."""

    def __init__(self, net, lr):
        super().__init__(net.parameters(), lr)
        self.net, self.log = net, []

    def step(self):
        self.log.append([p.grad.clone() for p in self.net.parameters() if p.grad is not None])
        super().step()


def small_game(seed, latent_dim=2, size=3, lr=0.1):
    torch.manual_seed(1000 * SEED + seed)
    G = nn.Linear(latent_dim, size)
    critic = nn.Linear(size, 1, bias=False)  # a plane: its slope is the length of its weights
    drawn = []

    def real(n):
        drawn.append(torch.randn(n, size) + 2)
        return drawn[-1]

    return G, critic, Counting(G, lr), Counting(critic, lr), real, drawn


def flat(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def check_round(seed, turns, weight, latent_dim=2, size=3):
    G, critic, g_optimiser, c_optimiser, real, drawn = small_game(seed, latent_dim, size)
    seen = []
    G.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    before_G = flat(G)
    w0 = flat(critic)
    estimate = attempt(
        play_round, G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight
    )
    assert isinstance(estimate, float), "the estimate should be a Python number: use .item()"
    steps = len(c_optimiser.log), len(g_optimiser.log)
    assert steps == (turns, 1), f"{turns} steps of the critic and one of G, not {steps}"
    assert len(drawn) == turns and all(len(x) == 64 for x in drawn), (
        "each step of the critic needs new real things: real(64), once a step"
    )
    assert len(seen) == turns + 1 and all(len(z) == 64 for z in seen), (
        "each step needs 64 new codes: one call of G in each step of the critic, one in G's own"
    )
    for a, b in pairwise(seen):
        assert not torch.equal(a, b), "the codes are the same in two steps: draw new ones"
    W, bias = before_G[: size * latent_dim].view(size, latent_dim), before_G[size * latent_dim :]
    w = w0
    for x, z, (grad,) in zip(drawn, seen, c_optimiser.log):
        fake = z @ W.T + bias
        wanted = fake.mean(0) - x.mean(0) + weight * 2 * (w.norm() - 1) * w / w.norm()
        expect_close(grad[0], wanted, "the gradient of a critic's step",
                     "It makes f high on real things and low on made ones, plus the penalty; "
                     "old gradients do not count.")  # fmt: skip
        expect_close(torch.tensor(estimate), (x.mean(0) - fake.mean(0)) @ w, "the estimate",
                     "Real minus made, in the last step, without the penalty.") if (
            x is drawn[-1]
        ) else None  # fmt: skip
        w = w - 0.1 * grad[0]
    expect_close(flat(critic), w, "the critic's weights", "They change in the critic's steps only.")
    dW = -w[:, None] * seen[-1].mean(0)
    expect_close(g_optimiser.log[0][0], dW, "the gradient of G's step",
                 "G makes f high on what it makes: minus the mean height.")  # fmt: skip
    expect_close(flat(G), before_G - 0.1 * torch.cat([dW.flatten(), -w]), "G's weights")


check_round(140, turns=1, weight=0.0)
check_round(141, turns=3, weight=10.0)
### BEGIN HIDDEN TESTS
check_round(142, turns=5, weight=1.0, latent_dim=4, size=2)
check_round(143, turns=2, weight=0.3, latent_dim=1, size=6)
G, critic, g_optimiser, c_optimiser, real, drawn = small_game(144)
for p in (*G.parameters(), *critic.parameters()):
    p.grad = torch.full_like(p, 9.0)  # left over from before
attempt(play_round, G, critic, g_optimiser, c_optimiser, real, 2, 1, 1.0)
assert all(g.abs().max() < 8 for log in (g_optimiser.log, c_optimiser.log) for g in log[0]), (
    "gradients from before have been added: zero_grad() before each step"
)
### END HIDDEN TESTS
print("Round by round.")

# %% tags=["wrong"] fails=["test_play_round"] why="the signs are the wrong way round"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    for _ in range(turns):
        x = real(64)
        fake = G(torch.randn(64, latent_dim)).detach()
        estimate = critic(x).mean() - critic(fake).mean()
        loss = estimate + weight * gradient_penalty(critic, between(x, fake))
        c_optimiser.zero_grad()
        loss.backward()
        c_optimiser.step()
    loss = critic(G(torch.randn(64, latent_dim))).mean()
    g_optimiser.zero_grad()
    loss.backward()
    g_optimiser.step()
    return estimate.item()


# %% tags=["wrong"] fails=["test_play_round"] why="one step of the critic only"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    x = real(64)
    fake = G(torch.randn(64, latent_dim)).detach()
    estimate = critic(x).mean() - critic(fake).mean()
    c_optimiser.zero_grad()
    (-estimate + weight * gradient_penalty(critic, between(x, fake))).backward()
    c_optimiser.step()
    g_optimiser.zero_grad()
    (-critic(G(torch.randn(64, latent_dim))).mean()).backward()
    g_optimiser.step()
    return estimate.item()


# %% tags=["wrong"] fails=["test_play_round"] why="the same batch in all of the critic's steps"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    x, z = real(64), torch.randn(64, latent_dim)
    for _ in range(turns):
        fake = G(z).detach()
        estimate = critic(x).mean() - critic(fake).mean()
        c_optimiser.zero_grad()
        (-estimate + weight * gradient_penalty(critic, between(x, fake))).backward()
        c_optimiser.step()
    g_optimiser.zero_grad()
    (-critic(G(z)).mean()).backward()
    g_optimiser.step()
    return estimate.item()


# %% tags=["wrong"] fails=["test_play_round"] why="no penalty"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    for _ in range(turns):
        x, fake = real(64), G(torch.randn(64, latent_dim)).detach()
        estimate = critic(x).mean() - critic(fake).mean()
        c_optimiser.zero_grad()
        (-estimate).backward()
        c_optimiser.step()
    g_optimiser.zero_grad()
    (-critic(G(torch.randn(64, latent_dim))).mean()).backward()
    g_optimiser.step()
    return estimate.item()


# %% tags=["wrong"] fails=["test_play_round"] why="a sigmoid and logarithms, as in a GAN"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    for _ in range(turns):
        x, fake = real(64), G(torch.randn(64, latent_dim)).detach()
        estimate = critic(x).mean() - critic(fake).mean()
        loss = F.softplus(-critic(x)).mean() + F.softplus(critic(fake)).mean()
        c_optimiser.zero_grad()
        (loss + weight * gradient_penalty(critic, between(x, fake))).backward()
        c_optimiser.step()
    g_optimiser.zero_grad()
    F.softplus(-critic(G(torch.randn(64, latent_dim)))).mean().backward()
    g_optimiser.step()
    return estimate.item()


# %% tags=["wrong"] fails=["test_play_round"] why="gives the critic's loss, with the penalty"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    for _ in range(turns):
        x, fake = real(64), G(torch.randn(64, latent_dim)).detach()
        loss = critic(fake).mean() - critic(x).mean()
        loss = loss + weight * gradient_penalty(critic, between(x, fake))
        c_optimiser.zero_grad()
        loss.backward()
        c_optimiser.step()
    g_optimiser.zero_grad()
    (-critic(G(torch.randn(64, latent_dim))).mean()).backward()
    g_optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_play_round"] why="no zero_grad for the critic: G's turn leaves gradients in it"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    for _ in range(turns):
        x, fake = real(64), G(torch.randn(64, latent_dim)).detach()
        estimate = critic(x).mean() - critic(fake).mean()
        (-estimate + weight * gradient_penalty(critic, between(x, fake))).backward()
        c_optimiser.step()
    g_optimiser.zero_grad()
    (-critic(G(torch.randn(64, latent_dim))).mean()).backward()
    g_optimiser.step()
    return estimate.item()


# %% tags=["wrong"] fails=["test_play_round"] why="G steps after each of the critic's steps"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    for _ in range(turns):
        x, fake = real(64), G(torch.randn(64, latent_dim)).detach()
        estimate = critic(x).mean() - critic(fake).mean()
        c_optimiser.zero_grad()
        (-estimate + weight * gradient_penalty(critic, between(x, fake))).backward()
        c_optimiser.step()
        g_optimiser.zero_grad()
        (-critic(G(torch.randn(64, latent_dim))).mean()).backward()
        g_optimiser.step()
    return estimate.item()


# %% tags=["right"] why="losses first, the steps in helpers"
def play_round(G, critic, g_optimiser, c_optimiser, real, latent_dim, turns, weight):
    def learn(optimiser, loss):
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    said = 0.0
    for _ in range(turns):
        true, made = real(64), G(torch.randn(64, latent_dim)).detach()
        high, low = critic(true).mean(), critic(made).mean()
        said = float((high - low).detach())
        learn(c_optimiser, low - high + weight * gradient_penalty(critic, between(true, made)))
    learn(g_optimiser, critic(G(torch.randn(64, latent_dim))).mean().neg())
    return said


# %% [markdown]
# ## Task 6 · Eight heaps (★★★, 12 minutes, 2 points)
#
# `train_ring(real)`, as in exercise 07
#
# - **in:** `real(n)`, a function that draws n real points, (n, 2): eight small heaps on a circle
# - **out:** a function `make(n)` that makes n points, float tensor (n, 2), other ones at each call. It may
#   use what it has learnt and random numbers, and must not keep or ask for real points
#
# A recipe that takes about five seconds on one core: `G` 8 → 64 → 64 → 64 → 2, `critic`
# 2 → 64 → 64 → 64 → 1, LeakyReLU(0.2) between; 1,500 of your rounds with two turns and a penalty of
# weight 1; Adam with a rate of 0.005 and betas (0.5, 0.99) for both; in the second half the rates fall
# to 0 on a straight line.
#
# **How good is it?** The earth mover's distance between 800 points that you make and 800 real ones. Two
# fresh real samples have 0.04 to 0.11.
#
# | at most | points | what gets you there |
# | --- | --- | --- |
# | 0.42 | 1 | a ring, with heaps of the wrong size or one of them missing |
# | 0.22 | 2 | the recipe: 0.10 to 0.14 (five seeds); 400 rounds of it: 0.18 to 0.21 |
#
# Your teacher trains it once more, on a ring that is turned and moved. The worse of the two figures
# counts, so it has to be learnt.

# %% tags=["solution"] id="train_ring"
def train_ring(real):
    """A function make(n) -> (n, 2)."""
    ### BEGIN SOLUTION
    def net(inputs, outputs):
        layers = []
        for a, b in pairwise((inputs, 64, 64, 64)):
            layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
            nn.init.kaiming_normal_(layers[-2].weight)
        return nn.Sequential(*layers, nn.Linear(64, outputs))

    G, critic, rounds, lr = net(8, 2), net(2, 1), 1500, 5e-3
    optimisers = [torch.optim.Adam(m.parameters(), lr, (0.5, 0.99)) for m in (G, critic)]
    for t in range(rounds):
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = lr * min(1.0, 2 - 2 * t / rounds)
        play_round(G, critic, *optimisers, real, 8, 2, 1.0)
    return lambda n: G(torch.randn(n, 8)).detach()
    ### END SOLUTION


# %% tags=["test", "heavy", "random"] id="test_ring" points=2
training.seed_everything(0)
made, quality = ring.check_generator(train_ring, ring.Source())
figure, axis = plt.subplots(figsize=(3.4, 3.4))
axis.scatter(*ring.centres().T, s=150, facecolors="none", edgecolors=plotting.COLOURS[5])
axis.scatter(*made.T, s=2, color=plotting.COLOURS[6])
axis.set(xticks=[], yticks=[], aspect="equal")
plotting.show(figure, "Circles at the eight heaps, and the points that the generator made.")
(found,), (inside,) = ring.heaps(made[None])
print(f"earth mover's distance to real points: {quality:.3f}")
print(f"{found} of 8 heaps, {inside:.0%} of the points within 3 sigma")
### BEGIN HIDDEN TESTS
_, elsewhere = ring.check_generator(train_ring, ring.Source(0.3, (0.2, -0.1)))
quality = max(quality, elsewhere)
print(f"Measured by the teacher, the worse of two rings: {quality:.3f}")
### END HIDDEN TESTS
assert math.isfinite(quality), "the distance is not a finite number"
partial_credit(quality, [(0.42, 1), (0.22, 2)])

# %% tags=["wrong"] fails=["test_ring"] why="not learnt: the ring is written into the code"
def train_ring(real):
    for _ in range(20):
        real(10)
    return lambda n: ring.sample(1, n)[0]


# %% tags=["wrong"] fails=["test_ring"] why="one normal distribution for all"
def train_ring(real):
    x = torch.cat([real(100) for _ in range(20)])
    middle, spread = x.mean(0), x.std(0)
    return lambda n: middle + spread * torch.randn(n, 2)


# %% tags=["wrong"] fails=["test_ring"] why="mode collapse: all on one heap"
def train_ring(real):
    x = torch.cat([real(100) for _ in range(20)])
    return lambda n: x[0] + 0.05 * torch.randn(n, 2)


# %% tags=["wrong"] fails=["test_ring"] why="gives real points away again"
def train_ring(real):
    for _ in range(20):
        real(10)
    return real


# %% tags=["wrong"] fails=["test_ring"] why="keeps real points"
def train_ring(real):
    kept = torch.cat([real(10) for _ in range(20)])
    return lambda n: kept[torch.randint(len(kept), (n,))]


# %% tags=["wrong"] fails=["test_ring"] why="150 rounds, with rates that are too small"
def train_ring(real):
    G = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2))
    critic = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 1))
    optimisers = [torch.optim.Adam(m.parameters(), 1e-4) for m in (G, critic)]
    for _ in range(150):
        play_round(G, critic, *optimisers, real, 8, 2, 1.0)
    return lambda n: G(torch.randn(n, 8)).detach()


# %% tags=["right"] why="a mixture of normal distributions, found by expectation maximisation"
def train_ring(real):
    from sklearn.mixture import GaussianMixture

    x = torch.cat([real(500) for _ in range(20)])
    model = GaussianMixture(8, n_init=5, random_state=0).fit(x.numpy())
    middles, weights = torch.tensor(model.means_).float(), torch.tensor(model.weights_)
    return lambda n: middles[torch.multinomial(weights, n, True)] + 0.05 * torch.randn(n, 2)


# %% [markdown]
# ## Task 7 · In your own words (★★, 8 minutes, 2 points)
#
# A friend's WGAN-GP has a critic that ends in a sigmoid, with BatchNorm between its layers, and one u for
# the whole batch. It runs without an error, and the critic's estimate stays below 1 for ever. "At
# least it is small", he says.
#
# In five to eight sentences: say for each of the three things what is wrong with it. Why can the
# estimate never be above 1, and why does a small number mean nothing here? And what would the
# critic's estimate of a sound WGAN-GP look like during a training that goes well?

# %% [markdown] tags=["written"] id="reflection" points=2
# ### BEGIN SOLUTION
# The critic is a ruler: where earth has to travel ten units, its height must fall by ten. A sigmoid
# gives heights between 0 and 1 only, so the difference of two means can never be above 1, however far
# made and real things are apart; it also flattens out where the critic is sure, and then no slope
# reaches G. So the small number says nothing about the distance. BatchNorm makes the height of each
# picture depend on all the others of the batch, but the penalty asks for the slope at each point by
# itself: what it measures is then not the slope of a function of one picture. One u for the batch checks
# the slope at one place of all the ways in each step; every pair should have its own, so that each step
# looks at all places between. In a sound training the estimate rises for a short time, while the critic
# learns, and then falls slowly towards 0 as the made things come nearer: it is an estimate of W1, in the
# units of the data.
#
# **Rubric.** **½ point** sigmoid: a bounded height cannot be a ruler, the estimate is below 1 whatever
# the distance. **½ point** BatchNorm mixes the pictures, the penalty is about each one by itself. **½
# point** one u for each pair, and why. **½ point** what a sound estimate does (a distance; falls as
# quality rises, after a short rise). Take nothing off for language.
# ### END SOLUTION
