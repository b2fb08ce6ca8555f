"""Small exercises to tamper with, and two ways to grade them: ours, and as if all were honest."""

import asyncio
import io
import json
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from functools import cached_property

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils.grading.execute import Job, run, steps_of
from course_utils.grading.sandbox import Limits
from course_utils.grading.submission import (
    Reference,
    ReferenceCell,
    Submission,
    _key,
    _role,
    parse,
    read,
    rebuild,
)

LIMITS = Limits(cell_seconds=20, notebook_seconds=60, memory_mb=2048, output_mb=1)
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS\n?", re.DOTALL)


def metadata(name, kind, points=0):
    """What nbgrader knows of a cell."""
    data = {
        "cell_type": "code",
        "grade": kind == "test",
        "grade_id": name,
        "locked": kind == "test",
        "schema_version": 3,
        "solution": kind == "solution",
        "task": False,
    }
    return {"nbgrader": data | ({"points": points} if kind == "test" else {})}


class Exercise:
    """An exercise of one given cell and some tasks.

    Parameters
    ----------
    given : str
    tasks : dict
        By name: the answer, the test, its points. The stub is the answer's first line.
    """

    def __init__(self, given, tasks):
        self.tasks = tasks
        self.full = {f"test_{name}": points for name, (_, _, points) in tasks.items()}
        new, cells = nbformat.v4.new_code_cell, [nbformat.v4.new_markdown_cell("# T", id="title")]
        cells.append(new(given, id="given"))
        for name, (answer, test, points) in tasks.items():
            cells.append(new(answer, id=name, metadata=metadata(name, "solution")))
            test_name = f"test_{name}"
            cells.append(new(test, id=test_name, metadata=metadata(test_name, "test", points)))
        self.reference = Reference(
            "small",
            [ReferenceCell(_key(c), _role(c), c, self._released(c)) for c in cells],
        )

    def _released(self, cell):
        if cell.id in self.tasks:
            return cell.source.split("\n")[0] + "\n    raise NotImplementedError()"
        return HIDDEN.sub("", cell.source)

    def notebook(self, answers=None, own=(), solved=False):
        """A student's notebook; own cells come after the given one."""
        cells = []
        for ref in self.reference.cells:
            cell = nbformat.from_dict(json.loads(json.dumps(ref.node)))
            cell.source = ref.node.source if solved and ref.role == "solution" else ref.released
            cell.source = (answers or {}).get(ref.key, cell.source)
            cells.append(cell)
            if ref.key == "given":
                cells += [
                    nbformat.v4.new_code_cell(text, id=f"mine{i}") for i, text in enumerate(own)
                ]
        book = nbformat.v4.new_notebook(cells=cells)
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        return book

    @cached_property
    def controls(self):
        """As the grader computes them: from the instructor's own solution."""
        book = nbformat.v4.new_notebook(cells=[cell.node for cell in self.reference.cells])
        result = self._run(Submission(book), LIMITS, ())
        assert result.points == self.full and not result.flags, (result.failed, result.flags)
        return tuple(result.control)

    def grade(self, answers=None, own=(), *, solved=False, limits=LIMITS, book=None, folder=None):
        """Grade a submission as the grader does, short of the gradebook."""
        if folder is not None:
            submission = read(folder, self.reference)
        else:
            book = book or self.notebook(answers, own, solved)
            submission = rebuild(parse(nbformat.writes(book)), self.reference)
        return Outcome(self, submission, self._run(submission, limits, self.controls))

    def _run(self, submission, limits, controls):
        return run(
            Job(
                steps=steps_of(submission.notebook, self.reference),
                files=submission.files,
                stubs=tuple(cell.released for cell in self.reference.of("solution")),
                controls=controls,
                modules=tuple(self.reference.modules()),
                limits=limits,
            )
        )

    def stock(self, answers=None, own=()):
        """Points where nobody watches: every cell is run, and a test without error has passed."""
        cells = []
        for cell in self.notebook(answers, own).cells:
            if cell.cell_type == "code":
                name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
                full = next((c.node.source for c in self.reference.cells if c.key == name), "")
                test = name in self.full
                cells.append((name if test else "", full if test else cell.source))
        passed = in_a_fork(cells)
        return {name: self.full[name] if value is None else value for name, value in passed.items()}


def in_a_fork(cells):
    """Call `unwatched` in a process of its own."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(theirs, json.dumps(unwatched(cells)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return json.loads(told)


def unwatched(cells):
    """Run cells in IPython; for each test, None if it passed, or a number of points."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=config)
    errors, passed = [], {}
    shell._showtraceback = lambda *told: errors.append(told)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for name, source in cells:
            errors.clear()
            result = shell.run_cell(source)
            if name:
                value = getattr(result, "result", None)
                passed[name] = 0 if errors else value if type(value) is float else None
    return passed


class Outcome:
    """What came of a submission."""

    def __init__(self, exercise, submission, result):
        self.full, self.result = exercise.full, result
        self.points, self.failed = result.points, result.failed
        self.flags = [*submission.flags, *result.flags]
        self.notes = submission.notes
        self.text = json.dumps(result.outputs)

    def __repr__(self):
        return f"points {self.points}, failed {self.failed}, flags {self.flags}"

    def caught(self, *names):
        """Whether these tests (all, if none is named) earned nothing, or a person shall look."""
        return bool(self.flags) or all(self.points[name] == 0 for name in names or self.full)

    def flagged(self, words):
        """Whether a flag holds these words."""
        return any(re.search(words, flag) for flag in self.flags)


# --- exercises ----------------------------------------------------------------------------------

GIVEN = """\
from math import fabs

import numpy as np

from course_utils.checks import expect_array, expect_close, partial_credit

X_test = np.arange(12.0).reshape(4, 3) ** 2


def apart(a, b):
    '''How far two numbers lie apart.'''
    return fabs(a - b)
"""

NUMBERS = Exercise(
    GIVEN,
    {
        "double": (
            "def double(x):\n    return 2 * x",
            'assert double(3) == 6, "double(3) should be 6"\n'
            "### BEGIN HIDDEN TESTS\n"
            "assert double(-5) == -10, 'negative numbers too'\n"
            "assert isinstance(double(0.5), float) and abs(double(0.5) - 1) < 1e-9\n"
            "### END HIDDEN TESTS\n",
            3,
        ),
        "centre": (
            "def centre(X):\n    return X - X.mean(0)",
            'expect_close(centre(X_test), X_test - X_test.mean(0), "the centred data")\n'
            "### BEGIN HIDDEN TESTS\n"
            "rows = X_test[1:]\n"
            "wanted_rows = rows - rows.mean(0)\n"
            "np.testing.assert_allclose(centre(rows), wanted_rows)\n"
            "assert np.allclose(centre(rows), wanted_rows)\n"
            'expect_array(centre(X_test), (4, 3), "the centred data")\n'
            "### END HIDDEN TESTS\n",
            4,
        ),
        "near": (
            "def near(values):\n    return float(np.mean(values))",
            "error = apart(near(X_test[0]), 5 / 3)\n"
            "### BEGIN HIDDEN TESTS\n"
            "error = max(error, abs(near(X_test[:, 1]) - 41.5))\n"
            "### END HIDDEN TESTS\n"
            "partial_credit(error, [(0.001, 2), (1, 1)])",
            2,
        ),
    },
)

# Wrong in every way, but of the right form: a test that passes was made to.
WRONG = {
    "double": "def double(x):\n    return 0.0",
    "centre": "def centre(X):\n    return np.zeros_like(X)",
    "near": "def near(values):\n    return 1e9",
}

# What is expected stands in a variable while the answer runs.
SECRET = Exercise(
    "import math",
    {
        "first": (
            "def first(n):\n    return n + 1",
            "def ask_first(n):\n    wanted = n + 1\n    assert first(n) == wanted\n\nask_first(1)",
            1,
        ),
        "secret": (
            "def secret(n):\n    return math.factorial(n)",
            "expected = 24\nassert secret(4) == expected\n"
            "### BEGIN HIDDEN TESTS\n"
            "expected = 362880\nassert secret(9) == expected, 'nine hundred and more'\n"
            "### END HIDDEN TESTS\n",
            5,
        ),
    },
)

TENSORS = Exercise(
    "import torch\n\nfrom course_utils.checks import expect_close\n\nX = torch.eye(3) * 4",
    {
        "half": (
            "def half(x):\n    return x / 2",
            "assert torch.equal(half(X), X / 2)\n"
            "assert torch.allclose(half(X), X / 2)\n"
            "### BEGIN HIDDEN TESTS\n"
            "torch.testing.assert_close(half(X + 1), (X + 1) / 2)\n"
            "assert (half(X) == X / 2).all()\n"
            'expect_close(half(X), X / 2, "half")\n'
            "### END HIDDEN TESTS\n",
            4,
        ),
    },
)
