"""The web page of the course: what Sphinx and myst-nb need to be told about our notebooks.

``docs/conf.py`` hooks these in; ``make site`` builds the page.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from nbformat import NotebookNode

LECTURE = re.compile(r"\blecture (\d\d)\b", re.IGNORECASE)
EXERCISE = re.compile(r"`exercises/(\d\d_\w+)`")
CODE_OR_FORMULA = re.compile(r"(`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\[[^\]]*\]\([^)]*\))")  # in one line


class Renderer(NbElementRenderer):
    """myst-nb's renderer, with each picture's own description as its alternative text."""

    def render_image(self, data: MimeData) -> list[nodes.Element]:
        """Render a picture among a cell's outputs."""
        made = super().render_image(data)
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        if alt:
            for node in made:
                node["alt"] = alt
        return made


def web_version(text: str, root: Path) -> str:
    """Return a built notebook as the web page shows it, as JSON text.

    The link to Colab and the set-up cell are for notebooks that run: here the page's own launch
    button stands for both. The Chinese title becomes a line under the title, not a part of the
    text. Mentions of other lectures and of the exercise become links.

    Parameters
    ----------
    text : str
        The notebook, as JSON.
    root : Path
        The course's folder, to find lectures by their numbers.
    """
    notebook: NotebookNode = nbformat.reads(text, as_version=4)
    slugs = {path.stem[:2]: path.stem for path in sorted(root.glob("lectures/*.ipynb"))}
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if "google.colab" in cell.source:
                continue
        else:
            source = re.sub(r"\n*\[▶ Open in Colab\].*$", "", cell.source, flags=re.MULTILINE)
            source = re.sub(r"^(# .*\n)### (.*)$", r"\1\n*\2*", source, flags=re.MULTILINE)
            cell.source = _linked(source, slugs)
        cells.append(cell)
    notebook.cells = cells
    return nbformat.writes(notebook)


def _linked(source: str, slugs: dict[str, str]) -> str:
    """Turn mentions of lectures and exercises into links, outside code, formulas and headings."""

    def link(match: re.Match[str]) -> str:
        slug = slugs.get(match[1])
        return f"[{match[0]}](/lectures/{slug}.ipynb)" if slug else match[0]

    source = EXERCISE.sub(r"[`exercises/\1`](/exercises/\1/\1.ipynb)", source)
    lines = []
    for line in source.split("\n"):
        if not line.lstrip().startswith(("#", "<")):
            parts = CODE_OR_FORMULA.split(line)
            parts[::2] = [LECTURE.sub(link, part) for part in parts[::2]]
            line = "".join(parts)
        lines.append(line)
    return "\n".join(lines)
