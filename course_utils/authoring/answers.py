"""Prove that an exercise's tests catch wrong answers and accept other right ones.

The solution notebook runs once. Before each solution cell the warm process forks, once per
other answer; the child puts the answer in, runs the cells that follow and matter, and reports
the points. So an answer costs milliseconds, not a kernel start and an import of torch.

A fork is safe only while no thread pool has started, so everything here runs with one thread.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from course_utils.authoring.manuscript import Cell, Manuscript, read
from course_utils.grading.submission import definitions, global_names

# An answer that runs longer counts as hanging.
ANSWER_SECONDS = int(os.environ.get("COURSE_ANSWER_SECONDS", "120"))


@dataclass
class TestResult:
    """What one test cell gave: points, and the error if there was one."""

    __test__ = False  # not a pytest class

    points: float
    max_points: float
    error: str = ""
    message: str = ""


@dataclass
class Outcome:
    """One notebook run: the solution itself, or one other answer put in."""

    exercise: str
    role: str
    line: int
    why: str = ""
    results: dict[str, TestResult] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def text(self) -> str:
        """Return one line for a report, with the faults below."""
        mark = "FAULT" if self.faults else "ok"
        lost = [name for name, r in self.results.items() if r.points < r.max_points]
        line = (
            f"{mark:5} {self.exercise}:{self.line} {self.role:8} {self.seconds:5.1f} s  {self.why}"
        )
        if lost:
            line += f"  [lost: {', '.join(lost)}]"
        return "\n".join([line, *(f"      {fault}" for fault in self.faults)])


def run_manuscript(path: Path, seed: int = 0, light: bool = False) -> list[Outcome]:
    """Run the solution and every wrong and right answer of one exercise.

    Parameters
    ----------
    path : Path
        A manuscript in ``manuscript/exercises``.
    seed : int
        Added to every seed that the notebook sets (``COURSE_SEED``).
    light : bool
        Leave out the heavy cells, what needs their results, and the answers that need either.

    Returns
    -------
    list of Outcome
        The solution first, then the answers in order. ``faults`` says, per outcome, what is
        not as promised; an exercise in order has none.

    Raises
    ------
    RuntimeError
        The run itself broke down; the message holds its last words.
    """
    read(path)  # a bad manuscript is refused here, with file and line
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    environment = {**os.environ, **threads, "COURSE_SEED": str(seed), "MPLBACKEND": "agg"}
    environment["TQDM_DISABLE"] = "1"  # outside a kernel its bars go to stderr
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        line = [sys.executable, "-m", "course_utils.authoring.answers", str(path), str(report)]
        line += ["light"] * light
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr[-3000:] or "it said nothing; does a cell end the process?"
            text = f"{path}: the answers could not be run (exit {done.returncode}):\n{last}"
            raise RuntimeError(text)
        return [_load(row) for row in json.loads(report.read_text())]


def _load(row: dict[str, Any]) -> Outcome:
    results = {name: TestResult(**result) for name, result in row.pop("results").items()}
    return Outcome(results=results, **row)


@cache
def _load_optimisers() -> None:
    """Take an optimiser's first step, with which torch loads a second's worth of modules."""
    import torch

    torch.optim.SGD([torch.zeros(1, requires_grad=True)]).step()


class Notebook:
    """A notebook's namespace in this process: runs cells, scores tests as nbgrader does."""

    def __init__(self) -> None:
        from IPython.core.history import HistoryManager
        from IPython.core.interactiveshell import InteractiveShell
        from nbgrader.utils import get_partial_grade  # once, before the forks
        from traitlets.config import Config

        self.partial_grade = get_partial_grade

        # Its database and thread would not survive a fork.
        self.shell = InteractiveShell.instance(
            config=Config({HistoryManager.__name__: {"enabled": False}})
        )
        # Nobody reads the tracebacks, and drawing one takes longer than most tests.
        self.shell.showtraceback = lambda *_, **__: None  # type: ignore[method-assign]

    def run(self, source: str) -> tuple[BaseException | None, Any, str]:
        """Run one cell; return its error, its last expression's value, and its stderr."""
        stderr = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stderr):
            done = self.shell.run_cell(source, store_history=False)
        return done.error_before_exec or done.error_in_exec, done.result, stderr.getvalue()

    def score(self, source: str, max_points: float) -> TestResult:
        """Run a test cell and give it the points that nbgrader would."""
        error, value, stderr = self.run(source)
        if error is not None:
            return TestResult(0, max_points, type(error).__name__, str(error))
        if stderr:
            return TestResult(0, max_points, "stderr", stderr)
        if value is None:
            return TestResult(max_points, max_points)
        try:
            points = self.partial_grade({"data": {"text/plain": repr(value)}}, max_points)
        except ValueError as refusal:
            text = f"the test gives {value!r} of {max_points:g} points: {refusal}"
            return TestResult(0, max_points, "ValueError", text)
        return TestResult(points, max_points)


def plan(cells: list[Cell], answer: Cell) -> list[Cell]:
    """Return the cells to run after an answer was put in, in order.

    Left out are tests that do not depend on the answer, slow cells that no wanted test needs,
    and all that comes after the last wanted test.

    Parameters
    ----------
    cells : list of Cell
        The notebook's code cells, without other answers.
    answer : Cell
        A wrong or right answer to one of them.
    """
    start = next(i for i, cell in enumerate(cells) if cell.id == answer.of)
    after = cells[start + 1 :]
    names = {id(cell): global_names(cell.source) for cell in after}

    touched = global_names(answer.source)[0]
    # Functions that were defined before may call the answer.
    early = [item for cell in cells[:start] for item in definitions(cell.source).items()]
    while callers := {name for name, read in early if read & touched} - touched:
        touched |= callers
    concerned = set()
    for cell in after:
        stored, loaded = names[id(cell)]
        if loaded & touched:
            concerned.add(id(cell))
            touched |= stored

    own = []  # up to the next task
    for cell in after:
        if cell.role == "solution":
            break
        own.append(cell)
    if answer.role == "wrong":
        wanted = [cell for cell in after if cell.id in answer.fails]
    else:
        heavy = [c for c in after if "heavy" in c.modifiers and c.role != "test"]
        slow_names = set().union(*(names[id(c)][0] for c in heavy)) if heavy else set()
        wanted = [
            cell
            for cell in after
            if cell.role == "test"
            and id(cell) in concerned
            and (
                any(cell is c for c in own)
                or not ("heavy" in cell.modifiers or names[id(cell)][1] & slow_names)
            )
        ]
    if not wanted:
        return []

    # Backwards from the wanted tests: which slow cells do they need?
    needed: set[str] = set()
    chosen: list[Cell] = []
    last = max(i for i, cell in enumerate(after) if any(cell is w for w in wanted))
    for cell in reversed(after[: last + 1]):
        stored, loaded = names[id(cell)]
        is_wanted = any(cell is w for w in wanted)
        if cell.role == "test" and not is_wanted:
            continue
        if "heavy" in cell.modifiers and not (is_wanted or stored & needed):
            continue
        needed |= loaded
        chosen.append(cell)
    return chosen[::-1]


def _faults(answer: Cell, outcome: Outcome) -> list[str]:
    """Compare what happened with what the manuscript promises."""
    faults = []
    if answer.role == "right":
        for name, result in outcome.results.items():
            if result.points < result.max_points:
                faults.append(
                    f"right answer loses points in {name}: {result.error}: {result.message}"
                )
        if not outcome.results:
            faults.append("no test looks at this right answer")
        return faults
    for name in answer.fails:
        got = outcome.results.get(name)
        if got is None:
            faults.append(f"{name} was not reached")
        elif got.points >= got.max_points:
            faults.append(f"{name} gives this wrong answer full marks")
        elif got.error and got.error not in ("AssertionError", "TimeoutError"):
            faults.append(f"{name} fails with a bare {got.error}, not in words: {got.message}")
        elif got.error and len(got.message) < 10:
            faults.append(f"{name} fails without a message that a student can act on")
    return faults


def slow_cells(cells: list[Cell]) -> list[Cell]:
    """Return the heavy cells, and those that read what only such cells set."""
    slow: list[Cell] = []
    names: set[str] = set()
    for cell in cells:
        stored, loaded = global_names(cell.source)
        if "heavy" in cell.modifiers or (loaded - stored) & names:
            slow.append(cell)
            names |= stored
        else:
            names -= stored
    return slow


def walk(manuscript: Manuscript, light: bool = False) -> Iterator[Outcome]:
    """Run a solution notebook in this process, forking for every other answer."""
    cells = [c for c in manuscript.cells if c.kind == "code" and c.role not in ("wrong", "right")]
    others = manuscript.with_role("wrong", "right")
    if light:
        slow = slow_cells(cells)
        others = [answer for answer in others if not any(c in slow for c in plan(cells, answer))]
        cells = [cell for cell in cells if cell not in slow]
    name = f"{manuscript.path.parent.name}/{manuscript.path.name}"
    notebook = Notebook()
    solution = Outcome(name, "solution", 1, "the official answer")
    began = time.perf_counter()
    outcomes = []
    for cell in cells:
        for answer in others:
            if answer.of == cell.id:
                outcomes.append(_in_child(notebook, name, answer, plan(cells, answer)))
        if cell.role == "test":
            result = notebook.score(cell.source, cell.points or 0)
            solution.results[str(cell.id)] = result
            if result.points < result.max_points:
                solution.faults.append(f"{cell.id}: {result.error}: {result.message}")
        else:
            error, _, _ = notebook.run(cell.source)
            if error is not None:
                text = f"line {cell.line}: {type(error).__name__}: {error}"
                solution.faults.append(text)
    solution.seconds = time.perf_counter() - began - sum(o.seconds for o in outcomes)
    yield solution
    yield from outcomes


def _in_child(notebook: Notebook, name: str, answer: Cell, cells: list[Cell]) -> Outcome:
    """Fork, put the answer in, run the cells, and bring the outcome back through a file."""
    outcome = Outcome(name, str(answer.role), answer.line, answer.why)
    if "torch" in sys.modules:
        _load_optimisers()  # once here, not in every child
    began = time.perf_counter()
    with tempfile.NamedTemporaryFile("r+") as file:
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()  # the child's collector would write to, and so copy, every page
        child = os.fork()
        if child == 0:
            status = 1
            try:
                signal.alarm(ANSWER_SECONDS)  # kills a child that hangs
                _answer(notebook, answer, cells, file.name)
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        for row in file.read().splitlines():
            test, result = json.loads(row)
            outcome.results[test] = TestResult(**result)
    outcome.seconds = time.perf_counter() - began
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        # The test it hangs in is lost, and so is every one after it.
        for cell in cells:
            if cell.role == "test" and cell.id not in outcome.results:
                lost = TestResult(0, cell.points or 0, "TimeoutError", "the answer ran too long")
                outcome.results[str(cell.id)] = lost
    elif status:
        outcome.faults.append(f"the answer's process ended with status {status}")
    outcome.faults += _faults(answer, outcome)
    error = outcome.results.pop("", None)
    if error is not None:
        outcome.faults = [f"the answer's own cell raises {error.error}: {error.message}"]
    return outcome


def _answer(notebook: Notebook, answer: Cell, cells: list[Cell], path: str) -> None:
    """In the child: run the answer and the cells, one row of the file per test."""
    with open(path, "w") as file:

        def report(test: str, result: TestResult) -> None:
            file.write(json.dumps([test, asdict(result)]) + "\n")
            file.flush()

        error, _, _ = notebook.run(answer.source)
        if error is not None:
            report("", TestResult(0, 0, type(error).__name__, str(error)))
            return
        for cell in cells:
            if cell.role == "test":
                report(str(cell.id), notebook.score(cell.source, cell.points or 0))
            else:
                notebook.run(cell.source)


def main() -> None:
    """Run as ``python -m course_utils.authoring.answers MANUSCRIPT REPORT [light]``."""
    manuscript, report = read(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # as a kernel would: not in the course's folder
        outcomes = list(walk(manuscript, light="light" in sys.argv[3:]))
    report.write_text(json.dumps([asdict(outcome) for outcome in outcomes]))


if __name__ == "__main__":
    main()
