"""What a self-learner is told of the exercises solved in place, and what is run for it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from examples import EXERCISE, ROOT, make_small_course
from nbgrader_course import half_solved, solve
from typer.testing import CliRunner

from course_utils.authoring import build as authoring
from course_utils.cli import app
from course_utils.grading import sandbox

TASKS = EXERCISE.replace(
    '# %% tags=["solution"]', '# %% [markdown]\n# ## Task 1 · Twice (★)\n\n# %% tags=["solution"]'
).replace(
    '# %% [markdown] tags=["written"]',
    '# %% [markdown]\n# ## Task 2 · Why? (★)\n\n# %% [markdown] tags=["written"]',
)
SMALL, REAL = "01_small", "00_deep_learning_in_one_slice"
RIGHT = "def double(x):\n    return 2 * x"
FORGETS_THE_SIGN = "def double(x):\n    return 2 * abs(x)"
SLOW = "import time\n\n\ndef double(x):\n    time.sleep(100)"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Two small exercises, one with headings and one without, built once."""
    root = make_small_course(tmp_path_factory.mktemp("built") / "course")
    (root / "manuscript" / "exercises" / "01_small.py").write_text(TASKS)
    (root / "manuscript" / "exercises" / "02_small.py").write_text(EXERCISE)
    for target in authoring.find_targets(root, ["exercises/01_small", "exercises/02_small"]):
        authoring.build(target)
    (root / "lectures").mkdir()
    (root / "lectures" / "02_small.ipynb").write_text("{}")
    return root


@pytest.fixture
def course(built, tmp_path, monkeypatch):
    """A self-learner's folder, with nothing done."""
    root = tmp_path / "course"
    shutil.copytree(built, root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def real(tmp_path, monkeypatch):
    """The course's first exercise, in a folder of its own."""
    root = tmp_path / "real"
    for kind in ("solutions", "exercises"):
        shutil.copytree(ROOT / kind / REAL, root / kind / REAL)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def no_sandbox(monkeypatch):
    """A machine without bubblewrap."""
    sandbox.check.cache_clear()
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    yield
    sandbox.check.cache_clear()


def notebook_of(root, slug, kind="exercises"):
    return root / kind / slug / f"{slug}.ipynb"


def write(root, slug=SMALL, **sources):
    """Put texts into cells of an exercise, as a person does in Jupyter."""
    path = notebook_of(root, slug)
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.source = sources.get(cell.id, cell.source)
    nbformat.write(notebook, path)


def progress(*names, code=0):
    done = CliRunner().invoke(app, ["progress", *names])
    assert done.exit_code == code, done.output
    return " ".join(done.output.replace("━", "").split())  # without the bars


def kept(root):
    """What was run so far: the kept results, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in root.glob("grading/results/*/*.gz")}


def private(root):
    return [name for name in ("submitted", "autograded", "gradebook.db") if (root / name).exists()]


def test_what_is_not_begun_is_not_run(course):
    told = progress()
    assert "01_small – of 3 0/2 0/1" in told and "02_small – of 3" in told
    assert told.endswith("Next: begin exercises/01_small/01_small.ipynb")
    assert "Running" not in told and not (course / "grading").exists()
    assert progress("02_small").endswith(
        "Next: read lectures/02_small.ipynb, then begin exercises/02_small/02_small.ipynb"
    )


def test_the_tests_message_stands_below_the_next_task(course):
    write(course, double="def double(x):\n    return x * x")
    told = progress(SMALL)
    assert "01_small 0 of 3 0/2" in told
    assert "Next: exercise 01, Task 1 · Twice (★) Its test says: double(3) should be 6" in told


def test_hidden_tests_count_where_the_solutions_are(course):
    write(course, double=FORGETS_THE_SIGN)
    told = progress(SMALL)
    assert "01_small 0 of 3" in told and "negative numbers too" in told
    assert "Visible tests only" not in told


def test_without_solutions_visible_tests_count_and_it_says_so(course):
    shutil.rmtree(course / "solutions")
    assert "Running" not in progress()
    write(course, double=FORGETS_THE_SIGN, why="Because.")
    told = progress()
    assert "01_small 3 of 3 2/2 1/1" in told and "Visible tests only: " in told
    assert "compare with the rubric in the instructor's version" in told
    assert told.endswith("begin exercises/02_small/02_small.ipynb")
    write(course, double=FORGETS_THE_SIGN, test_double="assert True")
    told = progress(SMALL)
    assert "01_small 0 of 3" in told and "this test was changed, so it gives no points" in told


def test_all_done(course):
    for slug in (SMALL, "02_small"):
        write(course, slug, double=RIGHT)
    told = progress()
    assert "01_small 3 of 3 1/2 0/1" in told and "together 6 of 6" in told
    assert "yours to judge" not in told and told.endswith("Next: exercise 01, Task 2 · Why? (★)")
    write(course, why="Two is even.")
    assert progress().endswith("Next: exercise 02, Task double")
    write(course, "02_small", why="Two is even.")
    told = progress()
    assert (
        "2 points more, is yours to judge: compare with the rubric in solutions/01_small/" in told
    )
    assert told.endswith("Well done: all 6 points by the tests, and every question answered.")
    assert private(course) == []


def test_changed_tests_and_marks_give_no_points(course):
    path = notebook_of(course, SMALL)
    write(course, double="def double(x):\n    return 0", test_double="pass")
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.id == "test_double":
            cell.metadata.nbgrader.points = 300
            cell.metadata.tags = ["skip-execution"]
    nbformat.write(notebook, path)
    told = progress(SMALL)
    assert "01_small 0 of 3" in told and "the test test_double was changed; put back" in told


def test_a_second_call_runs_nothing(course):
    write(course, double=RIGHT)
    first = progress()
    before = kept(course)
    assert "Running 01_small:" in first and len(before) == 1
    assert all(path.stat().st_size < 2000 for path in before)
    again = progress()
    assert "Running" not in again and kept(course) == before
    assert again in first
    write(course, double="def double(x):\n    return x + x")
    assert "Running 01_small:" in progress() and len(kept(course)) == 2


def test_what_cannot_be_read_is_told_and_the_rest_shown(course):
    notebook_of(course, SMALL).write_text('{"cells": [')
    told = progress(code=2)
    assert "01_small: the notebook is not JSON" in told and "02_small – of 3" in told
    told = progress("02_small", "99_none", code=2)
    assert "99_none: there is no exercise of this name; there are: 01_small, 02_small" in told
    assert "02_small – of 3" in told
    shutil.rmtree(course / "solutions")
    notebook_of(course, SMALL).write_text('{"cells": [{"source": "1"}]}')
    assert "01_small: 01_small.ipynb is damaged" in progress(code=2)
    notebook_of(course, SMALL).unlink()
    assert "01_small: there is no notebook named 01_small.ipynb" in progress(code=2)


def test_outside_the_course_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "run this in the course's folder" in progress(code=2)


def test_it_works_from_below_and_by_path(course, monkeypatch):
    monkeypatch.chdir(course / "exercises" / SMALL)
    told = progress("../02_small/02_small.ipynb")
    assert "02_small – of 3" in told and "01_small" not in told


def test_without_a_sandbox_it_works_and_says_so(course, no_sandbox):
    write(course, double=FORGETS_THE_SIGN)
    write(course, "02_small", double="import os\n\n\ndef double(x):\n    os._exit(0)")
    told = progress()
    assert "There is no sandbox here: your code runs with your rights" in told
    assert "01_small 0 of 3" in told and "negative numbers too" in told
    assert "02_small 0 of 3" in told and "02_small: the kernel ended in the middle" in told
    write(course, double=RIGHT)
    told = progress(SMALL)
    assert "01_small 3 of 3" in told
    assert "no sandbox" not in progress(SMALL)


def test_without_a_sandbox_it_needs_nothing_that_windows_lacks():
    code = """
import sys
sys.modules["fcntl"] = sys.modules["resource"] = None
from course_utils.grading.execute import Job, Step
from course_utils.grading.progress import run_plainly
from course_utils.grading.sandbox import Limits
steps = (Step("", "own", "x = 1"),
         Step("t", "test", "assert x == 1", 2), Step("p", "test", ".5", 2))
result = run_plainly(Job(steps, {}, (), (), (), Limits(), sandbox=False))
print(result.points, result.failed)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'t': 2.0, 'p': 0.5} {'p': ('partial', '0.5 of 2 points')}"


@pytest.mark.parametrize("boxed", [True, False])
def test_stopped_it_keeps_what_was_done_and_leaves_nothing_running(course, boxed, request):
    if not boxed:
        request.getfixturevalue("no_sandbox")
    elif not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    write(course, double=RIGHT)
    write(course, "02_small", double=SLOW)
    child = subprocess.Popen(
        [Path(sys.executable).parent / "course", "progress"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 120
        while not kept(course):
            assert time.monotonic() < until and child.poll() is None
            time.sleep(0.05)
        others = psutil.Process(child.pid).children(recursive=True)
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does
        told, _ = child.communicate(timeout=60)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    assert child.returncode == 130, told
    assert "Stopped. What had run to its end is kept." in told and "Traceback" not in told, told
    assert others and not psutil.wait_procs(others, timeout=20)[1]
    told = progress(SMALL)
    assert "01_small 3 of 3" in told and "Running" not in told


def test_a_real_exercise_half_solved(real):
    notebook, earned = half_solved(
        nbformat.read(notebook_of(real, REAL, "solutions"), 4),
        nbformat.read(notebook_of(real, REAL), 4),
    )
    told = progress()
    assert "Running" not in told and told.endswith(f"begin exercises/{REAL}/{REAL}.ipynb")
    nbformat.write(notebook, notebook_of(real, REAL))
    told = progress()
    assert f"{REAL} {earned:g} of 18" in told
    assert told.endswith(
        "Next: exercise 00, Task 4 · MLP: vector in, vector out (★, 5 minutes, 2 points)"
    )


def test_a_real_exercise_solved(real):
    released, solution = (
        nbformat.read(notebook_of(real, REAL, kind), 4) for kind in ("exercises", "solutions")
    )
    nbformat.write(solve(released, solution), notebook_of(real, REAL))
    told = progress()
    assert f"{REAL} 18 of 18" in told and "8/8 1/1" in told
    assert told.endswith("Well done: all 18 points by the tests, and every question answered.")
    assert private(real) == []
