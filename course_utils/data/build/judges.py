"""Train ``digit_judge.npz`` and ``face_judge.npz`` on the training pictures.

To install: the course package itself.

    python judges.py digits digit_judge.npz
    python judges.py faces face_judge.npz

Two to three minutes each on two cores. Other machines and versions of torch give other last
digits, so the files do not come out the same byte for byte; what must hold is tested.
"""

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import datasets, training
from course_utils.judges import Judge, save

EPOCHS, BATCH, RATE = 5, 128, 8e-3


def data(which: str, split: str) -> tuple[Tensor, Tensor, dict[str, int]]:
    """Pictures in [0, 1], their labels (n, questions), and the questions."""
    if which == "digits":
        images, labels = datasets.mnist(split)  # type: ignore[arg-type]
        return images, labels[:, None], {"digit": 10}
    faces = datasets.pixel_faces(split)
    questions = {name: len(answers) for name, answers in faces.meanings.items()}
    return faces.to_rgb(), faces.attributes.long(), questions


def fit(which: str) -> Judge:
    """Train a judge; digits are moved by up to two pixels, so that place matters less."""
    images, labels, questions = data(which, "train")
    judge = Judge(images.shape[1], images.shape[2], questions)
    batches = len(images) // BATCH
    epochs = EPOCHS if which == "digits" else 3 * EPOCHS
    optimiser = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=epochs * batches)
    order = torch.empty(0)

    def step(t: int) -> dict[str, Tensor]:
        nonlocal order
        if t % batches == 0:
            order = torch.randperm(len(images))
        chosen = order[t % batches * BATCH :][:BATCH]
        x = images[chosen]
        if which == "digits":
            x = torch.roll(x, torch.randint(-2, 3, (2,)).tolist(), (2, 3))
        losses = {
            name: F.cross_entropy(logits, labels[chosen, k])
            for k, (name, logits) in enumerate(judge(x).items())
        }
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(judge.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        return losses

    training.train(step, steps=epochs * batches, label=which, curve=False)
    return judge.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a judge.")
    parser.add_argument("which", choices=["digits", "faces"])
    parser.add_argument("out", help="the .npz file to write")
    arguments = parser.parse_args()
    judge = fit(arguments.which)
    save(judge, arguments.out)
    images, labels, _ = data(arguments.which, "test")
    for k, (name, p) in enumerate(judge.probabilities(images).items()):
        print(f"{name}: {(p.argmax(1) == labels[:, k]).float().mean():.4f} of the test set right")


if __name__ == "__main__":
    main()
