"""Words as numbers: who stands beside whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def neighbour_pairs(sentences: Sequence[Sequence[int]], window: int) -> Tensor:
    """Return all pairs of words that stand near each other in a sentence.

    Parameters
    ----------
    sentences : sequence of sequence of int
        Words as numbers. Pairs never reach from one sentence into another.
    window : int
        How many places two words may be apart, at least 1.

    Returns
    -------
    Tensor
        int64 (m, 2), rows (centre, neighbour), each pair of places in both directions.

    Raises
    ------
    ValueError
        The window is not a whole number from 1.
    """
    import torch

    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise ValueError(f"the window is a whole number from 1, not {window}")
    words = torch.tensor([w for sentence in sentences for w in sentence], dtype=torch.int64)
    home = torch.tensor([i for i, sentence in enumerate(sentences) for _ in sentence])
    found = [torch.empty(0, 2, dtype=torch.int64)]
    for shift in range(1, window + 1):
        together = home[:-shift] == home[shift:]
        one = torch.stack([words[:-shift][together], words[shift:][together]], dim=1)
        found += [one, one.flip(1)]
    return torch.cat(found)
