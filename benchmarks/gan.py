"""Lecture 07's GAN on digits: width, batch, memory format and the rest, each for the same seconds.

    python -m benchmarks.gan

FID-digits of 5,000 made pictures against 10,000 training digits, so that no choice is made on the
test set.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.common import lecture_code, report
from course_utils import judges, metrics

CELLS = ("images, _ = datasets.mnist", "def new_generator(", "def d_loss(")
SECONDS = 12
LECTURE: dict[str, Any] = {
    "c": 24,
    "batch": 32,
    "rate": 4e-3,
    "beta1": 0.5,
    "average": 0.995,
    "turns": 1,
    "format": torch.channels_last,
    "bf16": False,
    "hidden": True,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "the lecture's: 24 channels, batch 32, rate 0.004": {},
    "16 channels": {"c": 16},
    "32 channels": {"c": 32},
    "batch 16": {"batch": 16},
    "batch 64": {"batch": 64},
    "contiguous memory": {"format": torch.contiguous_format},
    "bfloat16": {"bf16": True},
    "rate 0.001": {"rate": 1e-3},
    "beta1 0.9": {"beta1": 0.9},
    "two steps of D a round": {"turns": 2},
    "no average of the weights": {"average": 0.0},
    "no hidden layer of 256 in G": {"hidden": False},
}


def train(space: dict[str, Any], chosen: dict[str, Any]) -> tuple[nn.Module, int]:
    """Play the lecture's game for SECONDS; the generator to look at, and the rounds."""
    torch.manual_seed(0)
    G, D = space["new_generator"](chosen["c"]), space["new_discriminator"](chosen["c"])
    if not chosen["hidden"]:
        first = nn.Linear(space["latent_dim"], 2 * chosen["c"] * 49, bias=False)
        G = nn.Sequential(first, *list(G)[4:])
    G, D = G.to(memory_format=chosen["format"]), D.to(memory_format=chosen["format"])
    average = AveragedModel(
        G, multi_avg_fn=get_ema_multi_avg_fn(chosen["average"]), use_buffers=True
    )
    g_optimiser, d_optimiser = (
        space["adam"](m, chosen["rate"], (chosen["beta1"], 0.99)) for m in (G, D)
    )
    rounds, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        with torch.autocast("cpu", torch.bfloat16, enabled=chosen["bf16"]):
            for _ in range(chosen["turns"]):
                fake = G(torch.randn(chosen["batch"], space["latent_dim"]))
                loss = space["d_loss"](D(space["real_batch"](chosen["batch"])), D(fake.detach()))
                d_optimiser.zero_grad()
                loss.backward()
                d_optimiser.step()
            loss = space["g_loss"](D(fake))
        g_optimiser.zero_grad()
        loss.backward()
        g_optimiser.step()
        average.update_parameters(G)
        rounds += 1
    return average.eval(), rounds


def main() -> None:
    """Train each variant for the same seconds and compare."""
    space = lecture_code("07_gan", CELLS)
    judge = judges.digit_judge()
    reference = judge.features(space["images"][-10000:])
    rows: list[dict[str, Any]] = []
    for name, change in VARIANTS.items():
        generator, rounds = train(space, LECTURE | change)
        with torch.no_grad():
            codes = torch.randn(10, 500, space["latent_dim"])
            made = torch.cat([generator(z) for z in codes])
        features = judge.features(made)
        counts = judge.heads["digit"](features).argmax(1).bincount(minlength=10)
        rows.append(
            {
                "GAN": name,
                "rounds": rounds,
                "FID-digits": round(metrics.frechet_distance(features, reference), 1),
                "rarest digit": round(counts.min().item() / len(made), 3),
            }
        )
        print(rows[-1], flush=True)
    report("gan", f"A GAN on digits, {SECONDS} s each, one seed", rows)


if __name__ == "__main__":
    main()
