"""Seeds, devices, and the one training loop that every lecture uses."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# A training by seconds that gets a smaller share of the processor than ENOUGH says so.
ENOUGH, BUSY = 0.6, "The machine was busy"


def seed_everything(seed: int = 0) -> int:
    """Seed Python, numpy and torch, and return the seed.

    Parameters
    ----------
    seed : int
        Any whole number from 0. The environment variable ``COURSE_SEED`` is added to it, so a
        whole notebook can be run again with other luck and no edit.

    Returns
    -------
    int
        The seed that was used.

    Raises
    ------
    ValueError
        The seed is negative.
    """
    import numpy as np
    import torch

    seed = int(seed) + int(os.environ.get("COURSE_SEED", "0"))
    if seed < 0:
        raise ValueError(f"a seed is a whole number from 0, not {seed}")
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  (libraries still read the global generator)
    torch.manual_seed(seed)
    return seed


def device() -> torch.device:
    """Return the best device of this machine: CUDA, else Apple's MPS, else the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


@dataclass
class History:
    """What a training run left behind.

    Attributes
    ----------
    losses : dict of str to list of float
        One list per named part of the loss, one entry per step.
    steps : int
        Steps taken.
    seconds : float
        Wall-clock time they took.
    interrupted : bool
        The run was stopped by hand; what it learnt is kept.
    """

    losses: dict[str, list[float]] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    def last(self, name: str, over: int = 1) -> float:
        """Return the mean of the last ``over`` entries of one part of the loss."""
        values = self.losses[name][-over:]
        return sum(values) / len(values)

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {self.last(name):.4g}" for name in self.losses)
        stopped = ", stopped by hand" if self.interrupted else ""
        return f"{self.steps} steps in {self.seconds:.1f} s{stopped}: {parts}"


def train(
    step: Callable[[int], Mapping[str, Any]],
    *,
    steps: int | None = None,
    seconds: float | None = None,
    seed: int | None = 0,
    label: str = "training",
    curve: bool = True,
    unit: str = "",
    log: bool = False,
) -> History:
    """Call ``step`` again and again, with a progress bar and a curve that grows.

    The interrupt button (Ctrl-C in a terminal) stops the run and keeps what it has learnt.

    The environment variable ``COURSE_STEPS`` is the most steps that any training makes: a quick way
    to see whether a notebook runs from top to bottom. A training by seconds that other programs
    left too little time says so at its end.

    Parameters
    ----------
    step : callable
        ``step(t)`` does step number ``t`` (from 0) and returns the parts of its loss by name,
        as numbers or one-element tensors. Returning an empty mapping ends the run.
    steps, seconds : optional
        The budget. Give one, or both: the first to run out ends the run.
    seed : int or None
        Passed to `seed_everything` before the first step; None leaves the seeds alone.
    label : str
        What the progress bar says.
    curve : bool
        Draw the loss while it falls.
    unit : str
        Unit of the loss, for the curve's axis ("nats per image", say).
    log : bool
        Draw the loss on a logarithmic axis.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        No budget, or one that is not above 0 and finite.
    TypeError
        The step returned no mapping.
    FloatingPointError
        A part of the loss became NaN or infinite; the message names it and the step.
    """
    import math

    from tqdm.auto import tqdm

    from course_utils.plotting import LiveCurve

    if steps is None and seconds is None:
        raise ValueError("give the training a budget: steps=1000, or seconds=30, or both")
    for name, budget in (("steps", steps), ("seconds", seconds)):
        if budget is not None and not 0 < budget < math.inf:
            raise ValueError(f"{name} must be above 0 and finite, not {budget}")
    if seed is not None:
        seed_everything(seed)
    if "COURSE_STEPS" in os.environ:
        steps = min(steps or sys.maxsize, int(os.environ["COURSE_STEPS"]))

    history = History()
    live = LiveCurve(label, unit, log) if curve else None
    bar = tqdm(total=steps, desc=label, unit="step", leave=False)
    began, worked = time.perf_counter(), time.thread_time()
    try:
        while (steps is None or history.steps < steps) and (
            seconds is None or time.perf_counter() - began < seconds
        ):
            parts = step(history.steps)
            if not isinstance(parts, Mapping):
                raise TypeError(
                    "step must return its losses by name, such as {'loss': L}; it returned "
                    + ("None: is there no 'return'?" if parts is None else type(parts).__name__)
                )
            if not parts:
                break
            for name, value in parts.items():
                number = float(value.item() if hasattr(value, "item") else value)
                if not math.isfinite(number):
                    raise FloatingPointError(
                        f"'{name}' became {number} at step {history.steps}: "
                        "try a smaller learning rate, or look for a log or a division by zero"
                    )
                history.losses.setdefault(name, []).append(number)
            history.steps += 1
            bar.update()
            if live is not None:
                live.update(history)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        history.seconds, worked = time.perf_counter() - began, time.thread_time() - worked
        bar.close()
        if live is not None:
            live.close(history)
    print(f"{label}: {history}")
    out_of_time = seconds is not None and history.steps != steps
    if out_of_time and worked < ENOUGH * history.seconds and device().type == "cpu":
        print(
            f"{BUSY}: this training got {worked / history.seconds:.0%} of the time it"
            " asked for, so it learnt less than it should. Close other programs and notebooks"
            " (Kernel → Shut Down All Kernels), then run this cell again."
        )
    return history
