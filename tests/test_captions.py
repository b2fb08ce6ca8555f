"""Captions: true to the face, varied in wording, and read as a person expects."""

import random

import pytest
import torch

from course_utils import captions, datasets

FACES = datasets.pixel_faces("test")
MEANINGS = FACES.meanings
KNOWN = captions.vocabulary(MEANINGS)
ROWS = FACES.attributes[:300].tolist()


def test_a_full_caption_says_what_is_there():
    rng = random.Random(0)
    for row in ROWS:
        hair, eyes, length, mood, glasses, hat = (
            MEANINGS[name][value] for name, value in zip(MEANINGS, row)
        )
        caption = captions.write(row, MEANINGS, rng, mention=1.0)
        spelt = caption.replace("grey", "gray").replace("turquoise", "aqua") + " "
        spelt = spelt.replace("blond ", "blonde ")
        assert hair in spelt and length in spelt
        assert not any(value in spelt for value in {"long", "short"} - {length})
        assert f"{eyes} eyes" in caption or f"eyes {eyes}" in caption
        assert ("glasses" in caption) and (
            "no glasses" in caption or "without glasses" in caption
        ) == (glasses == "no")
        assert ("no hat" in caption or "without a hat" in caption) == (hat == "no")
        happy = any(word in caption for word in ("happy", "smiling", "cheerful"))
        assert happy == (mood == "happy")


def test_wordings_differ_and_come_again_with_the_same_luck():
    row = ROWS[0]
    many = {captions.write(row, MEANINGS, random.Random(i)) for i in range(200)}
    assert len(many) > 100
    assert captions.write(row, MEANINGS, random.Random(3)) in many
    none_named = [captions.write(row, MEANINGS, random.Random(i), mention=0.0) for i in range(50)]
    assert all(none_named)


def test_the_same_luck_and_another_face_give_the_same_sentence_but_one_word():
    for seed, row in enumerate(ROWS[:100]):
        other = [(row[0] + 1) % 12, *row[1:]]
        a, b = (captions.write(r, MEANINGS, random.Random(seed)).split() for r in (row, other))
        assert len(a) == len(b) and sum(x != y for x, y in zip(a, b)) <= 1


def test_the_vocabulary_holds_every_word_of_every_caption():
    assert KNOWN[0] == "<pad>" and KNOWN[1:] == sorted(set(KNOWN[1:]))
    rng = random.Random(0)
    used = set()
    for row in FACES.attributes.tolist():
        words, unknown = captions.read(captions.write(row, MEANINGS, rng), KNOWN)
        assert words and not unknown
        used.update(words)
    assert set(KNOWN[1:]) - used <= {"an", "has", "is", "of", "the", "who"}


def test_free_text_is_read_without_regard_to_capitals_signs_and_forms():
    words, unknown = captions.read("A blue-haired GIRL; Mohawk, mohawk & 2 green Eye!", KNOWN)
    assert words == ["a", "blue", "hair", "green", "eyes"]
    assert unknown == ["girl", "mohawk"]
    assert captions.read("", KNOWN) == ([], [])


def test_unknown_words_are_named_with_what_would_be_known():
    text = captions.complaint(["mohawk", "gren"], KNOWN)
    assert text.startswith("I do not know 'mohawk', 'gren' (did you mean 'green'?); I know: aqua, ")
    assert " the," not in text and "<pad>" not in text
    assert captions.complaint([], KNOWN) == ""


def test_numbers_leave_unknown_words_out_and_fill_up_with_nought():
    numbers = captions.numbers(["blue hair", "mohawk and blue hair", "mohawk", "hat " * 40], KNOWN)
    assert numbers.shape == (4, 24) and numbers.dtype == torch.int64
    blue, hair, and_, hat = (KNOWN.index(word) for word in ("blue", "hair", "and", "hat"))
    assert numbers[0].tolist() == [blue, hair] + [0] * 22
    assert numbers[1].tolist() == [and_, blue, hair] + [0] * 21
    assert not numbers[2].any() and (numbers[3] == hat).all()


def test_bad_rows_and_chances_are_refused():
    with pytest.raises(ValueError, match="6 attributes, this row has 2"):
        captions.write([1, 2], MEANINGS, random.Random(0))
    with pytest.raises(ValueError, match="from 0 to 1"):
        captions.write(ROWS[0], MEANINGS, random.Random(0), mention=1.5)
