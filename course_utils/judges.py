"""Small classifiers that look at made pictures: which digit is it, which hair has the face?

They are trained once, on the training pictures only, by ``data/build/judges.py``, and travel with
the course.

What they cannot do: they have never seen anything but real digits, or real faces, and are sure of
themselves about junk too. A distance in their feature space (*FID-digits*) can be compared with
another one of this course, and with nothing else: it is no Inception FID.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.datasets import bundled_file


class Judge(nn.Module):
    """A small convolutional classifier with one answer, or several, about each picture.

    Parameters
    ----------
    channels, size : int
        Channels of a picture (1 for digits, 3 for faces), and its height and width in pixels.
    questions : mapping of str to int
        Name of each question, and how many answers it has: ``{"digit": 10}``.
    """

    def __init__(self, channels: int, size: int, questions: Mapping[str, int]) -> None:
        super().__init__()
        self.shape, self.questions = (channels, size, size), dict(questions)
        grid = 3 if size > 16 else 4  # small faces have details of one pixel: pool them less

        def block(n_in: int, n_out: int) -> list[nn.Module]:
            return [nn.Conv2d(n_in, n_out, 3, 1, 1), nn.BatchNorm2d(n_out), nn.ReLU()]

        self.body = nn.Sequential(
            *block(channels, 24),
            nn.MaxPool2d(2) if size > 16 else nn.Identity(),
            *block(24, 48),
            nn.MaxPool2d(2),
            *block(48, 64),
            nn.AdaptiveMaxPool2d(grid),
            nn.Flatten(),
            nn.Linear(64 * grid**2, 64),
            nn.ReLU(),
        )
        self.heads = nn.ModuleDict({name: nn.Linear(64, n) for name, n in questions.items()})

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the logits of every question, (n, answers) each."""
        features = self.body(images)
        return {name: head(features) for name, head in self.heads.items()}

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """Return what the judge sees, before it answers.

        Parameters
        ----------
        images : Tensor
            Float (n, channels, size, size) or (n, channels * size * size), in [0, 1].

        Returns
        -------
        Tensor
            Float (n, 64), none below 0.

        Raises
        ------
        ValueError
            The pictures have another size, leave [0, 1], or there are none.
        """
        pictures = self._checked(images)
        parts = pictures.split(100)  # small ones stay in the cache: ten times as fast as 500
        return torch.cat([self.body(part) for part in parts])

    @torch.no_grad()
    def probabilities(self, images: Tensor) -> dict[str, Tensor]:
        """Return how sure the judge is of every answer: one (n, answers) for each question.

        Takes and raises what `features` does; each row sums to 1.
        """
        features = self.features(images)
        return {name: head(features).softmax(1) for name, head in self.heads.items()}

    def _checked(self, images: Tensor) -> Tensor:
        if not isinstance(images, Tensor) or not images.is_floating_point():
            raise ValueError("pictures should be a float tensor with numbers in [0, 1]")
        channels, size, _ = self.shape
        if not len(images) or images[0].numel() != channels * size * size:
            raise ValueError(
                f"pictures should have shape (n, {channels}, {size}, {size}) with n at least 1, "
                f"these have {tuple(images.shape)}"
            )
        low, high = images.min().item(), images.max().item()
        if not (-1e-4 <= low and high <= 1 + 1e-4):  # False for NaN too
            raise ValueError(f"pixels should lie in [0, 1], these go from {low:.3g} to {high:.3g}")
        pictures = images.detach().float().reshape(-1, channels, size, size)
        return pictures.contiguous(memory_format=torch.channels_last)


def digit_judge() -> Judge:
    """Return the judge of digits; its one question is ``"digit"`` (10 answers).

    Returns
    -------
    Judge
        In eval mode, without gradients for its own weights. Its accuracy on test digits stands
        in ``data/README.md``, and a test measures it.

    Raises
    ------
    DataError
        Its file is missing or damaged.
    """
    return _load("digit_judge.npz")


def face_judge() -> Judge:
    """Return the judge of pixel faces; its questions are the attributes of `pixel_faces`.

    Returns
    -------
    Judge
        As `digit_judge`. A hat may hide the hair, and then it can only guess.

    Raises
    ------
    DataError
        Its file is missing or damaged.
    """
    return _load("face_judge.npz")


def save(judge: Judge, path: str) -> None:
    """Write a judge to a file: its shape, its questions and its weights in half precision."""
    weights = {
        f"weight.{name}": value.numpy().astype(np.float16 if value.is_floating_point() else int)
        for name, value in judge.state_dict().items()
    }
    np.savez_compressed(
        path,
        shape=np.array(judge.shape),
        questions=np.array(list(judge.questions)),
        answers=np.array(list(judge.questions.values())),
        **weights,
    )


def _load(name: str) -> Judge:
    with np.load(bundled_file(name)) as file:
        channels, size, _ = file["shape"].tolist()
        questions = dict(zip(file["questions"].tolist(), file["answers"].tolist(), strict=True))
        judge = Judge(channels, size, questions)
        weights = {
            key.removeprefix("weight."): torch.from_numpy(file[key]) for key in file.files[3:]
        }
    judge.load_state_dict(weights)
    judge.eval().requires_grad_(False)
    return judge.to(memory_format=torch.channels_last)  # twice as fast on a CPU
