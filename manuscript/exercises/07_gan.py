# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Exercise 07 · Generative adversarial networks
#
# You write the losses so that no logit can break them, the two steps so that no gradient goes where
# it must not, the best discriminator and the distance behind the game, and a count that sees mode
# collapse. Then you train a GAN that holds all eight heaps.
#
# | Task | | Difficulty | Minutes | Points |
# | --- | --- | --- | --- | --- |
# | 1 | `d_loss`, `g_loss` | ★ | 10 | 3 |
# | 2 | `logit_gradients` | ★ | 8 | 2 |
# | 3 | `discriminator_step` | ★★ | 12 | 3 |
# | 4 | `generator_step` | ★★ | 8 | 2 |
# | 5 | `optimal_discriminator`, `js_divergence` | ★★ | 15 | 4 |
# | 6 | `heaps_found` | ★ | 8 | 2 |
# | 7 | eight heaps | ★★★ | 15 | 2 |
# | 8 | in your own words | ★★ | 8 | 2 |
#
# **How it works.** Write your code where it says `YOUR CODE HERE`, run the cell, then the test
# cells below it. They say in words what is wrong. Your teacher keeps more tests, which ask the same
# of other numbers. At the end, restart the kernel and run all cells, or press *Validate*. A test
# that prints a warning in red counts as failed. None of your functions may change what it is given,
# except the weights that a step is there to change.
#
# Everywhere: a *logit* $l$ is what a discriminator gives before the sigmoid, $D = \sigma(l)$. Real is 1,
# made is 0. All losses are in nats.

# %% tags=["setup"]

# %%
import copy
import math
from itertools import pairwise

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import plotting, ring, training
from course_utils.checks import attempt, expect_array, expect_close, partial_credit

SEED = training.seed_everything(0)


def made_up(*shape, seed):
    """Random numbers of this shape, other ones for every seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1000 * SEED + seed))


ln2, l3 = math.log(2), math.log(3)  # a logit of ln 3 is a chance of 3/4


def column(*values):
    return torch.tensor(values)[:, None]


def check_losses(real, fake, wanted_d, wanted_g, hint):
    expect_close(attempt(d_loss, real, fake), wanted_d, "the loss of D", hint)
    expect_close(attempt(g_loss, fake), wanted_g, "the loss of G", hint)


def two_nets(seed, size=3, latent_dim=2):
    """A small G and D with fixed weights, SGD for both, a batch of real things and codes."""
    torch.manual_seed(1000 * SEED + seed)
    G = nn.Sequential(nn.Linear(latent_dim, 5), nn.Tanh(), nn.Linear(5, size))
    D = nn.Sequential(nn.Linear(size, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1))
    optimisers = [torch.optim.SGD(m.parameters(), 0.3) for m in (G, D)]
    return G, D, *optimisers, torch.randn(7, size) + 1, torch.randn(7, latent_dim)


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def check_number(value):
    assert isinstance(value, float), (
        f"the loss should be a Python number, not a {type(value).__name__}: use .item()"
    )


def softplus_by_hand(a):
    return torch.log1p(torch.exp(-a.abs())) + a.clamp(min=0)


# %% [markdown]
# ## Task 1 · Two losses (★, 10 minutes, 3 points)
#
# $$L_D = \frac1n \sum_i -\ln D(x_i) + \frac1m \sum_j -\ln(1 - D(G(z_j))) \qquad
# L_G = \frac1m \sum_j -\ln D(G(z_j))$$
#
# `d_loss(real_logits, fake_logits)` and `g_loss(fake_logits)`
#
# - **in:** logits of any size, ±500 too: float tensors (n, 1) of real things, (m, 1) of made ones; n and
#   m may differ
# - **out:** one number each, a float tensor without dimensions. Each batch is **averaged** by itself;
#   the two means are added. Exact and finite for every logit, and so are the gradients

# %% tags=["solution"] id="losses"
def d_loss(real_logits, fake_logits):
    """The discriminator's loss."""
    ### BEGIN SOLUTION
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    ### END SOLUTION


def g_loss(fake_logits):
    """The generator's loss, non-saturating."""
    ### BEGIN SOLUTION
    return F.softplus(-fake_logits).mean()
    ### END SOLUTION


# %% tags=["test"] id="test_losses" points=2
check_losses(column(0.0), column(0.0), 2 * ln2, ln2, "D = 1/2 everywhere costs ln 2 each time.")
check_losses(
    column(l3, l3), column(-l3), 2 * math.log(4 / 3), math.log(4),
    "D says 3/4 of real and 1/4 of made things; -ln(3/4) twice for D, -ln(1/4) for G.",
)  # fmt: skip
check_losses(
    column(l3, -l3, -l3), column(l3), (math.log(4 / 3) + 2 * math.log(4)) / 3 + math.log(4),
    math.log(4 / 3), "Average each batch by itself, then add: three real things, one made.",
)  # fmt: skip
### BEGIN HIDDEN TESTS
for trial, (n, m) in enumerate([(4, 4), (2, 9), (30, 1)]):
    real, fake = 2 * made_up(n, 1, seed=trial), 2 * made_up(m, 1, seed=10 + trial)
    a, b = real.double().sigmoid(), fake.double().sigmoid()
    check_losses(real, fake, -a.log().mean() - (1 - b).log().mean(), -b.log().mean(),
                 f"{n} real and {m} made things.")  # fmt: skip
### END HIDDEN TESTS
print("The losses are right.")

# %% tags=["test"] id="test_losses_large" points=1
hint = "ln(sigmoid(l)) of a large negative l is just l. Do not take the sigmoid first."
check_losses(column(-400.0), column(300.0), 700.0, 0.0, hint)
real, fake = column(-250.0).requires_grad_(), column(-120.0).requires_grad_()
loss = attempt(d_loss, real, fake)
assert isinstance(loss, torch.Tensor) and loss.requires_grad, (
    "the loss should carry a gradient: no .item(), no .detach()"
)
loss.backward()
expect_close(real.grad, [[-1.0]], "the gradient of D's loss at a real logit of -250", hint)
### BEGIN HIDDEN TESTS
for size in (30.0, 90.0, 500.0):
    check_losses(column(size, -size), column(-size, -size, size), size / 2 + size / 3,
                 2 * size / 3, hint)  # fmt: skip
fake = column(-500.0, 200.0).requires_grad_()
loss = attempt(g_loss, fake)
assert loss.requires_grad, "the loss of G should carry a gradient"
loss.sum().backward()
expect_close(fake.grad, [[-0.5], [0.0]], "the gradient of G's loss at logits of -500 and 200", hint)
real = made_up(6, 1, seed=20).requires_grad_()
attempt(d_loss, real, column(0.0)).backward()
expect_close(real.grad, (real.detach().sigmoid() - 1) / 6, "the gradient of D's loss")
### END HIDDEN TESTS
print("Also for logits that no sigmoid survives.")

# %% tags=["wrong"] fails=["test_losses_large"] why="the sigmoid first, then the logarithm"
def d_loss(real_logits, fake_logits):
    return -real_logits.sigmoid().log().mean() - (1 - fake_logits.sigmoid()).log().mean()


def g_loss(fake_logits):
    return -fake_logits.sigmoid().log().mean()


# %% tags=["wrong"] fails=["test_losses_large"] why="binary_cross_entropy of the sigmoid: cut at 100"
def d_loss(real_logits, fake_logits):
    a, b = real_logits.sigmoid(), fake_logits.sigmoid()
    return F.binary_cross_entropy(a, torch.ones_like(a)) + F.binary_cross_entropy(
        b, torch.zeros_like(b)
    )


def g_loss(fake_logits):
    b = fake_logits.sigmoid()
    return F.binary_cross_entropy(b, torch.ones_like(b))


# %% tags=["wrong"] fails=["test_losses_large"] why="adds 1e-8 inside the logarithm"
def d_loss(real_logits, fake_logits):
    a, b = real_logits.sigmoid(), fake_logits.sigmoid()
    return -(a + 1e-8).log().mean() - (1 - b + 1e-8).log().mean()


def g_loss(fake_logits):
    return -(fake_logits.sigmoid() + 1e-8).log().mean()


# %% tags=["wrong"] fails=["test_losses", "test_losses_large"] why="the labels are swapped"
def d_loss(real_logits, fake_logits):
    return F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean()


def g_loss(fake_logits):
    return F.softplus(fake_logits).mean()


# %% tags=["wrong"] fails=["test_losses", "test_losses_large"] why="G's loss is the saturating one"
def d_loss(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def g_loss(fake_logits):
    return -F.softplus(fake_logits).mean()


# %% tags=["wrong"] fails=["test_losses", "test_losses_large"] why="sums in place of means"
def d_loss(real_logits, fake_logits):
    return F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()


def g_loss(fake_logits):
    return F.softplus(-fake_logits).sum()


# %% tags=["wrong"] fails=["test_losses", "test_losses_large"] why="one mean over both batches"
def d_loss(real_logits, fake_logits):
    return torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean()


def g_loss(fake_logits):
    return F.softplus(-fake_logits).mean()


# %% tags=["wrong"] fails=["test_losses", "test_losses_large"] why="half of D's loss"
def d_loss(real_logits, fake_logits):
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()) / 2


def g_loss(fake_logits):
    return F.softplus(-fake_logits).mean()


# %% tags=["wrong"] fails=["test_losses", "test_losses_large"] why="the logits taken for chances"
def d_loss(real_logits, fake_logits):
    return -real_logits.log().mean() - (1 - fake_logits).log().mean()


def g_loss(fake_logits):
    return -fake_logits.log().mean()


# %% tags=["wrong"] fails=["test_losses_large"] why="gives plain numbers"
def d_loss(real_logits, fake_logits):
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()).detach()


def g_loss(fake_logits):
    return F.softplus(-fake_logits).mean().detach()


# %% tags=["right"] why="binary_cross_entropy_with_logits"
def d_loss(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real + fake


def g_loss(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


# %% tags=["right"] why="logsigmoid"
def d_loss(real_logits, fake_logits):
    return -(F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean())


def g_loss(fake_logits):
    return -torch.mean(F.logsigmoid(fake_logits))


# %% [markdown]
# ## Task 2 · Which loss teaches more? (★, 8 minutes, 2 points)
#
# The game itself says: $G$ makes $\ln(1 - D)$ small (*saturating*). Everybody makes $-\ln D$ small
# (*non-saturating*). What arrives at the logit?
#
# `logit_gradients(logits)`
#
# - **in:** float tensor of logits of made things, of any shape and size
# - **out:** two float tensors of the same shape, **saturating** first: the derivative of $\ln(1 - \sigma(l))$
#   and that of $-\ln \sigma(l)$, at each logit by itself (no mean, no sum). With their signs. Plain
#   numbers: they need not carry a gradient. Small ones must not be lost: at $l = 20$ a chance rounds to
#   exactly 1, and the second is still $-2 \cdot 10^{-9}$

# %% tags=["solution"] id="logit_gradients"
def logit_gradients(logits):
    """d ln(1 - sigmoid(l)) / dl and d (-ln sigmoid(l)) / dl."""
    ### BEGIN SOLUTION
    return -logits.sigmoid(), -(-logits).sigmoid()
    ### END SOLUTION


# %% tags=["test"] id="test_logit_gradients" points=2
def both_gradients(logits):
    both = attempt(logit_gradients, logits)
    assert isinstance(both, tuple | list) and len(both) == 2, (
        "logit_gradients should give two tensors: saturating, non-saturating"
    )
    return both


saturating, other = both_gradients(torch.tensor([0.0, l3, -l3]))
expect_close(saturating, [-0.5, -0.75, -0.25], "the saturating gradient", "Its size is D.")
expect_close(other, [-0.5, -0.25, -0.75], "the non-saturating gradient", "Its size is 1 - D.")
saturating, other = both_gradients(torch.tensor([-50.0]))
expect_close(saturating, [0.0], "the saturating gradient where the fake is caught")
expect_close(other, [-1.0], "the non-saturating gradient where the fake is caught")
### BEGIN HIDDEN TESTS
for shape, seed in (((7,), 30), ((3, 1), 31), ((2, 3, 4), 32)):
    logits = 4 * made_up(*shape, seed=seed)
    exact = logits.double().requires_grad_()
    (wanted,) = torch.autograd.grad((-F.softplus(exact)).sum(), exact)
    saturating, other = both_gradients(logits)
    expect_close(saturating, wanted, f"the saturating gradient, shape {shape}")
    expect_close(other, wanted.neg() - 1, f"the non-saturating gradient, shape {shape}")
tiny = both_gradients(torch.tensor([-20.0, 20.0]))
for got in (tiny[0][0], tiny[1][1]):
    assert 0.9 < float(got) / -math.exp(-20) < 1.1, (
        f"a tiny gradient is lost: {float(got):.3g} in place of {-math.exp(-20):.3g}. "
        "1 - sigmoid(l) is sigmoid(-l)"
    )
large = both_gradients(torch.tensor([400.0, -400.0]))
expect_close(large[0], [-1.0, 0.0], "the saturating gradient at ±400")
expect_close(large[1], [0.0, -1.0], "the non-saturating gradient at ±400")
### END HIDDEN TESTS
print("One falls silent where the fake is caught, the other speaks.")

# %% tags=["wrong"] fails=["test_logit_gradients"] why="the two are swapped"
def logit_gradients(logits):
    return -(-logits).sigmoid(), -logits.sigmoid()


# %% tags=["wrong"] fails=["test_logit_gradients"] why="sizes without signs"
def logit_gradients(logits):
    return logits.sigmoid(), (-logits).sigmoid()


# %% tags=["wrong"] fails=["test_logit_gradients"] why="derivatives by D in place of by the logit"
def logit_gradients(logits):
    D = logits.sigmoid()
    return -1 / (1 - D), -1 / D


# %% tags=["wrong"] fails=["test_logit_gradients"] why="sigmoid - 1: tiny gradients are rounded away"
def logit_gradients(logits):
    return -logits.sigmoid(), logits.sigmoid() - 1


# %% tags=["wrong"] fails=["test_logit_gradients"] why="gradient of the mean"
def logit_gradients(logits):
    n = logits.numel()
    return -logits.sigmoid() / n, -(-logits).sigmoid() / n


# %% tags=["wrong"] fails=["test_logit_gradients"] why="autograd through a logarithm that overflows"
def logit_gradients(logits):
    out = []
    for loss in (lambda a: (1 - a.sigmoid()).log(), lambda a: -a.sigmoid().log()):
        a = logits.detach().clone().requires_grad_()
        out += torch.autograd.grad(loss(a).sum(), a)
    return tuple(out)


# %% tags=["right"] why="autograd of the stable forms"
def logit_gradients(logits):
    out = []
    for loss in (lambda a: F.logsigmoid(-a), lambda a: -F.logsigmoid(a)):
        a = logits.detach().clone().requires_grad_()
        out += torch.autograd.grad(loss(a).sum(), a)
    return tuple(out)


# %% tags=["right"] why="by exponentials, in double precision"
def logit_gradients(logits):
    wide = logits.double()
    return (-1 / (1 + torch.exp(-wide))).to(logits), (-1 / (1 + torch.exp(wide))).to(logits)


# %% [markdown]
# ## Task 3 · The bird learns (★★, 12 minutes, 3 points)
#
# `discriminator_step(G, D, optimiser, x, z)`
#
# - **in:** networks `G` and `D`, an optimiser that holds D's weights, real things `x` (n, ...), codes `z`
#   (n, latent_dim)
# - **does:** one step of the optimiser on `d_loss(D(x), D(G(z)))`. Whatever stood in the gradients
#   before does not matter. **G is left alone:** its weights do not change, and no gradient arrives at
#   them (if `.grad` was None, it stays None)
# - **out:** the loss before the step, as a Python number

# %% tags=["solution"] id="discriminator_step"
def discriminator_step(G, D, optimiser, x, z):
    """One step of D; returns its loss."""
    ### BEGIN SOLUTION
    loss = d_loss(D(x), D(G(z).detach()))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
    ### END SOLUTION


# %% tags=["test"] id="test_discriminator_step" points=2
def check_discriminator_step(seed, size, left_over):
    G, D, g_optimiser, d_optimiser, x, z = two_nets(seed, size)
    for p in D.parameters():
        p.grad = torch.full_like(p, left_over) if left_over else None  # left over from G's step
    before_G, before_D, twin = weights(G), weights(D), copy.deepcopy(D)
    wanted = (softplus_by_hand(-twin(x)) + softplus_by_hand(twin(G(z).detach()))).mean()
    loss = attempt(discriminator_step, G, D, d_optimiser, x, z)
    check_number(loss)
    expect_close(torch.tensor(loss), wanted, "the loss", "It is the loss before the step.")
    assert not torch.equal(weights(D), before_D), "D's weights have not changed: optimiser.step()?"
    assert torch.equal(weights(G), before_G), "G's weights have changed, and it was D's turn"
    gradients = torch.autograd.grad(wanted, list(twin.parameters()))
    expected = before_D - 0.3 * torch.cat([g.flatten() for g in gradients])
    expect_close(weights(D), expected, "D's weights after one step",
                 "Is it the gradient of d_loss? And old gradients must not count.")  # fmt: skip


check_discriminator_step(40, 3, 0.0)
### BEGIN HIDDEN TESTS
check_discriminator_step(41, 1, 5.0)
check_discriminator_step(42, 4, -3.0)
G, D, _, d_optimiser, *batch = two_nets(45)
first, second = (attempt(discriminator_step, G, D, d_optimiser, *batch) for _ in range(2))
assert second < first, "a second step on the same batch should have a smaller loss"
### END HIDDEN TESTS
print("The bird learns.")

# %% tags=["test"] id="test_no_gradient_in_G" points=1
G, D, g_optimiser, d_optimiser, x, z = two_nets(43)
attempt(discriminator_step, G, D, d_optimiser, x, z)
assert all(p.grad is None for p in G.parameters()), (
    "D's step has left gradients in G: the fakes must be detached"
)
assert all(p.requires_grad for p in G.parameters()), "G must be able to learn afterwards"
assert not torch.equal(weights(D), weights(two_nets(43)[1])), "D has not learnt anything"
### BEGIN HIDDEN TESTS
G, D, g_optimiser, d_optimiser, x, z = two_nets(44, 2)
F.softplus(-D(G(z))).mean().backward()  # what G's own step left behind
kept = [p.grad.clone() for p in G.parameters()]
number = attempt(discriminator_step, G, D, d_optimiser, x, z)
assert math.isfinite(number), "the loss is not a finite number"
for p, grad in zip(G.parameters(), kept):
    assert p.grad is not None and torch.equal(p.grad, grad), (
        "D's step has changed the gradients of G: it should not touch them"
    )
assert G.training and D.training, "leave both networks in training mode"
assert not torch.equal(weights(D), weights(two_nets(44, 2)[1])), "D has not learnt anything"
### END HIDDEN TESTS
print("And leaves the butterfly alone.")

# %% tags=["wrong"] fails=["test_no_gradient_in_G"] why="the fakes are not detached"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(x), D(G(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_discriminator_step"] why="no zero_grad: old gradients pile up"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(x), D(G(z).detach()))
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_discriminator_step", "test_no_gradient_in_G"] why="zero_grad between backward and step: nothing is learnt"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(x), D(G(z).detach()))
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_discriminator_step"] why="D learns from the fakes only"
def discriminator_step(G, D, optimiser, x, z):
    loss = F.softplus(D(G(z).detach())).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_discriminator_step", "test_no_gradient_in_G"] why="the logits of the fakes are detached, not the fakes, and D has no gradient from them"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(x), D(G(z)).detach())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    for p in G.parameters():
        p.grad = torch.zeros_like(p)
    return loss.item()


# %% tags=["wrong"] fails=["test_discriminator_step"] why="the loss after the step"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(x), D(G(z).detach()))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return d_loss(D(x), D(G(z).detach())).item()


# %% tags=["wrong"] fails=["test_discriminator_step"] why="real and made are swapped"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(G(z).detach()), D(x))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_discriminator_step"] why="gives a tensor with the whole graph"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(x), D(G(z).detach()))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss


# %% tags=["wrong"] fails=["test_no_gradient_in_G"] why="freezes G for ever"
def discriminator_step(G, D, optimiser, x, z):
    G.requires_grad_(False)
    loss = d_loss(D(x), D(G(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_no_gradient_in_G"] why="wipes G's gradients too"
def discriminator_step(G, D, optimiser, x, z):
    loss = d_loss(D(x), D(G(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    G.zero_grad()
    return loss.item()


# %% tags=["right"] why="no_grad for the fakes"
def discriminator_step(G, D, optimiser, x, z):
    with torch.no_grad():
        fakes = G(z)
    optimiser.zero_grad(set_to_none=True)
    loss = d_loss(D(x), D(fakes))
    loss.backward()
    optimiser.step()
    return float(loss.detach())


# %% tags=["right"] why="gradients asked for by name"
def discriminator_step(G, D, optimiser, x, z):
    ours = list(D.parameters())
    loss = d_loss(D(x), D(G(z)))
    for p, grad in zip(ours, torch.autograd.grad(loss, ours)):
        p.grad = grad
    optimiser.step()
    return loss.item()


# %% [markdown]
# ## Task 4 · The butterfly answers (★★, 8 minutes, 2 points)
#
# `generator_step(G, D, optimiser, z)`
#
# - **in:** as above, with an optimiser that holds G's weights
# - **does:** one step of the optimiser on `g_loss(D(G(z)))`. Gradients from before do not count. D's
#   weights do not change, and D can still learn afterwards. (Gradients that are left in D do no harm:
#   its own step wipes them.)
# - **out:** the loss before the step, as a Python number

# %% tags=["solution"] id="generator_step"
def generator_step(G, D, optimiser, z):
    """One step of G; returns its loss."""
    ### BEGIN SOLUTION
    loss = g_loss(D(G(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
    ### END SOLUTION


# %% tags=["test"] id="test_generator_step" points=2
def check_generator_step(seed, size, left_over):
    G, D, g_optimiser, d_optimiser, x, z = two_nets(seed, size)
    for p in G.parameters():
        p.grad = torch.full_like(p, left_over) if left_over else None
    before_G, before_D, twin = weights(G), weights(D), copy.deepcopy(G)
    wanted = softplus_by_hand(-D(twin(z))).mean()
    gradients = torch.autograd.grad(wanted, list(twin.parameters()))
    loss = attempt(generator_step, G, D, g_optimiser, z, hint="Does the gradient reach G?")
    check_number(loss)
    expect_close(torch.tensor(loss), wanted, "the loss", "It is g_loss before the step.")
    assert torch.equal(weights(D), before_D), "D's weights have changed, and it was G's turn"
    assert all(p.requires_grad for p in D.parameters()), "D must be able to learn afterwards"
    assert not torch.equal(weights(G), before_G), "G's weights have not changed"
    expected = before_G - 0.3 * torch.cat([g.flatten() for g in gradients])
    expect_close(weights(G), expected, "G's weights after one step",
                 "Old gradients must not count, and no .detach() may stand in the way.")  # fmt: skip


check_generator_step(50, 3, 0.0)
### BEGIN HIDDEN TESTS
check_generator_step(51, 1, 4.0)
check_generator_step(52, 6, -2.0)
### END HIDDEN TESTS
print("The butterfly answers.")

# %% tags=["wrong"] fails=["test_generator_step"] why="detached as in D's step: nothing reaches G"
def generator_step(G, D, optimiser, z):
    loss = g_loss(D(G(z).detach()))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_generator_step"] why="the saturating loss"
def generator_step(G, D, optimiser, z):
    loss = -F.softplus(D(G(z))).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_generator_step"] why="G learns to be caught"
def generator_step(G, D, optimiser, z):
    loss = F.softplus(D(G(z))).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_generator_step"] why="no zero_grad"
def generator_step(G, D, optimiser, z):
    loss = g_loss(D(G(z)))
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_generator_step"] why="no_grad around the discriminator"
def generator_step(G, D, optimiser, z):
    fakes = G(z)
    with torch.no_grad():
        logits = D(fakes)
    loss = g_loss(logits)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["wrong"] fails=["test_generator_step"] why="moves D too"
def generator_step(G, D, optimiser, z):
    loss = g_loss(D(G(z)))
    optimiser.zero_grad()
    D.zero_grad()
    loss.backward()
    optimiser.step()
    with torch.no_grad():
        for p in D.parameters():
            p -= 0.1 * p.grad
    return loss.item()


# %% tags=["wrong"] fails=["test_generator_step"] why="freezes D and forgets to thaw it"
def generator_step(G, D, optimiser, z):
    D.requires_grad_(False)
    loss = g_loss(D(G(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% tags=["right"] why="freezes D for the step"
def generator_step(G, D, optimiser, z):
    D.requires_grad_(False)
    optimiser.zero_grad()
    loss = g_loss(D(G(z)))
    loss.backward()
    D.requires_grad_(True)
    optimiser.step()
    return float(loss.detach())


# %% tags=["right"] why="gradients asked for by name"
def generator_step(G, D, optimiser, z):
    ours = list(G.parameters())
    loss = g_loss(D(G(z)))
    for p, grad in zip(ours, torch.autograd.grad(loss, ours)):
        p.grad = grad
    optimiser.step()
    return loss.item()


# %% [markdown]
# ## Task 5 · What the best bird knows (★★, 15 minutes, 4 points)
#
# Two histograms over the same k bins. `p` is the share of real things in each bin, `q` that of made
# ones.
#
# $$D^* = \frac{p}{p + q} \qquad \text{JS}(p, q) = \tfrac12 \sum_i p_i \ln \frac{p_i}{m_i}
# + \tfrac12 \sum_i q_i \ln \frac{q_i}{m_i}, \quad m = \frac{p + q}{2}$$
#
# `optimal_discriminator(p, q)` and `js_divergence(p, q)`
#
# - **in:** float tensors (k,), none below 0, each with sum 1; bins may be empty in one or in both
# - **out:** $D^*$, float tensor (k,): where both are empty there is nothing to know, say **1/2**. JS in
#   nats, a float tensor without dimensions, from 0 to $\ln 2$; an empty bin adds 0, as
#   $0 \ln 0 = 0$

# %% tags=["solution"] id="best_bird"
def optimal_discriminator(p, q):
    """The chance that a thing from this bin is real: (k,)."""
    ### BEGIN SOLUTION
    total = p + q
    return torch.where(total > 0, p / total.clamp(min=1e-45), 0.5)
    ### END SOLUTION


def js_divergence(p, q):
    """Jensen-Shannon divergence in nats."""
    ### BEGIN SOLUTION
    m = (p + q) / 2
    return 0.5 * (torch.special.xlogy(p, p) + torch.special.xlogy(q, q)).sum() - (
        torch.special.xlogy(m, m).sum()
    )
    ### END SOLUTION


# %% tags=["test"] id="test_optimal_discriminator" points=2
p, q = torch.tensor([0.5, 0.3, 0.2, 0.0]), torch.tensor([0.5, 0.1, 0.0, 0.4])
best = attempt(optimal_discriminator, p, q)
expect_close(best, [0.5, 0.75, 1.0, 0.0], "the best D", "p / (p + q), bin by bin.")
best = attempt(optimal_discriminator, torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0]))
expect_close(best, [1.0, 0.5, 0.0], "the best D with an empty bin", "Nothing to know: 1/2.")
### BEGIN HIDDEN TESTS
for trial, k in enumerate((2, 9, 40)):
    p, q = made_up(k, seed=60 + trial).softmax(0), (2 * made_up(k, seed=70 + trial)).softmax(0)
    wanted = 1 / (1 + q.double() / p.double())
    expect_close(attempt(optimal_discriminator, p, q), wanted, f"the best D over {k} bins")
p = torch.tensor([1 - 2e-9, 2e-9, 0, 0])
best = attempt(optimal_discriminator, p, torch.tensor([1 - 6e-9, 6e-9, 0, 0]))
expect_close(best, [0.5, 0.25, 0.5, 0.5], "the best D with rare things",
             "Rare bins count too: do not add a small number below the line.")  # fmt: skip
p, q = made_up(5, seed=75).softmax(0), made_up(5, seed=76).softmax(0)
best = torch.tensor(expect_array(attempt(optimal_discriminator, p, q), (5,), "D"))


def game(D):
    return (p * D.log() + q * (1 - D).log()).sum()


for direction in made_up(8, 5, seed=77):
    other = (best + 0.05 * direction).clamp(0.01, 0.99)
    assert game(other) <= game(best) + 1e-6, "another D wins more of the game than yours"
### END HIDDEN TESTS
print("The best bird.")

# %% tags=["test"] id="test_js" points=2
def check_js(p, q, wanted, hint):
    expect_close(attempt(js_divergence, p, q), wanted, "JS", hint)


one, two = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 1.0])
check_js(one, one, 0.0, "Equal histograms have JS 0, empty bins or not.")
check_js(one, two, ln2, "Histograms that do not touch have JS ln 2.")
half = torch.tensor([0.5, 0.0, 0.5])
check_js(one, half, 0.5 * math.log(4 / 3) + 0.25 * math.log(2 / 3) + 0.25 * ln2,
         "With m = (3/4, 0, 1/4), add it up by hand; nats, and a half before each sum.")  # fmt: skip
### BEGIN HIDDEN TESTS
from scipy.spatial.distance import jensenshannon

for trial, k in enumerate((2, 7, 30)):
    p, q = made_up(k, seed=80 + trial).softmax(0), (2 * made_up(k, seed=90 + trial)).softmax(0)
    p[0], p[1] = 0, p[0] + p[1]  # an empty bin
    wanted = jensenshannon(p.double().numpy(), q.double().numpy()) ** 2
    check_js(p, q, wanted, "Compare with the square of scipy's jensenshannon.")
    check_js(q, p, wanted, "JS is the same both ways.")
p, q = made_up(6, seed=95).softmax(0), made_up(6, seed=96).softmax(0)
best = p.double() / (p + q).double()
value = (p * best.log() + q * (1 - best).log()).sum()
check_js(p, q, (value + 2 * ln2) / 2, "The game against the best D is 2 JS - 2 ln 2.")
for shift in range(1, 5):  # far or near: the wall
    p, q = torch.zeros(12), torch.zeros(12)
    p[:2], q[1 + shift : 3 + shift] = 0.5, 0.5
    check_js(p, q, ln2, "However far the two are apart: ln 2.")
### END HIDDEN TESTS
print("And the wall at ln 2.")

# %% tags=["wrong"] fails=["test_optimal_discriminator"] why="divides 0 by 0"
def optimal_discriminator(p, q):
    return p / (p + q)


# %% tags=["wrong"] fails=["test_optimal_discriminator"] why="q and p are swapped"
def optimal_discriminator(p, q):
    total = p + q
    return torch.where(total > 0, q / total.clamp(min=1e-45), 0.5)


# %% tags=["wrong"] fails=["test_optimal_discriminator"] why="0 where nothing is known"
def optimal_discriminator(p, q):
    return p / (p + q).clamp(min=1e-45)


# %% tags=["wrong"] fails=["test_optimal_discriminator"] why="a small number below the line"
def optimal_discriminator(p, q):
    return (p + 1e-8) / (p + q + 2e-8)


# %% tags=["wrong"] fails=["test_optimal_discriminator"] why="yes or no in place of a chance"
def optimal_discriminator(p, q):
    return torch.where(p == q, 0.5, (p > q).float())


# %% tags=["wrong"] fails=["test_js"] why="empty bins give NaN"
def js_divergence(p, q):
    m = (p + q) / 2
    return 0.5 * (p * (p / m).log()).sum() + 0.5 * (q * (q / m).log()).sum()


# %% tags=["wrong"] fails=["test_js"] why="bits"
def js_divergence(p, q):
    m = (p + q) / 2
    parts = (torch.special.xlogy(h, h) / 2 - torch.special.xlogy(m, m) / 2 for h in (p, q))
    return sum(part.sum() for part in parts) / math.log(2)


# %% tags=["wrong"] fails=["test_js"] why="the halves are missing"
def js_divergence(p, q):
    m = (p + q) / 2
    return (
        torch.special.xlogy(p, p) + torch.special.xlogy(q, q) - 2 * torch.special.xlogy(m, m)
    ).sum()


# %% tags=["wrong"] fails=["test_js"] why="KL in place of JS"
def js_divergence(p, q):
    return (p * ((p + 1e-12) / (q + 1e-12)).log()).sum()


# %% tags=["wrong"] fails=["test_js"] why="m is the sum, not the mean"
def js_divergence(p, q):
    m = p + q
    return 0.5 * (torch.special.xlogy(p, p / m.clamp(min=1e-30)).sum()) + 0.5 * (
        torch.special.xlogy(q, q / m.clamp(min=1e-30)).sum()
    )


# %% tags=["wrong"] fails=["test_js"] why="the root of it, as scipy gives"
def js_divergence(p, q):
    from scipy.spatial.distance import jensenshannon

    return torch.tensor(jensenshannon(p.numpy(), q.numpy()))


# %% tags=["wrong"] fails=["test_js"] why="F.kl_div with its arguments the wrong way round"
def js_divergence(p, q):
    m = ((p + q) / 2).clamp(min=1e-12)
    a, b = p.clamp(min=1e-12), q.clamp(min=1e-12)
    return 0.5 * F.kl_div(a.log(), m, reduction="sum") + 0.5 * F.kl_div(b.log(), m, reduction="sum")


# %% tags=["right"] why="bin by bin in a loop"
def optimal_discriminator(p, q):
    return torch.tensor([a / (a + b) if a + b > 0 else 0.5 for a, b in zip(p.tolist(), q.tolist())])


def js_divergence(p, q):
    total = 0.0
    for a, b in zip(p.tolist(), q.tolist()):
        m = (a + b) / 2
        total += sum(h * math.log(h / m) / 2 for h in (a, b) if h > 0)
    return torch.tensor(total)


# %% tags=["right"] why="JS by the value of the game"
def optimal_discriminator(p, q):
    return (p / (p + q)).nan_to_num(0.5)


def js_divergence(p, q):
    D = optimal_discriminator(p, q)
    value = torch.special.xlogy(p, D).sum() + torch.special.xlogy(q, 1 - D).sum()
    return value / 2 + math.log(2)


# %% [markdown]
# ## Task 6 · Is anything missing? (★, 8 minutes, 2 points)
#
# `heaps_found(points, centres, radius, at_least)`
#
# - **in:** `points`, float tensor (n, d); `centres`, float tensor (k, d), farther apart than two radii;
#   `radius`, a number; `at_least`, a whole number of points
# - **out:** two things. How many heaps hold at least `at_least` points within `radius` (the edge counts), a
#   Python whole number. And the share of all points that lie within `radius` of **some** centre, a
#   Python number from 0 to 1

# %% tags=["solution"] id="heaps_found"
def heaps_found(points, centres, radius, at_least):
    """Heaps that were found, and the share of the points that lie in one."""
    ### BEGIN SOLUTION
    near = torch.cdist(points, centres) <= radius  # (n, k)
    return int((near.sum(0) >= at_least).sum()), near.any(1).float().mean().item()
    ### END SOLUTION


# %% tags=["test"] id="test_heaps_found" points=2
def check_heaps(points, centres, radius, at_least, wanted, hint):
    both = attempt(heaps_found, points, centres, radius, at_least)
    assert isinstance(both, tuple | list) and len(both) == 2, "give two things: heaps, share"
    assert isinstance(both[0], int), f"the heaps are a whole number, not a {type(both[0]).__name__}"
    assert both[0] == wanted[0], f"{both[0]} heaps, where {wanted[0]} is right. {hint}"
    expect_close(torch.tensor(float(both[1])), wanted[1], "the share in a heap", hint)


line = torch.tensor([[0.0, 0], [4, 0], [8, 0]])
dots = torch.tensor([[0.0, 0.5], [0, -1], [4.5, 0], [4, 0], [4, 0.9], [8, 3], [6, 0], [2, 0]])
check_heaps(dots, line, 1.0, 2, (2, 5 / 8), "Two near the first, three near the second, none else.")
check_heaps(dots, line, 1.0, 3, (1, 5 / 8), "Only the second heap holds three.")
check_heaps(dots[5:], line, 0.5, 1, (0, 0.0), "Far from all of them.")
### BEGIN HIDDEN TESTS
for trial, (n, k, d) in enumerate([(50, 3, 2), (200, 8, 2), (30, 2, 5)]):
    middles = 20 * torch.arange(k)[:, None] * torch.ones(d) + made_up(k, d, seed=100 + trial)
    which = torch.arange(n) % max(k - 1, 1)  # the last heap stays empty
    cloud = middles[which] + 1.2 * made_up(n, d, seed=110 + trial)
    apart = [sum((a - b) ** 2 for a, b in zip(x, middles[i].tolist())) ** 0.5
             for x, i in zip(cloud.tolist(), which.tolist())]  # fmt: skip
    inside = [distance <= 1.5 for distance in apart]
    held = [sum(1 for i, ok in zip(which.tolist(), inside) if ok and i == j) for j in range(k)]
    for least in (1, max(held), max(held) + 1):
        wanted = (sum(h >= least for h in held), sum(inside) / n)
        check_heaps(cloud, middles, 1.5, least, wanted, f"{n} points, {k} heaps, at least {least}.")
check_heaps(torch.tensor([[0.0, 1.0]]), line, 1.0, 1, (1, 1.0), "The edge counts.")
### END HIDDEN TESTS
print("Nothing is missed.")

# %% tags=["wrong"] fails=["test_heaps_found"] why="counts points that are far, by the nearest heap"
def heaps_found(points, centres, radius, at_least):
    distance, heap = torch.cdist(points, centres).min(1)
    counts = heap.bincount(minlength=len(centres))
    return int((counts >= at_least).sum()), (distance <= radius).float().mean().item()


# %% tags=["wrong"] fails=["test_heaps_found"] why="more than at_least"
def heaps_found(points, centres, radius, at_least):
    near = torch.cdist(points, centres) <= radius
    return int((near.sum(0) > at_least).sum()), near.any(1).float().mean().item()


# %% tags=["wrong"] fails=["test_heaps_found"] why="squared distance against the radius"
def heaps_found(points, centres, radius, at_least):
    near = torch.cdist(points, centres) ** 2 <= radius * 2
    return int((near.sum(0) >= at_least).sum()), near.any(1).float().mean().item()


# %% tags=["wrong"] fails=["test_heaps_found"] why="within the radius on each axis: a square"
def heaps_found(points, centres, radius, at_least):
    near = ((points[:, None] - centres).abs() <= radius).all(2)
    return int((near.sum(0) >= at_least).sum()), near.any(1).float().mean().item()


# %% tags=["wrong"] fails=["test_heaps_found"] why="the share of the points in heaps that count"
def heaps_found(points, centres, radius, at_least):
    near = torch.cdist(points, centres) <= radius
    good = near.sum(0) >= at_least
    return int(good.sum()), near[:, good].any(1).float().mean().item()


# %% tags=["wrong"] fails=["test_heaps_found"] why="the share of points and heaps"
def heaps_found(points, centres, radius, at_least):
    near = torch.cdist(points, centres) <= radius
    return int((near.sum(0) >= at_least).sum()), near.float().mean().item()


# %% tags=["wrong"] fails=["test_heaps_found"] why="the edge does not count"
def heaps_found(points, centres, radius, at_least):
    near = torch.cdist(points, centres) < radius
    return int((near.sum(0) >= at_least).sum()), near.any(1).float().mean().item()


# %% tags=["right"] why="point by point"
def heaps_found(points, centres, radius, at_least):
    held, inside = [0] * len(centres), 0
    for point in points:
        away = (centres - point).pow(2).sum(1).sqrt()
        inside += bool((away <= radius).any())
        for j in (away <= radius).nonzero()[:, 0].tolist():
            held[j] += 1
    return sum(h >= at_least for h in held), inside / len(points)


# %% [markdown]
# ## Task 7 · Eight heaps (★★★, 15 minutes, 2 points)
#
# Real things are points in the plane: eight small heaps (spread 0.05) on a circle of radius 1.
#
# `train_ring(real)`
#
# - **in:** `real(n)`, a function that draws n real points, (n, 2)
# - **out:** a function `make(n)` that makes n points, float tensor (n, 2), other ones at each call. It may
#   use what it has learnt and random numbers, and must not keep or ask for real points
#
# A recipe that takes about four seconds on one core:
#
# 1. `G`: 8 → 64 → 64 → 64 → 2 and `D`: 2 → 64 → 64 → 64 → 1, LeakyReLU(0.2) between. Codes of eight
#    numbers.
# 2. 2,000 rounds with batches of 128: a step of D, then a step of G. Adam with a rate of 0.005 and
#    betas (0.5, 0.99). In the second half the rates fall to 0 on a straight line.
# 3. D's loss has a gradient penalty at the **real** points: $\tfrac{0.01}{2}$ times the mean of
#    $\|\nabla_x l(x)\|^2$ (use `torch.autograd.grad` with `create_graph=True`).
#
# **How good is it?** The earth mover's distance between 800 points that you make and 800 real ones: the
# mean length of the way, when the points are paired in the best way. Two fresh real samples have
# 0.04 to 0.11: they never hold exactly equal heaps.
#
# | at most | points | what gets you there |
# | --- | --- | --- |
# | 0.42 | 1 | the plain game, without the penalty: 0.17 when it goes well, up to 1.3 when not |
# | 0.26 | 2 | the recipe: 0.09 to 0.18 |
#
# (Figures from runs with four to six seeds.) Your teacher trains it once more, on a ring that is turned
# and moved. The worse of the two figures counts, so it has to be learnt.

# %% tags=["solution"] id="train_ring"
def train_ring(real):
    """A function make(n) -> (n, 2)."""
    ### BEGIN SOLUTION
    def net(inputs, outputs):
        sizes = (inputs, 64, 64, 64)
        layers = []
        for a, b in pairwise(sizes):
            layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
            nn.init.kaiming_normal_(layers[-2].weight)
        return nn.Sequential(*layers, nn.Linear(64, outputs))

    G, D, steps, lr = net(8, 2), net(2, 1), 2000, 5e-3
    g_optimiser, d_optimiser = (torch.optim.Adam(m.parameters(), lr, (0.5, 0.99)) for m in (G, D))
    for t in range(steps):
        for optimiser in (g_optimiser, d_optimiser):
            optimiser.param_groups[0]["lr"] = lr * min(1.0, 2 - 2 * t / steps)
        x, fake = real(128).requires_grad_(), G(torch.randn(128, 8))
        logits = D(x)
        (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
        loss = d_loss(logits, D(fake.detach())) + 0.005 * slope.pow(2).sum(1).mean()
        d_optimiser.zero_grad()
        loss.backward()
        d_optimiser.step()
        loss = g_loss(D(fake))
        g_optimiser.zero_grad()
        loss.backward()
        g_optimiser.step()
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
print(f"earth mover's distance to real points: {quality:.3f}")
try:
    found, inside = heaps_found(made, ring.centres(), 3 * ring.SPREAD, 8)
    print(f"{found} of 8 heaps, {inside:.0%} of the points within 3 sigma")
except NotImplementedError:
    print("Write heaps_found, and it counts for you here.")
### BEGIN HIDDEN TESTS
_, elsewhere = ring.check_generator(train_ring, ring.Source(0.3, (0.2, -0.1)))
quality = max(quality, elsewhere)
print(f"Measured by the teacher, the worse of two rings: {quality:.3f}")
### END HIDDEN TESTS
assert math.isfinite(quality), "the distance is not a finite number"
partial_credit(quality, [(0.42, 1), (0.26, 2)])

# %% tags=["wrong"] fails=["test_ring"] why="not learnt: the ring is written into the code"
def train_ring(real):
    for _ in range(20):
        real(10)
    return lambda n: ring.sample(1, n)[0]


# %% tags=["wrong"] fails=["test_ring"] why="no training: a cloud in the middle"
def train_ring(real):
    for _ in range(20):
        real(10)
    return lambda n: 0.3 * torch.randn(n, 2)


# %% tags=["wrong"] fails=["test_ring"] why="keeps real points and gives them away again"
def train_ring(real):
    kept = torch.cat([real(10) for _ in range(20)])
    return lambda n: kept[torch.randint(len(kept), (n,))]


# %% tags=["wrong"] fails=["test_ring"] why="asks for real points"
def train_ring(real):
    for _ in range(20):
        real(10)
    return real


# %% tags=["wrong"] fails=["test_ring"] why="one normal distribution for all"
def train_ring(real):
    x = torch.cat([real(100) for _ in range(20)])
    middle, spread = x.mean(0), x.std(0)
    return lambda n: middle + spread * torch.randn(n, 2)


# %% tags=["wrong"] fails=["test_ring"] why="mode collapse: all on one heap"
def train_ring(real):
    x = torch.cat([real(100) for _ in range(20)])
    return lambda n: x[0] + 0.05 * torch.randn(n, 2)


# %% tags=["wrong"] fails=["test_ring"] why="G learns to be caught"
def train_ring(real):
    G, D = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2)), nn.Linear(2, 1)
    g_optimiser, d_optimiser = (torch.optim.Adam(m.parameters(), 5e-3) for m in (G, D))
    for _ in range(200):
        fake = G(torch.randn(64, 8))
        d_optimiser.zero_grad()
        d_loss(D(real(64)), D(fake.detach())).backward()
        d_optimiser.step()
        g_optimiser.zero_grad()
        (-g_loss(D(fake))).backward()
        g_optimiser.step()
    return lambda n: G(torch.randn(n, 8)).detach()


# %% tags=["wrong"] fails=["test_ring"] why="the recipe, stopped after 400 rounds without penalty"
def train_ring(real):
    def net(inputs, outputs):
        return nn.Sequential(
            nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
            nn.Linear(64, outputs),
        )  # fmt: skip

    G, D = net(8, 2), net(2, 1)
    g_optimiser, d_optimiser = (torch.optim.Adam(m.parameters(), 1e-3) for m in (G, D))
    for _ in range(400):
        fake = G(torch.randn(128, 8))
        d_optimiser.zero_grad()
        d_loss(D(real(128)), D(fake.detach())).backward()
        d_optimiser.step()
        g_optimiser.zero_grad()
        g_loss(D(fake)).backward()
        g_optimiser.step()
    return lambda n: G(torch.randn(n, 8)).detach()


# %% tags=["right"] why="a mixture of normal distributions, found by k-means"
def train_ring(real):
    from sklearn.mixture import GaussianMixture

    x = torch.cat([real(500) for _ in range(20)])
    model = GaussianMixture(8, n_init=5, random_state=0).fit(x.numpy())
    middles, weights = torch.tensor(model.means_).float(), torch.tensor(model.weights_)
    return lambda n: middles[torch.multinomial(weights, n, True)] + 0.05 * torch.randn(n, 2)


# %% [markdown]
# ## Task 8 · In your own words (★★, 8 minutes, 2 points)
#
# A friend trains a GAN on photographs of cats. After an hour D's loss is 0.001, G's loss is 9, and all the
# pictures show nearly the same orange smear. He says: "The loss of D is almost 0, so it is nearly done.
# I will let it run overnight."
#
# In five to eight sentences: what do the two losses say, and what do they not say? Why will a night more
# probably not help? Name two things that he should change, and say for each of them why it helps. And
# how should he measure whether it has become better?

# %% [markdown] tags=["written"] id="reflection" points=2
# ### BEGIN SOLUTION
# The losses say only who is ahead: D tells real from made without a mistake, so it has won. They do not
# say how good the pictures are, and a good end would be a high loss of D, near 2 ln 2, with pictures
# that are good as well. When D is perfect and steep, the direction that reaches G is poor (with the
# saturating loss almost nothing arrives), and where real and made things do not overlap JS stands at
# ln 2, near or far; so a night more will mostly give more of the same. That all pictures are alike is
# mode collapse. He should hold D back: a gradient penalty, fewer or slower steps, or the same noise on
# real and made pictures, so that D is not steep and its gradient says where to go. He should make sure
# that G uses the non-saturating loss, or change to a Wasserstein critic, whose slope does not die.
# Against the collapse, a penalty, or a D that sees several pictures at once. He
# should measure from outside: look at many pictures, an FID with the same network and the same number
# of pictures each time, how many kinds of cats there are.
#
# **Rubric.** **½ point** losses say who is ahead, not how good; a D near 0 is no success. **½ point** why
# it does not help to wait (D too good, little or misleading gradient, JS wall). **½ point** two
# changes that fit, with a reason. **½ point** a measure from outside (FID or the like, coverage, eyes).
# Take nothing off for language.
# ### END SOLUTION
