"""Captions of pixel faces: written in many wordings, and read back from free text."""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Words that mean the same. A value that is not here has one word, its own.
_SAME = {
    "happy": ("happy", "smiling", "cheerful"),
    "sad": ("sad", "gloomy", "frowning"),
    "gray": ("gray", "grey"),
    "blonde": ("blonde", "blond"),
    "aqua": ("aqua", "turquoise"),
}
_PHRASES = {
    "mood": ("a {mood} person", "a {mood} person with", "a {mood} face with", "{mood}"),
    "hair": (
        "{hair_length} {hair_color} hair",
        "{hair_color} {hair_length} hair",
        "hair {hair_color} and {hair_length}",
        "{hair_color} hair",
    ),
    "eyes": ("{eye_color} eyes", "eyes {eye_color}"),
    "glasses yes": ("glasses", "wearing glasses"),
    "glasses no": ("no glasses", "without glasses"),
    "hat yes": ("a hat", "wearing a hat"),
    "hat no": ("no hat", "without a hat"),
}
_PARTS = ("mood", "hair", "eyes", "glasses", "hat")
# Forms that people type and captions do not have.
_READ_AS = {"eye": "eyes", "eyed": "eyes", "haired": "hair", "hairs": "hair", "hats": "hat"}
_WORD = re.compile(r"[^\W\d_]+")
_FILLERS = frozenset("a an and face has is of person the wearing who with without no".split())


def write(
    row: Sequence[int],
    meanings: Mapping[str, Sequence[str]],
    rng: random.Random,
    mention: float = 0.85,
) -> str:
    """Describe a face in words.

    Parameters
    ----------
    row : sequence of int
        One row of ``PixelFaces.attributes``.
    meanings : mapping of str to sequence of str
        What its numbers stand for: ``PixelFaces.meanings``.
    rng : random.Random
        Decides the wording, the order, and what is left out. An equal `rng` and another row give
        the same sentence about another face.
    mention : float
        Chance that each of mood, hair, eyes, glasses and hat is mentioned. One always is. With 1
        nothing is left out, the length of the hair neither.

    Returns
    -------
    str
        For example "red eyes, a happy person with long blue hair and glasses".

    Raises
    ------
    ValueError
        The row does not have one number for each attribute, or `mention` is no chance.
    """
    if len(row) != len(meanings):
        raise ValueError(f"a face has {len(meanings)} attributes, this row has {len(row)}")
    if not 0 <= mention <= 1:
        raise ValueError(f"mention is a chance from 0 to 1, not {mention}")

    def one_of(choices: Sequence[str]) -> str:  # draws one number, however many choices there are
        return choices[int(rng.random() * len(choices))]

    said = {}
    for (name, values), value in zip(meanings.items(), row):
        word = values[int(value)]
        said[name] = one_of(_SAME.get(word, (word,)))
    named = [part for part in _PARTS if rng.random() < mention] or [one_of(_PARTS)]
    rng.shuffle(named)
    caption = ""
    for part in named:
        joint = one_of((", ", " and ", " "))
        kind = f"{part} {said[part]}" if part in ("glasses", "hat") else part
        phrases = _PHRASES[kind][:-1] if part == "hair" and mention == 1 else _PHRASES[kind]
        caption += (joint if caption else "") + one_of(phrases).format(**said)
    return caption


def vocabulary(meanings: Mapping[str, Sequence[str]]) -> list[str]:
    """Return every word that captions may hold, in alphabetical order.

    Parameters
    ----------
    meanings : mapping of str to sequence of str
        ``PixelFaces.meanings``.

    Returns
    -------
    list of str
        The first one, "<pad>", fills up short captions: word 0 is no word.
    """
    found = set(_FILLERS)
    for values in meanings.values():
        for value in values:
            found.update(_SAME.get(value, (value,)))
    phrases = " ".join(phrase for choices in _PHRASES.values() for phrase in choices)
    found.update(_WORD.findall(re.sub(r"\{\w+\}", "", phrases)))
    return ["<pad>", *sorted(found - {"yes"})]


def read(text: str, known: Sequence[str]) -> tuple[list[str], list[str]]:
    """Find the known and the unknown words in what somebody typed.

    Parameters
    ----------
    text : str
        Anything. Capitals, digits and signs do not matter; "blue-haired" is read as "blue hair".
    known : sequence of str
        The vocabulary.

    Returns
    -------
    known_words, unknown_words : list of str
        In their order; an unknown word is named once.
    """
    words = [_READ_AS.get(word, word) for word in _WORD.findall(text.lower())]
    there = set(known)
    return [w for w in words if w in there], list(dict.fromkeys(w for w in words if w not in there))


def complaint(unknown: Sequence[str], known: Sequence[str]) -> str:
    """Name the words that were not understood, and those that would be.

    Parameters
    ----------
    unknown, known : sequence of str
        As `read` gives and takes them.

    Returns
    -------
    str
        Empty if every word was known.
    """
    if not unknown:
        return ""
    telling = [w for w in known if w not in _FILLERS and w != "<pad>"]
    parts = []
    for word in unknown:
        near = difflib.get_close_matches(word, telling, n=1, cutoff=0.75)
        parts.append(f"'{word}'" + (f" (did you mean '{near[0]}'?)" if near else ""))
    return f"I do not know {', '.join(parts)}; I know: {', '.join(telling)}."


def numbers(captions: Sequence[str], known: Sequence[str], length: int = 24) -> Tensor:
    """Return captions as numbers of words.

    Parameters
    ----------
    captions : sequence of str
    known : sequence of str
        The vocabulary; other words are left out.
    length : int
        Words after this many are left out too.

    Returns
    -------
    Tensor
        int64 (n, length), filled up with 0.
    """
    import torch

    index = {word: i for i, word in enumerate(known)}
    result = torch.zeros(len(captions), length, dtype=torch.int64)
    for row, caption in zip(result, captions):
        found = [index[word] for word in read(caption, known)[0]][:length]
        row[: len(found)] = torch.tensor(found, dtype=torch.int64)
    return result
