# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Exercise 02 · Auto-encoders
#
# You build an auto-encoder piece by piece: the network, one step of its training, the proof that
# a linear one is PCA, the denoising loss, and a search by code. Then comes a contest: eight numbers
# per digit, against PCA.
#
# | Task | | Difficulty | Minutes | Points |
# | --- | --- | --- | --- | --- |
# | 1 | `AutoEncoder` | ★★ | 15 | 4 |
# | 2 | `train_step` | ★★ | 10 | 3 |
# | 3 | `plane_cosines`, `sort_code` | ★★★ | 20 | 4 |
# | 4 | `corrupt`, `denoising_loss` | ★★ | 15 | 3 |
# | 5 | `nearest_others` | ★★ | 10 | 2 |
# | 6 | beat PCA with eight numbers | ★★★ | 15 | 2 |
# | 7 | in your own words | ★ | 5 | 2 |
#
# **How it works.** Replace the line below `YOUR CODE HERE` by your own, run the cell, then run the
# test below it. A failing test says what is wrong, in words. Your teacher has more tests, which ask
# the same of other shapes and numbers. Before you hand in, restart the kernel and run all cells,
# or press *Validate*. A test that prints a warning in red counts as failed. None of your functions
# may change the tensors it is given: work on copies.

# %% tags=["setup"]

# %%
from copy import deepcopy
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import datasets, plotting, training
from course_utils.checks import expect_array, expect_close, partial_credit

SEED = training.seed_everything(0)
images, labels = datasets.mnist("train", n=10_000)
X = images.flatten(1)  # (10000, 784), pixels in [0, 1]
test_images, test_labels = datasets.mnist("test", n=2_000)
X_test = test_images.flatten(1)  # (2000, 784), for reporting only
shown = torch.stack([X_test[test_labels == digit][0] for digit in range(10)])  # one of each


def random_numbers(seed):
    """A source of random numbers for the tests."""
    return torch.Generator().manual_seed(1000 * SEED + seed)


def cloud(n, d, seed):
    """Made-up data (n, d) with a mean far from zero and another spread in every direction."""
    random = random_numbers(seed)
    spread = torch.linspace(3, 0.5, d)
    turn = torch.linalg.qr(torch.randn(d, d, generator=random))[0]
    return torch.randn(n, d, generator=random) * spread @ turn + 5 * torch.randn(
        d, generator=random
    )


def attempt(function, *inputs, hint):
    """Call a function for a test; where torch breaks off, add what the reason usually is."""
    try:
        return function(*inputs)
    except NotImplementedError:
        raise  # nothing written yet
    except RuntimeError as error:
        raise AssertionError(f"{hint} torch says: {error}") from None


# %% [markdown]
# ## Task 1 · The hourglass (★★, 15 minutes, 4 points)
#
# The encoder narrows down to the code, the decoder widens again in the mirror image. Write it for
# **any** list of widths. For `sizes = (784, 256, 64, 8)` the encoder goes 784 → 256 → 64 → 8 and
# the decoder 8 → 64 → 256 → 784.
#
# `AutoEncoder(sizes)`, an `nn.Module`
#
# - **in:** `sizes`, a tuple or list of at least two whole numbers: first the number of pixels d,
#   last the size k of the code
# - `model.encoder(x)`: float tensor (n, d) → codes (n, k)
# - `model.decoder(z)`: codes (n, k) → copies (n, d), pixels between 0 and 1
# - `model(x)`: the decoder's copy, drawn from the encoder's code and from nothing else
#
# What it is made of: one `nn.Linear`, with its bias, for every arrow in the list above. Between two
# `nn.Linear` of the encoder stands a bend (ReLU, SiLU, tanh: your choice), and so it does in the
# decoder. **No bend on the code**: a code may be any number, below zero too. At the very end of the
# decoder comes a sigmoid. Nothing else may learn, and nothing but `sizes` may be built in.
#
# `encoder` and `decoder` may be modules (`nn.Sequential`, say) or methods of yours. The set-up cell
# has imported `nn`, `F` (`torch.nn.functional`) and `pairwise`: `pairwise([3, 2, 1])` gives
# (3, 2), then (2, 1).

# %% tags=["solution"] id="AutoEncoder"
class AutoEncoder(nn.Module):
    """Encoder along sizes, decoder back: (n, sizes[0]) -> (n, sizes[-1]) -> (n, sizes[0])."""

    def __init__(self, sizes):
        super().__init__()
        ### BEGIN SOLUTION
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])  # no bend on the code
        self.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.decoder(self.encoder(x))
        ### END SOLUTION


# %% tags=["test"] id="test_autoencoder_form" points=2
def call(function, value, what):
    """Call a part of the network: one tensor in, one tensor out."""
    hint = (
        f"{what} cannot take a tensor of shape {tuple(value.shape)}. Do the widths of its layers "
        "follow sizes, and the decoder's the other way round?"
    )
    before = value.clone()
    made = attempt(function, value, hint=hint)
    assert made is not None, f"{what} returns nothing: is there a 'return ...' at its end?"
    assert torch.is_tensor(made), (
        f"{what} should return one tensor, but it returns a {type(made).__name__}"
    )
    assert torch.equal(value, before), f"{what} changes what it is given: work on a copy"
    return made


def check_form(sizes, n, seed):
    d, k = sizes[0], sizes[-1]
    model = AutoEncoder(sizes).eval()
    for part in ("encoder", "decoder"):
        assert callable(getattr(model, part, None)), f"your AutoEncoder has no {part}: self.{part}"
    x = torch.rand(n, d, generator=random_numbers(seed))
    z = call(model.encoder, x, f"model.encoder of AutoEncoder({sizes})")
    expect_array(z, (n, k), f"the code that AutoEncoder({sizes}) finds for {n} pictures")
    made = call(model.decoder, z, f"model.decoder of AutoEncoder({sizes})")
    expect_array(made, (n, d), f"the copy that AutoEncoder({sizes}) draws from {n} codes")
    expect_close(
        call(model, x, f"AutoEncoder({sizes})"),
        made,
        "model(x)",
        "It should be model.decoder(model.encoder(x)), and nothing of x may go round the code.",
    )
    expect_close(
        call(model, x[n // 2 :], f"AutoEncoder({sizes})"),
        made[n // 2 :],
        "the copy of a picture when fewer pictures come with it",
        "Every picture is to be treated by itself, without a look at the others.",
    )
    wild = 30 * torch.randn(n, k, generator=random_numbers(seed + 1))
    for code, name in ((z, "codes of pictures"), (wild, "far-off codes")):
        drawn = expect_array(model.decoder(code), (n, d), f"what the decoder draws from {name}")
        assert drawn.min() >= 0 and drawn.max() <= 1, (
            f"pixels drawn from {name} should lie between 0 and 1, but they run from "
            f"{drawn.min():.2f} to {drawn.max():.2f}: is a sigmoid the decoder's last part?"
        )


check_form((784, 32, 8), n=5, seed=1)
check_form([12, 9, 6, 2], n=3, seed=3)
### BEGIN HIDDEN TESTS
check_form((20, 3), n=4, seed=5)
check_form([7, 30, 11, 5, 1], n=2, seed=7)  # a hidden layer may be wider than the picture
check_form((10, 6, 4), n=1, seed=9)
### END HIDDEN TESTS
print("A picture in, a short code in the middle, a picture out.")

# %% tags=["test"] id="test_autoencoder_layers" points=2
def bend(function, a, b):
    """How far function is from flat between a and b: 0 means that it has no bend at all."""
    with torch.no_grad():
        at_a, at_b, middle = (function(point).double() for point in (a, b, (a + b) / 2))
    assert torch.isfinite(at_a + at_b + middle).all(), "NaN or infinite numbers came out"
    return float((at_a + at_b - 2 * middle).abs().max() / (at_a - at_b).abs().max().clamp(1e-12))


def check_layers(sizes, seed):
    d, k, name = sizes[0], sizes[-1], f"AutoEncoder({sizes})"
    model = AutoEncoder(sizes).eval()
    weights = 2 * sum(a * b for a, b in pairwise(sizes))
    biases = sum(sizes[1:]) + sum(sizes[:-1])
    have = sum(p.numel() for p in model.parameters())
    assert have == weights + biases, (
        f"{name} should have {weights} weights and {biases} biases to learn, {weights + biases} in "
        f"all, but model.parameters() holds {have}. Layers in a plain Python list are not found: "
        "use nn.Sequential or nn.ModuleList. Otherwise compare the widths with sizes"
    )
    hint = f"{name} cannot be trained."
    made = attempt(model, torch.rand(5, d, generator=random_numbers(seed)), hint=hint)
    assert torch.is_tensor(made), f"{name} should draw a tensor, not a {type(made).__name__}"
    attempt(made.sum().backward, hint=hint)
    assert all(p.grad is not None for p in model.parameters()), (
        f"some layers of {name} get no gradient, so they would never learn: is a layer left out, "
        "or the code cut off from the encoder with detach() or no_grad()?"
    )
    random = random_numbers(seed + 1)
    a, b = 4 * torch.randn(2, 50, d, generator=random)
    of_encoder = bend(model.encoder, a, b)
    a, b = (2 if len(sizes) > 2 else 0.5) * torch.randn(2, 50, k, generator=random)
    drawn = expect_array(model.decoder(torch.cat([a, b])), (100, d), "the copy")
    squeezed = drawn.min() > 0 and drawn.max() < 1  # then undo the sigmoid before looking for bends
    undo = (lambda pixels: torch.logit(pixels.double())) if squeezed else (lambda pixels: pixels)
    of_decoder = bend(lambda z: undo(model.decoder(z)), a, b)
    if len(sizes) == 2:
        assert of_encoder < 1e-3, (
            f"{name} has one layer before the code, and no bend should come after it: the code "
            "may be any number, below zero too"
        )
        assert of_decoder < 1e-3, (
            f"{name} has one layer after the code, and nothing but a sigmoid should follow it"
        )
    else:
        assert of_encoder > 1e-3, (
            f"the encoder of {name} is flat: without a bend between its layers they are no more "
            "than one matrix"
        )
        assert of_decoder > 1e-3, (
            f"the decoder of {name} is flat up to its sigmoid: put a bend between its layers"
        )


check_layers((12, 9, 6, 2), seed=11)
check_layers((12, 3), seed=13)
### BEGIN HIDDEN TESTS
check_layers((25, 2), seed=15)
check_layers([30, 8, 4], seed=17)
check_layers((784, 64, 32, 16, 2), seed=19)
### END HIDDEN TESTS
print("Every layer has its width, bends where they belong, and all of it can learn.")

# %% tags=["wrong"] fails=["test_autoencoder_form"] why="no sigmoid at the end"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1])

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_form"] why="the decoder does not mirror the widths"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes) for part in (nn.Linear(b, a), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_form"] why="784 and 256 built in, whatever sizes says"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        k = sizes[-1]
        self.encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, k))
        up = (nn.Linear(k, 256), nn.ReLU(), nn.Linear(256, 784), nn.Sigmoid())
        self.decoder = nn.Sequential(*up)

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_form"] why="x goes round the code"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())

    def forward(self, x):
        return (x + self.decoder(self.encoder(x))) / 2


# %% tags=["wrong"] fails=["test_autoencoder_form"] why="forward gives the code, not the copy"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())

    def forward(self, x):
        return self.encoder(x)


# %% tags=["wrong"] fails=["test_autoencoder_form"] why="a softmax over the pictures at the end"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1], nn.Softmax(dim=0))

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_layers"] why="a softmax over the pixels at the end"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1], nn.Softmax(dim=1))

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_layers"] why="a bend on the code: no number below zero"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.ReLU())]
        self.encoder = nn.Sequential(*down)
        self.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_layers"] why="no bends at all"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.encoder = nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise(sizes)))
        up = (nn.Linear(a, b) for a, b in pairwise(sizes[::-1]))
        self.decoder = nn.Sequential(*up, nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_layers"] why="a ReLU before the sigmoid: half is lost"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.ReLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up, nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_layers"] why="layers in plain lists: nothing learns"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.down = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        self.up = [nn.Linear(a, b) for a, b in pairwise(sizes[::-1])]

    def encoder(self, x):
        for layer in self.down[:-1]:
            x = F.relu(layer(x))
        return self.down[-1](x)

    def decoder(self, z):
        for layer in self.up[:-1]:
            z = F.relu(layer(z))
        return torch.sigmoid(self.up[-1](z))

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_layers"] why="one hidden layer only, others left out"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        d, h, k = sizes[0], sizes[1], sizes[-1]
        self.encoder = nn.Sequential(nn.Linear(d, h), nn.SiLU(), nn.Linear(h, k))
        self.decoder = nn.Sequential(nn.Linear(k, h), nn.SiLU(), nn.Linear(h, d), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["wrong"] fails=["test_autoencoder_layers"] why="the code is detached: no gradient passes"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        down = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())]
        up = [part for a, b in pairwise(sizes[::-1]) for part in (nn.Linear(a, b), nn.SiLU())]
        self.encoder = nn.Sequential(*down[:-1])
        self.decoder = nn.Sequential(*up[:-1], nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x).detach())


# %% tags=["right"] why="lists of modules, methods for the two parts, ReLU"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.down = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise(sizes)])
        self.up = nn.ModuleList([nn.Linear(b, a) for a, b in pairwise(sizes)])[::-1]

    def encoder(self, x):
        for i, layer in enumerate(self.down):
            x = layer(x if i == 0 else F.relu(x))
        return x

    def decoder(self, z):
        for i, layer in enumerate(self.up):
            z = layer(z if i == 0 else F.relu(z))
        return z.sigmoid()

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% tags=["right"] why="tanh, its own weights, and the sigmoid written as a tanh"
class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.half, sizes = len(sizes) - 1, [*sizes, *sizes[-2::-1]]
        self.W = nn.ParameterList(
            [nn.Parameter(torch.randn(a, b) / a**0.5) for a, b in pairwise(sizes)]
        )
        self.b = nn.ParameterList([nn.Parameter(torch.zeros(b)) for b in sizes[1:]])

    def through(self, x, layers):
        for i in layers:
            x = torch.tanh(x) if i > layers[0] else x
            x = x @ self.W[i] + self.b[i]
        return x

    def encoder(self, x):
        return self.through(x, range(self.half))

    def decoder(self, z):
        return 0.5 + 0.5 * torch.tanh(self.through(z, range(self.half, 2 * self.half)) / 2)

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% [markdown]
# ## Task 2 · One step (★★, 10 minutes, 3 points)
#
# `train_step(model, optimiser, x)`
#
# - **in:** `model`, any module that turns (n, d) into (n, d); `optimiser`, a torch optimiser that
#   holds the model's parameters; `x`, float tensor (n, d), the pictures of this step
# - **does:** one step of the optimiser on $L = \frac{1}{n d}\|x - \hat x\|^2$, the mean squared
#   error **per pixel** of the copies. Only gradients of this $L$ count: somebody may have left
#   others behind before you were called.
# - **out:** the error $L$ **before** the step, as a plain number: `L.item()` makes one. (`float(L)`
#   would too, but warns in red.)

# %% tags=["solution"] id="train_step"
def train_step(model, optimiser, x):
    """One step downhill on the error of the copies of x (n, d); returns the error before it."""
    ### BEGIN SOLUTION
    L = F.mse_loss(model(x), x)
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return L.item()
    ### END SOLUTION


# %% tags=["test"] id="test_train_step_error" points=1
def half(d):
    """A model that multiplies by 1/2 at first."""
    made = nn.Linear(d, d, bias=False)
    with torch.no_grad():
        made.weight.copy_(torch.eye(d) / 2)
    return made


def check_error(network, x, wanted, lr):
    before, optimiser = x.clone(), torch.optim.SGD(network.parameters(), lr=lr)
    hint = "train_step breaks off. Is the copy cut off from the model, by detach() or no_grad()?"
    L = attempt(train_step, network, optimiser, x, hint=hint)
    assert not (torch.is_tensor(L) and L.requires_grad), (
        "train_step should return a plain number. Yours still hangs on all the layers it came "
        "from, and keeps them in memory: return L.item()"
    )
    hint = "It is the mean over pixels and pictures, of the copies before the step."
    expect_close(L, wanted, "the error that train_step returns", hint)
    assert torch.equal(x, before), "your train_step changes x itself: work on a copy"


# By hand: copies (1, 0) and (0, 2), differences (1, 0) and (0, 2), squares 1, 0, 0, 4: mean 5/4.
check_error(half(2), torch.tensor([[2.0, 0.0], [0.0, 4.0]]), 1.25, lr=0.1)
### BEGIN HIDDEN TESTS
pictures = cloud(6, 5, seed=21)
check_error(half(5), pictures, (pictures / 2).pow(2).mean(), lr=0.01)
check_error(half(3), torch.tensor([[0.2, -0.6, 1.0]]), 0.35 / 3, lr=0.5)
### END HIDDEN TESTS
print("The error of the copies, before the step.")

# %% tags=["test"] id="test_train_step_update" points=2
def check_update(network, make_optimiser, batches, what):
    """Step through the batches beside a reference and compare all parameters."""
    twin = deepcopy(network)
    ours, theirs = make_optimiser(twin.parameters()), make_optimiser(network.parameters())
    start = [p.detach().clone() for p in network.parameters()]
    for p in network.parameters():  # left behind by somebody else
        p.grad = torch.ones_like(p)
    for t, x in enumerate(batches):
        attempt(train_step, network, theirs, x, hint=f"{what}: train_step breaks off.")
        grads = torch.autograd.grad(((twin(x) - x) ** 2).mean(), list(twin.parameters()))
        for p, grad in zip(twin.parameters(), grads):
            p.grad = grad
        ours.step()
        moved = any(not torch.equal(p, old) for p, old in zip(network.parameters(), start))
        assert moved, f"{what}: nothing has moved: backward() first, then optimiser.step()"
        for p, wanted in zip(network.parameters(), twin.parameters()):
            expect_close(
                p,
                wanted,
                f"{what}: a parameter after step {t + 1}",
                "Take one step on the mean squared error, with fresh gradients: zero_grad() before "
                "backward(), step() after it.",
            )


def small(d, k, seed):
    """A small auto-encoder for this test."""
    random, made = random_numbers(seed), nn.Sequential(nn.Linear(d, k), nn.Tanh(), nn.Linear(k, d))
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(torch.randn(p.shape, generator=random) / 2)
    return made


# By hand: one weight w = 1/2, pictures 2 and -4. L = (1 + 4)/2, its slope -10, so w = 0.5 + 0.1.
one = nn.Linear(1, 1, bias=False)
nn.init.constant_(one.weight, 0.5)
by_hand = torch.optim.SGD(one.parameters(), lr=0.01)
hint = "train_step breaks off. Is the copy cut off from the model, by detach() or no_grad()?"
attempt(train_step, one, by_hand, torch.tensor([[2.0], [-4.0]]), hint=hint)
hint = "The slope of the mean squared error is -10, and the step 0.01 times that."
expect_close(one.weight, [[0.6]], "a weight of 0.5 after one step", hint)
check_update(
    small(4, 2, seed=23),
    lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    [cloud(6, 4, seed=24 + t) / 3 for t in range(3)],
    "plain gradient descent with momentum",
)
### BEGIN HIDDEN TESTS
check_update(
    small(9, 3, seed=30),
    lambda p: torch.optim.Adam(p, lr=0.01),
    [cloud(n, 9, seed=31 + n) / 3 for n in (5, 1, 8, 3)],
    "Adam",
)
check_update(
    small(784, 4, seed=50),
    lambda p: torch.optim.SGD(p, lr=5.0),
    [X[:20], X[20:50], X[50:60]],
    "gradient descent on digits",
)
### END HIDDEN TESTS
print("One step downhill.")

# %% tags=["wrong"] fails=["test_train_step_update"] why="forgets zero_grad: gradients pile up"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x)
    L.backward()
    optimiser.step()
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_update"] why="zero_grad after the step: leftovers count"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x)
    L.backward()
    optimiser.step()
    optimiser.zero_grad()
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_update"] why="zero_grad between backward and step"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x)
    L.backward()
    optimiser.zero_grad()
    optimiser.step()
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_error", "test_train_step_update"] why="detached copy"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x).detach(), x)
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_update"] why="forgets the step"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x)
    optimiser.zero_grad()
    L.backward()
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_update"] why="steps by itself, without the optimiser"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x)
    model.zero_grad()
    L.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.01 * p.grad
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_update"] why="one step per picture"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x).item()
    for row in x:
        optimiser.zero_grad()
        F.mse_loss(model(row), row).backward()
        optimiser.step()
    return L


# %% tags=["wrong"] fails=["test_train_step_update"] why="steps on the summed error"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x, reduction="sum")
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return L.item() / x.numel()


# %% tags=["wrong"] fails=["test_train_step_error"] why="sums over pixels, means over pictures"
def train_step(model, optimiser, x):
    L = ((model(x) - x) ** 2).sum(1).mean()
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_error"] why="the error after the step"
def train_step(model, optimiser, x):
    optimiser.zero_grad()
    F.mse_loss(model(x), x).backward()
    optimiser.step()
    return F.mse_loss(model(x), x).item()


# %% tags=["wrong"] fails=["test_train_step_error"] why="returns a tensor that holds all the layers"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x)
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return L


# %% tags=["wrong"] fails=["test_train_step_error"] why="returns nothing"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x)
    optimiser.zero_grad()
    L.backward()
    optimiser.step()


# %% tags=["wrong"] fails=["test_train_step_error", "test_train_step_update"] why="absolute error"
def train_step(model, optimiser, x):
    L = F.l1_loss(model(x), x)
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return L.item()


# %% tags=["wrong"] fails=["test_train_step_error", "test_train_step_update"] why="root of the MSE"
def train_step(model, optimiser, x):
    L = F.mse_loss(model(x), x).sqrt()
    optimiser.zero_grad()
    L.backward()
    optimiser.step()
    return L.item()


# %% tags=["right"] why="hands the optimiser a closure"
def train_step(model, optimiser, x):
    def closure():
        model.zero_grad()
        L = (x - model(x)).square().sum() / x.numel()
        L.backward()
        return L

    return optimiser.step(closure).item()


# %% tags=["right"] why="asks autograd for the gradients and puts them in place"
def train_step(model, optimiser, x):
    held = [p for group in optimiser.param_groups for p in group["params"]]
    error = torch.mean((model(x) - x) ** 2)
    for p, grad in zip(held, torch.autograd.grad(error, held)):
        p.grad = grad
    optimiser.step()
    return error.detach().numpy().item()


# %% [markdown]
# Watch your network learn ten pictures by heart, with two numbers for each (no points).

# %% tags=["random", "heavy"]
training.seed_everything(0)
parrot = AutoEncoder((784, 64, 2))
parrot_optimiser = torch.optim.Adam(parrot.parameters(), lr=1e-2)
diary = [shown]
for lesson in range(601):
    if lesson in (0, 50, 200, 600):
        diary.append(parrot(shown).detach())
    train_step(parrot, parrot_optimiser, shown)
plotting.show_images(
    torch.cat(diary),
    "Ten digits; below them the network's copies: grey at first, then mixtures, then the digits.",
    rows=["original", "0 steps", "50 steps", "200 steps", "600 steps"],
)

# %% [markdown]
# ## Task 3 · A linear auto-encoder is PCA (★★★, 20 minutes, 4 points)
#
# Take the bends and the sigmoid away, and train. The decoder is now one matrix and a constant:
# $\hat x = zB + b$. The rows of $B$ span the plane in which it draws. Is it PCA's plane? Planes are
# compared by their *principal angles*. The first is the smallest angle between a direction in one
# and a direction in the other. The next is the smallest that is left at right angles to those two,
# and so on. If all cosines are 1, the planes are the same (or one lies within the other).
#
# To compute them, put a right-angled frame into each plane: columns $Q_B$ and $Q_W$ of length 1,
# at right angles. The cosines are the singular values of $Q_B^\top Q_W$. `torch.linalg.qr(A)` gives
# `Q, R` where the columns of `Q` are such a frame for the **columns** of `A`.
#
# `plane_cosines(B, W)`
#
# - **in:** `B` (j, d) and `W` (k, d), float tensors. The rows of each are linearly independent, but
#   of **any length and at any angle**. j and k may differ, and both are at most d.
# - **out:** float tensor (min(j, k),): the cosines, from 0 to 1, largest first

# %% tags=["solution"] id="plane_cosines"
def plane_cosines(B, W):
    """Cosines of the principal angles between the rows' planes of B (j, d) and W (k, d)."""
    ### BEGIN SOLUTION
    Q_B, Q_W = torch.linalg.qr(B.T)[0], torch.linalg.qr(W.T)[0]  # (d, j), (d, k)
    return torch.linalg.svdvals(Q_B.T @ Q_W)
    ### END SOLUTION


# %% tags=["test"] id="test_plane_cosines" points=2
# Two lines by hand: (-2, 0) and (3, 4) make a triangle with sides 3, 4, 5. Its cosine is 3/5, and
# a line has no front and no back.
expect_close(
    plane_cosines(torch.tensor([[-2.0, 0.0]]), torch.tensor([[3.0, 4.0]])),
    [0.6],
    "the cosine between two lines",
    "Lengths must not matter, nor which way an arrow points.",
)
# The floor, by two arrows that are not at right angles, and a wall: they share one line.
floor = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
wall = torch.tensor([[0.0, 2.0, 0.0], [0.0, 3.0, 5.0]])
expect_close(
    plane_cosines(floor, wall),
    [1.0, 0.0],
    "a cosine between floor and wall",
    "Both need a right-angled frame first, and qr works on columns. Largest cosine first.",
)


def check_cosines(B, W, what):
    from scipy.linalg import subspace_angles

    before = B.clone(), W.clone()
    made = plane_cosines(B, W)
    assert torch.equal(B, before[0]) and torch.equal(W, before[1]), "work on copies of B and W"
    wanted = np.cos(subspace_angles(B.double().T.numpy(), W.double().T.numpy()))[::-1].copy()
    hint = "Frames for both, then singular values of their product, largest first."
    expect_close(made, wanted, f"a cosine between {what}", hint, tolerance=1e-3)


check_cosines(cloud(3, 7, seed=61), cloud(3, 7, seed=62), "two spaces of 3 dimensions in 7")
### BEGIN HIDDEN TESTS
check_cosines(cloud(2, 9, seed=63), cloud(5, 9, seed=64), "2 and 5 dimensions in 9")
check_cosines(cloud(4, 6, seed=65), cloud(1, 6, seed=66), "4 dimensions and a line in 6")
mixed = torch.eye(3) + torch.ones(3, 3) / 2
check_cosines(mixed @ cloud(3, 8, seed=67), cloud(3, 8, seed=67), "a plane and itself, mixed")
check_cosines(X[:5], X[5:12], "5 and 7 digits")
### END HIDDEN TESTS
print("Planes compared.")

# %% tags=["wrong"] fails=["test_plane_cosines"] why="no frames: takes the rows as they are"
def plane_cosines(B, W):
    return torch.linalg.svdvals(B @ W.T)


# %% tags=["wrong"] fails=["test_plane_cosines"] why="rows of length 1, but not at right angles"
def plane_cosines(B, W):
    return torch.linalg.svdvals(F.normalize(B) @ F.normalize(W).T)


# %% tags=["wrong"] fails=["test_plane_cosines"] why="a frame for one of the two only"
def plane_cosines(B, W):
    return torch.linalg.svdvals(torch.linalg.qr(B.T)[0].T @ F.normalize(W).T)


# %% tags=["wrong"] fails=["test_plane_cosines"] why="qr of the rows, so that all cosines become 1"
def plane_cosines(B, W):
    Q_B, Q_W = torch.linalg.qr(B)[0], torch.linalg.qr(W)[0]
    return torch.linalg.svdvals(Q_B.T @ Q_W)


# %% tags=["wrong"] fails=["test_plane_cosines"] why="first with first: no singular values"
def plane_cosines(B, W):
    Q_B, Q_W = torch.linalg.qr(B.T)[0], torch.linalg.qr(W.T)[0]
    return (Q_B.T @ Q_W).diagonal().abs().sort(descending=True).values


# %% tags=["wrong"] fails=["test_plane_cosines"] why="squares of the cosines: forgets the root"
def plane_cosines(B, W):
    Q_B, Q_W = torch.linalg.qr(B.T)[0], torch.linalg.qr(W.T)[0]
    between = Q_B.T @ Q_W
    count = min(between.shape)
    return torch.linalg.eigvalsh(between @ between.T).flip(0)[:count].clamp(min=0)


# %% tags=["wrong"] fails=["test_plane_cosines"] why="smallest cosine first"
def plane_cosines(B, W):
    Q_B, Q_W = torch.linalg.qr(B.T)[0], torch.linalg.qr(W.T)[0]
    return torch.linalg.svdvals(Q_B.T @ Q_W).flip(0)


# %% tags=["wrong"] fails=["test_plane_cosines"] why="the angles, not their cosines"
def plane_cosines(B, W):
    Q_B, Q_W = torch.linalg.qr(B.T)[0], torch.linalg.qr(W.T)[0]
    return torch.linalg.svdvals(Q_B.T @ Q_W).clamp(max=1).acos()


# %% tags=["right"] why="scipy's angles between subspaces"
def plane_cosines(B, W):
    from scipy.linalg import subspace_angles

    angles = subspace_angles(B.T.double().numpy(), W.T.double().numpy())  # largest first
    return torch.tensor(np.cos(np.sort(angles)))


# %% tags=["right"] why="frames from the SVD, then roots of eigenvalues"
def plane_cosines(B, W):
    frame_B, frame_W = (torch.linalg.svd(A.double(), full_matrices=False)[2] for A in (B, W))
    between = frame_B @ frame_W.T
    between = between if len(B) <= len(W) else between.T
    values = torch.linalg.eigvalsh(between @ between.T).clamp(0, 1)
    return values.sqrt().sort(descending=True).values.float()


# %% [markdown]
# The plane will turn out to be PCA's, but the patterns in it are mixtures: nothing in the loss asks
# for right angles, or for the strongest first. You can put that in order afterwards, without ever
# leaving the plane.
#
# `sort_code(X, B)`
#
# - **in:** `X` (n, d), data; `B` (k, d), the linearly independent rows of a decoder. It may come
#   from **any** training, good or bad; k ≤ d and k < n
# - **out:** float tensor (k, d): `W`, whose rows span **the same plane as the rows of `B`**, have
#   length 1, and are at right angles. The codes $(x - \bar x)W^\top$, with $\bar x$ the mean of the
#   rows of `X`, are uncorrelated over the data, and their spread falls from the first column to
#   the last. The signs are yours to choose.
#
# One way: put a frame into the plane, take the codes in that frame, and do PCA on those: k numbers
# each, not d.

# %% tags=["solution"] id="sort_code"
def sort_code(X, B):
    """Patterns (k, d) in the plane of B's rows (k, d), sorted by the spread of X (n, d)."""
    ### BEGIN SOLUTION
    Q = torch.linalg.qr(B.T)[0]  # (d, k), a frame of the plane
    z = (X - X.mean(0)) @ Q  # (n, k)
    turn = torch.linalg.svd(z, full_matrices=False)[2]  # (k, k), strongest direction first
    return turn @ Q.T
    ### END SOLUTION


# %% tags=["test"] id="test_sort_code" points=2
def check_sorted(data, B, what):
    (k, d), before = B.shape, (data.clone(), B.clone())
    made = sort_code(data, B)
    assert torch.equal(data, before[0]) and torch.equal(B, before[1]), "work on copies of X and B"
    W = expect_array(made, (k, d), f"{what}: W")
    off = np.abs(W @ W.T - np.eye(k)).max()
    assert off < 1e-3, (
        f"{what}: rows of W should have length 1 and be at right angles, but W Wᵀ is {off:.3f} off"
    )
    Q = np.linalg.qr(B.double().numpy().T)[0]
    outside = np.linalg.norm(W - W @ Q @ Q.T)
    assert outside < 1e-2, (
        f"{what}: your patterns leave the plane of B by {outside:.3f}. PCA of the data would find "
        "the best plane of all, but here the plane is given"
    )
    z = (data.double().numpy() - data.double().numpy().mean(0)) @ W.T
    spread = z.std(0)
    assert (np.diff(spread) < 1e-3 * spread.max()).all(), (
        f"{what}: the spread of the codes should fall, but it is {spread.round(3)}"
    )
    moments = z.T @ z / len(z)
    mixed = np.abs(moments - np.diag(np.diag(moments))).max() / moments.max()
    assert mixed < 2e-3, (
        f"{what}: the codes are still correlated: their covariance is {mixed:.3f} of the largest "
        "variance. Turn the frame to the directions of largest spread; and mind the mean of X"
    )


# By hand: data along (3, 4, 1); the plane is the floor, so only (3, 4) can be followed.
floor = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
along = torch.tensor([[3.0, 4, 1], [-3, -4, -1], [0.4, -0.3, 0], [-0.4, 0.3, 0]]) + 7
first = expect_array(sort_code(along, floor), (2, 3), "W")[0]
assert abs(first @ np.array([0.6, 0.8, 0.0])) > 0.9999, (
    f"data spread along (3, 4, 1), seen from the floor, spread along (3, 4): your first pattern "
    f"should be (0.6, 0.8, 0) or its negative, but it is {first.round(3)}"
)
check_sorted(cloud(50, 6, seed=71), cloud(3, 6, seed=72), "50 points, 3 patterns of 6 numbers")
### BEGIN HIDDEN TESTS
check_sorted(cloud(30, 9, seed=73), cloud(4, 9, seed=74), "30 points, 4 patterns of 9 numbers")
check_sorted(cloud(40, 5, seed=75), cloud(5, 5, seed=76), "40 points, 5 patterns of 5 numbers")
check_sorted(cloud(5, 20, seed=77), 0.01 * cloud(2, 20, seed=78), "5 points, 2 short patterns")
check_sorted(cloud(9, 4, seed=79), cloud(1, 4, seed=80), "one pattern")
check_sorted(X[:500], X[500:505] - X.mean(0), "digits")
### END HIDDEN TESTS
print("Same plane, and the code is in order.")

# %% tags=["wrong"] fails=["test_sort_code"] why="PCA of the data: leaves the plane of B"
def sort_code(X, B):
    return torch.linalg.svd(X - X.mean(0), full_matrices=False)[2][: len(B)]


# %% tags=["wrong"] fails=["test_sort_code"] why="a frame only: not turned to the data"
def sort_code(X, B):
    return torch.linalg.qr(B.T)[0].T


# %% tags=["wrong"] fails=["test_sort_code"] why="SVD of B: sorts by B's size, never looks at X"
def sort_code(X, B):
    return torch.linalg.svd(B, full_matrices=False)[2]


# %% tags=["wrong"] fails=["test_sort_code"] why="sorts the frame by spread, but does not turn it"
def sort_code(X, B):
    Q = torch.linalg.qr(B.T)[0]
    spread = ((X - X.mean(0)) @ Q).std(0)
    return Q.T[spread.argsort(descending=True)]


# %% tags=["wrong"] fails=["test_sort_code"] why="forgets the mean"
def sort_code(X, B):
    Q = torch.linalg.qr(B.T)[0]
    return torch.linalg.svd(X @ Q, full_matrices=False)[2] @ Q.T


# %% tags=["wrong"] fails=["test_sort_code"] why="no frame: takes the codes X Bᵀ as they are"
def sort_code(X, B):
    turn = torch.linalg.svd((X - X.mean(0)) @ B.T, full_matrices=False)[2]
    return F.normalize(turn @ B)


# %% tags=["wrong"] fails=["test_sort_code"] why="weakest first (eigh sorts upwards)"
def sort_code(X, B):
    Q = torch.linalg.qr(B.T)[0]
    z = (X - X.mean(0)) @ Q
    return torch.linalg.eigh(z.T @ z)[1].T @ Q.T


# %% tags=["wrong"] fails=["test_sort_code"] why="turned the wrong way: columns of Vh for its rows"
def sort_code(X, B):
    Q = torch.linalg.qr(B.T)[0]
    z = (X - X.mean(0)) @ Q
    return torch.linalg.svd(z, full_matrices=False)[2].T @ Q.T


# %% tags=["right"] why="drops the data onto the plane, then PCA in all d numbers"
def sort_code(X, B):
    flat = torch.linalg.lstsq(B.T.double(), (X - X.mean(0)).T.double()).solution  # (k, n)
    dropped = flat.T @ B.double()
    return torch.linalg.svd(dropped, full_matrices=False)[2][: len(B)].float()


# %% tags=["right"] why="eigenvectors of the covariance seen from the plane, in numpy"
def sort_code(X, B):
    frame = np.linalg.svd(B.double().numpy(), full_matrices=False)[2]
    vectors = np.linalg.eigh(frame @ np.cov(X.double().numpy().T) @ frame.T)[1]
    return torch.tensor(-vectors[:, ::-1].T @ frame)


# %% [markdown]
# Now see it happen (no points). Your `train_step` trains a linear auto-encoder with two numbers,
# your `plane_cosines` compares, your `sort_code` tidies up.

# %% tags=["random", "heavy"]
training.seed_everything(0)
flat_model = nn.Sequential(nn.Linear(784, 2), nn.Linear(2, 784))
flat_model[1].bias.data = X.mean(0)  # its constant starts at the mean picture
flat_optimiser = torch.optim.Adam(flat_model.parameters(), lr=1e-2)
falling = torch.optim.lr_scheduler.OneCycleLR(flat_optimiser, 1e-2, total_steps=600)
for _ in range(600):
    train_step(flat_model, flat_optimiser, X[torch.randint(len(X), (256,))])
    falling.step()
B = flat_model[1].weight.detach().T  # (2, 784)
pca = torch.linalg.eigh((X - X.mean(0)).T @ (X - X.mean(0)))[1].flip(1).T[:2]
print("cosines between its plane and PCA's:", plane_cosines(B, pca))
gallery = torch.cat([B, sort_code(X, B), pca])
plotting.show_images(
    gallery / gallery.abs().amax(1, keepdim=True),
    "Above, two patterns of the linear auto-encoder; the same sorted; below, PCA's two patterns: "
    "equal to the sorted ones, but perhaps with the colours exchanged.",
    rows=["linear AE", "sorted", "PCA"],
    columns=2,
    size=1.3,
    signed=True,
)

# %% [markdown]
# ## Task 4 · Spoil it, and ask for the clean one (★★, 15 minutes, 3 points)
#
# `corrupt(x, p, generator)`
#
# - **in:** `x`, float tensor of any shape; `p`, from 0 to 1; `generator`, a `torch.Generator`, from
#   which **all** your random numbers come (`torch.rand(..., generator=generator)`)
# - **out:** a new tensor of the same shape and dtype. Each number of `x` is erased, that is, set
#   to 0, with probability `p`, whatever happens to the others. All others are **exactly** as in
#   `x`. With `p = 0` nothing is erased, with `p = 1` everything.

# %% tags=["solution"] id="corrupt"
def corrupt(x, p, generator):
    """x with each number set to 0 with probability p; same shape."""
    ### BEGIN SOLUTION
    keep = torch.rand(x.shape, generator=generator) >= p  # rand is in [0, 1)
    return x * keep
    ### END SOLUTION


# %% tags=["test"] id="test_corrupt" points=1
def check_corrupt(shape, p, seed):
    x = 1 + torch.rand(shape, generator=random_numbers(seed))  # no zeros
    before, random = x.clone(), random_numbers(seed + 1)
    made = corrupt(x, p, random)
    assert torch.equal(x, before), "your corrupt changes x itself: work on a copy"
    again, fresh = corrupt(x, p, random), corrupt(x, p, random_numbers(seed + 1))
    expect_array(made, shape, "what corrupt returns")
    assert made.dtype == x.dtype, f"corrupt should return {x.dtype}, but it returns {made.dtype}"
    assert ((made == 0) | (made == x)).all(), (
        "every number should either become 0 or stay exactly as it is, but some have changed. "
        "(Dropout also scales up what is left: that is another thing)"
    )
    gone = made == 0
    n, share = gone.numel(), gone.double().mean().item()
    assert abs(share - p) <= 6 * (p * (1 - p) / n) ** 0.5, (
        f"about {p:.0%} of the numbers should be erased, but {share:.1%} are"
    )
    assert torch.equal(made, fresh), (
        "a generator with the same seed should give the same holes: draw your random numbers with "
        "generator=generator"
    )
    if 0 < p < 1:
        assert not torch.equal(made, again), (
            "the second call with one generator gives the same holes as the first: do not seed it, "
            "just draw from it"
        )
        counts = {int((corrupt(x, p, random) == 0).sum()) for _ in range(20)}
        assert len(counts) > 1, (
            f"every call erases exactly {counts.pop()} numbers, but each number should be left to "
            "chance, whatever happens to the others"
        )
        rows = gone.reshape(shape[0], -1).double().numpy()
        independent = (p * (1 - p)) ** 0.5
        for part, length, word in ((rows, rows.shape[1], "row"), (rows.T, len(rows), "column")):
            ratio = part.mean(1).std(ddof=1) * length**0.5 / independent
            assert 0.5 < ratio < 2, (
                f"how many numbers are erased varies {'too much' if ratio > 1 else 'too little'} "
                f"from {word} to {word}: each number needs a random number of its own"
            )


check_corrupt((60, 80), p=0.3, seed=81)
assert corrupt(torch.ones(5, 4), 0.0, random_numbers(1)).min() == 1, "p = 0 should erase nothing"
assert corrupt(torch.ones(5, 4), 1.0, random_numbers(1)).max() == 0, "p = 1 should erase everything"
### BEGIN HIDDEN TESTS
check_corrupt((50, 120), p=0.5, seed=83)
check_corrupt((64, 1, 9, 11), p=0.8, seed=85)
check_corrupt((7, 5), p=0.0, seed=87)
check_corrupt((6, 300), p=1.0, seed=89)
negative = -torch.ones(40, 50)
assert corrupt(negative, 0.5, random_numbers(2)).min() == -1, "numbers below zero stay, too"
### END HIDDEN TESTS
print("Holes where they belong, and the original is untouched.")

# %% tags=["wrong"] fails=["test_corrupt"] why="dropout: scales up what is left"
def corrupt(x, p, generator):
    keep = torch.rand(x.shape, generator=generator) >= p
    return x * keep / max(1 - p, 1e-9)


# %% tags=["wrong"] fails=["test_corrupt"] why="keeps with probability p"
def corrupt(x, p, generator):
    return x * (torch.rand(x.shape, generator=generator) < p)


# %% tags=["wrong"] fails=["test_corrupt"] why="writes into x"
def corrupt(x, p, generator):
    x[torch.rand(x.shape, generator=generator) < p] = 0
    return x


# %% tags=["wrong"] fails=["test_corrupt"] why="one mask for all pictures"
def corrupt(x, p, generator):
    return x * (torch.rand(x.shape[1:], generator=generator) >= p)


# %% tags=["wrong"] fails=["test_corrupt"] why="erases whole pictures"
def corrupt(x, p, generator):
    keep = torch.rand(len(x), generator=generator) >= p
    return x * keep.view(-1, *[1] * (x.ndim - 1))


# %% tags=["wrong"] fails=["test_corrupt"] why="ignores the generator"
def corrupt(x, p, generator):
    return x * (torch.rand_like(x) >= p)


# %% tags=["wrong"] fails=["test_corrupt"] why="seeds again on every call: always the same holes"
def corrupt(x, p, generator):
    generator.manual_seed(0)
    return x * (torch.rand(x.shape, generator=generator) >= p)


# %% tags=["wrong"] fails=["test_corrupt"] why="adds grey noise instead of erasing"
def corrupt(x, p, generator):
    return x + p * torch.randn(x.shape, generator=generator)


# %% tags=["wrong"] fails=["test_corrupt"] why="erases exactly the share p of all numbers"
def corrupt(x, p, generator):
    made = x.clone().flatten()
    made[torch.randperm(x.numel(), generator=generator)[: round(p * x.numel())]] = 0
    return made.view(x.shape)


# %% tags=["wrong"] fails=["test_corrupt"] why="erases the same count in every picture"
def corrupt(x, p, generator):
    draws = torch.rand(x.shape, generator=generator).flatten(1)
    erase = draws.argsort(1).argsort(1) < round(p * draws.shape[1])
    return x * ~erase.view(x.shape)


# %% tags=["right"] why="a Bernoulli mask and torch.where"
def corrupt(x, p, generator):
    erased = torch.bernoulli(torch.full(x.shape, float(p)), generator=generator).bool()
    return torch.where(erased, torch.zeros_like(x), x)


# %% tags=["right"] why="chooses the places, then fills a clone"
def corrupt(x, p, generator):
    made = x.clone().flatten()
    made[torch.rand(made.numel(), generator=generator) < p] = 0
    return made.reshape(x.shape)


# %% [markdown]
# `denoising_loss(model, x, p, generator)`
#
# - **in:** `model`, any module that turns (n, d) into (n, d); `x` (n, d), clean pictures; `p` and
#   `generator` as above
# - **out:** a tensor without dimensions, from which `backward()` reaches the model: the mean
#   squared error **per pixel** between the **clean** pictures and what the model makes of the
#   spoilt ones. All pixels count, erased or not.
#
# Call the model once, with the pictures spoilt by `corrupt(x, p, generator)`.

# %% tags=["solution"] id="denoising_loss"
def denoising_loss(model, x, p, generator):
    """MSE per pixel between x (n, d) and the model's copies of spoilt x."""
    ### BEGIN SOLUTION
    return F.mse_loss(model(corrupt(x, p, generator)), x)
    ### END SOLUTION


# %% tags=["test"] id="test_denoising_loss" points=2
class Witness(nn.Module):
    """Multiplies by a number a, and remembers what it was shown."""

    def __init__(self, a):
        super().__init__()
        self.a, self.seen = nn.Parameter(torch.tensor(a)), []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return self.a * x


def check_denoising(n, d, p, a, seed):
    x = 1 + torch.rand(n, d, generator=random_numbers(seed))  # no zeros
    before, witness = x.clone(), Witness(a)
    L = denoising_loss(witness, x, p, random_numbers(seed + 1))
    assert torch.equal(x, before), "your denoising_loss changes x itself: work on a copy"
    expect_array(L, (), "the loss")
    assert len(witness.seen) == 1, (
        f"the model should be called once, but it was called {len(witness.seen)} times"
    )
    seen = witness.seen[0]
    expect_array(seen, (n, d), "what the model is shown")
    share = (seen == 0).double().mean().item()
    assert abs(share - p) <= 6 * (p * (1 - p) / (n * d)) ** 0.5, (
        f"the model should be shown pictures with about {p:.0%} of the pixels erased, but in what "
        f"it is shown {share:.1%} are. The model gets the spoilt picture"
    )
    assert torch.is_tensor(L) and L.requires_grad, (
        "the loss should be a tensor that backward() can start from: no .item(), no detach()"
    )
    against_spoilt = ((a * seen - seen) ** 2).mean()
    assert p == 0 or abs(L.item() - against_spoilt) > 1e-4, (
        "your target is the spoilt picture: so the model would learn to copy the holes. Compare "
        "with the clean x"
    )
    hint = "It is the mean, over all pixels, of (model(spoilt) - clean)²."
    expect_close(L, ((a * seen - x) ** 2).mean(), "the loss", hint)
    attempt(L.backward, hint="backward() must still be possible: leave it to the caller.")
    slope = (2 * (a * seen - x) * seen).mean()
    expect_close(witness.a.grad, slope, "the slope of the loss", hint, tolerance=1e-3)


check_denoising(40, 60, p=0.3, a=1.0, seed=91)
### BEGIN HIDDEN TESTS
check_denoising(30, 90, p=0.6, a=0.7, seed=93)
check_denoising(5, 12, p=0.0, a=0.5, seed=95)
check_denoising(50, 20, p=0.85, a=-0.4, seed=97)
### END HIDDEN TESTS
print("Spoilt in, clean out: that is what it must learn.")

# %% tags=["wrong"] fails=["test_denoising_loss"] why="the target is the spoilt picture"
def denoising_loss(model, x, p, generator):
    spoilt = corrupt(x, p, generator)
    return F.mse_loss(model(spoilt), spoilt)


# %% tags=["wrong"] fails=["test_denoising_loss"] why="spoils the target, shows the clean picture"
def denoising_loss(model, x, p, generator):
    return F.mse_loss(model(x), corrupt(x, p, generator))


# %% tags=["wrong"] fails=["test_denoising_loss"] why="spoils the copy instead of the picture"
def denoising_loss(model, x, p, generator):
    return F.mse_loss(corrupt(model(x), p, generator), x)


# %% tags=["wrong"] fails=["test_denoising_loss"] why="only the erased pixels count"
def denoising_loss(model, x, p, generator):
    spoilt = corrupt(x, p, generator)
    erased = (spoilt == 0) & (x != 0)
    return ((model(spoilt) - x)[erased] ** 2).sum() / erased.sum().clamp(min=1)


# %% tags=["wrong"] fails=["test_denoising_loss"] why="sums over the pixels"
def denoising_loss(model, x, p, generator):
    return ((model(corrupt(x, p, generator)) - x) ** 2).sum(1).mean()


# %% tags=["wrong"] fails=["test_denoising_loss"] why="always erases half, whatever p is"
def denoising_loss(model, x, p, generator):
    return F.mse_loss(model(corrupt(x, 0.5, generator)), x)


# %% tags=["wrong"] fails=["test_denoising_loss"] why="a plain number: nothing can learn from it"
def denoising_loss(model, x, p, generator):
    return F.mse_loss(model(corrupt(x, p, generator)), x).item()


# %% tags=["wrong"] fails=["test_denoising_loss"] why="calls backward itself"
def denoising_loss(model, x, p, generator):
    L = F.mse_loss(model(corrupt(x, p, generator)), x)
    L.backward()
    return L


# %% tags=["wrong"] fails=["test_denoising_loss"] why="spoils both, each in its own way"
def denoising_loss(model, x, p, generator):
    return F.mse_loss(model(corrupt(x, p, generator)), corrupt(x, p, generator))


# %% tags=["right"] why="written out, picture by picture"
def denoising_loss(model, x, p, generator):
    copies = model(corrupt(x.clone(), p, generator))
    per_picture = [(made - clean).square().mean() for made, clean in zip(copies, x)]
    return torch.stack(per_picture).mean()


# %% [markdown]
# Does it work? Some hundred steps of denoising, then half of the pixels erased (no points).

# %% tags=["random", "heavy"]
training.seed_everything(0)
healer = AutoEncoder((784, 128, 32))
healer_optimiser = torch.optim.Adam(healer.parameters(), lr=1e-2)
falling = torch.optim.lr_scheduler.OneCycleLR(healer_optimiser, 1e-2, total_steps=1000)
dice = torch.Generator().manual_seed(SEED)
for _ in range(1000):
    heal_L = denoising_loss(healer, X[torch.randint(len(X), (64,))], 0.5, dice)
    healer_optimiser.zero_grad()
    heal_L.backward()
    healer_optimiser.step()
    falling.step()
holes = corrupt(shown, 0.5, dice)
plotting.show_images(
    torch.cat([shown, holes, healer(holes).detach()]),
    "Ten test digits; the same with half of their pixels erased; and mended, a little blurred.",
    rows=["clean", "spoilt", "mended"],
)

# %% [markdown]
# ## Task 5 · Search by code (★★, 10 minutes, 2 points)
#
# "Show me more like this one." You have the codes of all pictures in a collection, and some of
# these pictures are asked about. Each is of course nearest to itself, and nobody wants to see that.
#
# `nearest_others(z, i, k)`
#
# - **in:** `z`, float tensor (n, d), one code per picture; `i`, integer tensor (m,), the numbers
#   (0 to n − 1) of the pictures asked about; `k`, at most n − 1
# - **out:** integer tensor (m, k): row $r$ holds the numbers of the k pictures whose codes are
#   nearest to `z[i[r]]`, by straight-line distance, **nearest first, and never `i[r]` itself**.
#   Other pictures may happen to have the very same code: they do belong into the answer. Among
#   equal distances any order will do.

# %% tags=["solution"] id="nearest_others"
def nearest_others(z, i, k):
    """Numbers (m, k) of the rows of z (n, d) that are nearest to the rows i (m,), without i."""
    ### BEGIN SOLUTION
    D = torch.cdist(z[i], z)  # (m, n)
    D[torch.arange(len(i)), i] = torch.inf
    return D.topk(k, largest=False).indices
    ### END SOLUTION


# %% tags=["test"] id="test_nearest_others" points=2
def check_nearest(z, i, k, what):
    before = z.clone(), i.clone()
    made = nearest_others(z, i, k)
    assert torch.equal(z, before[0]) and torch.equal(i, before[1]), (
        "your nearest_others changes z or i itself: work on copies"
    )
    found = expect_array(made, (len(i), k), f"{what}: what nearest_others returns")
    assert (found == found.round()).all() and (found >= 0).all() and (found < len(z)).all(), (
        f"{what}: the answer should hold numbers of pictures, 0 to {len(z) - 1}, not distances"
    )
    found, asked = found.astype(int), i.numpy()
    assert not torch.as_tensor(made).is_floating_point(), (
        f"{what}: numbers of pictures are whole, but yours come as {torch.as_tensor(made).dtype}"
    )
    assert (found != asked[:, None]).all(), (
        f"{what}: a picture is found by itself. Leave it out by its number: another picture with "
        "the same code may come before it"
    )
    assert all(len(set(row)) == k for row in found.tolist()), f"{what}: a picture is found twice"
    points = z.double().numpy()
    D = np.linalg.norm(points[asked][:, None] - points[None], axis=-1)
    have = np.take_along_axis(D, found, 1)
    wanted = np.stack([np.sort(np.delete(row, own))[:k] for row, own in zip(D, asked)])
    hint = "Are they the nearest, by straight-line distance, and nearest first?"
    expect_close(have, wanted, f"{what}: the distance to a picture found", hint, tolerance=2e-3)


# On a line, by hand: 0 and 7 are at 0.0, the others at 1, 3, 6, 10, 15, 21.
line = torch.tensor([[0.0], [1], [3], [6], [10], [15], [21], [0]])
check_nearest(line, torch.tensor([2, 6]), 3, "eight codes on a line")
check_nearest(line, torch.tensor([0, 7]), 2, "two pictures with one code")
check_nearest(cloud(30, 4, seed=101), torch.tensor([29, 3, 3]), 5, "30 codes of 4 numbers")
### BEGIN HIDDEN TESTS
check_nearest(cloud(80, 6, seed=102), torch.arange(80).flip(0)[:50], 10, "80 codes of 6 numbers")
check_nearest(cloud(9, 3, seed=103), torch.tensor([4]), 8, "all others")
double = cloud(20, 5, seed=104).repeat(2, 1)
check_nearest(double, torch.arange(40), 1, "every code twice")
check_nearest(line.repeat(5, 1), torch.arange(40).flip(0), 7, "forty codes on a line")
stretched = cloud(40, 2, seed=105) * torch.tensor([1.0, 30.0])
check_nearest(stretched, torch.arange(7), 6, "a stretched cloud")
### END HIDDEN TESTS
print("More like this one.")

# %% tags=["wrong"] fails=["test_nearest_others"] why="finds the picture itself"
def nearest_others(z, i, k):
    return torch.cdist(z[i], z).topk(k, largest=False).indices


# %% tags=["wrong"] fails=["test_nearest_others"] why="drops the first one found, itself or not"
def nearest_others(z, i, k):
    return torch.cdist(z[i], z).argsort(dim=1, stable=True)[:, 1 : k + 1]


# %% tags=["wrong"] fails=["test_nearest_others"] why="leaves out every picture with the same code"
def nearest_others(z, i, k):
    D = (z[i][:, None] - z[None]).norm(dim=-1)
    return torch.where(D == 0, torch.inf, D).topk(k, largest=False).indices


# %% tags=["wrong"] fails=["test_nearest_others"] why="the farthest"
def nearest_others(z, i, k):
    return torch.cdist(z[i], z).topk(k).indices


# %% tags=["wrong"] fails=["test_nearest_others"] why="largest dot product instead of distance"
def nearest_others(z, i, k):
    likeness = z[i] @ z.T
    likeness[torch.arange(len(i)), i] = -torch.inf
    return likeness.topk(k).indices


# %% tags=["wrong"] fails=["test_nearest_others"] why="angle between codes instead of distance"
def nearest_others(z, i, k):
    likeness = F.normalize(z[i]) @ F.normalize(z).T
    likeness[torch.arange(len(i)), i] = -torch.inf
    return likeness.topk(k).indices


# %% tags=["wrong"] fails=["test_nearest_others"] why="the distances, not the numbers"
def nearest_others(z, i, k):
    D = torch.cdist(z[i], z)
    D[torch.arange(len(i)), i] = torch.inf
    return D.topk(k, largest=False).values


# %% tags=["wrong"] fails=["test_nearest_others"] why="nearest last"
def nearest_others(z, i, k):
    D = torch.cdist(z[i], z)
    D[torch.arange(len(i)), i] = torch.inf
    return D.topk(k, largest=False).indices.flip(1)


# %% tags=["wrong"] fails=["test_nearest_others"] why="sums absolute differences"
def nearest_others(z, i, k):
    D = torch.cdist(z[i], z, p=1)
    D[torch.arange(len(i)), i] = torch.inf
    return D.topk(k, largest=False).indices


# %% tags=["wrong"] fails=["test_nearest_others"] why="numbers counted after taking itself out"
def nearest_others(z, i, k):
    rows = []
    for one in i.tolist():
        others = torch.cat([z[:one], z[one + 1 :]])
        rows.append((others - z[one]).norm(dim=1).argsort()[:k])
    return torch.stack(rows)


# %% tags=["right"] why="a loop that sorts and strikes itself out"
def nearest_others(z, i, k):
    rows = []
    for one in i.tolist():
        order = ((z - z[one]) ** 2).sum(1).argsort().tolist()
        order.remove(one)
        rows.append(order[:k])
    return torch.tensor(rows)


# %% tags=["right"] why="scikit-learn's search, in numpy"
def nearest_others(z, i, k):
    from sklearn.neighbors import NearestNeighbors

    order = NearestNeighbors(n_neighbors=len(z)).fit(z.numpy()).kneighbors(z[i].numpy())[1]
    kept = order[order != i.numpy()[:, None]].reshape(len(i), len(z) - 1)
    return torch.tensor(kept[:, :k])


# %% [markdown]
# ## Task 6 · Eight numbers, against PCA (★★★, 15 minutes, 2 points)
#
# `train_autoencoder(X, latent_dim)` makes a network, trains it, and returns it.
#
# - **in:** `X` (n, 784), training digits; `latent_dim`, how many numbers a code may hold
# - **out:** a trained module with `encoder`, (m, 784) → (m, latent_dim), and `decoder`,
#   (m, latent_dim) → (m, 784), as in task 1. Nothing but the code passes from one to the other.
#
# Use what you have built, or build something else. The test sets the seed, calls your function with
# 10,000 digits and `latent_dim=8`, and measures the error per pixel on digits that it was not
# trained on (the hidden test takes others than the visible one):
#
# | at most | points | who gets there |
# | --- | --- | --- |
# | 0.0600 | ½ | a network that has begun to learn. One mean picture for all: 0.065 |
# | 0.0400 | 1 | PCA with 8 numbers: 0.038 |
# | 0.0280 | 2 | PCA with **16** numbers: 0.0277. A bent code needs half as many |
#
# A few seconds of training are enough. Three things to know:
#
# - An error that stands still near 0.065 is the mean picture. Bends take a while to wake up. A
#   larger learning rate (for Adam up to 0.01) and small handfuls of 64 digits wake them sooner.
# - A learning rate that **falls** towards the end lets the network settle.
#   `torch.optim.lr_scheduler.OneCycleLR` makes one that rises and falls.
# - A plain `for` loop will do, or `training.train` as in the lectures. Other progress bars may
#   print in red.
#
# What we measured with one hidden layer of 128, Adam, 64 digits a step, and four seeds each: at a
# constant rate of 0.003 the error is 0.039 to 0.042 after 1,500 steps, and at a constant 0.01 it is
# 0.031 to 0.032. With a rate that rises to 0.01 and falls again it is 0.023, or 0.024 after 1,000
# steps, which take about two seconds. Stay below half a minute.

# %% tags=["solution"] id="train_autoencoder"
def train_autoencoder(X, latent_dim):
    """A network with latent_dim numbers in the middle, trained to copy the rows of X (n, 784)."""
    ### BEGIN SOLUTION
    steps, lr = 1000, 1e-2
    model = AutoEncoder((784, 128, latent_dim))
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)
    for _ in range(steps):
        train_step(model, optimiser, X[torch.randint(len(X), (64,))])
        schedule.step()
    return model
    ### END SOLUTION


# %% tags=["test", "heavy"] id="test_train_autoencoder" points=2
def error_of(model, digits):
    """Error per pixel; the codes are shuffled on the way, so only they can help the decoder."""
    n = len(digits)
    order = torch.randperm(n, generator=random_numbers(111))
    with torch.no_grad():
        z = model.encoder(digits.clone())
        assert torch.is_tensor(z) and z.shape == (n, 8), (
            "the encoder should make one code of 8 numbers per digit, a tensor "
            f"({n}, 8), but it makes {tuple(z.shape) if torch.is_tensor(z) else type(z).__name__}"
        )
        model.encoder(X[:n].clone())  # a decoder must not rely on what was encoded last
        copies = expect_array(model.decoder(z[order].clone()), (n, 784), "the copies")
    return float(((copies - digits[order].numpy()) ** 2).mean())


training.seed_everything(0)
trained = train_autoencoder(X.clone(), 8)
for part in ("encoder", "decoder"):
    assert callable(getattr(trained, part, None)), (
        f"train_autoencoder should return a network with an encoder and a decoder, but what it "
        f"returns ({type(trained).__name__}) has no {part}"
    )
if isinstance(trained, nn.Module):
    trained.eval()
error = error_of(trained, X_test)
### BEGIN HIDDEN TESTS
error = max(error, error_of(trained, datasets.mnist("test", n=4_000)[0].flatten(1)[2_000:]))
### END HIDDEN TESTS
print(f"Your error: {error:.4f}. PCA reaches 0.038 with 8 numbers, and 0.0277 with 16.")
partial_credit(error, [(0.0600, 0.5), (0.0400, 1), (0.0280, 2)])

# %% tags=["wrong"] fails=["test_train_autoencoder"] why="returns the network untrained"
def train_autoencoder(X, latent_dim):
    return AutoEncoder((784, 128, latent_dim))


# %% tags=["wrong"] fails=["test_train_autoencoder"] why="forty steps: still the mean picture"
def train_autoencoder(X, latent_dim):
    model = AutoEncoder((784, 128, latent_dim))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(40):
        train_step(model, optimiser, X[torch.randint(len(X), (64,))])
    return model


# %% tags=["wrong"] fails=["test_train_autoencoder"] why="learns 50 digits by heart"
def train_autoencoder(X, latent_dim):
    model = AutoEncoder((784, 64, latent_dim))
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(500):
        train_step(model, optimiser, X[:50])
    return model


# %% tags=["wrong"] fails=["test_train_autoencoder"] why="16 numbers in the code instead of 8"
def train_autoencoder(X, latent_dim):
    return AutoEncoder((784, 2 * latent_dim))


# %% tags=["wrong"] fails=["test_train_autoencoder"] why="a new optimiser in every step"
def train_autoencoder(X, latent_dim):
    model = AutoEncoder((784, 64, latent_dim))
    for _ in range(300):
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
        train_step(model, optimiser, X[torch.randint(len(X), (64,))])
    return model


# %% tags=["wrong"] fails=["test_train_autoencoder"] why="PCA in a network's clothes: one point"
def train_autoencoder(X, latent_dim):
    mu = X.mean(0)
    W = torch.linalg.eigh((X - mu).T @ (X - mu))[1].flip(1).T[:latent_dim]

    class Flat(nn.Module):
        def encoder(self, x):
            return (x - mu) @ W.T

        def decoder(self, z):
            return mu + z @ W

    return Flat()


# %% tags=["wrong"] fails=["test_train_autoencoder"] why="the decoder remembers what was encoded"
def train_autoencoder(X, latent_dim):
    class Cheat(nn.Module):
        def encoder(self, x):
            self.seen = x
            return x[:, :latent_dim]

        def decoder(self, z):
            return self.seen

    return Cheat()


# %% tags=["right"] why="whole epochs in shuffled order, two plain Sequentials, ReLU, a cosine"
def train_autoencoder(X, latent_dim):
    model = nn.Module()
    model.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, latent_dim))
    model.decoder = nn.Sequential(nn.Linear(latent_dim, 128), nn.ReLU(), nn.Linear(128, 784))
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-4)
    epochs = 6
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(50):
            x = X[rows]
            loss = (model.decoder(model.encoder(x)) - x).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    return model


# %% [markdown]
# Now look at what you have made (no points): copies beside PCA's, a search by eight numbers, and at
# last codes that are **no** digit's. They are drawn at random, each number with the mean and the
# spread that it has over real digits. Keep the last row in mind for task 7.

# %% tags=["random", "heavy"]
training.seed_everything(0)
eight = train_autoencoder(X, 8).eval().requires_grad_(False)
found_codes = eight.encoder(X_test)
pca = torch.linalg.eigh((X - X.mean(0)).T @ (X - X.mean(0)))[1].flip(1).T[:8]
invented = found_codes.mean(0) + found_codes.std(0) * torch.randn(10, 8)
plotting.show_images(
    torch.cat(
        [
            shown,
            X.mean(0) + (shown - X.mean(0)) @ pca.T @ pca,
            eight.decoder(eight.encoder(shown)),
            eight.decoder(invented),
        ]
    ),
    "Ten digits; PCA's copies from eight numbers, dim and blurred; the network's copies, clearer; "
    "and what it draws from ten random codes: blots, strokes, and a few half-made digits.",
    rows=["original", "PCA 8", "yours 8", "random codes"],
)
asked_for = torch.tensor([int((test_labels == digit).nonzero()[0]) for digit in (2, 4, 5, 7)])
alike = nearest_others(found_codes, asked_for, 9)
plotting.show_images(
    torch.cat([torch.cat([X_test[a : a + 1], X_test[b]]) for a, b in zip(asked_for, alike)]),
    "Four digits, and beside each the nine whose eight numbers are nearest: often the same digit.",
    titles=["asked", *[str(rank) for rank in range(1, 10)]],
)
for search_name, places in (("784 pixels", X_test), ("your 8 numbers", found_codes)):
    hits = test_labels[nearest_others(places, torch.arange(2000), 10)] == test_labels[:, None]
    print(f"the same digit among the ten nearest by {search_name}: {hits.float().mean():.0%}")

# %% [markdown]
# ## Task 7 · In your own words (★, 5 minutes, 2 points)
#
# Two auto-encoders have codes of equal size. On new digits, A has an error of 0.020 per pixel and
# B of 0.024. A friend says: "So A understands digits better, and if we put random codes into the
# decoders, A will draw the better new digits." In three to six sentences: what does the error
# measure, and **why** does neither half of the sentence follow from it? Give one thing that the
# error punishes or forgives wrongly, and say what training never told the decoder. What has either
# of them gained over PCA?

# %% [markdown] tags=["written"] id="reflection" points=2
# ### BEGIN SOLUTION
# The error compares copy and original pixel by pixel, on digits that were there. It is not a
# measure of understanding: a digit moved by one pixel looks the same to us and costs more than a
# digit with its lower half erased, while a blur between two likely strokes costs little. Nor does
# it say anything of new digits: during training the decoder has only met codes of real digits, and
# nothing in the loss says where these lie or that the gaps between them must be filled. A random
# code mostly falls where the decoder has never been taught, in A as in B. What both have gained
# over PCA is the bend: PCA's copies lie on a flat sheet, sums of fixed patterns, while the networks
# follow the curved surface on which digits lie, and so need fewer numbers for the same error.
#
# **Rubric.** **½ point** the error is a pixel-by-pixel comparison of copies with existing digits.
# **½ point** a correct example of what it misjudges: a one-pixel shift costs much, blur or a
# missing part costs little (or another). **½ point** the loss says nothing about codes that no
# digit has: where codes lie, gaps, junk from random codes. **½ point** the network bends, PCA is
# flat (curved manifold, fewer numbers for the same error). Take nothing off for language.
# ### END SOLUTION
