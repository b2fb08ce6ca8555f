"""A built lecture to a slide deck: one HTML file that needs no network.

What stands on the slides is said in the manuscript; `course_utils.authoring.build` writes it into
the notebook as ``slideshow`` metadata, and this module makes of it what can be shown to a class.
"""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from course_utils.authoring.build import BuildError, Target, colab_link, out_of_date, repository
from course_utils.authoring.manuscript import code_part

FOLDER = "slides"
HERE = Path(__file__).parent
HIDE = "hide-code"  # a tag within this module: the slide shows a cell's outputs, not its code
COLUMNS = 80  # a longer line of code loses its comment
WIDE = 1.5  # a picture less wide than this, by its height, stands beside its text
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def find_lectures(targets: list[Target]) -> list[Target]:
    """Return the lectures among the targets.

    Raises
    ------
    BuildError
        There is none.
    """
    lectures = [target for target in targets if not target.is_exercise]
    if not lectures:
        raise BuildError("none of these is a lecture: only lectures have slides")
    return lectures


def build(target: Target, output: Path | None = None) -> Path:
    """Write the deck of a lecture, from its built notebook.

    Parameters
    ----------
    target : Target
        A lecture.
    output : Path, optional
        The file; ``slides/SLUG.html`` in the course's folder when left out.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    BuildError
        The notebook is not up to date, or its manuscript begins no slide.
    """
    faults = out_of_date([target])
    if faults:
        raise BuildError("\n".join(faults))
    notebook = nbformat.read(target.notebook, as_version=4)
    if not any(_type(cell) == "slide" for cell in notebook.cells):
        raise BuildError(
            f'{target.manuscript}: no cell begins a slide: tag some with tags=["slide"]'
        )
    line = colab_link(repository(target.root), target.notebook.relative_to(target.root).as_posix())
    for cell in notebook.cells:
        cell.source = cell.source.replace(line, "").rstrip()
    path = output or target.root / FOLDER / f"{target.slug}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_html(notebook), encoding="utf-8")
    return path


def to_html(notebook: NotebookNode) -> str:
    """Return a deck as one HTML page with everything inside."""
    deck = to_deck(notebook)
    title = re.search(r"^# (.+)$", deck.cells[0].source, re.MULTILINE)
    reveal = _package("sphinx_revealjs", "_static/revealjs")
    mathjax = _package("sphinx-mathjax-offline", "static/mathjax")
    inside = {
        "title": title.group(1) if title else "Slides",
        "reveal_css": reveal / "dist/reveal.css",
        "css": HERE / "deck/deck.css",
        "reveal_js": reveal / "dist/reveal.js",
        "notes_js": reveal / "plugin/notes/notes.js",
        "mathjax_js": mathjax / "tex-svg-full.js",
    }
    exporter = SlidesExporter(
        template_name="deck",
        extra_template_basedirs=[str(HERE)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        config=Config({"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": {HIDE}}}),
    )
    resources = {
        "deck": {
            name: value.read_text(encoding="utf-8") if isinstance(value, Path) else value
            for name, value in inside.items()
        }
    }
    page, _ = exporter.from_notebook_node(deck, resources=resources)
    return page


def _package(name: str, folder: str) -> Path:
    """Return a folder of an installed package that is never imported."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    return Path(spec.submodule_search_locations[0]) / folder


def _type(cell: NotebookNode) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type", "skip")


def to_deck(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with what the slides show, and nothing else.

    A slide without a heading of its own says at its top to which part of the lecture it belongs.
    """
    cells: list[NotebookNode] = []
    part, texts = "", 0
    slide: NotebookNode | None = None
    for cell in notebook.cells:
        kind = _type(cell)
        before, titles = part, HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        part = titles[-1] if titles else part
        if kind == "skip":
            continue
        shown = _text(cell) if cell.cell_type == "markdown" else _code(cell)
        if kind == "slide":
            above = _above(cell, before, bool(titles) and cell.source.startswith("## "))
            if cell.cell_type == "markdown" and cell.metadata.slideshow.get("headline"):
                shown.source = HEADING.sub("", shown.source, count=1).strip()
            slide = nbformat.v4.new_markdown_cell(above)
            slide.metadata = NotebookNode(
                slideshow={"slide_type": "slide"}, layout="" if cells else "title"
            )
            cells.append(slide)
            shown.metadata.slideshow["slide_type"] = "-"
            texts = 0
        texts += kind != "notes" and cell.cell_type == "markdown"
        if slide is not None and texts and _is_tall(shown):
            slide.metadata.layout = "beside"
        outputs = shown.get("outputs", [])
        if slide is not None and len(outputs) > 1 and all("text/html" in o.data for o in outputs):
            slide.metadata.layout = "pair"
        cells.append(shown)
    return nbformat.v4.new_notebook(cells=cells)


def _above(cell: NotebookNode, part: str, has_heading: bool) -> str:
    """Return what stands above a slide: the part of the lecture, and the headline if given."""
    headline = cell.metadata.slideshow.get("headline")
    lines = []
    if part and not (has_heading and not headline):
        titles = HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        lines.append(f'<p class="section">{titles[0] if titles else part}</p>')
    if headline:
        lines.append(f"## {headline}")
    return "\n\n".join(lines)


def _text(cell: NotebookNode) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(
        cell.source, metadata=NotebookNode(slideshow=dict(cell.metadata.slideshow))
    )


def _code(cell: NotebookNode) -> NotebookNode:
    """Return a code cell with its code, or else with what it drew, told or printed.

    Curves of a training are shown where it draws nothing else; printed lines where it draws
    nothing.
    """
    names = cell.metadata.slideshow.get("code")
    source = code_part(cell.source, names) if names else cell.source
    source = "\n".join(
        line.split("  # ")[0] if len(line) > COLUMNS else line for line in source.splitlines()
    )
    shown = nbformat.v4.new_code_cell(source)
    shown.metadata = NotebookNode(
        slideshow=dict(cell.metadata.slideshow), longest=_longest(source), tags=[]
    )
    if names:
        return shown
    shown.metadata.tags = [HIDE]
    drawn = [o for o in cell.outputs if o.output_type in ("display_data", "execute_result")]
    results = [output for output in drawn if not _alt(output).startswith("Loss curve")]
    printed = [o for o in cell.outputs if o.output_type == "stream" and o.name == "stdout"]
    shown.outputs = results or drawn[:1] or printed
    if shown.outputs == printed:
        shown.metadata.longest = max((_longest(output.text) for output in printed), default=1)
    return shown


def _alt(output: NotebookNode) -> str:
    return output.metadata.get("image/png", {}).get("alt", "")


def _longest(text: str) -> int:
    return max(map(len, text.splitlines()), default=1)


def _is_tall(cell: NotebookNode) -> bool:
    """Whether the cell's one picture is too narrow to stand below text."""
    bundles = [output.get("data", {}) for output in cell.get("outputs", [])]
    pictures = [bundle["image/png"] for bundle in bundles if "image/png" in bundle]
    if len(pictures) != 1:
        return False
    width, height = struct.unpack(">II", b64decode(pictures[0][:64])[16:24])
    return width < WIDE * height
