"""Grading a class: what is recorded, what is run again, and what a killed grader leaves."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from examples import make_small_course
from joblib.externals.loky import get_reusable_executor
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from course_utils.authoring import build as authoring
from course_utils.cli import app
from course_utils.grading import grade as grading
from course_utils.grading.gradebook import Course, GradebookError
from course_utils.grading.store import BusyError, Store

pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
SLUG = "01_small"
ANSWERS = {
    "ada": "return 2 * x",
    "bo": "return x + x",
    "cy": "return x * x",
    "dee": "return 2 * abs(x)",
    "eve": 'raise NotImplementedError("This task is not solved yet")',
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course with one exercise, built once."""
    root = make_small_course(tmp_path_factory.mktemp("built") / "course")
    for target in authoring.find_targets(root):
        authoring.build(target)
    return root


@pytest.fixture(scope="module")
def handed_in(built):
    """The course with the work of five students."""
    for student, line in ANSWERS.items():
        hand_in(built, student, line)
    return built


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory):
    """The same, graded."""
    root = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(handed_in, root)
    run(root)
    return root


@pytest.fixture
def course(graded, tmp_path):
    """A graded class to do with as a test likes."""
    root = tmp_path / "course"
    shutil.copytree(graded, root)
    return root


def hand_in(root, student, line, text="Because."):
    notebook = nbformat.read(root / "exercises" / SLUG / f"{SLUG}.ipynb", 4)
    for cell in notebook.cells:
        if cell.id == "double":
            cell.source = f"def double(x):\n    {line}"
        elif cell.id == "why":
            cell.source = text
    folder = root / "submitted" / student / SLUG
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{SLUG}.ipynb")
    (folder / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")


def run(root, **options):
    """Grade and return the records by student, and who was recorded anew."""
    steps = list(grading.grade(Course(root), SLUG, **{"jobs": 2, **options}))
    return {s.record.student: s.record for s in steps}, {s.record.student for s in steps if s.fresh}


def contents(root):
    """Everything that the gradebook says of the class."""
    found = {}
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        for submission in book.assignment_submissions(SLUG):
            (notebook,) = submission.notebooks
            found[submission.student.id] = {
                "when": str(submission.timestamp),
                "flagged": notebook.flagged,
                "grades": sorted(
                    (g.name, g.auto_score, g.manual_score, g.needs_manual_grade)
                    for g in notebook.grades
                ),
                "comments": sorted(
                    (c.name, c.auto_comment, c.manual_comment) for c in notebook.comments
                ),
                "file": outputs(root, submission.student.id),
            }
    return found


def outputs(root, student):
    path = root / "autograded" / student / SLUG / f"{SLUG}.ipynb"
    if not path.exists():
        return None
    cells = nbformat.read(path, 4).cells
    return [[o.output_type for o in c.get("outputs", [])] for c in cells]


def results(root):
    return {p: p.stat().st_mtime_ns for p in (root / "grading" / "results").rglob("*.gz")}


def mark_by_hand(root, student, points):
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        grade = book.find_grade("why", SLUG, SLUG, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def test_a_class_is_graded_and_graded_again_for_nothing(handed_in, tmp_path):
    course = tmp_path / "course"
    shutil.copytree(handed_in, course)
    records, fresh = run(course)
    assert {name: r.score for name, r in records.items()} == {
        "ada": 3,
        "bo": 3,
        "cy": 0,
        "dee": 0,
        "eve": 0,
    }
    assert fresh == set(ANSWERS)
    assert not any(r.needs_person for r in records.values())
    assert "multiply by two" in records["cy"].failed["test_double"][1]
    assert "negative numbers" in records["dee"].failed["test_double"][1]
    before, kept = results(course), contents(course)
    assert kept["ada"]["when"] == "2026-03-01 12:00:00"
    again, fresh = run(course)
    assert not fresh and again == records
    assert results(course) == before and contents(course) == kept


def test_only_what_changed_is_run_again(course):
    before = results(course)
    hand_in(course, "cy", "return x * 2.0")
    records, fresh = run(course)
    assert fresh == {"cy"} and records["cy"].score == 3
    assert len(results(course)) == len(before) + 1

    # Other points and other words: recorded again, nothing run.
    before = results(course)
    for folder in ("solutions", "exercises"):
        path = course / folder / SLUG / f"{SLUG}.ipynb"
        path.write_text(path.read_text().replace('"points": 3', '"points": 4'))
    records, fresh = run(course)
    assert fresh == set(ANSWERS) and records["ada"].score == 4
    assert len(results(course)) > len(before)  # points decide what partial credit may be

    # A stricter test: everyone's is run again, and some lose their points.
    path = course / "solutions" / SLUG / f"{SLUG}.ipynb"
    path.write_text(path.read_text().replace("double(-5) == -10", "double('a') == 'aa'"))
    records, fresh = run(course)
    assert records["bo"].score == 4 and records["cy"].score == 0
    assert fresh == set(ANSWERS)
    # What the teacher changed is no student's doing.
    assert not any(record.needs_person or record.notes for record in records.values())


def test_no_earlier_grade_stands_for_what_cannot_be_graded(course):
    mark_by_hand(course, "ada", 2.0)
    path = course / "submitted" / "ada" / SLUG / f"{SLUG}.ipynb"
    good = path.read_text()
    path.write_text("{ not a notebook")
    records, _ = run(course)
    assert "not JSON" in records["ada"].problem
    now = contents(course)["ada"]
    assert {(g[1], g[2]) for g in now["grades"]} == {(0.0, None)}
    assert now["flagged"] and now["file"] is None
    # What stood there is in the journal.
    (line,) = (course / "grading" / "replaced.jsonl").read_text().splitlines()
    kept = {grade["cell"]: grade for grade in json.loads(line)["grades"]}
    assert kept["why"]["manual_score"] == 2.0 and kept["test_double"]["auto_score"] == 3.0
    # Mended, it is graded, and the grader's flag goes.
    path.write_text(good)
    records, fresh = run(course)
    assert fresh == {"ada"} and records["ada"].score == 3
    assert not contents(course)["ada"]["flagged"]


def test_marks_by_hand_survive_regrading(course):
    mark_by_hand(course, "ada", 1.5)
    _, fresh = run(course)
    assert not fresh
    run(course, force=True)
    grades = {g[0]: g for g in contents(course)["ada"]["grades"]}
    assert grades["why"][2] == 1.5


def test_what_the_gradebook_lost_is_recorded_again(course):
    kept, before = contents(course), results(course)
    (course / "gradebook.db").unlink()
    _, fresh = run(course)
    assert fresh == set(ANSWERS)
    assert contents(course) == kept and results(course) == before


def test_a_damaged_result_is_run_again(course):
    kept = contents(course)
    for path in results(course):
        path.write_bytes(path.read_bytes()[:50])
    shutil.rmtree(course / "grading" / "records")
    run(course)
    assert contents(course) == kept


def start_grader(root, **options):
    """Grade in a child process; returns its number."""
    # A fork of this process would wait for ever on workers that answer to this one alone.
    get_reusable_executor().shutdown()
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        try:
            run(root, **options)
        finally:
            os._exit(0)
    return child


def ends_before(child, reached):
    """Wait for what a grader does; say whether it ended first."""
    while not reached():
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.002)
    return False


def kill(child):
    """Kill a grader; say whether it was still at work."""
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def kill_after(child, seconds):
    """Kill a grader after a while; say whether it was still at work."""
    deadline = time.monotonic() + seconds
    return not ends_before(child, lambda: time.monotonic() >= deadline) and kill(child)


def test_killed_while_recording_nothing_is_lost(course, tmp_path):
    """Many kills at random moments of the recording: the end is that of an undisturbed run."""
    kept = contents(course)
    shutil.rmtree(course / "grading" / "records")
    began = time.monotonic()
    run(course)
    whole = time.monotonic() - began
    before = results(course)
    dice, killed = random.Random(7), 0
    for _ in range(5):
        shutil.rmtree(course / "grading" / "records")
        (course / "gradebook.db").unlink(missing_ok=True)
        shutil.rmtree(course / "autograded")
        (course / "autograded").mkdir()
        for _ in range(5):
            killed += kill_after(start_grader(course), dice.uniform(0, whole))
        run(course)
        assert contents(course) == kept
    assert killed >= 10
    assert results(course) == before  # and nothing was run again
    assert not list((course / "grading").glob("**/.part-*"))


def test_killed_while_running_finished_work_is_kept(course):
    """Killed with nothing done, with some and with nearly all: what was finished stays."""
    kept, all_results = contents(course), len(results(course))
    for name in ("grading", "autograded"):
        shutil.rmtree(course / name)
    (course / "gradebook.db").unlink()
    dice, before = random.Random(11), {}
    for wanted in (0, 1, all_results // 2, all_results - 1):
        child = start_grader(course)
        grader = psutil.Process(child)

        def at_work(grader=grader, wanted=wanted):
            return grader.children() and len(results(course)) >= wanted

        assert not ends_before(child, at_work)
        time.sleep(dice.uniform(0, 0.1))
        started = grader.children(recursive=True)
        assert started and kill(child)
        # Nothing that a killed grader started outlives it.
        assert not psutil.wait_procs(started, timeout=20)[1]
        now = results(course)
        assert wanted <= len(now) and before.items() <= now.items()  # nothing is run again
        before = now
    run(course)
    assert before.items() <= results(course).items()
    assert len(results(course)) == all_results and contents(course) == kept


def test_one_writer_at_a_time(course):
    with Store(course).alone():
        with pytest.raises(BusyError, match=f"process {os.getpid()}"):
            run(course)


def test_machine_trouble_is_not_the_students(course):
    """If the instructor's solution does not pass here, nobody is graded against it."""
    path = course / "solutions" / SLUG / f"{SLUG}.ipynb"
    path.write_text(path.read_text().replace("return 2 * x", "return 3 * x"))
    kept = contents(course)
    with pytest.raises(grading.SolutionError, match="test_double"):
        run(course)
    assert contents(course) == kept


def test_when_nbgrader_cannot_record_the_grades_stand(course, monkeypatch):
    """The very submissions that were graded well: a full disk, say, takes nothing back."""
    mark_by_hand(course, "ada", 1.5)
    kept = contents(course)

    def full(*_):
        raise GradebookError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Course, "write", full)
        records, _ = run(course, force=True)
    assert "no space left" in records["ada"].problem
    assert contents(course) == kept
    assert not (course / "grading" / "replaced.jsonl").exists()
    _, fresh = run(course)  # and next time they are recorded
    assert fresh == set(ANSWERS) and run(course)[1] == set()


def command(root, *arguments):
    here = Path.cwd()
    os.chdir(root)
    try:
        return CliRunner().invoke(app, ["grade", *arguments])
    finally:
        os.chdir(here)


def test_the_command_tells_all_and_its_exit_code_whether_a_person_is_needed(course):
    done = command(course, SLUG, "--student", "ada", "--student", "cy")
    assert done.exit_code == 0, done.output
    assert "ada" in done.output and "bo" not in done.output and "0 need a person" in done.output
    (course / "submitted" / "eve" / SLUG / f"{SLUG}.ipynb").write_text("")
    done = command(course, SLUG)
    assert done.exit_code == 1
    assert "eve: the notebook is an empty file" in done.output
    assert "5 submissions; 1 need a person" in done.output

    done = command(course, SLUG, "--student", "zoe")
    assert done.exit_code == 2 and "zoe handed in no 01_small; there are: ada, bo" in done.output
    done = command(course, "02_large")
    assert done.exit_code == 2 and "02_large" in done.output
    done = command(course.parent, SLUG)
    assert done.exit_code == 2 and "nbgrader_config.py" in done.output
    done = command(course, SLUG, "--student", "ada", "--no-sandbox", "--jobs", "1")
    assert done.exit_code == 0
    assert "without a sandbox" in done.output


def test_without_bubblewrap_the_command_stops(course, monkeypatch):
    from course_utils.grading import sandbox

    sandbox.check.cache_clear()
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    done = command(course, SLUG)
    sandbox.check.cache_clear()
    assert done.exit_code == 2 and "apt-get install bubblewrap" in done.output


def test_unknown_students_are_told(course):
    with pytest.raises(GradebookError, match="nobody handed in no"):
        run(course, students=["nobody"])


def test_on_a_dask_cluster_one_worker_killed(course, tmp_path):
    """A real scheduler, two workers that share no folder with us; one is killed at work."""
    pytest.importorskip("distributed")
    kept = contents(course)
    for name in ("grading", "autograded"):
        shutil.rmtree(course / name)
    (course / "gradebook.db").unlink()
    for student in ANSWERS:  # long enough to be caught at it
        hand_in(course, student, ANSWERS[student] + "\nimport time\ntime.sleep(2)")
    file, elsewhere = tmp_path / "scheduler.json", tmp_path / "elsewhere"
    elsewhere.mkdir()
    dask = [sys.executable, "-m", "dask"]
    started = [
        subprocess.Popen(
            [*dask, *line, "--scheduler-file", str(file)],
            cwd=elsewhere,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for line in (
            ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
            ["worker", "--nthreads", "1", "--no-dashboard", "--no-nanny"],
            ["worker", "--nthreads", "1", "--no-dashboard", "--no-nanny"],
        )
    ]
    try:
        from distributed import Client

        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        with Client(address) as client:
            client.wait_for_workers(2, timeout=60)
        steps = grading.grade(Course(course), SLUG, dask=address)
        first = next(steps)  # both workers are at it now
        started[1].kill()
        records = [first.record, *(step.record for step in steps)]
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert {r.student: r.score for r in records} == {g: k["grades"][0][1] for g, k in kept.items()}
    assert not any(r.needs_person for r in records)
    assert {n: k["grades"] for n, k in contents(course).items()} == {
        n: k["grades"] for n, k in kept.items()
    }
