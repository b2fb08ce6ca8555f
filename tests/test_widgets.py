import base64
import io

import ipywidgets
import numpy as np
import pytest
import torch
from PIL import Image

from course_utils import widgets


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_an_image_is_enlarged_without_smoothing_as_ink_on_paper():
    digit = torch.zeros(784)
    digit[0] = 1
    data = pixels(widgets.image_png(digit, width=280))
    assert data.shape == (280, 280)
    assert (data[:10, :10] == 0).all() and (data[10:] == 255).all()


def test_colour_images_keep_their_colours():
    face = np.zeros((3, 4, 4))
    face[0] = 1
    assert pixels(widgets.image_png(face, 8))[0, 0].tolist() == [255, 0, 0]


def test_sliders_move_the_picture_and_can_start_again():
    def draw(a, b):
        return np.full((4, 4), a * b)

    explorer = widgets.sliders(draw, {"a": (0, 1, 0.5), "b": (0, 1, 1)}, alt="A grey square.")
    start = explorer.image.value
    for name in ("a", "b"):
        control = explorer.controls[name]
        seen = {explorer.image.value}
        for value in np.linspace(control.min, control.max, 5):
            control.value = value
            seen.add(explorer.image.value)
        assert len(seen) > 3
    explorer.reset()
    assert explorer.image.value == start
    start_again, at_random = explorer.buttons.children
    at_random.click()
    assert explorer.image.value != start
    assert all(0 <= control.value <= 1 for control in explorer.controls.values())
    start_again.click()
    assert explorer.image.value == start


def test_a_widget_leaves_a_picture_behind(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, metadata, raw: shown.append((bundle, metadata))
    )
    explorer = widgets.sliders(
        lambda a: np.full((4, 4), a), {"a": (0, 1, 0.5)}, alt="A grey square."
    )
    explorer._ipython_display_()
    ((bundle, metadata),) = shown
    assert "application/vnd.jupyter.widget-view+json" in bundle  # live, where a kernel runs
    assert base64.b64decode(bundle["image/png"]) == explorer.image.value
    assert metadata["image/png"]["alt"] == "A grey square."
    assert bundle["text/plain"] == "[picture: A grey square.]"


def test_other_controls_and_finished_pictures_work_too():
    png = widgets.image_png(np.zeros((4, 4)))
    other = widgets.image_png(np.ones((4, 4)))
    explorer = widgets.Explorer(
        lambda ink: other if ink else png, {"ink": ipywidgets.Checkbox()}, alt="Ink or none."
    )
    assert explorer.image.value == png
    explorer.controls["ink"].value = True
    assert explorer.image.value == other


def test_a_point_dragged_over_the_plane_draws_its_code(monkeypatch):
    codes = np.random.default_rng(0).normal(size=(200, 2)) * [3, 1]
    seen = []

    def draw(z1, z2):
        seen.append((z1, z2))
        return np.full((4, 4), 0.5 + z2 / 10)

    explorer = widgets.plane(draw, codes, np.arange(200) % 10, alt="A map.", start=(1.0, 0.5))
    pad = explorer.controls["z"]
    left, right, bottom, top = pad.bounds
    inside = (codes[:, 0] > left) & (codes[:, 0] < right)
    assert 0.95 < inside.mean() < 1 and right - left > top - bottom
    assert seen == [(1.0, 0.5)] and pixels(base64.b64decode(pad.map)).shape == (320, 320, 4)
    before = explorer.image.value
    pad.value = (-1.0, -0.5)
    assert seen[-1] == (-1.0, -0.5) and explorer.image.value != before

    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, metadata, raw: shown.append(bundle)
    )
    explorer._ipython_display_()
    assert "application/vnd.jupyter.widget-view+json" in shown[0]
    still = pixels(base64.b64decode(shown[0]["image/png"]))
    assert still.shape == (320, 320 + 20 + 224, 3)
    x, y = (-1 - left) / (right - left) * 320, (top + 0.5) / (top - bottom) * 320
    assert still[int(y), int(x)].tolist() == [213, 94, 0]  # the point


def test_a_plane_refuses_other_codes_and_a_start_outside():
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        widgets.plane(lambda x, y: None, np.zeros((5, 3)), np.zeros(5), alt="x")
    with pytest.raises(ValueError, match="outside the map"):
        codes = np.random.default_rng(0).normal(size=(50, 2))
        widgets.plane(lambda x, y: None, codes, np.zeros(50), alt="x", start=(99, 0))


@pytest.mark.parametrize("range_", [(1, 0, 0.5), (0, 1, 2)])
def test_an_impossible_slider_is_refused(range_):
    with pytest.raises(ValueError, match="slider 'a'"):
        widgets.sliders(lambda a: np.zeros((4, 4)), {"a": range_}, alt="x")


def test_a_quiz_answers_at_once_without_kernel_or_script(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    widgets.quiz("Is 1 < 2?", {"yes": "Count.", "no": "Look again."}, right="yes")
    html = shown[0]["text/html"]
    assert html.count("<details") == 2 and "<script" not in html
    assert "Is 1 &lt; 2?" in html
    yes, no = html.split("<details")[1:]
    assert "✓" in yes and "Count." in yes and "✗" in no and "Look again." in no
    assert "✓" not in shown[0]["text/plain"]


def test_a_quiz_needs_its_right_answer():
    with pytest.raises(ValueError, match="none of"):
        widgets.quiz("?", {"a": "b"}, right="c")


def test_a_text_follows_its_controls_and_explains_what_does_not_work(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    calls = []

    def write(first):
        calls.append(first)
        if not first:
            raise ValueError("type a <line>")
        return f"<b>{first}</b><br>明月 &amp; {len(calls)}"

    explorer = widgets.TextExplorer(write, {"first": ipywidgets.Text("春風")})
    assert explorer.text.value == "<b>春風</b><br>明月 &amp; 1"
    explorer.again.click()
    assert explorer.text.value.endswith("2")
    explorer.controls["first"].value = ""
    assert "type a &lt;line&gt;" in explorer.text.value
    explorer.controls["first"].value = "白日"
    explorer._ipython_display_()
    (bundle,) = shown
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == explorer.text.value
    assert bundle["text/plain"].split() == ["白日", "明月", "&", "4"]
