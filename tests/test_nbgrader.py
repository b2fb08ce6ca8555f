"""nbgrader's own commands on the course's folders, end to end, with four kinds of submission."""

import csv
import getpass
import html
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from examples import manuscripts
from nbgrader_course import Classroom, graded, half_solved

pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
QUICK = "01_dimensionality_reduction"
SLUGS = [manuscripts("exercises")[0].stem, QUICK]  # test_honest.py runs all of them


def scores(classroom):
    classroom.nbgrader("export")
    with open(classroom.course / "grades.csv", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_class_is_graded(slug, tmp_path):
    """Released, four submissions collected from a learning platform, graded, told."""
    classroom = Classroom(tmp_path, slug)
    committed = (classroom.course / "exercises" / slug / f"{slug}.ipynb").read_bytes()
    classroom.nbgrader("generate_assignment", slug)
    made = (classroom.course / "exercises" / slug / f"{slug}.ipynb").read_bytes()
    assert json.loads(made) == json.loads(committed)  # nbgrader gives what is in the repository

    half, earned = half_solved(classroom.solution(), classroom.released())
    classroom.hand_in("perfect", classroom.solution())
    classroom.hand_in("half", half)
    classroom.hand_in("empty", classroom.released())
    classroom.hand_in("broken", "this is not JSON {")
    report = classroom.nbgrader("autograde", slug, check=False)
    assert "broken" in report  # named, and the others are graded all the same

    tests = graded(classroom.solution(), solution=False)
    by_tests = sum(cell.metadata.nbgrader.points for cell in tests.values())
    table = scores(classroom)
    assert float(table["perfect"]["score"]) == by_tests
    assert float(table["empty"]["score"]) == 0
    assert 0 < earned < by_tests and float(table["half"]["score"]) == earned
    assert float(table["broken"]["score"] or 0) == 0
    assert {float(row["max_score"]) for row in table.values()} == {20}
    every_test_fails_in_words(classroom.autograded("empty"))

    # The written answer waits for a person; marked, it completes the grade.
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{classroom.course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(slug, "perfect")
        assert submission.needs_manual_grade
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if grade.needs_manual_grade:
                    grade.manual_score = grade.max_score
                    grade.needs_manual_grade = False
        gradebook.db.commit()
    assert float(scores(classroom)["perfect"]["score"]) == 20

    classroom.nbgrader("generate_feedback", slug)
    feedback = classroom.course / "feedback"
    assert (feedback / "perfect" / slug / f"{slug}.html").stat().st_size > 10_000
    told = (feedback / "empty" / slug / f"{slug}.html").read_text()
    assert "not solved yet" in told
    # What a hidden test says may be told, what it asks may not.
    text = html.unescape(re.sub("<[^>]+>", "", told))
    shown, hidden = lines_of_tests(classroom.solution())
    kept = {line for cell in classroom.autograded("empty").cells for line in stripped(cell)}
    assert hidden and shown and hidden | shown <= kept  # the teacher sees them all
    assert not [line for line in hidden if line in text]
    assert all(line in text for line in shown)


def stripped(cell):
    return [line.strip() for line in cell.source.splitlines()]


def lines_of_tests(notebook):
    """Lines of visible and of hidden tests, long enough to be recognised."""
    found = {False: set(), True: set()}
    for cell in graded(notebook, solution=False).values():
        inside = False
        for line in stripped(cell):
            if "HIDDEN TESTS" in line:
                inside = "BEGIN" in line
            elif len(line) > 20:
                found[inside].add(line)
    return found[False], found[True] - found[False]


def test_the_same_sandbox_and_store_whoever_starts_it(classroom):
    """What `course grade` ran, `nbgrader autograde` takes from the store."""
    slug = classroom.slug
    half, earned = half_solved(classroom.solution(), classroom.released())
    classroom.hand_in("half", half)
    done = subprocess.run(
        [Path(sys.executable).parent / "course", "grade", slug],
        cwd=classroom.course,
        env=classroom.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = {
        path: path.stat().st_mtime_ns
        for path in (classroom.course / "grading" / "results").rglob("*.gz")
    }
    assert len(results) == 2  # the instructor's solution and the student's work
    report = classroom.nbgrader("autograde", slug, "--force")
    assert "Autograding" in report
    assert float(scores(classroom)["half"]["score"]) == earned
    assert results == {path: path.stat().st_mtime_ns for path in results}
    assert len(list((classroom.course / "grading" / "results").rglob("*.gz"))) == 2


def every_test_fails_in_words(notebook):
    """Check an unsolved notebook after grading, hidden tests and all."""
    for name, cell in graded(notebook, solution=False).items():
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert errors, f"{name} passes unsolved"
        assert errors[0].ename in ("AssertionError", "NotImplementedError"), f"{name}: {errors[0]}"
        assert len(errors[0].evalue) > 20, f"{name} fails without words"
    for name, cell in graded(notebook, solution=True).items():
        errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        assert not errors, f"the unsolved cell {name} itself raises: {errors}"


@pytest.fixture
def classroom(tmp_path):
    return Classroom(tmp_path, QUICK)


def test_through_the_exchange_and_back(classroom, tmp_path):
    slug, me = classroom.slug, getpass.getuser()
    desk = tmp_path / "desk"
    desk.mkdir()
    shutil.copy(classroom.course / "nbgrader_config.py", desk)
    classroom.nbgrader("generate_assignment", slug)
    classroom.nbgrader("release_assignment", slug)
    classroom.nbgrader("fetch_assignment", slug, folder=desk)
    assert "YOUR CODE HERE" in (desk / slug / f"{slug}.ipynb").read_text()
    half, earned = half_solved(classroom.solution(), classroom.released())
    nbformat.write(half, desk / slug / f"{slug}.ipynb")
    classroom.nbgrader("submit", slug, folder=desk)
    classroom.nbgrader("collect", slug)
    assert (classroom.course / "submitted" / me / slug / "timestamp.txt").exists()

    # Back through the exchange goes only what came through it.
    classroom.hand_in("by_mail", classroom.released())
    classroom.nbgrader("autograde", slug)
    assert float(scores(classroom)[me]["score"]) == earned
    classroom.nbgrader("generate_feedback", slug)
    classroom.nbgrader("release_feedback", slug, f"--CourseDirectory.student_id={me}")
    classroom.nbgrader("fetch_feedback", slug, folder=desk)
    assert list((desk / slug / "feedback").glob("*/*.html"))


def test_validate_tells_solved_from_unsolved(classroom):
    for folder, verdict in (("solutions", True), ("exercises", False)):
        path = classroom.course / folder / classroom.slug / f"{classroom.slug}.ipynb"
        assert ("Success" in classroom.nbgrader("validate", str(path))) == verdict


def test_two_holes_of_stock_nbgrader_are_closed(classroom):
    """A test tagged to be skipped earns nothing, and a deleted test is put back."""
    skipped, lacking = classroom.released(), classroom.released()
    for cell in graded(skipped, solution=False).values():
        cell.metadata["tags"] = ["skip-execution"]
    tests = graded(lacking, solution=False)
    lacking.cells = [cell for cell in lacking.cells if cell not in list(tests.values())[1:2]]
    assert len(graded(lacking, solution=False)) == len(tests) - 1

    classroom.nbgrader("generate_assignment", classroom.slug)
    classroom.hand_in("skipper", skipped)
    classroom.hand_in("deleter", lacking)
    classroom.nbgrader("autograde", classroom.slug)
    table = scores(classroom)
    assert float(table["skipper"]["score"]) == 0
    assert float(table["deleter"]["score"]) == 0
    assert set(tests) == set(graded(classroom.autograded("deleter"), solution=False))


def test_formgrader_sees_generates_and_grades(classroom, tmp_path):
    """The instructor's page: listing, the Generate button, the Autograde button."""
    import requests

    half, earned = half_solved(classroom.solution(), classroom.released())
    classroom.hand_in("half", half)
    runtime = tmp_path / "runtime"
    server = subprocess.Popen(
        [
            *[sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"],
            *["--port=0", "--IdentityProvider.token=secret", "--ServerApp.port_retries=0"],
            *["--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={classroom.course}"],
        ],
        cwd=classroom.course,
        env={**classroom.environment, "JUPYTER_RUNTIME_DIR": str(runtime)},
        stdout=open(tmp_path / "server.log", "w"),
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 60
        while not (found := list(runtime.glob("jpserver-*.json"))):
            assert time.monotonic() < deadline, (tmp_path / "server.log").read_text()
            time.sleep(0.2)
        base = json.loads(found[0].read_text())["url"] + "formgrader"

        def ask(method, path, timeout=180):
            headers = {"Authorization": "token secret"}
            reply = requests.request(method, base + path, headers=headers, timeout=timeout)
            assert reply.status_code == 200, (tmp_path / "server.log").read_text()[-3000:]
            return reply

        assert "nbgrader" in ask("GET", "/manage_assignments").text
        (listed,) = ask("GET", "/api/assignments").json()
        assert listed["name"] == classroom.slug
        assert ask("POST", f"/api/assignment/{classroom.slug}/assign").json()["success"]
        (listed,) = ask("GET", "/api/assignments").json()
        assert listed["max_score"] == 20 and listed["num_submissions"] == 1
        result = ask("POST", f"/api/submission/{classroom.slug}/half/autograde").json()
        assert result["success"], result
        submission = ask("GET", f"/api/submission/{classroom.slug}/half").json()
        assert submission["autograded"]
        assert submission["score"] == earned
    finally:
        server.terminate()
        server.wait(20)
