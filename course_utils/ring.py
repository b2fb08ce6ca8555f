"""Eight small heaps on a circle: the smallest world in which a GAN can lose half of what there is.

Several networks are trained side by side, each with its own luck: a layer of `nets` holds one
matrix for each, and one batched product does them all. So five runs cost hardly more than one.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

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
