"""What exercises' tests are made of: comparisons that fail in words a student can act on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def check_code_size(k: int, largest: int) -> None:
    """Refuse a code of no numbers, or of more than there are.

    Parameters
    ----------
    k : int
        How many numbers the code shall have.
    largest : int
        The most it can have: how many patterns there are, or pixels.

    Raises
    ------
    ValueError
        ``k`` is not a whole number from 1 to ``largest``.
    """
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= largest:
        raise ValueError(f"a code has 1 to {largest} numbers, and a whole number of them; not {k}")


def expect_array(value: Any, shape: Sequence[int], what: str) -> np.ndarray:
    """Return ``value`` as a numpy array after checking that it is one, of this shape, and finite.

    Parameters
    ----------
    value : tensor or array
        What the student's code gave.
    shape : sequence of int
        What the contract asks for.
    what : str
        How to call it in the message, such as ``"the code z"``.

    Raises
    ------
    AssertionError
        In words: nothing returned, wrong type, wrong shape, NaN or infinity.
    """
    assert value is not None, f"{what} is None: does your function end with 'return ...'?"
    try:
        detached = value.detach().cpu() if hasattr(value, "detach") else value
        array = np.asarray(detached, dtype=float)
    except (TypeError, ValueError):
        raise AssertionError(
            f"{what} should be a tensor of shape {tuple(shape)}, but it is a {type(value).__name__}"
        ) from None
    assert array.shape == tuple(shape), (
        f"{what} should have shape {tuple(shape)}, but it has shape {array.shape}"
    )
    bad = int((~np.isfinite(array)).sum())
    assert bad == 0, f"{what} holds {bad} NaN or infinite numbers: is there a division by zero?"
    return array


def expect_close(
    value: Any, expected: Any, what: str, hint: str = "", tolerance: float = 1e-4
) -> None:
    """Check that ``value`` has the shape of ``expected`` and equals it up to rounding.

    Parameters
    ----------
    value, expected : tensor or array
        What the student's code gave, and what is right.
    what : str
        How to call it in the message.
    hint : str
        Added to the message when the numbers differ: the mistake people usually make.
    tolerance : float
        Largest difference allowed, relative to the largest expected number (or to 1).

    Raises
    ------
    AssertionError
        In words, with the place and size of the largest difference.
    """
    wanted = np.asarray(expected.detach().cpu() if hasattr(expected, "detach") else expected, float)
    array = expect_array(value, wanted.shape, what)
    if not array.size:
        return
    difference = np.abs(array - wanted)
    if difference.max() <= tolerance * max(1.0, float(np.abs(wanted).max())):
        return
    place = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), wanted.shape))
    where = f" at index {place}" if place else ""
    text = f"{what} is off: {array[place]:.4g}{where}, where {wanted[place]:.4g} is right. {hint}"
    raise AssertionError(text.strip())


def partial_credit(value: float, steps: Sequence[tuple[float, float]]) -> float:
    """Return the points that a quality figure earns; smaller figures are better.

    Parameters
    ----------
    value : float
        The figure that was reached, such as an error.
    steps : sequence of (limit, points)
        Points for a value of at most this limit.

    Returns
    -------
    float
        The most points among the limits that were met; 0.0 if none was. As the last line of a
        test cell this number is what nbgrader records.
    """
    return max((float(points) for limit, points in steps if value <= limit), default=0.0)


def attempt(function: Callable[..., Any], *inputs: Any, hint: str = "") -> Any:
    """Call a student's function for a test, and put what goes wrong into words.

    Parameters
    ----------
    function : callable
        What the student wrote.
    *inputs
        What to call it with; it must leave tensors among them as they are.
    hint : str
        Stands before torch's own complaint.

    Returns
    -------
    object
        What the function gave.

    Raises
    ------
    AssertionError
        Torch or Python complained, or an input was changed.
    NotImplementedError
        Nothing is written yet.
    """
    kept = [x.detach().clone() if hasattr(x, "detach") else None for x in inputs]
    mishaps = (RuntimeError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
    try:
        result = function(*inputs)
    except NotImplementedError:
        raise
    except mishaps as error:
        raise AssertionError(f"{hint} The error is: {error}".strip()) from None
    for now, before in zip(inputs, kept, strict=True):
        assert before is None or bool((now.detach() == before).all()), (
            f"your {function.__name__} changes what it is given: work on a copy"
        )
    return result
