"""Every wrong answer loses its points, every right one gets full marks; and the harness sees it."""

import os

import pytest
from examples import EXERCISE, ROOT, manuscripts

from course_utils.authoring.answers import plan, run_manuscript
from course_utils.authoring.manuscript import read
from course_utils.grading.submission import global_names

# With seed 0 everything runs, with seed 1 everything that does not train. `make seeds` runs
# everything with three seeds.
ALL = os.environ.get("COURSE_ALL_SEEDS") == "1"
SEEDS = (0, 1, 2) if ALL else (0, 1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("path", manuscripts("exercises"), ids=lambda path: path.stem)
def test_the_exercise_tells_wrong_from_right(path, seed):
    light = seed != 0 and not ALL
    outcomes = run_manuscript(path, seed, light)
    manuscript = read(path)
    answers = len(manuscript.with_role("wrong", "right"))
    points = sum(cell.points for cell in manuscript.with_role("test"))
    solved = sum(result.points for result in outcomes[0].results.values())
    if light:
        assert len(outcomes) - 1 >= 0.8 * answers and solved >= 0.7 * points
    else:
        assert len(outcomes) - 1 == answers and solved == points
    faults = [outcome.text() for outcome in outcomes if outcome.faults]
    assert not faults, "\n".join(faults)


# What the harness must notice, on a small exercise.


@pytest.fixture
def run(tmp_path):
    def run(text):
        path = tmp_path / "manuscript" / "exercises" / "01_small.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return run_manuscript(path)

    return run


def replaced(old, new):
    assert old in EXERCISE
    return EXERCISE.replace(old, new, 1)


def test_a_good_exercise_has_no_faults(run):
    solution, *others = run(EXERCISE)
    assert [outcome.role for outcome in [solution, *others]] == [
        "solution",
        "wrong",
        "wrong",
        "right",
    ]
    assert not any(outcome.faults for outcome in [solution, *others])
    assert others[0].results["test_double"].points == 0
    assert "should be 6" in others[0].results["test_double"].message
    assert others[2].results["test_double"].points == 3


def test_a_wrong_answer_that_passes_is_a_fault(run):
    outcomes = run(replaced("return x * x", "return x + x"))
    assert outcomes[1].faults == ["test_double gives this wrong answer full marks"]


def test_a_right_answer_that_loses_points_is_a_fault(run):
    outcomes = run(replaced("return x + x", "return x + 3"))
    assert "right answer loses points in test_double" in outcomes[3].faults[0]


def test_a_right_answer_that_no_test_looks_at_is_a_fault(run):
    text = replaced("def double(x):\n    return x + x", "unused = 1")
    assert run(text)[3].faults == ["no test looks at this right answer"]


def test_a_solution_that_fails_its_own_test_is_a_fault(run):
    outcomes = run(replaced("return 2 * x", "return 3 * x"))
    assert "test_double: AssertionError" in outcomes[0].faults[0]


def test_failing_with_a_bare_error_is_a_fault(run):
    outcomes = run(replaced("return x * x", "return x.size"))
    assert "fails with a bare AttributeError" in outcomes[1].faults[0]


def test_failing_without_a_message_is_a_fault(run):
    outcomes = run(replaced(', "double(3) should be 6: multiply by two"', ""))
    assert "without a message" in outcomes[1].faults[0]


def test_an_answer_whose_own_cell_raises_is_a_fault(run):
    outcomes = run(replaced("def double(x):\n    return x * x", "1 / 0"))
    assert outcomes[1].faults == [
        "the answer's own cell raises ZeroDivisionError: division by zero"
    ]


def test_an_answer_that_kills_its_process_is_a_fault_and_stops_nothing(run):
    outcomes = run(replaced("return x * x", "import os; os._exit(3)"))
    assert any("status" in fault for fault in outcomes[1].faults)
    assert not outcomes[2].faults


def test_an_answer_that_hangs_loses_the_test(run, monkeypatch):
    monkeypatch.setenv("COURSE_ANSWER_SECONDS", "1")
    outcomes = run(replaced("return x * x", "while True: pass"))
    assert outcomes[1].results["test_double"].error == "TimeoutError"
    assert not outcomes[1].faults


def test_points_follow_nbgraders_rules(run):
    text = replaced("assert double(-5)", "import sys\nassert double(-5)")
    partial = text.replace("### END HIDDEN TESTS\n", "### END HIDDEN TESTS\n1.5\n")
    assert run(partial)[0].results["test_double"].points == 1.5
    stderr = text.replace(
        "### END HIDDEN TESTS\n", "### END HIDDEN TESTS\nprint(1, file=sys.stderr)\n"
    )
    assert run(stderr)[0].results["test_double"].error == "stderr"


def test_more_points_than_there_are_is_a_fault_as_in_nbgrader(run):
    text = EXERCISE.replace("### END HIDDEN TESTS\n", "### END HIDDEN TESTS\n7.0\n")
    assert "cannot be greater than maximum points" in run(text)[0].faults[0]
    below = EXERCISE.replace("### END HIDDEN TESTS\n", "### END HIDDEN TESTS\n-1.0\n")
    assert run(below)[0].results["test_double"].points == 3  # nbgrader finds this strange, and pays


def test_the_seed_reaches_the_notebook(tmp_path):
    path = tmp_path / "manuscript" / "exercises" / "01_small.py"
    path.parent.mkdir(parents=True)
    path.write_text(replaced("assert double(3) == 6,", 'assert SEED == 0, f"seed {SEED}" +'))
    assert not run_manuscript(path, 0)[0].faults
    assert "seed 2" in run_manuscript(path, 2)[0].faults[0]


PLANNED = """\
# %% tags=["setup"]

# %%
data = 1

# %% tags=["solution"] id="first"
def first():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% tags=["test"] id="test_first" points=1
assert first() == 1

# %% tags=["wrong"] fails=["test_first"] why="w"
def first():
    return 2

# %% tags=["wrong"] fails=["test_gate"] why="only the gate sees it"
def first():
    return 3

# %% tags=["right"] why="r"
def first():
    return int("1")

# %% tags=["solution"] id="second"
def second():
    ### BEGIN SOLUTION
    return 5
    ### END SOLUTION

# %% tags=["test"] id="test_second" points=1
assert second() == 5

# %% tags=["test"] id="test_both" points=1
assert first() + second() == 6

# %% tags=["wrong"] fails=["test_second", "test_both"] why="w"
def second():
    return 6

# %% tags=["heavy"]
model = first() + data

# %% tags=["test"] id="test_gate" points=1
assert model == 2
"""


def test_only_the_cells_that_follow_and_matter_are_run(tmp_path):
    path = tmp_path / "manuscript" / "exercises" / "01_small.py"
    path.parent.mkdir(parents=True)
    path.write_text(PLANNED)
    manuscript = read(path)
    cells = [cell for cell in manuscript.cells if cell.role not in ("wrong", "right")]

    def planned(answer):
        return [cell.id or "plain" for cell in plan(cells, answer)]

    quick, slow, right, second = manuscript.with_role("wrong", "right")
    assert planned(quick) == ["test_first"]
    assert planned(slow) == ["second", "plain", "test_gate"]  # the slow cell runs where it matters
    assert planned(right) == ["test_first", "second", "test_both"]  # not the slow gate
    assert planned(second) == ["test_second", "test_both"]


def test_a_test_that_calls_the_answer_through_an_earlier_function_is_run(tmp_path):
    path = tmp_path / "manuscript" / "exercises" / "01_small.py"
    path.parent.mkdir(parents=True)
    early = "def twice():\n    return 2 * through()\n\ndef through():\n    return first()\n\n"
    text = PLANNED.replace("data =", f"{early}data =", 1)
    path.write_text(text.replace("assert first() == 1", "assert twice() == 2", 1))
    manuscript = read(path)
    cells = [cell for cell in manuscript.cells if cell.role not in ("wrong", "right")]
    (right,) = manuscript.with_role("right")
    assert "test_first" in [cell.id for cell in plan(cells, right)]


def test_light_leaves_out_what_trains_and_what_needs_it(tmp_path):
    path = tmp_path / "manuscript" / "exercises" / "01_small.py"
    path.parent.mkdir(parents=True)
    path.write_text(PLANNED)
    outcomes = run_manuscript(path, light=True)
    assert "test_gate" not in outcomes[0].results and "test_both" in outcomes[0].results
    assert not any("test_gate" in outcome.results for outcome in outcomes)
    everything = run_manuscript(path)
    assert "test_gate" in everything[0].results and len(everything) > len(outcomes)


def test_names_of_a_cell():
    stored, loaded = global_names(
        "import numpy as np\ndef f(x):\n    return np.sum(x) + g\ny = f(z)"
    )
    assert stored == {"np", "f", "y"}
    assert loaded == {"g", "z", "f", "np"}  # neither f's own x nor an attribute


def test_the_real_exercises_are_found():
    assert (ROOT / "manuscript" / "exercises").is_dir() and manuscripts("exercises")
