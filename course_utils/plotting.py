"""Pictures: readable for the colour-blind, never without a description in words."""

from __future__ import annotations

import io
import time
import warnings
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from course_utils.training import History

#: Eight colours that stay apart for the colour-blind (Okabe and Ito 2008), black first.
COLOURS = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
#: One colour per digit: the eight above, a grey and a dark violet. Maps also print the digit.
DIGIT_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#F0E442",
    "#000000",
    "#999999",
    "#5D3A9B",
)
# In every game a network's loss has one colour, whatever stands before it.
_LOSS_COLOURS = {
    "D": COLOURS[0],
    "G": COLOURS[1],
    "penalty": COLOURS[2],
    "R1": COLOURS[2],
    "E": COLOURS[3],
}
#: Colour map for numbers below (orange) and above zero (violet).
DIVERGING = "PuOr"


def png(figure: Figure, dpi: int = 90, tight: bool = True) -> bytes:
    """Render a figure to PNG bytes, the same bytes for the same figure.

    Parameters
    ----------
    figure : matplotlib Figure
    dpi : int
        Dots per inch.
    tight : bool
        Cut away the empty border.

    Raises
    ------
    ValueError
        The figure holds a character that no font of it can draw, Chinese for example.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.savefig(
            buffer,
            format="png",
            dpi=dpi,
            bbox_inches="tight" if tight else None,
            facecolor="white",
            metadata={"Software": ""},
        )
    for warning in caught:
        if "missing from font" in str(warning.message):
            raise ValueError(
                f"{warning.message}: an empty box would stand there. Show such text beside the "
                "picture, as text: see show_poems"
            )
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return buffer.getvalue()


def show(figure: Figure, alt: str, dpi: int = 90) -> None:
    """Display a figure with its description in words, and close it.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
        What the picture shows, for readers who cannot see it.
    dpi : int
        Dots per inch.

    Raises
    ------
    ValueError
        The description is empty.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    bundle, metadata = picture(png(figure, dpi), alt)
    display(bundle, metadata=metadata, raw=True)
    plt.close(figure)


def picture(data: bytes, alt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a display bundle, and its metadata, of a PNG and its description."""
    if not alt.strip():
        raise ValueError("describe the picture in words: alt='...'")
    encoded = b64encode(data).decode()
    return {"image/png": encoded, "text/plain": f"[picture: {alt}]"}, {"image/png": {"alt": alt}}


def as_images(images: ArrayLike) -> NDArray[np.float64]:
    """Bring images to the form (n, height, width) or (n, height, width, 3).

    Parameters
    ----------
    images : array or tensor
        (n, 784) for digits, (n, h, w), (n, 1, h, w), (n, 3, h, w) or (n, h, w, 3).

    Raises
    ------
    ValueError
        Any other shape.
    """
    array = np.asarray(images.detach().cpu() if hasattr(images, "detach") else images, float)
    if array.ndim == 2 and array.shape[1] == 784:
        return array.reshape(-1, 28, 28)
    if array.ndim == 4 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim == 4 and array.shape[1] == 3:
        return array.transpose(0, 2, 3, 1)
    if array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3):
        return array
    raise ValueError(
        f"cannot draw an array of shape {array.shape} as images: expected (n, 784), "
        "(n, h, w), (n, 1, h, w), (n, 3, h, w) or (n, h, w, 3)"
    )


def show_images(
    images: ArrayLike,
    alt: str,
    *,
    titles: Sequence[str] | None = None,
    rows: Sequence[str] | None = None,
    columns: int = 10,
    size: float = 0.9,
    signed: bool = False,
) -> None:
    """Display images in a grid, row by row.

    Parameters
    ----------
    images : array or tensor
        Any form that `as_images` takes; values in [0, 1] unless ``signed``.
    alt : str
        What the picture shows, in words.
    titles : sequence of str, optional
        One above each image.
    rows : sequence of str, optional
        One label at the left of each row.
    columns : int
        Images in a row.
    size : float
        Side of one image in inches.
    signed : bool
        Values lie around zero: draw them orange to violet with white at zero.
    """
    import matplotlib.pyplot as plt

    array = as_images(images)
    columns = min(columns, len(array))
    count = -(-len(array) // columns)
    left = 0.0 if rows is None else 0.1 * max(len(label) for label in rows)
    width, height = size * columns + left, size * count * (1.28 if titles is not None else 1.0)
    figure, axes = plt.subplots(count, columns, figsize=(width, height), squeeze=False)
    limit = float(np.abs(array).max()) or 1.0
    for i, axis in enumerate(axes.flat):
        axis.set_xticks([])
        axis.set_yticks([])
        for spine in axis.spines.values():
            spine.set_visible(False)
        if i >= len(array):
            continue
        if signed:
            axis.imshow(array[i], cmap=DIVERGING, vmin=-limit, vmax=limit)
        elif array.ndim == 4:
            axis.imshow(array[i].clip(0, 1))
        else:
            axis.imshow(array[i], cmap="gray_r", vmin=0, vmax=1)
        if titles is not None and i < len(titles):
            axis.set_title(titles[i], fontsize=9)
        if rows is not None and i % columns == 0:
            axis.set_ylabel(
                rows[i // columns], rotation=0, ha="right", va="center", fontsize=9, labelpad=6
            )
    hspace = 0.06 if titles is None else 0.35
    left /= width
    figure.subplots_adjust(left, bottom=0, right=1, top=1, wspace=0.06, hspace=hspace)
    show(figure, alt)


def scatter_digits(axis: Axes, codes: ArrayLike, labels: ArrayLike, size: float = 4) -> None:
    """Draw 2-D codes of digits: one colour each, the digit itself printed at its median.

    Parameters
    ----------
    axis : matplotlib Axes
    codes : array, shape (n, 2)
    labels : array, shape (n,)
        Digits 0 to 9.
    size : float
        Area of a dot in points squared.
    """
    from matplotlib.patheffects import withStroke

    points, digits = np.asarray(codes, float), np.asarray(labels).astype(int)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"a map needs codes of shape (n, 2), not {points.shape}")
    order = np.random.default_rng(0).permutation(len(points))  # no digit on top of all others
    colours = np.array(DIGIT_COLOURS)[digits]
    x, y = points[order].T
    axis.scatter(x, y, s=size, c=colours[order].tolist(), alpha=0.6, linewidths=0)
    for digit in np.unique(digits):
        x, y = np.median(points[digits == digit], axis=0)
        outline = [withStroke(linewidth=3, foreground="white")]
        axis.text(
            x,
            y,
            str(digit),
            fontsize=16,
            weight="bold",
            ha="center",
            va="center",
            color="black",
            path_effects=outline,
        )


def table(rows: Sequence[Mapping[str, Any]], caption: str = "") -> None:
    """Display a small table, as HTML and as plain text.

    Parameters
    ----------
    rows : sequence of mappings
        One per row; the keys of the first give the columns. Numbers are shown with four
        significant digits; give strings for any other form.
    caption : str
        One sentence above the table.
    """
    from IPython.display import display

    columns, cells = _cells(rows)
    plain = text_table(rows, caption)
    style = ' style="text-align: left; padding: 0.2em 0.9em"'
    head = "".join(f"<th{style}>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{style}>{escape(text)}</td>" for text in line) + "</tr>"
        for line in cells
    )
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    html = f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    display({"text/html": html, "text/plain": plain}, raw=True)


def text_table(rows: Sequence[Mapping[str, Any]], caption: str = "") -> str:
    """Return a small table as plain text.

    Parameters
    ----------
    rows, caption
        As for `table`.

    Returns
    -------
    str
        One line for the caption, if there is one, one for the columns' names, one per row.
    """
    columns, cells = _cells(rows)
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(columns)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip()
        for line in [columns, *cells]
    ]
    return "\n".join([caption, *lines] if caption else lines)


def poem_cards(poems: Sequence[Sequence[str]], captions: Sequence[str] | None = None) -> str:
    """Return poems side by side as HTML, which every browser has the characters for.

    Parameters
    ----------
    poems : sequence of sequence of str
        The lines of each poem.
    captions : sequence of str, optional
        One under each poem.
    """
    cards = []
    for i, lines in enumerate(poems):
        below = f"<small>{escape(captions[i])}</small>" if captions else ""
        text = "<br>".join(escape(line) for line in lines)
        cards.append(
            '<div style="border: 1px solid #bbb; border-radius: 4px; padding: 0.5em 0.9em">'
            f'<div lang="zh-Hant" style="font-size: 1.15em">{text}</div>{below}</div>'
        )
    return f'<div style="display: flex; flex-wrap: wrap; gap: 0.6em">{"".join(cards)}</div>'


def show_poems(poems: Sequence[Sequence[str]], captions: Sequence[str] | None = None) -> None:
    """Display poems side by side as text: figures may lack fonts for Chinese, browsers do not.

    Parameters
    ----------
    poems, captions
        As for `poem_cards`.
    """
    from IPython.display import display

    notes = [f"  ({caption})" for caption in captions] if captions else [""] * len(poems)
    plain = "\n".join("，".join(lines) + note for lines, note in zip(poems, notes))
    display({"text/html": poem_cards(poems, captions), "text/plain": plain}, raw=True)


def _cells(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return columns, [[_cell_text(row.get(name, "")) for name in columns] for row in rows]


def _cell_text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class LiveCurve:
    """A loss curve that grows in place while a model trains.

    Parameters
    ----------
    title, unit : str
        Heading of the picture and unit of its vertical axis.
    log : bool
        Logarithmic vertical axis.
    every : float
        Seconds between two drawings.
    """

    def __init__(self, title: str, unit: str = "", log: bool = False, every: float = 1.0) -> None:
        self.title, self.unit, self.log, self.every = title, unit, log, every
        self._handle: Any = None
        self._next = time.perf_counter() + every / 2

    def update(self, history: History) -> None:
        """Draw again if it is time to."""
        if history.steps > 1 and self._due():
            self._draw(history)
            self._next = time.perf_counter() + self.every

    def _due(self) -> bool:
        return time.perf_counter() >= self._next

    def close(self, history: History) -> None:
        """Draw the whole curve once more; it stays in the saved notebook."""
        if history.steps > 1:
            self._draw(history)

    def _draw(self, history: History) -> None:
        import matplotlib.pyplot as plt
        from IPython.display import display

        figure, axis = plt.subplots(figsize=(5.5, 2.4))
        smooth = max(1, history.steps // 200)
        for (name, values), colour in zip(history.losses.items(), COLOURS):
            colour = _LOSS_COLOURS.get(name, colour)
            means = [np.mean(values[i : i + smooth]) for i in range(0, len(values), smooth)]
            axis.plot(np.arange(len(means)) * smooth, means, label=name, color=colour)
        axis.set(title=self.title, xlabel="step", ylabel=self.unit)
        if self.log:
            axis.set_yscale("log")
        axis.legend(fontsize=8)
        ends = ", ".join(f"{name} {history.last(name):.3g}" for name in history.losses)
        alt = f"Loss curve of {self.title} over {history.steps} steps; it ends at {ends}."
        bundle, metadata = picture(png(figure, 80), alt)
        plt.close(figure)
        if self._handle is None:
            self._handle = display(bundle, metadata=metadata, raw=True, display_id=True)
        else:
            self._handle.update(bundle, metadata=metadata, raw=True)
