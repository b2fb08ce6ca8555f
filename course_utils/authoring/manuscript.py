"""Read a manuscript: one text file, jupytext's percent format, cells with roles.

A cell's role is a tag in its opening line::

    # %% tags=["solution"] id="encode"
    # %% tags=["test"] id="test_encode" points=3
    # %% tags=["wrong"] fails=["test_encode"] why="forgets to subtract the mean"
    # %% tags=["right"] why="written with einsum"
    # %% [markdown] tags=["written"] id="reflection" points=2

``wrong`` and ``right`` cells are other answers to the ``solution`` cell before them.

In a lecture, tags and attributes also say what stands on the slides::

    # %% [markdown] tags=["slide"]
    # %% tags=["slide"] headline="Noise alone shrinks away"
    # %% tags=["more"] code="kl_divergence"
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROLES = ("solution", "test", "wrong", "right", "written")
MODIFIERS = {
    "setup": "the set-up cell: left empty, the builder writes it",
    "random": "its output differs from run to run: tests execute it and compare nothing",
    "heavy": "slow: other answers run it only where they concern it",
    "terms": "the table of key terms, from which the glossary is made",
    "slide": "a new slide begins with this cell",
    "more": "this cell stands on the slide that is open",
}
ATTRIBUTES = ("id", "points", "fails", "why", "headline", "code")
NAMED = (ast.FunctionDef, ast.ClassDef)  # what an author can put on a slide by its name
CODE_LINES = 16  # more cannot be read from the back of a room
# What a cell with this role must carry.
REQUIRED = {
    "solution": ("id",),
    "test": ("id", "points"),
    "written": ("id", "points"),
    "wrong": ("fails", "why"),
    "right": ("why",),
}
# Regions inside a cell, as nbgrader names them.
SOLUTION = ("BEGIN SOLUTION", "END SOLUTION")
HIDDEN = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
ALLOWED_REGIONS = {
    "solution": (SOLUTION,),
    "wrong": (SOLUTION,),
    "right": (SOLUTION,),
    "test": (HIDDEN,),
    "written": (SOLUTION,),
}
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ManuscriptError(Exception):
    """A manuscript that cannot be built: every fault with file, line and mend."""


OPENING = re.compile(r"# ?%%( |$)")
# A cell opening with a slip in it would hide the cell in the one above, answers and all.
MISSPELT = re.compile(r"\s*#\s*%+.*\b(tags|fails|why|points|id)\s*=")


@dataclass
class Cell:
    """One cell of a manuscript.

    Attributes
    ----------
    kind : {"code", "markdown"}
    source : str
    line : int
        Line of the manuscript on which the cell opens, counted from 1.
    role : str or None
        One of ``ROLES``; None for an ordinary cell.
    modifiers : frozenset of str
        Keys of ``MODIFIERS``.
    id, points, fails, why
        The attributes of the opening line, where given.
    of : str or None
        For ``wrong`` and ``right``: id of the solution cell they answer.
    headline : str
        Heading of the slide that begins here; it stands on the slide only.
    code : str
        What the slide shows in place of the outputs: names of functions or classes, with commas
        between them, or ``all``.
    """

    kind: str
    source: str
    line: int
    role: str | None = None
    modifiers: frozenset[str] = frozenset()
    id: str | None = None
    points: float | None = None
    fails: tuple[str, ...] = ()
    why: str = ""
    of: str | None = None
    headline: str = ""
    code: str = ""

    def region(self, markers: tuple[str, str]) -> list[str]:
        """Return the lines that stand between the markers, over all such regions."""
        begin, end = markers
        inside, lines = False, []
        for line in self.source.splitlines():
            if begin in line:
                inside = True
            elif end in line:
                inside = False
            elif inside:
                lines.append(line)
        return lines


@dataclass
class Manuscript:
    """A manuscript, read and found to be in order."""

    path: Path
    cells: list[Cell] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The name shared by a lecture and its exercise."""
        return self.path.stem

    @property
    def is_exercise(self) -> bool:
        """Whether the file lies in ``manuscript/exercises``."""
        return self.path.parent.name == "exercises"

    def with_role(self, *roles: str) -> list[Cell]:
        """Return the cells that have one of these roles, in order."""
        return [cell for cell in self.cells if cell.role in roles]

    @property
    def points(self) -> float:
        """Sum of the points of all tests and written questions."""
        return sum(cell.points or 0 for cell in self.cells)


def read(path: Path) -> Manuscript:
    """Read one manuscript.

    Raises
    ------
    ManuscriptError
        With one line per fault: file, line, what is wrong, and how to mend it.
    """
    manuscript, faults = Manuscript(path), []
    for line, kind, metadata, source in _split(path):
        cell, found = _cell(line, kind, metadata, source)
        manuscript.cells.append(cell)
        faults += found
    faults += _faults_between_cells(manuscript)
    if faults:
        shown = [f"{path}:{line}: {text}" for line, text in sorted(faults)]
        raise ManuscriptError("\n".join(shown))
    return manuscript


def _split(path: Path) -> list[tuple[int, str, dict[str, Any], str]]:
    """Return (line, kind, metadata, source) of each cell, read by jupytext."""
    import jupytext

    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManuscriptError(f"{path}:1: not UTF-8 text ({error}): save it as UTF-8") from None
    except OSError as error:
        raise ManuscriptError(f"{path}:1: cannot be read ({error.strerror})") from None
    lines = []
    for n, line in enumerate(text.splitlines(), 1):
        if OPENING.match(line):
            lines.append(n)
            if re.search(r"\btags *= *[^\[ ]", line):
                raise ManuscriptError(f'{path}:{n}: tags is a list of names: tags=["test"]')
        elif MISSPELT.match(line):
            raise ManuscriptError(
                f"{path}:{n}: this looks like the start of a cell, but it is not one, so the cell "
                "would become part of the one above: begin it with '# %% '"
            )
    if not lines:
        raise ManuscriptError(f"{path}:1: there is no cell: begin with '# %% [markdown]'")
    try:
        notebook = jupytext.reads(text, fmt="py:percent")
    except Exception as error:  # nbformat's validation, which names no line
        raise ManuscriptError(
            f"{path}:1: a cell's opening line cannot be read: tags is a list of different names in "
            f"quotes ({str(error).splitlines()[0]})"
        ) from None
    if len(notebook.cells) != len(lines):
        raise ManuscriptError(
            f"{path}:1: {len(notebook.cells)} cells behind {len(lines)} '# %%' lines: "
            "start every cell, the first one too, with '# %%' or '# %% [markdown]'"
        )
    return [
        (line, cell.cell_type, dict(cell.metadata), cell.source)
        for line, cell in zip(lines, notebook.cells)
    ]


def _cell(
    line: int, kind: str, metadata: dict[str, Any], source: str
) -> tuple[Cell, list[tuple[int, str]]]:
    """Make a cell of what jupytext read, with the faults that the cell has by itself."""
    faults: list[tuple[int, str]] = []

    def fault(text: str) -> None:
        faults.append((line, text))

    metadata.pop("lines_to_next_cell", None)  # jupytext's own note of blank lines
    broken = metadata.pop("incorrectly_encoded_metadata", None)
    if broken is not None:
        fault(f"the attributes cannot be read: {broken}")
    if kind not in ("code", "markdown"):
        fault(f"a cell of kind '{kind}': use '# %%' or '# %% [markdown]'")
    tags = list(metadata.get("tags", []))
    for tag in tags:
        if tag not in ROLES and tag not in MODIFIERS:
            fault(f"unknown tag '{tag}': use one of {', '.join([*ROLES, *MODIFIERS])}")
    for key in metadata:
        if key not in ("tags", *ATTRIBUTES):
            fault(f"unknown attribute '{key}': use one of tags, {', '.join(ATTRIBUTES)}")
    roles = [tag for tag in tags if tag in ROLES]
    if len(roles) > 1:
        fault(f"roles {' and '.join(roles)} on one cell: keep one")
    role = roles[0] if roles else None

    cell = Cell(
        kind=kind,
        source=source,
        line=line,
        role=role,
        modifiers=frozenset(tag for tag in tags if tag in MODIFIERS),
        id=metadata.get("id"),
        why=str(metadata.get("why", "")).strip(),
    )
    for key in REQUIRED.get(role or "", ()):
        if broken is None and metadata.get(key) in (None, "", []):
            fault(f"a '{role}' cell without {key}: add {_example(key)}")
    if cell.id is not None and not (isinstance(cell.id, str) and ID.fullmatch(cell.id)):
        fault(f"id {cell.id!r} cannot be used: 1 to 64 letters, digits, '_' or '-', in quotes")
        cell.id = None

    points = metadata.get("points")
    if points is not None:
        if role not in ("test", "written"):
            fault("points on a cell that is no test and no written question: take them away")
        elif (
            isinstance(points, bool)
            or not isinstance(points, int | float)
            or not 0 < points < math.inf
        ):
            fault(f"points={points!r}: give a number above 0")
        else:
            cell.points = float(points)

    fails = metadata.get("fails")
    if fails is not None:
        if role != "wrong":
            fault("fails=… on a cell that is no wrong answer: take it away")
        elif not isinstance(fails, list) or not all(isinstance(name, str) for name in fails):
            fault(f'fails={fails!r}: give a list of test ids, fails=["test_encode"]')
        else:
            cell.fails = tuple(fails)

    faults += [(line, text) for text in _slide_faults(cell, metadata)]

    if role == "written" and kind != "markdown":
        fault("a 'written' cell holds text: open it with '# %% [markdown]'")
    elif role in ("solution", "test", "wrong", "right"):
        if kind != "code":
            fault(f"a '{role}' cell holds code: open it with '# %%'")
        else:
            try:
                ast.parse(source)
            except SyntaxError as error:
                faults.append((line + (error.lineno or 1), f"not Python: {error.msg}"))
    faults += _marker_faults(cell)
    if role in ("solution", "written") and SOLUTION[0] not in source:
        fault(
            f"a '{role}' cell without markers: put '### BEGIN SOLUTION' and '### END SOLUTION' "
            "around what students must write"
        )
    if "setup" in cell.modifiers and kind != "code":
        fault("the set-up cell holds code: open it with '# %%'")
    if "setup" in cell.modifiers and source.strip():
        fault("the set-up cell is written by the builder: leave it empty")
    return cell, faults


def _slide_faults(cell: Cell, metadata: dict[str, Any]) -> Iterator[str]:
    """Take over a cell's slide attributes and find what is wrong with them."""
    on_slide = cell.modifiers & {"slide", "more"}
    if len(on_slide) > 1:
        yield "tags slide and more on one cell: keep one"
    for key in ("headline", "code"):
        value = metadata.get(key, "")
        if not isinstance(value, str):
            yield f"{key}={value!r}: give it in quotes"
        elif key in metadata and not value.strip():
            yield f"an empty {key}: take it away"
        else:
            setattr(cell, key, value)
    if cell.headline and "slide" not in cell.modifiers:
        yield 'a headline on a cell that begins no slide: add tags=["slide"]'
    if not cell.code:
        return
    if not on_slide or cell.kind != "code":
        yield "code=… on a cell whose code is on no slide: it belongs to a code cell tagged so"
        return
    try:
        lines = len(code_part(cell.source, cell.code).splitlines())
    except (KeyError, SyntaxError) as error:
        yield f'code="{cell.code}" cannot be found in this cell ({error.args[0]}): name what it has'
        return
    if lines > CODE_LINES:
        yield f"{lines} lines of code on a slide: name fewer functions (at most {CODE_LINES} lines)"


def code_part(source: str, names: str) -> str:
    """Return the functions and classes of a cell that are named, such as ``VAE.draw, fit``.

    Their docstrings are left out: on a slide the text says it.

    Raises
    ------
    KeyError
        A name that the cell does not define.
    """
    if names == "all":
        return source
    lines = source.splitlines()
    parts = []
    for name in names.split(","):
        node: ast.AST = ast.parse(source)
        for step in name.strip().split("."):
            inside = [inner for inner in ast.iter_child_nodes(node) if isinstance(inner, NAMED)]
            found = [inner for inner in inside if inner.name == step]
            if not found:
                raise KeyError(f"no {name.strip()}")
            node = found[0]
        assert isinstance(node, NAMED)
        shown = lines[node.lineno - 1 : node.end_lineno]
        if ast.get_docstring(node) and len(node.body) > 1:
            text = node.body[0]
            del shown[text.lineno - node.lineno : (text.end_lineno or 0) - node.lineno + 1]
        parts.append(textwrap.dedent("\n".join(shown)))
    return "\n\n".join(parts)


def _example(key: str) -> str:
    return {
        "id": 'id="a_name"',
        "points": "points=2",
        "fails": 'fails=["test_id"]',
        "why": 'why="what is different about this answer"',
    }[key]


def _marker_faults(cell: Cell) -> list[tuple[int, str]]:
    """Find markers that are not closed, not opened, nested, or in the wrong kind of cell."""
    faults = []
    for markers in (SOLUTION, HIDDEN):
        begin, end = markers
        opened = 0
        for offset, text in enumerate(cell.source.splitlines(), 1):
            if begin not in text and end not in text:
                continue
            here = cell.line + offset
            if markers not in ALLOWED_REGIONS.get(cell.role or "", ()):
                faults.append((here, f"'{begin}' in a cell with no role for it: tag the cell"))
                break
            if begin in text and opened:
                faults.append((here, f"'{begin}' twice: close the first with '{end}'"))
            if end in text and not opened:
                faults.append((here, f"'{end}' before '{begin}': open it first"))
            opened = here if begin in text else 0
        if opened:
            faults.append((opened, f"'{begin}' is never closed: add '{end}'"))
    return faults


def _faults_between_cells(manuscript: Manuscript) -> list[tuple[int, str]]:
    """Find what is wrong between cells: ids, answers and tests that do not meet."""
    faults = []
    seen: dict[str, int] = {}
    for cell in manuscript.cells:
        if cell.id is None:
            continue
        if cell.id in seen:
            text = f"id '{cell.id}' is taken by line {seen[cell.id]}: choose another"
            faults.append((cell.line, text))
        seen.setdefault(cell.id, cell.line)

    first = next((cell for cell in manuscript.cells if cell.kind == "code"), None)
    setups = [cell for cell in manuscript.cells if "setup" in cell.modifiers]
    if first is None or "setup" not in first.modifiers:
        line = first.line if first else 1
        text = "the first code cell is the set-up cell: put '# %% tags=[\"setup\"]' before it"
        faults.append((line, text))
    faults += [(c.line, "a second set-up cell: take it away") for c in setups if c is not first]

    begun = False
    for cell in manuscript.cells:
        begun = begun or "slide" in cell.modifiers
        if manuscript.is_exercise and cell.modifiers & {"slide", "more"}:
            faults.append((cell.line, "a slide in an exercise: only lectures have slides"))
        elif "more" in cell.modifiers and not begun:
            faults.append((cell.line, "'more' before any slide: tag this cell 'slide'"))

    if not manuscript.is_exercise:
        for cell in manuscript.with_role(*ROLES):
            text = f"a '{cell.role}' cell in a lecture: it belongs in manuscript/exercises"
            faults.append((cell.line, text))
        return faults

    tests = {cell.id for cell in manuscript.with_role("test")}
    named: set[str] = set()
    solution: Cell | None = None
    for cell in manuscript.cells:
        if cell.role == "solution":
            solution = cell
        if cell.role not in ("wrong", "right"):
            continue
        if solution is None:
            faults.append((cell.line, f"a '{cell.role}' answer with no solution cell before it"))
        else:
            cell.of = solution.id
        for name in cell.fails:
            if name not in tests:
                known = ", ".join(sorted(str(test) for test in tests)) or "none"
                text = f"fails names '{name}', which is no test: the tests are {known}"
                faults.append((cell.line, text))
        named.update(cell.fails)
    for cell in manuscript.with_role("test"):
        if cell.id is not None and cell.id not in named:
            text = (
                f"no wrong answer names '{cell.id}', so nothing shows that it can fail: add a "
                f'cell tags=["wrong"] fails=["{cell.id}"]'
            )
            faults.append((cell.line, text))
    return faults
