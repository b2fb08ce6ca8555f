"""The comparisons that exercises' tests are made of: they fail, and in words."""

import numpy as np
import pytest
import torch

from course_utils.checks import (
    attempt,
    check_code_size,
    expect_array,
    expect_close,
    partial_credit,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is None: does your function end with 'return"),
        ("abc", "it is a str"),
        (torch.zeros(3), r"should have shape \(2,\), but it has shape \(3,\)"),
        (torch.tensor([1.0, torch.nan]), "holds 1 NaN or infinite"),
        ([1.0, float("inf")], "holds 1 NaN or infinite"),
    ],
)
def test_what_is_no_such_array_is_told(value, words):
    with pytest.raises(AssertionError, match=f"the code z.*{words}"):
        expect_array(value, (2,), "the code z")


def test_tensors_arrays_and_lists_are_taken():
    for value in (torch.ones(2, requires_grad=True), np.ones(2), [1, 1]):
        assert expect_array(value, (2,), "z").tolist() == [1, 1]


def test_the_largest_difference_is_named_with_its_place():
    expect_close(torch.tensor([1.0, 2.0]), [1.0, 2.00001], "z")
    with pytest.raises(AssertionError) as caught:
        expect_close([[1.0, 2.0], [3.0, 9.0]], [[1.0, 2.0], [3.0, 4.0]], "z", "Did you halve it?")
    assert str(caught.value) == "z is off: 9 at index (1, 1), where 4 is right. Did you halve it?"


def test_tolerance_grows_with_large_numbers():
    expect_close([10_000.1], [10_000.0], "z")
    expect_close([0.00005], [0.0], "z")  # and does not shrink with small ones
    with pytest.raises(AssertionError):
        expect_close([0.1], [0.0], "z")


def test_a_difference_of_a_thousandth_is_seen():
    with pytest.raises(AssertionError):
        expect_close([1.001], [1.0], "z")


@pytest.mark.parametrize("k", [0, -1, 785, 2.0, True])
def test_an_impossible_code_size_is_refused(k):
    with pytest.raises(ValueError, match="a code has 1 to 784 numbers"):
        check_code_size(k, largest=784)
    check_code_size(784, largest=784)


def test_partial_credit_takes_the_best_limit_met():
    steps = [(0.06, 0.5), (0.04, 1), (0.029, 2)]
    assert [partial_credit(v, steps) for v in (0.07, 0.05, 0.04, 0.01)] == [0, 0.5, 1, 2]
    assert partial_credit(float("nan"), steps) == 0


def test_an_attempt_gives_what_the_function_gives():
    x = torch.ones(3)
    assert attempt(lambda a, b: (a + b).sum().item(), x, 2) == 9


def changes(x):
    x += 1
    return x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x @ torch.ones(5), "try rows The error is: .*size"),
        (lambda x: x.nothing, "try rows The error is: .*nothing"),
        (lambda x: x + "a", "try rows The error is"),
        (changes, "your changes changes what it is given"),
    ],
)
def test_what_goes_wrong_in_an_attempt_is_put_into_words(function, words):
    with pytest.raises(AssertionError, match=words):
        attempt(function, torch.ones(3), hint="try rows")


def test_an_attempt_lets_unwritten_code_be_unwritten():
    def later(x):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        attempt(later, torch.ones(3))
