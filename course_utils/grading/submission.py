"""Read what a student handed in and put its answers into the notebook that was released.

Nothing of a submission is trusted but the text of its answers and of its own extra cells: given
code and tests always come from the instructor's version, in their order.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import stat
import symtable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

MAX_NOTEBOOK_MB = 200
MAX_FILES_MB = 200
MAX_FILES = 2000


class UnreadableError(ValueError):
    """A submission that cannot be graded; the message says why."""


@dataclass(frozen=True)
class ReferenceCell:
    """One cell of the instructor's notebook.

    Attributes
    ----------
    key : str
        nbgrader's id of the cell, or the notebook's own.
    role : {"solution", "test", "written", "given", "text"}
    node : NotebookNode
        The cell with hidden tests; for answers, the instructor's.
    released : str
        Its text in the student's version.
    """

    key: str
    role: str
    node: NotebookNode
    released: str


@dataclass
class Reference:
    """The exercise as released, and with its hidden tests."""

    slug: str
    cells: list[ReferenceCell]
    # Earlier releases, which a student may have worked on: by cell, a hash of its text and points.
    earlier: list[dict[str, list[Any]]] = field(default_factory=list)

    def of(self, *roles: str) -> list[ReferenceCell]:
        """Return the cells with any of these roles, in order."""
        return [cell for cell in self.cells if cell.role in roles]

    @property
    def points(self) -> dict[str, float]:
        """Points of every cell that earns some, in order."""
        cells = self.of("test", "written")
        return {cell.key: float(cell.node.metadata.nbgrader.points) for cell in cells}

    @property
    def tasks(self) -> dict[str, str]:
        """The task that each test and written answer belongs to, by its heading's number.

        Where an exercise has no such headings, a task is named after its solution cell.
        """
        found, task, numbered = {}, "", False
        for cell in self.cells:
            heading = re.search(r"^#+ Task (\w+)", cell.node.source, re.MULTILINE)
            if cell.role == "text" and heading:
                task, numbered = heading[1], True
            elif cell.role == "solution" and not numbered:
                task = cell.key
            elif cell.role in ("test", "written"):
                found[cell.key] = task or cell.key
        return found

    def modules(self) -> list[str]:
        """Return the modules that the course's own cells import."""
        found: dict[str, None] = {}
        for cell in self.of("given", "test"):
            for node in ast.walk(ast.parse(plain(cell.node.source))):
                if isinstance(node, ast.Import):
                    found |= {name.name: None for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found |= {node.module: None}
                    found |= {f"{node.module}.{name.name}": None for name in node.names}
        return list(found)


@dataclass
class Submission:
    """A submission, read.

    Attributes
    ----------
    notebook : NotebookNode
        The released notebook with the student's answers and extra cells.
    flags : list of str
        What a person should look at.
    notes : list of str
        What was mended and can be explained without one.
    files : dict
        Path and content of every other file.
    """

    notebook: NotebookNode
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def plain(source: str) -> str:
    """Return a cell's text as plain Python: magics become passes."""
    if source.lstrip().startswith("%%"):
        return ""
    lines = source.split("\n")
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "pass" if line.lstrip()[:1] in ("%", "!") else line
        for line in lines
    )


@cache
def global_names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the global names that a cell sets and those that it reads; none if it is broken."""
    try:
        table = symtable.symtable(plain(source), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(), frozenset()
    bound = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    read, tables = set(), [table]
    while tables:
        inner = tables.pop()
        tables += inner.get_children()
        for symbol in inner.get_symbols():
            if symbol.is_referenced() and (inner is table or symbol.is_global()):
                read.add(symbol.get_name())
    return frozenset(bound), frozenset(read)


@cache
def definitions(source: str) -> dict[str, frozenset[str]]:
    """Return the functions and classes that a cell defines, each with the globals it reads."""
    try:
        tree = ast.parse(plain(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {
        node.name: global_names(ast.unparse(node))[1]
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


@cache
def relied_on(test: str, course: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that a test does not set itself, with those its functions need.

    Parameters
    ----------
    test : str
        The test's text.
    course : tuple of str
        The text of the course's own cells.
    """
    needs: dict[str, frozenset[str]] = {}
    for source in course:
        needs |= definitions(source)
    waiting: set[str] = set()
    own: set[str] = set()
    try:
        parts = ast.parse(plain(test)).body
    except (SyntaxError, ValueError):
        return ()
    for node in parts:
        bound, read = global_names(ast.unparse(node))
        waiting |= read - own
        own |= bound
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= needs.get(name, frozenset()) - found
    return tuple(sorted(found))


def reference(source: Path, release: Path) -> Reference:
    """Read an exercise from the instructor's and the student's version.

    Parameters
    ----------
    source, release : Path
        ``solutions/SLUG/SLUG.ipynb`` and ``exercises/SLUG/SLUG.ipynb``.

    Raises
    ------
    FileNotFoundError
        One of them is missing.
    """
    for path in (source, release):
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: run nbgrader generate_assignment first")
    stubs = {_key(cell): cell.source for cell in nbformat.read(release, as_version=4).cells}
    cells = []
    for node in nbformat.read(source, as_version=4).cells:
        if node.cell_type == "code":
            node.outputs, node.execution_count = [], None
        key = _key(node)
        cells.append(ReferenceCell(key, _role(node), node, stubs.get(key, node.source)))
    return Reference(source.stem, cells)


def _grader(cell: NotebookNode) -> dict[str, Any]:
    data = cell.get("metadata", {}).get("nbgrader", {})
    return data if isinstance(data, dict) else {}


def _key(cell: NotebookNode) -> str:
    return str(_grader(cell).get("grade_id") or cell.get("id") or "")


def _role(cell: NotebookNode) -> str:
    data = _grader(cell)
    if data.get("grade_id"):
        if data.get("solution"):
            return "written" if data.get("grade") else "solution"
        return "test" if data.get("grade") else "given"
    return "given" if cell.cell_type == "code" else "text"


def open_folder(folder: Path, slug: str) -> tuple[str, dict[str, bytes], list[str]]:
    """Read a submitted folder, following no links.

    Returns
    -------
    text : str
        The notebook ``SLUG.ipynb``.
    files : dict
        Path and content of every other file.
    flags : list of str

    Raises
    ------
    UnreadableError
        There is no such notebook, or the folder is too large.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise UnreadableError("what was handed in is not a folder")
    files: dict[str, bytes] = {}
    flags: list[str] = []
    text, size = None, 0
    for place, folders, names in os.walk(folder, followlinks=False):
        for name in sorted([*names, *folders]):
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                flags.append(f"{inside} is a link to {os.readlink(path)[:200]}; not followed")
            elif stat.S_ISDIR(mode):
                continue
            elif not stat.S_ISREG(mode):
                flags.append(f"{inside} is not a plain file; not read")
            elif inside == f"{slug}.ipynb":
                if path.stat().st_size > MAX_NOTEBOOK_MB << 20:
                    raise UnreadableError(f"the notebook is larger than {MAX_NOTEBOOK_MB} MB")
                text = path.read_text(encoding="utf-8", errors="replace")
            elif not name.endswith((".ipynb", ".pyc")) and "__pycache__" not in inside:
                size += path.stat().st_size
                if size > MAX_FILES_MB << 20 or len(files) >= MAX_FILES:
                    raise UnreadableError(
                        f"the files beside the notebook are more than {MAX_FILES_MB} MB "
                        f"or {MAX_FILES} in number"
                    )
                files[inside] = path.read_bytes()
    if text is None:
        others = sorted(path.name for path in folder.glob("*.ipynb"))[:3]
        found = f"; there is {', '.join(others)}: rename it if it is the one" if others else ""
        raise UnreadableError(f"there is no notebook named {slug}.ipynb{found}")
    return text, files, flags


def read(folder: Path, exercise: Reference) -> Submission:
    """Read a submitted folder and rebuild its notebook.

    Raises
    ------
    UnreadableError
        What was handed in is no notebook.
    """
    text, files, flags = open_folder(folder, exercise.slug)
    submission = rebuild(parse(text), exercise)
    submission.files = files
    submission.flags = flags + submission.flags
    libraries = {name.split(".")[0] for name in exercise.modules()}
    for name in sorted({path.split("/")[0].removesuffix(".py") for path in files}):
        if name in libraries:
            submission.flags.append(f"a file beside the notebook has the name of a library: {name}")
    stamp = files.get("timestamp.txt")
    if stamp is not None and not timestamp_reads(stamp):
        submission.flags.append("timestamp.txt holds no date: graded as if there were none")
    return submission


def timestamp_reads(content: bytes) -> bool:
    """Whether nbgrader can read a timestamp file (an empty one counts as none)."""
    from nbgrader.utils import parse_utc

    try:
        text = content.decode().strip()
        return not text or parse_utc(text) is not None
    except Exception:
        return False


def parse(text: str) -> list[dict[str, Any]]:
    """Return a notebook's cells as plain dictionaries: type, source, id, nbgrader's metadata.

    Raises
    ------
    UnreadableError
        It is not a notebook, or has no cells.
    """
    if not text.strip():
        raise UnreadableError("the notebook is an empty file")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the notebook is not JSON: {str(error)[:200]}") from None
    cells = raw.get("cells") if isinstance(raw, dict) else None
    if isinstance(raw, dict) and cells is None and isinstance(raw.get("worksheets"), list):
        raise UnreadableError("the notebook has the format of 2014: save it with a newer Jupyter")
    if not isinstance(cells, list):
        raise UnreadableError("the file is JSON but not a notebook: it has no list of cells")
    found = []
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(str(part) for part in source)
        metadata = cell.get("metadata")
        found.append(
            {
                "cell_type": "code" if cell.get("cell_type") == "code" else "markdown",
                "source": str(source).encode("utf-8", "replace").decode(),
                "id": str(cell.get("id", "")),
                "metadata": metadata if isinstance(metadata, dict) else {},
                "attachments": cell.get("attachments"),
            }
        )
    if not found:
        raise UnreadableError("the notebook has no cells")
    return found


def rebuild(cells: list[dict[str, Any]], exercise: Reference) -> Submission:
    """Put answers and extra cells into the released notebook.

    Parameters
    ----------
    cells : list of dict
        From `parse`.
    exercise : Reference

    Returns
    -------
    Submission
    """
    flags: list[str] = []
    notes: list[str] = []
    matched = _match(cells, exercise, flags, notes)
    by_key = {cell.key: cell for cell in exercise.cells}
    order = {cell.key: i for i, cell in enumerate(exercise.cells)}

    # Where the student's own cells belong: after the released cell that they follow.
    extras: dict[str, list[dict[str, Any]]] = {"": []}
    answers: dict[str, dict[str, Any]] = {}
    anchor, furthest = "", -1
    for cell, key in zip(cells, matched):
        if key is None:
            extras.setdefault(anchor, []).append(cell)
            continue
        anchor = key
        if order[key] < furthest and by_key[key].role != "text":
            flags.append(f"the cell {key} was moved; put back in its place")
        furthest = max(furthest, order[key])
        answers[key] = cell

    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    notebook.cells = [_extra(cell, i) for i, cell in enumerate(extras[""])]
    for ref in exercise.cells:
        before = [release.get(ref.key) for release in exercise.earlier]
        notebook.cells += _cells_of(ref, answers.get(ref.key), before, flags, notes)
        start = len(notebook.cells)
        notebook.cells += [_extra(c, start + i) for i, c in enumerate(extras.get(ref.key, []))]
    return Submission(notebook, flags, notes)


def _match(
    cells: list[dict[str, Any]], exercise: Reference, flags: list[str], notes: list[str]
) -> list[str | None]:
    """Say which released cell each cell is: by nbgrader's id, by the notebook's, by its text."""
    known = {cell.key: cell for cell in exercise.cells}
    matched: list[str | None] = []
    for cell in cells:
        data = _grader(NotebookNode(cell))
        key = str(data.get("grade_id") or "") or cell["id"]
        matched.append(key if key in known else None)
    # An id that occurs twice: the last one counts, as in nbgrader.
    for key in set(matched) - {None}:
        places = [i for i, found in enumerate(matched) if found == key]
        if len(places) > 1:
            for i in places[:-1]:
                matched[i] = None
            role = known[str(key)].role
            (notes if role == "text" else flags).append(
                f"the cell {key} is there {len(places)} times; the last one counts"
            )
    lost = [c for c in exercise.cells if c.role != "text" and c.key not in matched]
    for ref in lost:
        for i, cell in enumerate(cells):
            if matched[i] is None and _looks_like(cell, ref):
                matched[i] = ref.key
                if ref.role in ("solution", "written"):
                    flags.append(f"the cell {ref.key} had lost its mark; found by its text")
                break
    return matched


def _looks_like(cell: dict[str, Any], ref: ReferenceCell) -> bool:
    if cell["source"].strip() == ref.released.strip():
        return True
    if ref.role != "solution" or cell["cell_type"] != "code":
        return False
    wanted, _ = global_names(ref.released)
    return bool(wanted) and wanted <= global_names(cell["source"])[0]


def _cells_of(
    ref: ReferenceCell,
    cell: dict[str, Any] | None,
    before: list[list[Any] | None],
    flags: list[str],
    notes: list[str],
) -> list[NotebookNode]:
    """Return what stands in the place of one released cell."""
    node = nbformat.from_dict(json.loads(json.dumps(ref.node)))
    if ref.role in ("solution", "written"):
        node.source = ref.released
        if cell is None:
            notes.append(f"the cell {ref.key} is missing; counted as not answered")
        else:
            node.source = cell["source"]
            if cell["cell_type"] != node.cell_type:
                notes.append(f"the cell {ref.key} was made a {cell['cell_type']} cell; made back")
            if isinstance(cell["attachments"], dict) and node.cell_type == "markdown":
                node.attachments = nbformat.from_dict(cell["attachments"])
        return [node]
    if ref.role == "text":
        return [node]
    if cell is None:
        if None not in before:
            (flags if ref.role == "test" else notes).append(
                f"the {_noun(ref)} {ref.key} was deleted; put back"
            )
        return [node]
    changed = cell["source"].strip() not in (ref.released.strip(), node.source.strip()) and [
        text_hash(cell["source"])
    ] not in [known[:1] for known in before if known]
    if ref.role == "test":
        if changed or cell["cell_type"] != node.cell_type:
            flags.append(f"the test {ref.key} was changed; put back as it was")
        elif _altered(cell, ref, [known[1] for known in before if known]):
            flags.append(f"the marks of the test {ref.key} were changed; put back as they were")
        return [node]
    if changed and cell["cell_type"] == "code":
        notes.append(f"the given cell {ref.key} was changed; the original runs after it")
        return [_extra(cell, f"before-{ref.key}"), node]
    return [node]


def _noun(ref: ReferenceCell) -> str:
    return {"test": "test", "given": "given cell"}[ref.role]


def _altered(cell: dict[str, Any], ref: ReferenceCell, points: list[Any]) -> bool:
    """Whether a test's marks for nbgrader, or its tags, differ from what was released."""
    data, wanted = _grader(NotebookNode(cell)), _grader(ref.node)
    names = ("grade_id", "grade", "solution", "locked", "cell_type", "task")
    tags = cell["metadata"].get("tags")
    return (
        any(data.get(name, wanted[name]) != wanted[name] for name in names)
        or data.get("points", wanted["points"]) not in (wanted["points"], *points)
        or (bool(tags) and tags != ref.node.metadata.get("tags"))
    )


def text_hash(source: str) -> str:
    """Return a short hash of a cell's text, without the space around it."""
    return hashlib.sha256(source.strip().encode("utf-8", "replace")).hexdigest()[:16]


def visible(source: str) -> str:
    """Return a test's text without its hidden regions."""
    lines, inside = [], False
    for line in source.split("\n"):
        if "BEGIN HIDDEN TESTS" in line or "END HIDDEN TESTS" in line:
            inside = "BEGIN" in line
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def release_of(exercise: Reference) -> dict[str, list[Any]]:
    """Return what is remembered of a release: by cell, a hash of its text and its points."""
    points = exercise.points
    return {
        cell.key: [text_hash(cell.released), points.get(cell.key)]
        for cell in exercise.of("test", "given", "solution", "written")
    }


def _extra(cell: dict[str, Any], number: Any) -> NotebookNode:
    """Return one of the student's own cells, without its metadata."""
    make = nbformat.v4.new_code_cell
    if cell["cell_type"] != "code":
        make = nbformat.v4.new_markdown_cell
    return make(cell["source"], id=f"own-{number}"[:64])
