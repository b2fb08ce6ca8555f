"""Lecture 07's GAN on digits: width, batch, memory format and the rest, each for the same seconds.

    python -m benchmarks.gan

FID-digits of 5,000 made pictures against 10,000 training digits that are held out here, so that no
choice is made on the test set. Two seeds each, in turn, so that a slow minute of the machine hits
all variants alike.
"""

from __future__ import annotations

import time
from statistics import mean
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.common import BRIEF, lecture_code, report
from course_utils import judges, metrics

CELLS = ("images, _ = datasets.mnist", "def new_generator(", "def d_loss(")
SECONDS, SEEDS = (0.1, range(1)) if BRIEF else (30, range(2))
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
    "rate 0.008": {"rate": 8e-3},
    "beta1 0.9": {"beta1": 0.9},
    "two steps of D a round": {"turns": 2},
    "no average of the weights": {"average": 0.0},
    "no hidden layer of 256 in G": {"hidden": False},
}


def train(space: dict[str, Any], chosen: dict[str, Any], seed: int) -> tuple[nn.Module, int]:
    """Play the lecture's game for SECONDS; the generator to look at, and the rounds."""
    torch.manual_seed(seed)
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
    held = space["images"][-10000:]
    space["images"] = space["images"][:-10000]
    reference = judge.features(held)
    found: dict[str, list[tuple[int, float, float]]] = {name: [] for name in VARIANTS}
    for seed in SEEDS:
        for name, change in VARIANTS.items():
            generator, rounds = train(space, LECTURE | change, seed)
            with torch.no_grad():
                codes = torch.randn(10, 500, space["latent_dim"])
                made = torch.cat([generator(z) for z in codes])
            features = judge.features(made)
            counts = judge.heads["digit"](features).argmax(1).bincount(minlength=10)
            fid = metrics.frechet_distance(features, reference)
            found[name].append((rounds, fid, counts.min().item() / len(made)))
            print(seed, name, found[name][-1], flush=True)
    rows: list[dict[str, Any]] = [
        {
            "GAN": name,
            "rounds, mean": round(mean(rounds for rounds, _, _ in runs)),
            "FID-digits, mean": round(mean(fid for _, fid, _ in runs), 1),
            **{f"seed {s}": round(fid, 1) for s, (_, fid, _) in zip(SEEDS, runs)},
            "rarest digit, worst": round(min(share for _, _, share in runs), 3),
        }
        for name, runs in found.items()
    ]
    report("gan", f"A GAN on digits, {SECONDS} s each", rows)


if __name__ == "__main__":
    main()
