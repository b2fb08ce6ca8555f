"""Pairs of words that stand near each other."""

import pytest
import torch

from course_utils.text import neighbour_pairs


@pytest.mark.parametrize("window", [1, 2, 5, 50])
def test_every_two_near_places_of_a_sentence_give_two_pairs(window):
    random = torch.Generator().manual_seed(window)
    sentences = [torch.randint(4, (n,), generator=random).tolist() for n in (7, 0, 1, 12, 2)]
    expected = [
        (s[i], s[j])
        for s in sentences
        for i in range(len(s))
        for j in range(len(s))
        if 0 < abs(i - j) <= window
    ]
    pairs = neighbour_pairs(sentences, window)
    assert pairs.dtype == torch.int64 and pairs.shape == (len(expected), 2)
    assert sorted(map(tuple, pairs.tolist())) == sorted(expected)


def test_no_words_no_pairs():
    for sentences in ([], [[]], [[3]]):
        assert neighbour_pairs(sentences, 4).shape == (0, 2)


@pytest.mark.parametrize("window", [0, -1, 1.5, True])
def test_a_window_is_a_whole_number_from_one(window):
    with pytest.raises(ValueError, match="whole number from 1"):
        neighbour_pairs([[1, 2]], window)
