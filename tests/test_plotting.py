import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from PIL import Image

from course_utils import plotting
from course_utils.training import History


@pytest.fixture
def shown(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda bundle, metadata=None, **_: calls.append((bundle, metadata)),
    )
    return calls


def opened(bundle):
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).convert("RGB")


def test_a_figure_is_shown_with_its_description_and_closed(shown):
    figure, axis = plt.subplots(figsize=(2, 1))
    axis.plot([0, 1])
    assert b"matplotlib" not in plotting.png(figure).lower()  # no version number to differ by
    plotting.show(figure, "A rising line.")
    ((bundle, metadata),) = shown
    assert opened(bundle).width > 50
    assert metadata == {"image/png": {"alt": "A rising line."}}
    assert bundle["text/plain"] == "[picture: A rising line.]"
    assert not plt.get_fignums()


def test_a_figure_without_description_is_refused(shown):
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="describe the picture"):
        plotting.show(figure, "  ")
    plt.close(figure)
    assert not shown


def test_the_same_figure_gives_the_same_bytes():
    def draw():
        figure, axis = plt.subplots(figsize=(2, 2))
        axis.plot([3, 1, 2])
        data = plotting.png(figure)
        plt.close(figure)
        return data

    assert draw() == draw()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 784), (5, 28, 28)),
        ((5, 9, 7), (5, 9, 7)),
        ((5, 1, 9, 7), (5, 9, 7)),
        ((5, 3, 9, 7), (5, 9, 7, 3)),
        ((5, 9, 7, 3), (5, 9, 7, 3)),
    ],
)
def test_images_come_in_many_forms(shape, expected):
    assert plotting.as_images(torch.zeros(shape)).shape == expected
    assert plotting.as_images(np.zeros(shape)).shape == expected


@pytest.mark.parametrize("shape", [(784,), (5, 100), (5, 2, 9, 7)])
def test_other_forms_are_refused_in_words(shape):
    with pytest.raises(ValueError, match="cannot draw an array of shape"):
        plotting.as_images(np.zeros(shape))


def test_images_are_drawn_as_ink_on_paper_in_reading_order(shown):
    images = np.stack([np.full((8, 8), value) for value in (0.0, 1.0)])
    plotting.show_images(images, "White, then black.", titles=["a", "b"], rows=["r"], columns=2)
    picture = np.asarray(opened(shown[0][0]), float).mean(2)
    middle = picture[picture.shape[0] * 2 // 3]
    width = len(middle)
    assert middle[width // 2 - width // 8] > 250 and middle[width - width // 5] < 5


def test_signed_images_have_white_at_zero(shown):
    plotting.show_images(np.zeros((1, 8, 8)), "Nothing.", signed=True)
    assert np.asarray(opened(shown[0][0])).min() > 240


def test_a_map_prints_each_digit_at_its_median():
    figure, axis = plt.subplots()
    codes = np.array([[0.0, 0], [2, 1], [1, 0.5], [9, 8]])
    plotting.scatter_digits(axis, codes, [3, 3, 3, 7])
    places = {text.get_text(): text.get_position() for text in axis.texts}
    assert places == {"3": (1, 0.5), "7": (9, 8)}
    (dots,) = axis.collections
    drawn = {
        tuple(map(float, at)): tuple(c[:3])
        for at, c in zip(dots.get_offsets(), dots.get_facecolors())
    }
    three, seven = (to_rgb(plotting.DIGIT_COLOURS[d]) for d in (3, 7))
    assert drawn == {(0, 0): three, (2, 1): three, (1, 0.5): three, (9, 8): seven}
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        plotting.scatter_digits(axis, np.zeros((4, 3)), [0, 0, 0, 0])
    plt.close(figure)


def test_colours_are_distinct():
    assert len(set(plotting.DIGIT_COLOURS)) == 10 and len(set(plotting.COLOURS)) == 8


def test_a_table_is_html_and_plain_text(shown):
    plotting.table([{"who": "a<b", "error": 0.123456}, {"who": "c", "error": "–"}], "Two rows")
    bundle, _ = shown[0]
    assert "<caption>Two rows</caption>" in bundle["text/html"]
    assert "a&lt;b" in bundle["text/html"] and "0.1235" in bundle["text/html"]
    assert bundle["text/plain"].splitlines() == [
        "Two rows",
        "who  error",
        "a<b  0.1235",
        "c    –",
    ]


def test_a_character_that_no_font_has_is_an_error_not_an_empty_box():
    figure, axis = plt.subplots()
    axis.set_title("\uf8ff\U0010fffd")  # private characters: no font of matplotlib has them
    with pytest.raises(ValueError, match="missing from font"):
        plotting.png(figure)
    axis.set_title("z̄ → x̂, 10 µs")
    plotting.png(figure)
    plt.close(figure)


def test_poems_are_shown_as_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    plotting.show_poems([["春眠不覺曉", "處處聞啼鳥"], ["白日", "<b>"]], ["孟浩然", "nobody"])
    (bundle,) = shown
    assert "image/png" not in bundle
    assert "春眠不覺曉<br>處處聞啼鳥" in bundle["text/html"]
    assert "孟浩然" in bundle["text/html"] and "&lt;b&gt;" in bundle["text/html"]
    assert bundle["text/plain"].splitlines()[0] == "春眠不覺曉，處處聞啼鳥  (孟浩然)"


def test_g_keeps_its_colour_whether_a_penalty_stands_before_it_or_not(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        plotting, "png", lambda figure, *_: drawn.append(figure.axes[0].get_lines()) or b""
    )
    for losses in ({"D": [1, 2], "G": [2, 1]}, {"D": [1, 2], "penalty": [0, 1], "G": [2, 1]}):
        curve = plotting.LiveCurve("a game")
        curve.close(History(losses, steps=2))
    colours = [{line.get_label(): line.get_color() for line in lines} for lines in drawn]
    assert colours[0]["G"] == colours[1]["G"] and len(set(colours[1].values())) == 3
