"""The bundled data: whole, in shape, split cleanly, and clear about what went wrong."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import datasets, judges
from course_utils.datasets import DataError

DATA = datasets.DATA_DIR
CHECKSUMS = {
    name: checksum
    for checksum, name in (line.split() for line in (DATA / "SHA256SUMS").read_text().splitlines())
}
LOADERS: dict[str, Callable[[], object]] = {
    "mnist.npz": datasets.mnist,
    "pixel_faces.npz": datasets.pixel_faces,
    "pixel_faces.attributes.json": datasets.pixel_faces,
    "tang_quatrains.tsv.gz": datasets.tang_quatrains,
    "kjv_bible.tsv.gz": datasets.kjv_bible,
    "debian_synopses.tsv.gz": datasets.debian_synopses,
    "digit_judge.npz": judges.digit_judge,
    "face_judge.npz": judges.face_judge,
}
SPLIT_LOADERS = [
    datasets.mnist,
    datasets.pixel_faces,
    datasets.tang_quatrains,
    datasets.debian_synopses,
]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data folder that a test may damage."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in [*CHECKSUMS, "SHA256SUMS"]:
        shutil.copy(DATA / name, folder / name)
    monkeypatch.setattr(datasets, "DATA_DIR", folder)
    monkeypatch.setattr(datasets, "_verified", set())
    return folder


# ---------------------------------------------------------------- the files


def test_the_list_names_every_data_file() -> None:
    documents = {"SHA256SUMS", "README.md", "LICENSES.md"}
    there = {path.name for path in DATA.iterdir() if path.is_file()} - documents
    assert there == set(CHECKSUMS) == set(LOADERS)


@pytest.mark.parametrize("name", CHECKSUMS)
def test_checksum(name: str) -> None:
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == CHECKSUMS[name]


@pytest.mark.parametrize("document", ["README.md", "LICENSES.md"])
@pytest.mark.parametrize("name", CHECKSUMS)
def test_documents_tell_of_every_file(name: str, document: str) -> None:
    assert f"`{name}`" in (DATA / document).read_text(encoding="utf-8")


def test_checksums_live_in_one_place() -> None:
    for path in [Path(datasets.__file__), *DATA.glob("*.md"), *DATA.glob("build/*")]:
        if path.is_file():
            assert not re.search("[0-9a-f]{64}", path.read_text(encoding="utf-8")), path


# ---------------------------------------------------------------- mnist


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        ("train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("test", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    ],
)
def test_mnist(split: str, counts: list[int]) -> None:
    images, labels = datasets.mnist(split)
    assert images.shape == (sum(counts), 1, 28, 28)
    assert images.dtype == torch.float32
    assert (images.min(), images.max()) == (0, 1)
    assert labels.shape == (sum(counts),)
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == counts


def test_mnist_keeps_the_pixels() -> None:
    images, _ = datasets.mnist("test")
    with np.load(DATA / "mnist.npz") as file:
        assert torch.equal(images[:, 0], torch.from_numpy(file["test_images"]).float() / 255)


def test_mnist_chooses_digits_and_then_the_first_n() -> None:
    all_images, all_labels = datasets.mnist("test")
    keep = (all_labels == 3) | (all_labels == 8)
    images, labels = datasets.mnist("test", digits=[8, 3, 3], n=100)
    assert torch.equal(images, all_images[keep][:100])
    assert torch.equal(labels, all_labels[keep][:100])
    assert len(datasets.mnist("test", digits=[3, 8])[1]) == 2 * 992 == 1010 + 974


@pytest.mark.parametrize(
    "digits", [range(2), {0, 1}, iter([0, 1]), np.array([0, 1]), torch.tensor([0, 1])]
)
def test_mnist_takes_any_iterable_of_whole_numbers(digits: object) -> None:
    _, labels = datasets.mnist("test", digits=digits, n=50)  # type: ignore[arg-type]
    assert labels.unique().tolist() == [0, 1]


@pytest.mark.parametrize("n", [1, 10_000, np.int64(7)])
def test_mnist_takes_n(n: int) -> None:
    images, labels = datasets.mnist("test", n=n)
    assert len(images) == len(labels) == n


@pytest.mark.parametrize(
    ("digits", "error", "message"),
    [
        ([1, 11], ValueError, "there is no digit 11: digits are 0 to 9"),
        ([-1], ValueError, "there is no digit -1: digits are 0 to 9"),
        ([], ValueError, "digits is empty"),
        ([True], TypeError, "whole numbers, 0 to 9; got True"),
        (torch.tensor([True, False]), TypeError, "whole numbers, 0 to 9"),
        ([1.0], TypeError, "whole numbers, 0 to 9; got 1.0"),
        (["3"], TypeError, "whole numbers, 0 to 9; got '3'"),
        ("38", TypeError, "a list of whole numbers, such as [3, 8]; got '38'"),
        (3, TypeError, "a list of whole numbers, such as [3, 8]; got 3"),
    ],
)
def test_mnist_wrong_digits(digits: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        datasets.mnist("test", digits=digits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "error", "message"),
    [
        (0, ValueError, "at least 1; got 0"),
        (-5, ValueError, "at least 1; got -5"),
        (10_001, ValueError, "you asked for n=10001 images, but there are only 10000"),
        (True, TypeError, "whole number of images; got True"),
        (10.0, TypeError, "whole number of images; got 10.0"),
        ("10", TypeError, "whole number of images; got '10'"),
    ],
)
def test_mnist_wrong_n(n: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        datasets.mnist("test", n=n)  # type: ignore[arg-type]


def test_mnist_counts_n_after_choosing_digits() -> None:
    with pytest.raises(ValueError, match="n=981 images, but there are only 980"):
        datasets.mnist("test", digits=[0], n=981)


# ---------------------------------------------------------------- pixel faces


@pytest.mark.parametrize(("split", "count"), [("train", 20_000), ("test", 4_000)])
def test_pixel_faces(split: str, count: int) -> None:
    faces = datasets.pixel_faces(split)
    assert faces.index.shape == (count, 16, 16)
    assert faces.palette.shape == (228, 3)
    assert faces.attributes.shape == (count, 6)
    assert {faces.index.dtype, faces.palette.dtype, faces.attributes.dtype} == {torch.uint8}
    assert int(faces.index.max()) < len(faces.palette)
    assert list(faces.meanings) == [
        *("hair_color", "eye_color", "hair_length", "mood", "glasses", "hat")
    ]
    # Every attribute takes every value it has a meaning for, and no other.
    for column, words in enumerate(faces.meanings.values()):
        assert faces.attributes[:, column].unique().tolist() == list(range(len(words)))


def test_pixel_faces_in_colour() -> None:
    faces = datasets.pixel_faces("test")
    images = faces.to_rgb()
    assert images.shape == (4_000, 3, 16, 16)
    assert images.dtype == torch.float32
    assert 0 <= float(images.min()) < float(images.max()) <= 1
    for channel in range(3):
        assert torch.equal(images[:, channel], faces.palette[faces.index.int(), channel] / 255)
    assert torch.equal(faces.to_rgb(faces.index[:3].long()), images[:3])


def test_pixel_faces_refuses_what_is_no_colour() -> None:
    faces = datasets.pixel_faces("test")
    with pytest.raises(ValueError, match="numbered 0 to 227; these go from 228 to 228"):
        faces.to_rgb(torch.full((1, 16, 16), 228))
    with pytest.raises(ValueError, match="numbered 0 to 227; these go from -1 to -1"):
        faces.to_rgb(torch.full((1, 16, 16), -1))
    with pytest.raises(TypeError, match="whole numbers"):
        faces.to_rgb(torch.zeros(1, 16, 16))


def test_pixel_faces_splits_share_no_face_and_lose_none() -> None:
    parts = [datasets.pixel_faces(split) for split in ("train", "test")]
    train, test = ({face.tobytes() for face in part.index.numpy()} for part in parts)
    assert (len(train), len(test)) == (20_000, 4_000)
    assert not train & test
    with np.load(DATA / "pixel_faces.npz") as file:
        assert np.array_equal(torch.cat([part.index for part in parts]), file["index"])
        assert np.array_equal(torch.cat([part.attributes for part in parts]), file["attributes"])


def test_pixel_faces_splits_are_alike() -> None:
    train, test = (datasets.pixel_faces(split) for split in ("train", "test"))
    for column, words in enumerate(train.meanings.values()):
        shares = [
            part.attributes[:, column].long().bincount(minlength=len(words)) / len(part.attributes)
            for part in (train, test)
        ]
        assert float((shares[0] - shares[1]).abs().max()) < 0.03


# ---------------------------------------------------------------- poems


def test_tang_quatrains() -> None:
    train, test = datasets.tang_quatrains("train"), datasets.tang_quatrains("test")
    assert (len(train), len(test)) == (12_721, 1_372)
    for poem in train + test:
        assert len(poem.lines) == 4
        assert {len(line) for line in poem.lines} in ({5}, {7})
        assert all("\u4e00" <= character <= "\u9fff" for character in "".join(poem.lines))
        assert poem.author
        assert poem.title
    assert not {poem.lines for poem in train} & {poem.lines for poem in test}


def test_tang_quatrains_has_a_poem_everyone_knows() -> None:
    poems = datasets.tang_quatrains("train") + datasets.tang_quatrains("test")
    lines = {poem.lines: poem.author for poem in poems}
    assert lines["白日依山盡", "黃河入海流", "欲窮千里目", "更上一層樓"]


# ---------------------------------------------------------------- bible


def test_kjv_bible() -> None:
    verses = datasets.kjv_bible()
    assert len(verses) == len({verse.reference for verse in verses}) == 31_102
    assert verses[0] == ("Ge1:1", "In the beginning God created the heaven and the earth.")
    assert verses[-1].reference == "Rev22:21"
    assert all(re.fullmatch(r"[1-3]?[A-Za-z]+\d+:\d+", verse.reference) for verse in verses)
    assert all(verse.text.strip() for verse in verses)


# ---------------------------------------------------------------- packages


def test_debian_synopses() -> None:
    train, test = datasets.debian_synopses("train"), datasets.debian_synopses("test")
    assert (len(train), len(test)) == (28_389, 3_062)
    for package in train + test:
        assert package.source
        assert package.package
        assert 2 <= len(package.synopsis.split()) <= 10
        assert 10 <= len(package.description.split()) <= 80
    assert not {package.source for package in train} & {package.source for package in test}
    descriptions = [{package.description for package in part} for part in (train, test)]
    assert not descriptions[0] & descriptions[1]


# ---------------------------------------------------------------- splits


@pytest.mark.parametrize("load", SPLIT_LOADERS)
@pytest.mark.parametrize("split", ["valid", "Train", "", None])
def test_wrong_split(load: Callable[[object], object], split: object) -> None:
    message = f"there is no split {split!r}: choose 'train' or 'test'"
    with pytest.raises(ValueError, match=re.escape(message)):
        load(split)


def test_splits_stay_as_they_are() -> None:
    """Numbers in lessons rest on these splits, so a hash must never move a poem."""
    test = datasets.tang_quatrains("test")
    assert test == datasets.tang_quatrains("test")
    digest = hashlib.sha256(repr([poem.lines for poem in test]).encode()).hexdigest()
    assert digest[:16] == "7420d2e31edffb0e"
    names = repr([package.package for package in datasets.debian_synopses("test")])
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "edc73751f4a498c3"


# ---------------------------------------------------------------- damage


def _complaint(name: str) -> str:
    with pytest.raises(DataError) as caught:
        LOADERS[name]()
    message = str(caught.value)
    assert f"The data file {name} is missing or damaged" in message
    assert "install the course package again" in message
    assert "git checkout -- course_utils/data" in message
    return message


@pytest.mark.parametrize("name", LOADERS)
def test_flipped_byte(copy: Path, name: str) -> None:
    raw = bytearray((copy / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / name).write_bytes(raw)
    message = _complaint(name)
    assert f"expected: sha256 {CHECKSUMS[name]}" in message
    assert f"found:    sha256 {hashlib.sha256(raw).hexdigest()}" in message


@pytest.mark.parametrize("name", LOADERS)
def test_truncated_file(copy: Path, name: str) -> None:
    size = (copy / name).stat().st_size // 2
    os.truncate(copy / name, size)
    assert f"({size:,} bytes)" in _complaint(name)


@pytest.mark.parametrize("name", LOADERS)
def test_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    message = _complaint(name)
    assert "found:    no file" in message
    assert str(copy / name) in message


def test_a_folder_in_place_of_a_file(copy: Path) -> None:
    (copy / "kjv_bible.tsv.gz").unlink()
    (copy / "kjv_bible.tsv.gz").mkdir()
    assert "expected: a file that can be read" in _complaint("kjv_bible.tsv.gz")


def test_damage_after_a_first_good_load_is_seen(copy: Path) -> None:
    name = "kjv_bible.tsv.gz"
    datasets.kjv_bible()
    with (copy / name).open("ab") as file:
        file.write(b"!")
    _complaint(name)


def test_a_good_file_is_read_through_only_once(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets.kjv_bible()
    monkeypatch.setattr(datasets.hashlib, "sha256", None)  # calling it now would fail
    assert len(datasets.kjv_bible()) == 31_102


def test_damaged_list_of_checksums(copy: Path) -> None:
    (copy / "SHA256SUMS").write_text("nonsense\n")
    with pytest.raises(DataError, match="SHA256SUMS is missing or damaged"):
        datasets.kjv_bible()
    (copy / "SHA256SUMS").write_text("")
    with pytest.raises(DataError, match=r"expected: a line for kjv_bible\.tsv\.gz"):
        datasets.kjv_bible()
    (copy / "SHA256SUMS").unlink()
    with pytest.raises(DataError, match="found:    no file"):
        datasets.kjv_bible()


def test_importing_the_module_does_not_import_torch() -> None:
    import subprocess
    import sys

    code = "import sys, course_utils.datasets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
