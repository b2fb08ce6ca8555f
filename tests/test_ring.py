"""The ring of eight heaps: what is drawn, what is counted, and networks that do not mix."""

import math

import pytest
import torch

from course_utils import ring


def test_points_lie_in_the_heaps():
    torch.manual_seed(0)
    points = ring.sample(3, 4000)
    assert points.shape == (3, 4000, 2)
    found, inside = ring.heaps(points)
    assert found == [8, 8, 8]
    # In the plane 3 sigma hold 1 - exp(-4.5) of a normal distribution.
    assert inside == pytest.approx([1 - math.exp(-4.5)] * 3, abs=0.01)
    torch.testing.assert_close(ring.centres().norm(dim=1), torch.ones(8))


def test_missing_heaps_and_stray_points_are_seen():
    one = ring.centres()[3].expand(100, 2)
    three = ring.centres()[torch.arange(100) % 3]
    rare = torch.cat([three[:99], ring.centres()[7:]])  # one in a hundred still counts
    nowhere = torch.zeros(100, 2)
    found, inside = ring.heaps(torch.stack([one, three, rare, nowhere]))
    assert found == [1, 3, 4, 0]
    assert inside == [1, 1, 1, 0]


@pytest.mark.parametrize("points", [torch.zeros(5, 2), torch.zeros(1, 0, 2), torch.zeros(1, 5, 3)])
def test_other_shapes_are_refused(points):
    with pytest.raises(ValueError, match="copies, n, 2"):
        ring.heaps(points)
    with pytest.raises(ValueError, match="NaN"):
        ring.heaps(torch.full((1, 5, 2), torch.nan))


def test_distance_is_that_of_the_best_pairs():
    a = torch.tensor([[0.0, 0], [4, 0]])
    assert ring.distance(a, a.flip(0)) == 0
    assert ring.distance(a, torch.tensor([[4.0, 3], [0, 1]])) == pytest.approx(2)
    with pytest.raises(ValueError, match="one shape"):
        ring.distance(a, a[:1])


def test_networks_side_by_side_do_not_feel_each_other():
    torch.manual_seed(0)
    nets = ring.nets(3, 2, 1)
    x = torch.randn(3, 7, 2)
    y = nets(x)
    assert y.shape == (3, 7, 1)
    y[1].sum().backward()
    for p in nets.parameters():
        assert p.grad[1].abs().sum() > 0
        assert p.grad[0].abs().sum() == p.grad[2].abs().sum() == 0
    weights = [(layer.weight[2], layer.bias[2]) for layer in nets[::2]]
    by_hand = x[2]
    for k, (weight, bias) in enumerate(weights):
        by_hand = by_hand @ weight + bias
        if k < len(weights) - 1:
            by_hand = torch.nn.functional.leaky_relu(by_hand, 0.2)
    torch.testing.assert_close(y[2], by_hand)


def test_a_source_turns_shifts_and_counts():
    torch.manual_seed(0)
    real = ring.Source(math.pi / 8, (5.0, 0.0))
    points = real(1000)
    assert real.asked == 1 and points.shape == (1000, 2)
    back = ring.Source(-math.pi / 8)
    centred = (points - torch.tensor([5.0, 0.0])) @ back._turn
    assert ring.heaps(centred[None])[0] == [8]
    assert ring.heaps((points - torch.tensor([5.0, 0.0]))[None])[1][0] < 0.1


def ask(real):
    for _ in range(10):
        real(1)


def keeps(real):
    ask(real)
    return lambda n: torch.zeros(n, 2)


def repeats(real):
    ask(real)
    return lambda n: torch.randn(1, 2).expand(n, 2)


def gives_away(real):
    ask(real)
    return real


def wrong_shape(real):
    ask(real)
    return lambda n: torch.randn(n, 3)


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (lambda real: None, "function make"),
        (lambda real: lambda n: torch.randn(n, 2), "hardly looked"),
        (keeps, "same points each time"),
        (repeats, "repeats its points"),
        (gives_away, "asks for real points"),
        (wrong_shape, r"shape \(50, 2\)"),
    ],
)
def test_generators_that_are_none_are_told(train, words):
    with pytest.raises(AssertionError, match=words):
        ring.check_generator(train, ring.Source(), n=50)


def test_a_generator_is_measured():
    def train(real):
        ask(real)
        return lambda n: ring.sample(1, n)[0]

    torch.manual_seed(0)
    made, away = ring.check_generator(train, ring.Source(), n=200)
    assert made.shape == (200, 2) and away < 0.3
