"""Lecture 04's skip-gram beside gensim's: same corpus, same settings, one thread each, one run.

    python -m benchmarks.word_vectors

Only the training is timed, on both sides; the vocabulary is made before. The two take turns, so
that a busy moment of the machine hits both.
"""

from __future__ import annotations

import os
import time
from itertools import combinations
from typing import Any

import numpy as np
import torch
from gensim.models import Word2Vec

from benchmarks.common import BRIEF, lecture_code, quiet, report

SEEDS = (0, 1) if BRIEF else (0, 1, 2)
EPOCHS = 1 if BRIEF else 5
CELLS = (
    *[
        "sentences = [",
        "counts = Counter(word for",
        "ids = torch.tensor([index",
        "def cooccurrence(",
    ],
    *["def ppmi(", "def neighbours(", "def blocks_of(", "def skipgram(", "learnt = F.normalize("],
    *["def analogy(", "def family_score("],
)


def ours(space: dict[str, Any], seed: int) -> tuple[torch.Tensor, float]:
    """Vectors by the lecture's skip-gram, and the seconds of its training."""
    os.environ["COURSE_SEED"] = str(seed)
    began = time.perf_counter()
    with quiet():
        v, _, _ = space["skipgram"](space["ids"], space["verse"], space["frequency"], epochs=EPOCHS)
    return v, time.perf_counter() - began


def gensims(space: dict[str, Any], seed: int) -> tuple[torch.Tensor, float]:
    """Vectors by gensim with the same settings, and the seconds of its training."""
    model = Word2Vec(
        vector_size=100,
        window=5,
        negative=5,
        min_count=5,
        sample=1e-3,
        sg=1,
        workers=1,
        seed=seed + 1,
    )
    model.build_vocab(space["sentences"])
    began = time.perf_counter()
    model.train(space["sentences"], total_examples=len(space["sentences"]), epochs=EPOCHS)
    seconds = time.perf_counter() - began
    return torch.tensor(np.stack([model.wv[word] for word in space["vocabulary"]])), seconds


def overlap(space: dict[str, Any], one: torch.Tensor, other: torch.Tensor) -> float:
    """Share of the ten nearest that two sets of vectors agree on, over 1,000 common words."""
    near = space["neighbours"]
    words = space["vocabulary"][50:1050]
    return float(np.mean([len({*near(one, w, 10)} & {*near(other, w, 10)}) / 10 for w in words]))


def main() -> None:
    """Train both with each seed, in turns, and compare."""
    torch.set_num_threads(1)
    space = lecture_code("04_word_embeddings", CELLS)
    rows: list[dict[str, Any]] = []
    vectors: dict[str, list[torch.Tensor]] = {"ours": [], "gensim": []}
    speed: dict[str, list[float]] = {"ours": [], "gensim": []}
    for seed in SEEDS:
        for name, method in (("ours", ours), ("gensim", gensims)):
            E, seconds = method(space, seed)
            unit = torch.nn.functional.normalize(E, dim=1)
            vectors[name].append(unit)
            speed[name].append(EPOCHS * space["word_count"] / seconds)
            rows.append(
                {
                    "vectors": name,
                    "seed": seed,
                    "words per second": round(speed[name][-1]),
                    "place of queen": space["queen_place"](unit),
                    "family, first": round(float(space["family_score"](unit, 1)), 3),
                    "family, first three": round(float(space["family_score"](unit, 3)), 3),
                }
            )
            print(rows[-1], flush=True)
    ratio = float(np.median(speed["ours"]) / np.median(speed["gensim"]))
    pairs = list(combinations(range(len(SEEDS)), 2))
    shared = {
        "ours and gensim": [overlap(space, *both) for both in zip(*vectors.values())],
        "ours, two seeds": [
            overlap(space, vectors["ours"][i], vectors["ours"][j]) for i, j in pairs
        ],
        "gensim, two seeds": [
            overlap(space, vectors["gensim"][i], vectors["gensim"][j]) for i, j in pairs
        ],
    }
    summary = {
        "words per second, ours / gensim's (medians)": round(ratio, 3),
        "target": "at least 0.5",
        "ten neighbours in common": {k: round(float(np.mean(v)), 3) for k, v in shared.items()},
    }
    report("word_vectors", "Skip-gram on the King James Bible, one thread", rows, summary=summary)
    print(*(f"{name}: {value}" for name, value in summary.items()), sep="\n")


if __name__ == "__main__":
    main()
