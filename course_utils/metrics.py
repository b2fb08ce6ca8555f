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


def frechet_distance(features: ArrayLike, reference: ArrayLike) -> float:
    """Return the Fréchet distance of two clouds of features, each taken for a normal one.

    Parameters
    ----------
    features, reference : array or tensor, shape (n, d) and (m, d)
        What a judge sees in made pictures, and in real ones; n and m at least 2.

    Returns
    -------
    float
        0 if both clouds have the same mean and covariance; unit: that of the features, squared.

    Raises
    ------
    ValueError
        The shapes do not fit, a cloud has fewer than two points, or a number is NaN or infinite.

    Notes
    -----
    ``|m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½)``, the squared 2-Wasserstein distance of two normal
    distributions (Dowson and Landau 1982). With features of the Inception network it is the FID
    of Heusel et al. (2017); with those of `judges.digit_judge` the course calls it *FID-digits*.
    It depends on n: compare only clouds of the same size.
    """
    a, b = _array(features), _array(reference)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(
            f"need features (n, d) and (m, d) of at least two pictures, got {a.shape} and {b.shape}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("some features are NaN or infinite")
    c1, c2 = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    # The eigenvalues of C1 C2 are real and not below 0; rounding may make them a bit complex.
    roots = np.sqrt(np.linalg.eigvals(c1 @ c2).real.clip(min=0))
    gap = a.mean(0) - b.mean(0)
    return float(max(gap @ gap + np.trace(c1) + np.trace(c2) - 2 * roots.sum(), 0.0))


def classifier_score(probabilities: ArrayLike) -> float:
    """Return how sure, and how varied, a judge is about a set of pictures.

    Parameters
    ----------
    probabilities : array or tensor, shape (n, classes)
        One row for each picture; each sums to 1.

    Returns
    -------
    float
        From 1 (the same answer, or the same doubt, for every picture) to the number of classes
        (sure of each picture, and every class equally often).

    Raises
    ------
    ValueError
        These are not rows of probabilities.

    Notes
    -----
    ``exp(mean KL(p(y|x) || p(y)))``: the Inception Score of Salimans et al. (2016), with another
    judge. It never looks at real pictures: one good picture of each class is enough for it.
    """
    p = _array(probabilities)
    if p.ndim != 2 or not p.size or not (p >= 0).all() or not np.allclose(p.sum(1), 1, atol=1e-3):
        raise ValueError(f"need rows of probabilities that sum to 1, got an array of {p.shape}")
    safe = p.clip(min=1e-12)
    return float(np.exp((p * (np.log(safe) - np.log(safe.mean(0)))).sum(1).mean()))


def _array(values: ArrayLike) -> np.ndarray:
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values, float)
