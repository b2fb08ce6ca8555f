"""How far a self-learner has come: the points that the tests give for work done in ``exercises/``.

Nothing of a class is needed: no gradebook, and where there is no bubblewrap, no sandbox. It is the
reader's own code.
"""

from __future__ import annotations

import copy
import os
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from nbgrader.utils import compute_checksum, determine_grade
from rich import box
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from traitlets.config import PyFileConfigLoader

from course_utils.grading import sandbox as boxes
from course_utils.grading.execute import (
    TIMEOUT,
    TOO_LONG,
    Job,
    Result,
    attempt,
    steps_of,
    workers,
)
from course_utils.grading.sandbox import Limits, SandboxError
from course_utils.grading.store import Store, version
from course_utils.grading.submission import (
    Reference,
    UnreadableError,
    open_folder,
    parse,
    read,
    reference,
)

CONFIG = "nbgrader_config.py"
# Names no test, so none is run once more with the answers taken out: nobody is mistrusted here.
NO_CONTROL = ("none",)


@dataclass
class Task:
    """A task of an exercise, with what was reached of it.

    Attributes
    ----------
    title : str
        Its heading.
    done : bool
        All its tests give full points, and its written questions are answered.
    message : str
        What its first failing test says; empty if none failed, or the task is not begun.
    """

    title: str
    done: bool
    message: str = ""


@dataclass
class Standing:
    """One exercise and what its reader has reached.

    Attributes
    ----------
    slug : str
    exercise : Reference or None
        None if it cannot be read.
    hidden : bool
        Whether hidden tests count: only where ``solutions/`` is.
    answered : set of str
        Solution cells and written questions that differ from what was released.
    changed : set of str
        Tests that the reader changed, where the original is not at hand.
    notes : list of str
        What else the reader should know.
    problem : str
        Why it could not be read or run.
    job : Job or None
        What has to run; None if nothing has.
    result : Result or None
    """

    slug: str
    exercise: Reference | None = None
    hidden: bool = False
    answered: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    job: Job | None = None
    result: Result | None = None

    def maximum(self, *roles: str) -> dict[str, float]:
        """Return the points of each test or written question."""
        assert self.exercise is not None
        keys = {cell.key for cell in self.exercise.of(*roles)}
        return {key: value for key, value in self.exercise.points.items() if key in keys}

    @property
    def points(self) -> dict[str, float]:
        """The points of each test."""
        found = self.result.points if self.result else {}
        return {k: 0 if k in self.changed else found.get(k, 0) for k in self.maximum("test")}

    @property
    def tasks(self) -> list[Task]:
        """The tasks, in order."""
        assert self.exercise is not None
        titles = {}
        for cell in self.exercise.of("text"):
            for heading in re.finditer(r"^#+ (Task (\w+).*)$", cell.node.source, re.MULTILINE):
                titles[heading[2]] = heading[1]
        keys: dict[str, list[str]] = {}
        for key, task in self.exercise.tasks.items():
            keys.setdefault(task, []).append(key)
        most, reached = self.maximum("test"), self.points
        found = []
        for task, parts in keys.items():
            missing = [k for k in parts if k in most and reached[k] < most[k]]
            open_questions = [k for k in parts if k not in most and k not in self.answered]
            message = self._message(missing[0]) if missing else ""
            title = titles.get(task, f"Task {task}")
            found.append(Task(title, not missing and not open_questions, message))
        return found

    def _message(self, key: str) -> str:
        if key in self.changed:
            return "this test was changed, so it gives no points: start the exercise again"
        name, words = self.result.failed.get(key, ("", "")) if self.result else ("", "")
        if name == "NotImplementedError":
            return ""
        words = " ".join(words.split())
        words = words if len(words) <= 300 else words[:299] + "…"
        return words if name in ("AssertionError", "partial") else f"{name}: {words}".strip(": ")

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return all(task.done for task in self.tasks)


def find_root(start: Path) -> Path:
    """Return the folder that holds ``exercises/``: the nearest one upwards.

    Raises
    ------
    FileNotFoundError
        No folder upwards holds one.
    """
    here = start.resolve()
    for folder in (here, *here.parents):
        if any(folder.glob("exercises/*/*.ipynb")):
            return folder
    raise FileNotFoundError(
        f"no exercises/SLUG/SLUG.ipynb in {here} or above it: run this in the course's folder"
    )


def look(root: Path, names: list[str] | None = None, *, sandbox: bool = True) -> list[Standing]:
    """Read exercises, without running them; what was run before is known.

    Parameters
    ----------
    root : Path
        The course's folder.
    names : list of str, optional
        Slugs, or paths of exercises; all exercises when left out.
    sandbox : bool
        Whether they are to run in the sandbox.
    """
    known = sorted(path.name for path in root.glob("exercises/[!.]*") if path.is_dir())
    wanted = [Path(name).name.removesuffix(".ipynb") for name in names or known]
    found = []
    for slug in dict.fromkeys(wanted):
        standing = Standing(slug)
        found.append(standing)
        if slug not in known:
            standing.problem = f"there is no exercise of this name; there are: {', '.join(known)}"
            continue
        try:
            _read(root, standing, sandbox)
        except (UnreadableError, OSError) as error:
            standing.problem = str(error)
    return found


def _read(root: Path, standing: Standing, sandbox: bool) -> None:
    slug = standing.slug
    folder = root / "exercises" / slug
    source = root / "solutions" / slug / f"{slug}.ipynb"
    standing.hidden = source.exists() and (root / CONFIG).exists()
    if standing.hidden:
        exercise = _exercise(source)
        _put_stubs(exercise, root)
    else:
        parse(open_folder(folder, slug)[0])  # what is no notebook is told in words
        exercise = _exercise(folder / f"{slug}.ipynb")
    submission = read(folder, exercise)
    cells = {cell.key: cell for cell in exercise.of("solution", "written")}
    for node in submission.notebook.cells:
        cell = cells.get(node.metadata.get("nbgrader", {}).get("grade_id"))
        if cell is None:
            continue
        was = node.source.strip() == cell.released.strip() if standing.hidden else _as_made(node)
        if not was:
            standing.answered.add(cell.key)
    if not standing.hidden:
        standing.changed = {cell.key for cell in exercise.of("test") if not _as_made(cell.node)}
    standing.exercise = exercise
    standing.notes = submission.flags
    if not any(cell.key in standing.answered for cell in exercise.of("solution")):
        return
    standing.job = Job(
        steps=steps_of(submission.notebook, exercise),
        files=submission.files,
        stubs=(),
        controls=NO_CONTROL,
        modules=tuple(exercise.modules()),
        limits=Limits(),
        sandbox=sandbox,
        seed=os.environ.get("COURSE_SEED", "0"),
        grader=version(),
    )
    standing.result = Store(root).result(slug, standing.job.key)


def _exercise(path: Path) -> Reference:
    """Read an exercise from one notebook.

    Raises
    ------
    UnreadableError
        It is damaged.
    """
    try:
        exercise = reference(path, path)
        assert exercise.points, "it has no tests"
        exercise.modules()
    except SyntaxError as error:
        raise UnreadableError(
            f"a cell that comes with the exercise is no longer Python ({error}): "
            "undo the change, or start the exercise again"
        ) from None
    except Exception as error:
        raise UnreadableError(
            f"{path.name} is damaged ({type(error).__name__}: {str(error)[:200]})"
        ) from None
    return exercise


def _put_stubs(exercise: Reference, root: Path) -> None:
    """Work out what was released from the instructor's version, as nbgrader does."""
    config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    notebook = nbformat.v4.new_notebook(cells=[copy.deepcopy(c.node) for c in exercise.cells])
    for step in (ClearSolutions, ClearHiddenTests):
        notebook, _ = step(config=config).preprocess(notebook, {})
    exercise.cells = [
        replace(cell, released=node.source) for cell, node in zip(exercise.cells, notebook.cells)
    ]


def _as_made(node: NotebookNode) -> bool:
    """Whether a cell is as nbgrader released it, by the checksum that nbgrader put there."""
    return bool(node.metadata.nbgrader.get("checksum") == compute_checksum(node))


def has_sandbox() -> bool:
    """Whether notebooks can run in the sandbox here."""
    try:
        boxes.check()
    except SandboxError:
        return False
    boxes.sweep()
    return True


def run(root: Path, standings: list[Standing]) -> Iterator[Standing]:
    """Run what has to run, two at a time, and keep the results; yields each when it is done."""
    import joblib

    store = Store(root)
    waiting: dict[str, tuple[Job, list[Standing]]] = {}
    for standing in standings:
        if standing.job is not None and standing.result is None:
            waiting.setdefault(standing.job.key, (standing.job, []))[1].append(standing)
    threads = int(os.environ.get("OMP_NUM_THREADS") or joblib.cpu_count())
    threads = max(1, threads // min(2, len(waiting) or 1))
    # In processes of their own even for one notebook: what is stopped ends at once.
    parallel = workers(2)
    jobs = [replace(job, threads=threads) for job, _ in waiting.values()]
    for key, outcome in parallel(joblib.delayed(_attempt)(job) for job in jobs):
        for standing in waiting[key][1]:
            if isinstance(outcome, Result):
                # Pictures are large, and not asked for.
                standing.result = replace(outcome, outputs=[])
                store.keep(standing.slug, key, standing.result)
            else:
                standing.problem = f"it could not be run: {outcome}"
            yield standing


def _attempt(job: Job) -> tuple[str, Result | str]:
    if job.sandbox:
        return attempt(job)
    try:
        return job.key, run_plainly(job)
    except Exception:
        return job.key, traceback.format_exc(limit=-3)


def run_plainly(job: Job) -> Result:
    """Run a job in a kernel such as Jupyter starts, on any system, and judge as nbgrader does."""
    result = Result()
    ended: set[int] = set()
    notebook = nbformat.v4.new_notebook()
    for step in job.steps:
        data = {"grade_id": step.key, "grade": True, "solution": False, "points": step.points}
        notebook.cells.append(nbformat.v4.new_code_cell(step.source, metadata={"nbgrader": data}))

    def executed(cell: NotebookNode, cell_index: int, execute_reply: dict) -> None:  # type: ignore[type-arg]
        ended.add(cell_index)

    with TemporaryDirectory() as folder:
        for name, content in job.files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=round(job.limits.cell_seconds),
            interrupt_on_timeout=True,
            error_on_timeout=TIMEOUT,
            allow_errors=True,
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            resources={"metadata": {"path": folder}},
            on_cell_executed=executed,
        )
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = dict.fromkeys(threads, str(job.threads)) | {"COURSE_SEED": job.seed}
        try:
            client.execute(env={**os.environ, **environment, "PYTHONHASHSEED": "0"})
        except DeadKernelError:
            result.flags.append("the kernel ended in the middle of a cell")
        except CellTimeoutError:
            result.flags.append(TOO_LONG)
    for number, (step, cell) in enumerate(zip(job.steps, notebook.cells)):
        if step.role != "test":
            continue
        errors = [o for o in cell.outputs if o.output_type == "error"]
        if number not in ended:
            told = ("NotReached", "The notebook stopped before the end of this test.")
        elif errors:
            told = (errors[0].ename, errors[0].evalue)
        else:
            result.points[step.key] = determine_grade(cell)[0]
            told = ("partial", f"{result.points[step.key]:g} of {step.points:g} points")
        result.points.setdefault(step.key, 0.0)
        if result.points[step.key] < step.points:
            result.failed[step.key] = told
    return result


# --- what is printed ----------------------------------------------------------------------------


def show(root: Path, standings: list[Standing], console: Console | None = None) -> None:
    """Print one row per exercise, what is left to judge, and what to do next.

    Parameters
    ----------
    root : Path
        The course's folder.
    standings : list of Standing
    console : rich.console.Console, optional
        Where to print; the terminal when left out.
    """
    console = console or Console()
    good = [standing for standing in standings if not standing.problem]
    if good:
        console.print(_grid(good))
    lines = [f"{s.slug}: {note}" for s in good for note in s.notes]
    lines += [f"{s.slug}: {flag}" for s in good if s.result for flag in s.result.flags]
    bare = [standing.slug for standing in good if not standing.hidden]
    if bare:
        where = "" if len(bare) == len(good) else f" for {', '.join(bare)}"
        lines.append(f"Visible tests only{where}: hidden tests come with solutions/.")
    lines += _to_judge(good)
    lines += [f"{s.slug}: {s.problem}" for s in standings if s.problem]
    lines += _next(root, good)
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _grid(standings: list[Standing]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    grid.add_column("exercise", no_wrap=True)
    grid.add_column("points", justify="right", no_wrap=True)
    grid.add_column("", width=16)
    grid.add_column("tasks", justify="right", no_wrap=True)
    grid.add_column("written", justify="right", no_wrap=True)
    earned_all = most_all = 0.0
    for standing in standings:
        earned, most = sum(standing.points.values()), sum(standing.maximum("test").values())
        earned_all, most_all = earned_all + earned, most_all + most
        tasks = standing.tasks
        written = standing.maximum("written")
        grid.add_row(
            standing.slug,
            f"{earned:g} of {most:g}" if standing.answered else f"– of {most:g}",
            ProgressBar(total=max(most, 1), completed=earned, width=16),
            f"{sum(task.done for task in tasks)}/{len(tasks)}",
            f"{len(standing.answered & written.keys())}/{len(written)}",
        )
    if len(standings) > 1:
        grid.add_section()
        bar = ProgressBar(total=max(most_all, 1), completed=earned_all, width=16)
        grid.add_row("together", f"{earned_all:g} of {most_all:g}", bar, "", "")
    return grid


def _to_judge(standings: list[Standing]) -> list[str]:
    """Name the written questions that are answered; their points are nobody's but the reader's."""
    found = []
    for standing in standings:
        written = standing.maximum("written")
        points = sum(value for key, value in written.items() if key in standing.answered)
        if points:
            place = f"solutions/{standing.slug}/{standing.slug}.ipynb"
            rubric = place if standing.hidden else "the instructor's version"
            found.append(
                f"{standing.slug}: the written answer, {points:g} points more, is yours to judge: "
                f"compare with the rubric in {rubric}"
            )
    return found


def _next(root: Path, standings: list[Standing]) -> list[str]:
    for standing in standings:
        slug = standing.slug
        if standing.finished:
            continue
        if not standing.answered:
            lecture = f"lectures/{slug}.ipynb"
            first = f"read {lecture}, then " if (root / lecture).exists() else ""
            return [f"Next: {first}begin exercises/{slug}/{slug}.ipynb"]
        task = next(task for task in standing.tasks if not task.done)
        said = [f"Its test says: {task.message}"] if task.message else []
        return [f"Next: exercise {slug.split('_')[0]}, {task.title}", *said]
    if not standings:
        return []
    most = sum(sum(standing.maximum("test").values()) for standing in standings)
    return [f"Well done: all {most:g} points by the tests, and every question answered."]
