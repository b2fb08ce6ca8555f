"""Numbers that say how good a code or a picture is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def mse_per_pixel(images: ArrayLike, copies: ArrayLike) -> float:
    """Return the mean squared error per pixel.

    Parameters
    ----------
    images, copies : array or tensor, same shape
        Pixels in [0, 1].

    Returns
    -------
    float
        Averaged over all images and all pixels; unit: squared grey level.

    Raises
    ------
    ValueError
        The shapes differ (broadcasting would give a number, and a wrong one), or there are no
        images.
    """
    a, b = _array(images), _array(copies)
    if a.shape != b.shape:
        raise ValueError(f"images of shape {a.shape} and copies of shape {b.shape}: must be equal")
    if not a.size:
        raise ValueError("no images: there is nothing to compare")
    return float(np.mean((a - b) ** 2))


def circular_correlation(alpha: ArrayLike, beta: ArrayLike) -> float:
    """Return the correlation of two lists of angles.

    Parameters
    ----------
    alpha, beta : array, shape (n,)
        Angles in radians; whole turns do not matter.

    Returns
    -------
    float
        1 if one is the other plus a constant, -1 if it runs the other way round, near 0 if
        they have nothing to do with each other.

    Raises
    ------
    ValueError
        The shapes differ, there are fewer than two angles, or one is NaN or infinite.

    Notes
    -----
    The coefficient of Fisher and Lee (1983), summed over all pairs i < j::

        sum sin(a_i - a_j) sin(b_i - b_j) / sqrt(sum sin²(a_i - a_j) · sum sin²(b_i - b_j))

    Unlike those that subtract a mean direction it is defined for a full circle, which has none.
    """
    a, b = _array(alpha).ravel(), _array(beta).ravel()
    if a.shape != b.shape or len(a) < 2:
        raise ValueError(f"need two equally long lists of angles, got {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("some angles are NaN or infinite")
    sin_a = np.sin(a[:, None] - a)
    sin_b = np.sin(b[:, None] - b)
    scale = np.sqrt((sin_a**2).sum() * (sin_b**2).sum())
    return float((sin_a * sin_b).sum() / scale) if scale > 0 else 0.0


def _array(values: ArrayLike) -> np.ndarray:
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values, float)
