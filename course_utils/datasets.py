"""The course's data sets: one function each, bundled with the package, no download.

Where each set comes from, its licence and how it was made stands in ``data/README.md``.
Test splits are for reporting only: choose nothing (a stopping time, a threshold, a setting)
by looking at them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

DATA_DIR = Path(__file__).parent / "data"

_FACES_FOR_TRAINING = 20_000
_verified: set[tuple[Path, int, int, str]] = set()  # path, time of change, size, checksum


class DataError(RuntimeError):
    """A bundled data file is missing or damaged."""


class PixelFaces(NamedTuple):
    """Small faces drawn with few colours.

    Attributes
    ----------
    index : Tensor
        uint8 (N, 16, 16): for each pixel, the row of its colour in the palette.
    palette : Tensor
        uint8 (228, 3): red, green and blue of each colour, 0 to 255.
    attributes : Tensor
        uint8 (N, 6): one column per key of `meanings`, in the same order.
    meanings : dict of str to list of str
        What the numbers in `attributes` stand for, e.g. ``meanings["mood"][1]`` is "sad".
    """

    index: Tensor  # type: ignore[assignment]  # a tuple's own method `index` is given up
    palette: Tensor
    attributes: Tensor
    meanings: dict[str, list[str]]

    def to_rgb(self, index: Tensor | None = None) -> Tensor:
        """Paint faces in red, green and blue.

        Parameters
        ----------
        index : Tensor, optional
            Whole numbers (N, 16, 16) to paint with this palette, such as faces a model made.
            By default the faces of this set.

        Returns
        -------
        Tensor
            float32 (N, 3, 16, 16) in [0, 1].

        Raises
        ------
        TypeError
            If `index` does not hold whole numbers.
        ValueError
            If `index` names a colour the palette does not have.
        """
        import torch

        index = self.index if index is None else index
        if index.is_floating_point() or index.is_complex() or index.dtype == torch.bool:
            raise TypeError(f"colours are numbered by whole numbers; these are {index.dtype}")
        rows = index.long()
        last = len(self.palette) - 1
        if rows.numel() and not 0 <= int(rows.min()) <= int(rows.max()) <= last:
            raise ValueError(
                f"colours are numbered 0 to {last}; "
                f"these go from {int(rows.min())} to {int(rows.max())}"
            )
        palette = (self.palette.float() / 255).to(rows.device)
        return palette[rows].movedim(-1, 1).contiguous()


class Poem(NamedTuple):
    """A poem of four lines, each of five or each of seven characters."""

    author: str
    title: str
    lines: tuple[str, str, str, str]


class Verse(NamedTuple):
    """A verse of the Bible; `reference` is like "Ge1:1" (book, chapter, verse)."""

    reference: str
    text: str


class Package(NamedTuple):
    """A software package: who it belongs to, its name, one line about it, one paragraph."""

    source: str
    package: str
    synopsis: str
    description: str


def mnist(
    split: str = "train", *, digits: Iterable[int] | None = None, n: int | None = None
) -> tuple[Tensor, Tensor]:
    """Handwritten digits.

    Parameters
    ----------
    split : {"train", "test"}
        60,000 images to learn from, or 10,000 to report on.
    digits : iterable of int, optional
        Keep only these digits, e.g. ``[0, 1]``. By default all ten.
    n : int, optional
        Keep only the first `n` images, after choosing the digits. By default all.

    Returns
    -------
    images : Tensor
        float32 (N, 1, 28, 28), 0 is paper and 1 is ink.
    labels : Tensor
        int64 (N,), the digit on each image. It stays 0 to 9 whatever `digits` is.

    Raises
    ------
    ValueError
        If there is no such split or digit, or fewer than `n` images.
    TypeError
        If `digits` or `n` is not made of whole numbers.
    DataError
        If the data file is missing or damaged.

    Notes
    -----
    Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
    """
    import torch

    _check_split(split)
    wanted = None if digits is None else _check_digits(digits)
    count = None if n is None else _check_count(n)
    with np.load(bundled_file("mnist.npz")) as file:  # unpacks only what is asked for
        labels = file[f"{split}_labels"]
        images = file[f"{split}_images"]
    if wanted is not None:
        keep = np.isin(labels, wanted)
        labels, images = labels[keep], images[keep]
    if count is not None:
        if count > len(labels):
            raise ValueError(f"you asked for n={count} images, but there are only {len(labels)}")
        labels, images = labels[:count], images[:count]
    pixels = np.divide(images[:, None], 255, dtype=np.float32)  # in one pass, to be quick
    return torch.from_numpy(pixels), torch.from_numpy(labels).to(torch.int64)


def pixel_faces(split: str = "train") -> PixelFaces:
    """Faces of 16 by 16 pixels, with six attributes each.

    Parameters
    ----------
    split : {"train", "test"}
        The first 20,000 faces of the file, or its last 4,000.

    Returns
    -------
    PixelFaces
        The faces as numbers of colours, the colours, and the attributes;
        ``pixel_faces().to_rgb()`` gives images.

    Raises
    ------
    ValueError
        If there is no such split.
    DataError
        If a data file is missing or damaged.

    Notes
    -----
    Source: rendered from the design "Pixel Art" by DiceBear (CC0 1.0).
    """
    import torch

    _check_split(split)
    part = slice(_FACES_FOR_TRAINING) if split == "train" else slice(_FACES_FOR_TRAINING, None)
    meanings = json.loads(bundled_file("pixel_faces.attributes.json").read_text(encoding="utf-8"))
    with np.load(bundled_file("pixel_faces.npz")) as file:
        return PixelFaces(
            index=torch.from_numpy(file["index"][part].copy()),
            palette=torch.from_numpy(file["palette"]),
            attributes=torch.from_numpy(file["attributes"][part].copy()),
            meanings=meanings,
        )


def tang_quatrains(split: str = "train") -> list[Poem]:
    """Chinese poems of four lines, in traditional characters.

    Parameters
    ----------
    split : {"train", "test"}
        About 90 % and 10 % of 14,093 poems, divided by a hash of the poem's text, so that
        the same text is never in both.

    Returns
    -------
    list of Poem
        Author, title and four lines, without punctuation.

    Raises
    ------
    ValueError
        If there is no such split.
    DataError
        If the data file is missing or damaged.

    Notes
    -----
    Source: the "Complete Tang Poems" as collected by the project chinese-poetry (MIT).
    """
    _check_split(split)
    poems = []
    for author, title, text in _rows("tang_quatrains.tsv.gz"):
        if _in_test(text) == (split == "test"):
            first, second, third, fourth = text.split("/")
            poems.append(Poem(author, title, (first, second, third, fourth)))
    return poems


def kjv_bible() -> list[Verse]:
    """The King James Version of the Bible, verse by verse, in the order of the book.

    Returns
    -------
    list of Verse
        31,102 verses.

    Raises
    ------
    DataError
        If the data file is missing or damaged.

    Notes
    -----
    Source: the Debian package bible-kjv; the text is in the public domain.
    """
    return [Verse(reference, text) for reference, text in _rows("kjv_bible.tsv.gz")]


def debian_synopses(split: str = "train") -> list[Package]:
    """Descriptions of software packages, each with its summary in one line.

    Parameters
    ----------
    split : {"train", "test"}
        About 90 % and 10 % of 31,451 packages, divided by a hash of the *source*: packages
        that are built from one source describe themselves in the same words, so they stay
        together.

    Returns
    -------
    list of Package
        Source, package name, synopsis (2 to 10 words) and description (10 to 80 words).

    Raises
    ------
    ValueError
        If there is no such split.
    DataError
        If the data file is missing or damaged.

    Notes
    -----
    Source: the package descriptions of Debian 12 (bookworm).
    """
    _check_split(split)
    return [
        Package(source, package, synopsis, description)
        for source, package, synopsis, description in _rows("debian_synopses.tsv.gz")
        if _in_test(source) == (split == "test")
    ]


def _check_split(split: str) -> None:
    if split not in ("train", "test"):
        raise ValueError(f"there is no split {split!r}: choose 'train' or 'test'")


def _whole_number(value: object) -> int | None:
    """`value` as an int, or None if it is no whole number; True and False are none."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _check_digits(digits: Iterable[int]) -> list[int]:
    if isinstance(digits, str) or not isinstance(digits, Iterable):
        raise TypeError(f"digits is a list of whole numbers, such as [3, 8]; got {digits!r}")
    wanted = []
    for digit in digits:
        number = _whole_number(digit)
        if number is None:
            raise TypeError(f"digits holds whole numbers, 0 to 9; got {digit!r}")
        if not 0 <= number <= 9:
            raise ValueError(f"there is no digit {number}: digits are 0 to 9")
        wanted.append(number)
    if not wanted:
        raise ValueError("digits is empty: name at least one, or leave it out to get all ten")
    return wanted


def _check_count(n: int) -> int:
    number = _whole_number(n)
    if number is None:
        raise TypeError(f"n is a whole number of images; got {n!r}")
    if number < 1:
        raise ValueError(f"n is the number of images to keep, at least 1; got {number}")
    return number


def _in_test(key: str) -> bool:
    """Whether what this key names belongs to the test split: about one in ten, for ever."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 10 == 0


def _rows(name: str) -> list[list[str]]:
    """The rows of a packed table with tabs between its columns, without the headings."""
    text = gzip.decompress(bundled_file(name).read_bytes()).decode("utf-8")
    return [line.split("\t") for line in text.split("\n")[1:-1]]


def bundled_file(name: str) -> Path:
    """The path of a bundled file, after making sure it is there and whole.

    A file is read through once per process, and again if it has changed since.
    """
    path = DATA_DIR / name
    expected = _expected_checksums().get(name)
    if expected is None:
        raise _data_error(DATA_DIR / "SHA256SUMS", f"a line for {name}", "no such line")
    try:
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size, expected)
        if key not in _verified:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != expected:
                size = f"{state.st_size:,} bytes"
                raise _data_error(path, f"sha256 {expected}", f"sha256 {found} ({size})")
            _verified.add(key)
    except OSError as error:
        raise _data_error(path, "a file that can be read", _reason(error)) from error
    return path


def _expected_checksums() -> dict[str, str]:
    """File name -> sha256, from the list that travels with the data."""
    path = DATA_DIR / "SHA256SUMS"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {name: checksum for checksum, name in (line.split() for line in lines)}
    except OSError as error:
        raise _data_error(path, "a file that can be read", _reason(error)) from error
    except ValueError as error:
        raise _data_error(path, "lines of a checksum and a file name", "others") from error


def _reason(error: OSError) -> str:
    return "no file" if isinstance(error, FileNotFoundError) else str(error.strerror or error)


def _data_error(path: Path, expected: str, found: str) -> DataError:
    return DataError(
        f"The data file {path.name} is missing or damaged.\n"
        f"  where:    {path}\n"
        f"  expected: {expected}\n"
        f"  found:    {found}\n"
        "To mend it, install the course package again; or, if you work in a copy of the "
        "course's repository, run:  git checkout -- course_utils/data"
    )
