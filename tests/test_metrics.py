import numpy as np
import pytest
import torch

from course_utils.metrics import (
    circular_correlation,
    classifier_score,
    frechet_distance,
    mse_per_pixel,
)


def test_numbers_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        circular_correlation([0.0, float("nan"), 1.0], [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="no images"):
        mse_per_pixel([], [])


def test_mse_is_a_mean_over_images_and_pixels():
    images = torch.zeros(2, 4)
    copies = torch.tensor([[1.0, 0, 0, 0], [2.0, 0, 0, 0]])
    assert mse_per_pixel(images, copies) == pytest.approx((1 + 4) / 8)


def test_mse_refuses_to_broadcast():
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(4,\)"):
        mse_per_pixel(np.zeros((3, 4)), np.zeros(4))


def test_circular_correlation_knows_no_zero_and_no_whole_turns():
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 200)
    assert circular_correlation(angles, angles + 1.234) == pytest.approx(1)
    assert circular_correlation(angles, angles + 2 * np.pi * np.arange(200)) == pytest.approx(1)
    assert circular_correlation(angles, 0.5 - angles) == pytest.approx(-1)


def test_circular_correlation_of_unrelated_angles_is_near_zero():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0, 2 * np.pi, (2, 1000))
    assert abs(circular_correlation(a, b)) < 0.1
    assert abs(circular_correlation(a, 2 * a)) < 0.1  # twice round is not once round


def test_circular_correlation_follows_its_definition():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 12))
    pairs = [(i, j) for i in range(12) for j in range(i)]
    top = sum(np.sin(a[i] - a[j]) * np.sin(b[i] - b[j]) for i, j in pairs)
    left = sum(np.sin(a[i] - a[j]) ** 2 for i, j in pairs)
    right = sum(np.sin(b[i] - b[j]) ** 2 for i, j in pairs)
    assert circular_correlation(a, b) == pytest.approx(top / np.sqrt(left * right))


def test_circular_correlation_refuses_what_it_cannot_compare():
    with pytest.raises(ValueError, match="equally long"):
        circular_correlation([0.0, 1.0], [0.0])
    assert circular_correlation([1.0, 1.0], [0.0, 2.0]) == 0  # no spread, no correlation


def test_frechet_distance_of_known_normal_clouds():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(20000, 3))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-8)
    assert frechet_distance(a, a + np.array([3.0, 4, 0])) == pytest.approx(25)
    # Spreads 1 and 2 on each of three axes: 3 (1 - 2)^2.
    assert frechet_distance(a, 2 * a - 2 * a.mean(0) + a.mean(0)) == pytest.approx(3, rel=0.02)
    assert frechet_distance(a[:, :1], 5 * a[:, :1]) > 10


def test_frechet_distance_agrees_with_the_matrix_root():
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(50, 6)) @ rng.normal(size=(6, 6)), rng.normal(size=(70, 6)) + 0.3
    c1, c2 = np.cov(a.T), np.cov(b.T)
    gap = a.mean(0) - b.mean(0)
    wanted = gap @ gap + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    assert frechet_distance(torch.tensor(a), b) == pytest.approx(wanted)
    assert frechet_distance(b, a) == pytest.approx(wanted)


def test_frechet_distance_refuses_what_is_no_cloud():
    with pytest.raises(ValueError, match="at least two"):
        frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"\(5, 3\)"):
        frechet_distance(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="NaN"):
        frechet_distance(np.full((5, 2), np.nan), np.zeros((5, 2)))


def test_classifier_score_goes_from_one_to_the_classes():
    assert classifier_score(np.eye(10).repeat(3, 0)) == pytest.approx(10)
    assert classifier_score(np.full((7, 10), 0.1)) == pytest.approx(1)
    assert classifier_score(np.eye(10)[[4] * 9]) == pytest.approx(1)
    assert classifier_score(torch.eye(4)[[0, 1, 0, 1]]) == pytest.approx(2)
    with pytest.raises(ValueError, match="sum to 1"):
        classifier_score(np.ones((3, 2)))
