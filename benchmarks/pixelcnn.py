"""Lecture 05's PixelCNN: width, batch, memory format, learning rate, each with the same seconds.

    python -m benchmarks.pixelcnn

Judged on 2,000 digits of the training set that are held out here, so that no choice is made on the
test set.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import torch

from benchmarks.common import BRIEF, lecture_code, quiet, report

CELLS = (
    *["images, _ = datasets.mnist", "def binarise(", "def mean_nats(", "def causal_mask("],
    *["def receptive_field(", "def rows_conv(", "class PixelCNN("],
)
SECONDS, HELD, PROBE = (0.2, 100, 4) if BRIEF else (15, 2000, 40)
SCHEDULE = "torch.optim.lr_scheduler.OneCycleLR"


def constant(optimiser: torch.optim.Optimizer, *_: Any, **__: Any) -> Any:
    """A schedule that leaves the learning rate alone."""
    return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda t: 1.0)


def main() -> None:
    """Train each variant for the same seconds and compare."""
    space = lecture_code("05_pixel_generation", CELLS)
    grey = space["grey"]
    held = space["binarise"](grey[-HELD:], torch.Generator().manual_seed(1))
    space["grey"] = grey[:-HELD]
    PixelCNN = space["PixelCNN"]

    class Contiguous(PixelCNN):  # type: ignore[misc, valid-type]
        def scores(self, e: torch.Tensor) -> torch.Tensor:
            return super().scores(e.contiguous())

    def build(
        kind: Callable[..., torch.nn.Module] = PixelCNN, width: int = 32, size: int | None = 28
    ) -> torch.nn.Module:
        torch.manual_seed(0)
        model = kind(colours=2, reach=7, embedding_dim=2, width=width, size=size)
        return model if kind is PixelCNN else model.to(memory_format=torch.contiguous_format)

    lecture: dict[str, Any] = {"model": {}, "batch": 16, "lr": 1.2e-2, "schedule": None}
    variants: dict[str, dict[str, Any]] = {
        "the lecture's: width 32, batch 16, rate 0.012": {},
        "width 16": {"model": {"width": 16}},
        "width 64": {"model": {"width": 64}},
        "batch 64": {"batch": 64},
        "contiguous memory": {"model": {"kind": Contiguous}},
        "largest rate 0.002": {"lr": 2e-3},
        "constant rate 0.002": {"lr": 2e-3, "schedule": constant},
        "constant rate 0.012": {"schedule": constant},
        "no place map": {"model": {"size": None}},
    }
    rows: list[dict[str, Any]] = []
    for name, change in variants.items():
        chosen = lecture | change
        model = build(**chosen["model"])

        def draw(n: int = chosen["batch"]) -> torch.Tensor:
            return space["some_digits"](n)

        with patch(SCHEDULE, chosen["schedule"]) if chosen["schedule"] else nullcontext(), quiet():
            space["fit"](model, draw, PROBE // 2, "warming up", lr=chosen["lr"])
            began = time.perf_counter()
            space["fit"](model, draw, PROBE, "how fast?", lr=chosen["lr"])
            steps = max(1, round(SECONDS * PROBE / (time.perf_counter() - began)))
            model = build(**chosen["model"])
            history = space["fit"](model, draw, steps, name, lr=chosen["lr"])
        rows.append(
            {
                "PixelCNN": name,
                "steps": steps,
                "seconds": round(history.seconds, 1),
                "nats per image": round(space["mean_nats"](model, held), 2),
            }
        )
        print(rows[-1], flush=True)
    report("pixelcnn", f"PixelCNN on binarised digits, {HELD:,} held-out training digits", rows)


if __name__ == "__main__":
    main()
