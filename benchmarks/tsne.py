"""Lecture 03's t-SNE beside scikit-learn's: 2,000 digits, perplexity 30, in one run.

    python -m benchmarks.tsne

Three times with other digits. Both KLs are computed by the lecture's exact formula.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from sklearn.manifold import TSNE, trustworthiness

from benchmarks.common import BRIEF, lecture_code, quiet, report
from course_utils import datasets

CELLS = (
    *["images, labels = ", "D2 = torch.cdist(X50", "def neighbour_chances(", "def mutual("],
    *["def weights(", "def tsne("],
)

PARTS, SIZE = (1, 200) if BRIEF else (3, 2000)


def ours(space: dict[str, Any], X50: torch.Tensor) -> np.ndarray:
    """A map by the lecture's code, P included."""
    D2 = torch.cdist(X50, X50) ** 2
    P = space["mutual"](space["neighbour_chances"](D2, 30))
    with quiet():
        return space["tsne"](P, X50[:, :2], curve=False)[0].numpy()


def scikit_learns(space: dict[str, Any], X50: torch.Tensor) -> np.ndarray:
    """A map by scikit-learn (Barnes–Hut)."""
    return TSNE(perplexity=30, init="pca", random_state=0).fit_transform(X50.numpy())


def main() -> None:
    """Draw each map three times and compare."""
    space = lecture_code("03_tsne", CELLS)
    images = datasets.mnist("train", n=PARTS * SIZE)[0].flatten(1)
    rows: list[dict[str, Any]] = []
    for part in range(PARTS):
        X = images[SIZE * part : SIZE * (part + 1)]
        mean = X.mean(0)
        X50 = (X - mean) @ torch.linalg.svd(X - mean, full_matrices=False)[2][:50].T
        P = space["mutual"](space["neighbour_chances"](torch.cdist(X50, X50) ** 2, 30))
        for name, method in (("ours", ours), ("scikit-learn", scikit_learns)):
            began = time.perf_counter()
            Y = method(space, X50)
            seconds = time.perf_counter() - began
            rows.append(
                {
                    "map": name,
                    "digits": f"{SIZE * part} to {SIZE * (part + 1)}",
                    "KL (nats)": round(float(space["divergence"](P, torch.as_tensor(Y))), 4),
                    "trustworthiness(12)": round(
                        float(trustworthiness(X.numpy(), Y, n_neighbors=12)), 4
                    ),
                    "seconds": round(seconds, 2),
                }
            )
            print(rows[-1], flush=True)

    def ratios(column: str) -> list[float]:
        mine, theirs = (
            [r[column] for r in rows if r["map"] == m] for m in ("ours", "scikit-learn")
        )
        return [round(a / b, 3) for a, b in zip(mine, theirs)]

    summary = {
        "KL, ours / theirs (target: at most 1.05)": ratios("KL (nats)"),
        "seconds, ours / theirs (target: at most 1.5)": ratios("seconds"),
    }
    report("tsne", f"t-SNE of {SIZE:,} digits, perplexity 30", rows, summary=summary)
    print(*(f"{name}: {value}" for name, value in summary.items()), sep="\n")


if __name__ == "__main__":
    main()
