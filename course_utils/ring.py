"""Eight small heaps on a circle: the smallest world in which a GAN can lose half of what there is.

Several networks are trained side by side, each with its own luck: a layer of `nets` holds one
matrix for each, and one batched product does them all. So five runs cost hardly more than one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from course_utils.checks import attempt, expect_array

SPREAD = 0.05  # standard deviation of a heap; the circle has radius 1


def centres() -> Tensor:
    """Return the middles of the eight heaps, float (8, 2)."""
    angle = torch.arange(8) * (math.pi / 4)
    return torch.stack([angle.cos(), angle.sin()], 1)


def sample(copies: int, n: int) -> Tensor:
    """Return n real points for each of several runs, float (copies, n, 2).

    They are drawn with torch's global generator, every heap with the same chance.
    """
    middles = centres()[torch.randint(8, (copies, n))]
    return middles + SPREAD * torch.randn(copies, n, 2)


@torch.no_grad()
def heaps(points: Tensor) -> tuple[list[int], list[float]]:
    """Count the heaps that were found, and the points that lie in one.

    Parameters
    ----------
    points : Tensor
        Float (copies, n, 2): what each of several generators made.

    Returns
    -------
    found : list of int
        For each copy, heaps that hold at least one point in a hundred within 3 sigma.
    inside : list of float
        For each copy, the share of its points within 3 sigma of a middle.

    Raises
    ------
    ValueError
        The points have another shape, or one is NaN or infinite.
    """
    if points.ndim != 3 or points.shape[2] != 2 or not points.shape[1]:
        raise ValueError(f"points should have shape (copies, n, 2), not {tuple(points.shape)}")
    if not points.isfinite().all():
        raise ValueError("some points are NaN or infinite")
    distance, heap = torch.cdist(points, centres().expand(len(points), 8, 2)).min(2)
    good = distance < 3 * SPREAD
    found = [
        int((h[g].bincount(minlength=8) >= len(h) / 100).sum())
        for h, g in zip(heap, good, strict=True)
    ]
    return found, good.float().mean(1).tolist()


def distance(points: Tensor, others: Tensor) -> float:
    """Return the exact earth mover's distance of two clouds of equally many points.

    Parameters
    ----------
    points, others : Tensor
        Float (n, d) both.

    Returns
    -------
    float
        Mean length of the way, when the points are paired in the best way.

    Raises
    ------
    ValueError
        The clouds differ in shape, or are empty.
    """
    from scipy.optimize import linear_sum_assignment

    if points.shape != others.shape or points.ndim != 2 or not len(points):
        raise ValueError(
            f"need two clouds (n, d) of one shape, got {tuple(points.shape)} and "
            f"{tuple(others.shape)}"
        )
    cost = torch.cdist(points, others).numpy()
    return float(cost[linear_sum_assignment(cost)].mean())


class Source:
    """Draws real points for one run, turned and shifted, and counts how often it was asked.

    Parameters
    ----------
    angle : float
        Turn, in radians.
    shift : tuple of two floats
        Where the circle's middle is.

    Attributes
    ----------
    asked : int
        Calls so far.
    """

    def __init__(self, angle: float = 0.0, shift: tuple[float, float] = (0.0, 0.0)) -> None:
        c, s = math.cos(angle), math.sin(angle)
        self._turn, self._shift = torch.tensor([[c, s], [-s, c]]), torch.tensor(shift)
        self.asked = 0

    def __call__(self, n: int) -> Tensor:
        """Return n real points, float (n, 2)."""
        self.asked += 1
        return sample(1, n)[0] @ self._turn + self._shift


def check_generator(
    train_ring: Callable[[Source], Callable[[int], Tensor]], real: Source, n: int = 800
) -> tuple[Tensor, float]:
    """Train a student's generator on real points, and measure what it makes.

    Parameters
    ----------
    train_ring : callable
        Gets ``real``, and gives ``make``, so that ``make(k)`` makes k points, (k, 2).
    real : Source
        Where the real points come from.
    n : int
        How many made and real points are compared.

    Returns
    -------
    made : Tensor
        Float (n, 2).
    away : float
        `distance` of the made points to real ones.

    Raises
    ------
    AssertionError
        In words: no function, wrong shapes, real points given away, the same points again.
    """
    make = attempt(train_ring, real)
    assert callable(make), "train_ring should give a function make(n)"
    assert real.asked >= 10, "your training has hardly looked at real points"
    asked = real.asked
    made, again = (
        torch.tensor(expect_array(attempt(make, n), (n, 2), "the made points")).float()
        for _ in range(2)
    )
    assert real.asked == asked, "make asks for real points: it should make its own"
    assert not torch.equal(made, again), "make gives the same points each time"
    assert len(made.unique(dim=0)) > 0.9 * n, "make repeats its points"
    return made, distance(made, real(n))


class ManyLinear(nn.Module):
    """Separate linear layers side by side: (copies, n, inputs) -> (copies, n, outputs)."""

    def __init__(self, copies: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(copies, inputs, outputs) * (2 / inputs) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(copies, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return x times each copy's matrix, plus its bias."""
        return torch.baddbmm(self.bias, x, self.weight)


def nets(copies: int, inputs: int, outputs: int, width: int = 64) -> nn.Sequential:
    """Return separate networks side by side, three hidden layers with LeakyReLU(0.2) each.

    Sum a loss over the copies before ``backward()``: none of them then feels the others.
    """
    sizes = (inputs, width, width, width)
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [ManyLinear(copies, a, b), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, ManyLinear(copies, width, outputs))
