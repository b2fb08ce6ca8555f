"""Manuscripts to notebooks: build, execute, make the student version, check.

Everything but the outputs depends on the manuscript alone, so two builds of one manuscript
give the same notebooks, and a check can rebuild in memory and compare.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_utils.authoring.manuscript import Cell, Manuscript, ManuscriptError, read
from course_utils.training import BUSY

MAX_BYTES = 2_000_000
CELL_TIMEOUT = 300  # seconds; a whole lecture has a budget of 120
BUILT, KEPT = "built", "text changed, outputs kept"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

SETUP = """\
# Installs the course on Colab. Anywhere else this cell does nothing.
import sys

if "google.colab" in sys.modules:
    import subprocess

    address = "{address}"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", address], check=True)
"""


class BuildError(Exception):
    """A notebook that could not be built; the message says where and what to do."""


@dataclass(frozen=True)
class Target:
    """One notebook to build and the manuscript it comes from."""

    root: Path
    manuscript: Path

    @property
    def is_exercise(self) -> bool:
        """Whether an instructor's and a student's version are made."""
        return self.manuscript.parent.name == "exercises"

    @property
    def slug(self) -> str:
        """The manuscript's name without its ending."""
        return self.manuscript.stem

    @property
    def notebook(self) -> Path:
        """The executed notebook: a lecture, or the instructor's version of an exercise."""
        if self.is_exercise:
            return self.root / "solutions" / self.slug / f"{self.slug}.ipynb"
        return self.root / "lectures" / f"{self.slug}.ipynb"

    @property
    def release(self) -> Path:
        """The student's version (exercises only)."""
        return self.root / "exercises" / self.slug / f"{self.slug}.ipynb"

    @property
    def name(self) -> str:
        """Short name for messages, such as ``lectures/01_dimensionality_reduction``."""
        return f"{self.manuscript.parent.name}/{self.slug}"


def find_root(start: Path | None = None) -> Path:
    """Return the course's folder: the nearest one upwards that holds ``manuscript/``.

    Raises
    ------
    BuildError
        No folder upwards holds one.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "manuscript").is_dir():
            return folder
    raise BuildError(
        f"no manuscript/ folder in {here} or above it: run this in the course's folder"
    )


def find_targets(root: Path, names: list[str] | None = None) -> list[Target]:
    """Return what the names stand for, or everything.

    Parameters
    ----------
    root : Path
        The course's folder.
    names : list of str, optional
        Slugs (lecture and exercise both), ``lectures/SLUG``, ``exercises/SLUG``, or paths.

    Raises
    ------
    BuildError
        A name that fits no manuscript.
    """
    targets = [
        Target(root, path)
        for kind in ("lectures", "exercises")
        for path in sorted((root / "manuscript" / kind).glob("*.py"))
    ]
    if not names:
        return targets
    chosen: list[Target] = []
    for name in names:
        plain = name.removesuffix(".py").removeprefix("manuscript/")
        path = Path(name).resolve()
        found = [t for t in targets if plain in (t.slug, t.name) or path == t.manuscript.resolve()]
        if not found:
            known = ", ".join(sorted({t.slug for t in targets})) or "none yet"
            raise BuildError(f"no manuscript is called '{name}': there are {known}")
        chosen += [t for t in found if t not in chosen]
    return chosen


def repository(root: Path) -> str:
    """Return the course's public address, kept in ``pyproject.toml`` and nowhere else."""
    with open(root / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]["urls"]["Repository"].rstrip("/")


def setup_source(address: str) -> str:
    """Return the set-up cell for a course published at ``address``."""
    return SETUP.format(address=f"course_utils @ git+{address}").rstrip()


def colab_link(address: str, notebook: str) -> str:
    """Return the line that opens a notebook in Colab, in Markdown.

    In words: Colab's picture would be missing for whoever reads without a network.
    """
    place = address.removeprefix("https://github.com/")
    link = f"https://colab.research.google.com/github/{place}/blob/main/{notebook}"
    return f"[▶ Open in Colab]({link})"


def assemble(manuscript: Manuscript, target: Target) -> NotebookNode:
    """Make the notebook of a manuscript, not yet executed.

    Known-wrong and other right answers stay behind; roles become nbgrader's metadata.
    """
    address = repository(target.root)
    opened = target.release if target.is_exercise else target.notebook
    slides = any("slide" in cell.modifiers for cell in manuscript.cells)
    begun = False
    cells: list[NotebookNode] = []
    taken: set[str] = {cell.id for cell in manuscript.cells if cell.id}
    colab_line = colab_link(address, opened.relative_to(target.root).as_posix())
    for cell in manuscript.cells:
        if cell.role in ("wrong", "right"):
            continue
        source = cell.source
        if "setup" in cell.modifiers:
            source = setup_source(address)
        if colab_line and cell.kind == "markdown":
            source, colab_line = f"{source}\n\n{colab_line}", ""
        make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
        node = make(source, id=cell.id or _free_id(source, taken))
        node.metadata = NotebookNode(_metadata(cell))
        if slides:
            begun = begun or "slide" in cell.modifiers
            node.metadata["slideshow"] = _slideshow(cell, begun)
        cells.append(node)
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    notebook.metadata["course"] = {
        "manuscript": target.manuscript.relative_to(target.root).as_posix(),
        "hash": _digest(notebook),
    }
    return notebook


def _metadata(cell: Cell) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    tags = sorted(cell.modifiers & {"terms"})
    if "random" in cell.modifiers:
        tags.append("nbval-ignore-output")
    if tags:
        metadata["tags"] = tags
    if cell.role is not None:
        grade = cell.role in ("test", "written")
        metadata["nbgrader"] = {
            "cell_type": cell.kind,
            "grade": grade,
            "grade_id": cell.id,
            "locked": cell.role == "test",
            "schema_version": 3,
            "solution": cell.role in ("solution", "written"),
            "task": False,
        }
        if grade:
            points = cell.points or 0
            metadata["nbgrader"]["points"] = int(points) if points == int(points) else points
    return metadata


def _slideshow(cell: Cell, begun: bool) -> dict[str, str]:
    """Return a lecture cell's metadata for slides, with the types that Jupyter knows.

    Text that is on no slide becomes the speaker's notes of the slide before it.
    """
    if "slide" in cell.modifiers:
        found = {"slide_type": "slide"}
    elif "more" in cell.modifiers:
        found = {"slide_type": "-"}
    else:
        found = {"slide_type": "notes" if begun and cell.kind == "markdown" else "skip"}
    if cell.headline:
        found["headline"] = cell.headline
    if cell.code:
        found["code"] = cell.code
    return found


def _free_id(source: str, taken: set[str]) -> str:
    """Name a cell after its text, so that editing one cell leaves the others' ids alone."""
    number = 0
    while True:
        identity = hashlib.sha256(f"{number}{source}".encode()).hexdigest()[:8]
        if identity not in taken:
            taken.add(identity)
            return identity
        number += 1


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Return a copy with neither outputs nor execution counts."""
    bare = copy.deepcopy(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def _digest(notebook: NotebookNode) -> str:
    text = json.dumps(without_outputs(notebook).cells, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def execute(
    notebook: NotebookNode,
    folder: Path,
    manuscript: Manuscript,
    on_cell: Callable[[], None] = lambda: None,
) -> NotebookNode:
    """Run a notebook in a fresh kernel and return it with tidy outputs.

    Parameters
    ----------
    notebook : NotebookNode
        From `assemble`.
    folder : Path
        Where the kernel works.
    manuscript : Manuscript
        To say in which line of it a failing cell stands.
    on_cell : callable
        Called after each cell, for a progress bar.

    Raises
    ------
    BuildError
        A cell raised, took too long, or left something that must not be published.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    published = [cell for cell in manuscript.cells if cell.role not in ("wrong", "right")]
    at = 0

    def started(cell: NotebookNode, cell_index: int) -> None:
        nonlocal at
        at = cell_index

    client = NotebookClient(
        copy.deepcopy(notebook),
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=started,
        on_cell_complete=lambda cell, cell_index: on_cell(),
    )
    # What is published comes from the usual seed and from whole trainings.
    changed = ("COURSE_SEED", "COURSE_STEPS")
    environment = {name: value for name, value in os.environ.items() if name not in changed}
    try:
        done = client.execute(env={**environment, "PYTHONHASHSEED": "0"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        line = published[at].line
        text = str(error).strip()
        raise BuildError(f"{manuscript.path}:{line}: this cell failed:\n{text}") from None
    done.metadata = copy.deepcopy(notebook.metadata)  # the kernel adds its own version numbers
    for node, bare, cell in zip(done.cells, notebook.cells, published):
        if node.cell_type == "code":
            node.metadata = copy.deepcopy(bare.metadata)
            node.outputs = _tidy(node.outputs)
            if cell.role == "test" and any(o.get("name") == "stderr" for o in node.outputs):
                raise BuildError(
                    f"{manuscript.path}:{cell.line}: this test writes to stderr, for which "
                    "nbgrader takes all its points: find and mend the warning"
                )
            if any(BUSY in o.get("text", "") for o in node.outputs):
                raise BuildError(
                    f"{manuscript.path}:{cell.line}: other programs took the time of this "
                    "training; build again when the machine is quiet"
                )
            _refuse_private(node, f"{manuscript.path}:{cell.line}")
    return done


def keep_outputs(bare: NotebookNode, path: Path) -> NotebookNode | None:
    """Return the notebook with the outputs of the built one, if its code is still the same.

    Parameters
    ----------
    bare : NotebookNode
        From `assemble`.
    path : Path
        The built notebook.

    Returns
    -------
    NotebookNode or None
        None if it must be executed: other code, or no whole, executed, unedited notebook.
    """
    try:
        built = nbformat.read(path, as_version=4)
    except Exception:  # missing or broken: out_of_date tells which
        return None
    if _digest(built) != built.metadata.get("course", {}).get("hash") or _unfinished(built):
        return None
    old, new = (
        [(cell.source, _is_test(cell)) for cell in notebook.cells if cell.cell_type == "code"]
        for notebook in (built, bare)
    )
    if old != new:
        return None
    kept = copy.deepcopy(bare)
    done = [cell for cell in built.cells if cell.cell_type == "code"]
    for cell, source in zip((c for c in kept.cells if c.cell_type == "code"), done):
        cell.outputs, cell.execution_count = source.outputs, source.execution_count
    return kept


def _is_test(cell: NotebookNode) -> bool:
    """Whether nbgrader grades the cell: a test's outputs must be looked at when it becomes one."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _unfinished(notebook: NotebookNode) -> str:
    """Say whether an executed notebook holds an error or was not executed; empty if neither."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        if any(output.output_type == "error" for output in cell.outputs):
            return f"holds an error output in cell {cell.id}: mend the manuscript and rebuild"
    if any(cell.execution_count is None for cell in code if cell.source.strip()):
        return "was not executed: run course build"
    return ""


def _tidy(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join streams, keep the last state of progress bars, drop live views that need a kernel."""
    tidy: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream":
            if tidy and tidy[-1].output_type == "stream" and tidy[-1].name == output.name:
                tidy[-1].text += output.text
            else:
                tidy.append(copy.deepcopy(output))
        elif output.output_type in ("display_data", "execute_result"):
            output = copy.deepcopy(output)
            still = {"image/png", "text/html"} & output.data.keys()
            if output.data.pop(WIDGET_VIEW, None) is not None and not still:
                continue
            tidy.append(output)
        else:
            tidy.append(output)
    for output in tidy:
        if output.output_type == "stream":
            lines = output.text.split("\n")
            output.text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)
    return [o for o in tidy if o.output_type != "stream" or o.text.strip()]


def _refuse_private(node: NotebookNode, where: str) -> None:
    """Refuse text outputs that name this machine's folders."""
    private = {str(Path.home()), str(Path(sys.prefix).parent), tempfile.gettempdir() + "/"} - {"/"}
    for output in node.outputs:
        data = output.get("data", {})
        texts = [output.get("text", "")]
        texts += [
            value if isinstance(value, str) else json.dumps(value)
            for kind, value in data.items()
            if not kind.startswith("image/")
        ]
        for text in texts:
            for path in private:
                if path in text:
                    raise BuildError(
                        f"{where}: the output names a folder of this machine ({path}), which "
                        f"must not be published: {text.strip()[:200]}"
                    )


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all.

    Raises
    ------
    BuildError
        It is larger than ``MAX_BYTES``; the message names its largest cells.
    """
    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if size > MAX_BYTES:
        sizes = {cell.id: len(json.dumps(cell)) for cell in notebook.cells}
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        shown = ", ".join(f"{name} ({sizes[name] / 1e6:.1f} MB)" for name in largest)
        raise BuildError(
            f"{path.name} would be {size / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:.0f} MB: "
            f"draw fewer or smaller pictures. Its largest cells: {shown}"
        )
    write_text(text, path)


def write_text(text: str, path: Path) -> None:
    """Write a text file whole or not at all: what stood there before stays until then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def student_versions(root: Path, notebooks: dict[str, NotebookNode]) -> dict[str, NotebookNode]:
    """Make the student's versions with nbgrader's own ``generate_assignment``.

    Parameters
    ----------
    root : Path
        The course's folder, with ``nbgrader_config.py``.
    notebooks : dict
        The instructor's version of each exercise, by slug.

    Returns
    -------
    dict
        The student's version of each exercise, by slug. No gradebook is touched.

    Raises
    ------
    BuildError
        nbgrader refused; its own words are in the message.
    """
    if not notebooks:
        return {}
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        shutil.copy(root / "nbgrader_config.py", place)
        for slug, notebook in notebooks.items():
            folder = place / "solutions" / slug
            folder.mkdir(parents=True)
            nbformat.write(without_outputs(notebook), folder / f"{slug}.ipynb")
        line = [sys.executable, "-m", "nbgrader", "generate_assignment", "--no-db"]
        result = subprocess.run(
            [*line, "--assignment=*"], cwd=place, capture_output=True, text=True, check=False
        )
        made = {slug: place / "exercises" / slug / f"{slug}.ipynb" for slug in notebooks}
        if result.returncode or not all(path.exists() for path in made.values()):
            raise BuildError(f"nbgrader generate_assignment failed:\n{result.stderr[-3000:]}")
        return {slug: nbformat.read(path, as_version=4) for slug, path in made.items()}


def out_of_date(targets: list[Target]) -> list[str]:
    """Say which built notebooks differ from what their manuscripts would give.

    Executes nothing. Also finds built notebooks that were edited by hand and ones whose
    manuscript is gone.

    Returns
    -------
    list of str
        One sentence per fault; empty when all is well.
    """
    faults: list[str] = []
    fresh: dict[Target, NotebookNode] = {}
    for target in targets:
        try:
            fresh[target] = assemble(read(target.manuscript), target)
        except ManuscriptError as error:
            faults.append(str(error))
    for target, expected in fresh.items():
        text = _difference(expected, target.notebook, executed=True)
        if text:
            faults.append(f"{target.name}: {target.notebook.relative_to(target.root)} {text}")
    exercises = {t.slug: (t, nb) for t, nb in fresh.items() if t.is_exercise}
    if exercises:
        root = targets[0].root
        students = student_versions(root, {slug: nb for slug, (_, nb) in exercises.items()})
        for slug, (target, _) in exercises.items():
            text = _difference(students[slug], target.release)
            if text:
                faults.append(f"{target.name}: {target.release.relative_to(root)} {text}")
    return faults


def orphans(root: Path) -> list[str]:
    """Name built notebooks that no manuscript stands behind."""
    targets = find_targets(root)
    wanted = {t.notebook for t in targets} | {t.release for t in targets if t.is_exercise}
    built = [
        *root.glob("lectures/*.ipynb"),
        *root.glob("solutions/*/*.ipynb"),
        *root.glob("exercises/*/*.ipynb"),
    ]
    return [
        f"{path.relative_to(root)} has no manuscript: delete it"
        for path in sorted(built)
        if path not in wanted
    ]


def _difference(expected: NotebookNode, path: Path, executed: bool = False) -> str:
    """Say in what the notebook at ``path`` is not the expected one; empty if in nothing."""
    if not path.exists():
        return "is missing: run course build"
    try:
        found = nbformat.read(path, as_version=4)
    except Exception as error:
        return f"cannot be read ({type(error).__name__}): run course build"
    unfinished = _unfinished(found)
    if "error output" in unfinished:
        return unfinished
    if path.stat().st_size > MAX_BYTES:
        return f"is larger than {MAX_BYTES / 1e6:.0f} MB: draw fewer or smaller pictures"
    if without_outputs(found) == without_outputs(expected):
        return unfinished if executed else ""
    if found.metadata.get("course") != expected.metadata.get("course"):
        return "is older than its manuscript: run course build"
    return "was edited by hand: put the change in the manuscript, then run course build --force"


def _refuse_to_lose_answers(target: Target) -> None:
    """Refuse to write over a student's version in which somebody has written answers."""
    from nbgrader.utils import compute_checksum

    try:
        cells = nbformat.read(target.release, as_version=4).cells
    except Exception:  # missing, or no notebook any more
        return
    for cell in cells:
        data = cell.metadata.get("nbgrader", {})
        if data.get("solution") and data.get("checksum") != compute_checksum(cell):
            raise BuildError(
                f"{target.release.relative_to(target.root)} holds answers (cell "
                f"{data['grade_id']}), which building would lose: move it out of the folder, then "
                "build again; or let course build --force write over it"
            )


def build(
    target: Target, force: bool = False, on_cell: Callable[[int, int], None] = lambda i, n: None
) -> str:
    """Build one manuscript if its notebook is not up to date; execute it if its code changed.

    Parameters
    ----------
    target : Target
    force : bool
        Execute again even if no code changed.
    on_cell : callable
        Called with (cells done, cells in all) as the notebook runs.

    Returns
    -------
    str
        What was done, in words; empty if nothing had to be.

    Raises
    ------
    ManuscriptError, BuildError
        Nothing is written then: the last good notebook stays.
    """
    manuscript = read(target.manuscript)
    bare = assemble(manuscript, target)
    if target.is_exercise and not force:
        _refuse_to_lose_answers(target)
    if not force and not _difference(bare, target.notebook, executed=True):
        if not target.is_exercise:
            return ""
        student = student_versions(target.root, {target.slug: bare})[target.slug]
        if not _difference(student, target.release):
            return ""
        write(student, target.release)
        return BUILT
    kept = None if force else keep_outputs(bare, target.notebook)
    done, total = 0, sum(1 for cell in bare.cells if cell.cell_type == "code")

    def count() -> None:
        nonlocal done
        done += 1
        on_cell(done, total)

    if kept is None:
        # Lectures and exercises run where nothing lies around, so none can rely on the folder.
        with tempfile.TemporaryDirectory() as folder:
            versions = {target.notebook: execute(bare, Path(folder), manuscript, count)}
    else:
        versions = {target.notebook: kept}
    if target.is_exercise:
        students = student_versions(target.root, {target.slug: bare})
        versions[target.release] = students[target.slug]
    for path, notebook in versions.items():
        write(notebook, path)
    return BUILT if kept is None else KEPT
