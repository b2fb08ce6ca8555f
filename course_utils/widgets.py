"""Things to play with, and questions that answer at once.

Every widget leaves a picture behind, so a notebook that no kernel runs still shows something.
"""

from __future__ import annotations

import io
import random
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape, unescape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils.plotting import as_images, picture, png, scatter_digits

if TYPE_CHECKING:
    import ipywidgets
    from PIL import Image


def image_png(image: ArrayLike, width: int = 224) -> bytes:
    """Turn one image into PNG bytes, enlarged without smoothing.

    Parameters
    ----------
    image : array or tensor
        One digit (784,) or (28, 28), or one colour image (h, w, 3) or (3, h, w); in [0, 1].
    width : int
        Width of the result in pixels.
    """
    from PIL import Image

    array = np.asarray(image.detach().cpu() if hasattr(image, "detach") else image, float)
    if array.ndim == 1 or (array.ndim == 3 and array.shape[0] == 1):
        array = array.reshape(28, 28) if array.ndim == 1 else array[0]
    array = as_images(array[None])[0]
    if array.ndim == 2:
        array = 1 - array  # ink on paper, as in every figure of the course
    pixels = (array.clip(0, 1) * 255).round().astype(np.uint8)
    height = round(width * pixels.shape[0] / pixels.shape[1])
    return _png_of(Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST))


def _png_of(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="png")
    return buffer.getvalue()


def _live(view: ipywidgets.Widget) -> dict[str, Any]:
    """What shows the live controls where a kernel runs, with ipywidgets 7 (Colab's) and 8."""
    about = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
    return {"application/vnd.jupyter.widget-view+json": about}


class Explorer:
    """Controls beside a picture that follows them.

    Parameters
    ----------
    draw : callable
        ``draw(**values)``, one keyword per control, returns an image (see `image_png`) or
        finished PNG bytes.
    controls : mapping of str to ipywidgets.Widget
        What the reader moves; each has a ``value``.
    alt : str
        What the picture shows, in words.
    width : int
        Width of the picture in pixels.
    still : callable, optional
        ``still(picture)`` turns the picture's PNG bytes into those to leave in a saved notebook,
        where the controls are dead.

    Attributes
    ----------
    view : ipywidgets.Widget
        What is displayed.
    image : ipywidgets.Image
        The picture.
    """

    def __init__(
        self,
        draw: Callable[..., Any],
        controls: Mapping[str, ipywidgets.Widget],
        alt: str,
        width: int = 224,
        still: Callable[[bytes], bytes] = lambda picture: picture,
    ) -> None:
        import ipywidgets

        self.still = still
        self.draw, self.controls, self.alt, self.width = draw, dict(controls), alt, width
        self._start = {name: control.value for name, control in self.controls.items()}
        self.image = ipywidgets.Image(value=self.render(), format="png", width=width)
        self.buttons = ipywidgets.HBox()
        self._button("Start again", "undo", self.reset)
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        box = ipywidgets.VBox([*self.controls.values(), self.buttons])
        # Aligned, else a picture beside taller controls is stretched to their height.
        self.view = ipywidgets.HBox([box, self.image], layout={"align_items": "flex-start"})

    def render(self) -> bytes:
        """Return the picture for the controls' present values, as PNG bytes."""
        drawn = self.draw(**{name: control.value for name, control in self.controls.items()})
        return drawn if isinstance(drawn, bytes) else image_png(drawn, self.width)

    def reset(self) -> None:
        """Put every control back to where it started."""
        for name, value in self._start.items():
            self.controls[name].value = value

    def at_random(self) -> None:
        """Put every slider somewhere on its range, picked by chance."""
        for control in self.controls.values():
            control.value = random.uniform(control.min, control.max)

    def _button(self, text: str, icon: str, action: Callable[[], None]) -> None:
        import ipywidgets

        button = ipywidgets.Button(description=text, icon=icon)
        button.on_click(lambda _: action())
        self.buttons.children = (*self.buttons.children, button)

    def _moved(self, change: Any) -> None:
        self.image.value = self.render()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle, metadata = picture(self.still(self.image.value), self.alt)
        display({**_live(self.view), **bundle}, metadata=metadata, raw=True)


class TextExplorer:
    """Controls above a text that follows them, and a button to have it written anew.

    Parameters
    ----------
    write : callable
        ``write(**values)``, one keyword per control, returns HTML. Its ``ValueError`` is shown to
        the reader in its place.
    controls : mapping of str to ipywidgets.Widget
        What the reader changes; each has a ``value``.

    Attributes
    ----------
    view : ipywidgets.Widget
        What is displayed.
    text : ipywidgets.HTML
        The text.
    again : ipywidgets.Button
        Calls ``write`` once more.
    """

    def __init__(
        self, write: Callable[..., str], controls: Mapping[str, ipywidgets.Widget]
    ) -> None:
        import ipywidgets

        self.write, self.controls = write, dict(controls)
        self.text = ipywidgets.HTML()
        self.again = ipywidgets.Button(description="Again", icon="refresh")
        self.again.on_click(lambda _: self.update())
        for control in self.controls.values():
            control.observe(lambda _: self.update(), names="value")
        self.update()
        self.view = ipywidgets.VBox([*self.controls.values(), self.again, self.text])

    def update(self) -> None:
        """Write the text for the controls' present values."""
        values = {name: control.value for name, control in self.controls.items()}
        try:
            self.text.value = self.write(**values)
        except ValueError as error:
            self.text.value = f"<p><b>That does not work:</b> {escape(str(error))}</p>"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        html = self.text.value
        plain = unescape(re.sub(r"<[^>]*>", " ", html)).strip()
        display({**_live(self.view), "text/html": html, "text/plain": plain}, raw=True)


def sliders(
    draw: Callable[..., Any],
    ranges: Mapping[str, tuple[float, float, float]],
    alt: str,
    *,
    labels: Mapping[str, str] | None = None,
    width: int = 224,
) -> Explorer:
    """Return sliders beside a picture that follows them, with a button *At random*.

    Parameters
    ----------
    draw : callable
        See `Explorer`.
    ranges : mapping of str to (low, high, start)
        One slider each.
    alt : str
        What the picture shows, in words.
    labels : mapping of str to str, optional
        What stands beside a slider, if not its name.
    width : int
        Width of the picture in pixels.

    Raises
    ------
    ValueError
        A range is empty or does not hold its start.
    """
    import ipywidgets

    controls = {}
    for name, (low, high, start) in ranges.items():
        if not low < high or not low <= start <= high:
            raise ValueError(f"slider '{name}': {low} <= {start} <= {high} does not hold")
        controls[name] = ipywidgets.FloatSlider(
            value=start,
            min=low,
            max=high,
            step=(high - low) / 100,
            description=(labels or {}).get(name, name),
            readout_format=".1f",
            continuous_update=True,
        )
    explorer = Explorer(draw, controls, alt, width)
    explorer._button("At random", "random", explorer.at_random)
    return explorer


def plane(
    draw: Callable[[float, float], Any],
    codes: ArrayLike,
    labels: ArrayLike,
    alt: str,
    *,
    start: tuple[float, float] | None = None,
    beyond: float = 0.005,
    width: int = 224,
) -> Explorer:
    """Return a map of 2-D codes with a point to drag, beside the picture drawn from its code.

    Parameters
    ----------
    draw : callable
        ``draw(z1, z2)`` returns an image (see `image_png`) or finished PNG bytes.
    codes : array, shape (n, 2)
        The map's points.
    labels : array, shape (n,)
        Digits 0 to 9, for the colours.
    alt : str
        What map and picture show, in words.
    start : (float, float), optional
        Where the point begins; the middle of the map if not given.
    beyond : float
        The share of the codes left out beyond each edge of the map.
    width : int
        Width of the picture in pixels.

    Raises
    ------
    ValueError
        The codes are not two numbers each, or the start lies outside the map.
    """
    from matplotlib.figure import Figure

    from course_utils.pad import Pad

    figure = Figure(figsize=(4, 4))
    axis = figure.add_axes((0, 0, 1, 1))  # the axes fill the map: edges are the bounds
    scatter_digits(axis, codes, labels, size=3)
    low, high = np.quantile(np.asarray(codes, float), [beyond, 1 - beyond], axis=0)
    left, right, bottom, top = (float(v) for v in (low[0], high[0], low[1], high[1]))
    axis.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    background = png(figure, dpi=80, tight=False)

    x, y = start or ((left + right) / 2, (bottom + top) / 2)
    if not (left <= x <= right and bottom <= y <= top):
        raise ValueError(f"start ({x}, {y}) lies outside the map: {left, right, bottom, top}")
    pad = Pad(
        value=(x, y),
        bounds=(left, right, bottom, top),
        map=b64encode(background).decode(),
        label=alt,
    )

    def still(picture: bytes) -> bytes:
        """The map with the point on it, and the picture beside."""
        from PIL import Image, ImageDraw

        board, drawn = (
            Image.open(io.BytesIO(data)).convert("RGB") for data in (background, picture)
        )
        across = (pad.value[0] - left) / (right - left) * board.width
        down = (top - pad.value[1]) / (top - bottom) * board.height
        dot = (across - 7, down - 7, across + 7, down + 7)
        ImageDraw.Draw(board).ellipse(dot, fill="#D55E00", outline="black", width=2)
        size = (board.width + 20 + drawn.width, max(board.height, drawn.height))
        both = Image.new("RGB", size, "white")
        both.paste(board, (0, 0))
        both.paste(drawn, (board.width + 20, 0))
        return _png_of(both)

    return Explorer(lambda z: draw(*z), {"z": pad}, alt, width, still)


def quiz(question: str, answers: Mapping[str, str], right: str) -> None:
    """Display a question whose answers open at a click and say whether they hold, and why.

    Needs no kernel and no script: it works in a saved notebook and on a web page.

    Parameters
    ----------
    question : str
    answers : mapping of str to str
        Each possible answer, and what to tell somebody who chooses it.
    right : str
        The answer that holds.

    Raises
    ------
    ValueError
        ``right`` is none of the answers.
    """
    from IPython.display import display

    if right not in answers:
        raise ValueError(f"the right answer {right!r} is none of {list(answers)}")
    parts, plain = [], [question]
    for answer, why in answers.items():
        verdict = "✓ Yes." if answer == right else "✗ Not quite."
        parts.append(
            '<details style="margin: 0.3em 1em">'
            f'<summary style="cursor: pointer">{escape(answer)}</summary>'
            f'<div style="margin: 0.2em 1.4em"><b>{verdict}</b> {escape(why)}</div></details>'
        )
        plain.append(f"  ( ) {answer}")
    html = f"<div><p><b>{escape(question)}</b></p>{''.join(parts)}</div>"
    display({"text/html": html, "text/plain": "\n".join(plain)}, raw=True)
