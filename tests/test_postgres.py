"""A gradebook on a PostgreSQL server, which several graders use at once."""

import csv
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from examples import ROOT, make_small_course
from nbgrader.api import Gradebook, MissingEntry
from nbgrader_course import graded

from course_utils.authoring import build as authoring
from course_utils.grading import sandbox

SLUG, COURSE = "01_small", "simple-codes"


def programs():
    """Return the folder of the newest server that is installed, or None."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(debian, key=lambda path: float(path.parts[-3]))
    if not found and (elsewhere := shutil.which("initdb")):
        found = [Path(elsewhere)]
    return found[-1].parent if found else None


@pytest.fixture(scope="module")
def database():
    """Start a server that listens on a socket only; gives a function that makes a database."""
    import psycopg2

    there = programs()
    if there is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    try:
        sandbox.check()
    except sandbox.SandboxError as error:
        pytest.skip(str(error))
    # The server refuses to run as root. A socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    person = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        person = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    server = None
    try:
        line = ["initdb", "-D", folder / "data", "-U", "course", "-A", "trust"]
        line += ["-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(
            [there / line[0], *line[1:]], cwd="/", check=True, capture_output=True, **person
        )
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen(
                [there / "postgres", "-D", folder / "data", "-k", folder, "-h", "", "-F"],
                cwd="/",
                stdout=log,
                stderr=log,
                **person,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                door = psycopg2.connect(host=str(folder), user="course", dbname="postgres")
                break
            except psycopg2.OperationalError:
                words = (folder / "log").read_text()
                assert server.poll() is None and time.monotonic() < deadline, words
                time.sleep(0.05)
        door.autocommit = True

        def make(name):
            door.cursor().execute(f'CREATE DATABASE "{name}"')
            return f"postgresql+psycopg2://course@/{name}?host={folder}"

        yield make
        door.close()
    finally:
        if server is not None:
            server.terminate()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)  # at once, connections or not
                server.wait(20)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small course, built once; tests work on copies."""
    course = make_small_course(tmp_path_factory.mktemp("built") / "course")
    for target in authoring.find_targets(course):
        authoring.build(target)
    return course


def start(course, *line, url=None):
    """Start one of the two commands in a course's folder, with a gradebook."""
    program, *arguments = line
    return subprocess.Popen(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=course,
        env={**os.environ, **({"COURSE_GRADEBOOK": url} if url else {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(course, *line, url=None):
    """Run one of them to its end and return what it says."""
    started = start(course, *line, url=url)
    text, _ = started.communicate(timeout=180)
    assert started.returncode == 0, text
    return text


def hand_in(course, student, answer, written="Because two is even.", extra=None):
    """Put a solved notebook where collected work lies."""
    notebook = nbformat.read(course / "exercises" / SLUG / f"{SLUG}.ipynb", 4)
    cells = graded(notebook, solution=True)
    cells["double"].source = f"def double(x):  # {student}\n    return {answer}"
    cells["why"].source = written
    if extra is not None:
        notebook.cells.append(nbformat.v4.new_code_cell(extra))
    folder = course / "submitted" / student / SLUG
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{SLUG}.ipynb")


def mark(book, student, points):
    """Mark a student's written answer as formgrader does; says whether there was one to mark."""
    try:
        grade = book.find_grade("why", SLUG, SLUG, student)
        comment = book.find_comment("why", SLUG, SLUG, student)
    except MissingEntry:
        book.db.rollback()
        return False
    grade.manual_score, grade.needs_manual_grade = points, False
    comment.manual_comment = f"{points} points"
    book.db.commit()
    return True


def contents(url):
    """Return the points by tests and by hand, and the comment, of every student's every cell."""
    found = {}
    with Gradebook(url, COURSE) as book:
        for submission in book.assignment_submissions(SLUG):
            (notebook,) = submission.notebooks
            said = {comment.name: comment.comment for comment in notebook.comments}
            for grade in notebook.grades:
                told = grade.auto_score, grade.manual_score, said.get(grade.name)
                found[submission.student.id, grade.name] = told
    return found


def pages(url):
    """Return what formgrader's pages show: sums and averages that the server works out."""
    with Gradebook(url, COURSE) as book:
        rows = book.submission_dicts(SLUG) + book.notebook_submission_dicts(SLUG, SLUG)
        rows = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        averages = book.average_assignment_score(SLUG), book.average_notebook_score(SLUG, SLUG)
        return sorted(map(repr, rows + book.student_dicts())), averages


def test_the_whole_path_gives_the_gradebook_that_sqlite_gives(built, database, tmp_path):
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    urls = {shared: database("path"), alone: f"sqlite:///{alone / 'gradebook.db'}"}
    # With all that the sandbox leaves it, students' code finds no server to talk to.
    door = urls[shared].split("host=")[1] + "/.s.PGSQL.5432"
    assert Path(door).is_socket()
    knock = f"import socket\ntry:\n    socket.socket(socket.AF_UNIX).connect({door!r})\n"
    knock += "except OSError as error:\n    print('no:', error)\nelse:\n    print('in!')"
    for course, url in urls.items():
        shutil.copytree(built, course)
        hand_in(course, "ann", "2 * x")
        hand_in(course, "ben", "x * x")
        hand_in(course, "cem", "x * x", written="*Your answer here.*")
        hand_in(course, "eve", "x + x", extra=knock)
        if course == shared:
            run(course, "nbgrader", "generate_assignment", SLUG, url=url)
            run(course, "nbgrader", "db", "upgrade", url=url)  # finds nothing to do
        line = ["course", "grade", SLUG, "--jobs", "1"]
        said = run(course, *line, url=url if course == shared else None)
        assert "4 submissions; 0 need a person" in said
        with Gradebook(url, COURSE) as book:
            assert mark(book, "ann", 2) and mark(book, "ben", 0.5)
    run(shared, "nbgrader", "export", url=urls[shared])
    run(shared, "nbgrader", "generate_feedback", SLUG, url=urls[shared])

    found = contents(urls[shared])
    assert found == contents(urls[alone])
    assert pages(urls[shared]) == pages(urls[alone])
    assert not (shared / "gradebook.db").exists()
    assert found["ann", "test_double"] == (3, None, None)
    assert found["ben", "why"] == (None, 0.5, "0.5 points")
    assert found["cem", "why"] == (0, None, "No response.")
    with open(shared / "grades.csv", newline="") as file:
        table = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert table == {"ann": 5, "ben": 0.5, "cem": 0, "eve": 3}
    feedback = (shared / "feedback" / "ben" / SLUG / f"{SLUG}.html").read_text()
    assert "0.5 points" in feedback
    ran = (shared / "autograded" / "eve" / SLUG / f"{SLUG}.ipynb").read_text()
    assert "no: [Errno 2]" in ran


def test_two_graders_and_a_person_who_marks_lose_nothing(built, database, tmp_path):
    """Two copies of the course with half of the class each, marked while they are recorded."""
    url, courses = database("shared"), [tmp_path / "first", tmp_path / "second"]
    by_tests = {}
    for course in courses:
        shutil.copytree(built, course)
        for number, (answer, points) in enumerate([("2 * x", 3), ("x * x", 0), ("x + x", 3)]):
            hand_in(course, f"{course.name}{number}", answer)
            by_tests[f"{course.name}{number}"] = points
    run(courses[0], "nbgrader", "generate_assignment", SLUG, url=url)

    marks, meanwhile, points = {}, 0, 0.0
    for again in ([], ["--force"]):
        line = ["course", "grade", SLUG, "--jobs", "1", *again]
        graders = [start(course, *line, url=url) for course in courses]
        with Gradebook(url, COURSE) as book:
            while any(grader.poll() is None for grader in graders):
                for student in by_tests:
                    points = (points + 0.25) % 2.25
                    if mark(book, student, points):
                        marks[student] = points
                        meanwhile += all(grader.poll() is None for grader in graders)
                time.sleep(0.05)
        for grader in graders:
            said, _ = grader.communicate()
            assert grader.returncode == 0, said
    assert meanwhile > 10
    assert set(marks) == set(by_tests)
    expected = {(name, "test_double"): (points, None, None) for name, points in by_tests.items()}
    for name, points in marks.items():
        expected[name, "why"] = (None, points, f"{points} points")
    assert contents(url) == expected


def test_the_guides_commands_for_the_server(built, database, tmp_path):
    """A user, a gradebook of hers, a backup: as the guide types them, by the server's own user."""
    guide = (ROOT / "docs" / "instructors_guide.md").read_text()
    user, base, backup = re.findall(r"sudo -u postgres ([^`\n]+)", guide)
    _, _, door = database("elsewhere").partition("?host=")
    path = os.pathsep.join([str(programs()), os.environ["PATH"]])

    def type_(command):
        subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "PGHOST": door, "PGUSER": "course"},
            input="secret\nsecret\n",  # createuser asks twice
            start_new_session=True,  # without a terminal, so it reads what we put in
            capture_output=True,
            text=True,
            check=True,
        )

    type_(user)
    type_(base)
    course = tmp_path / "course"
    shutil.copytree(built, course)
    url = f"postgresql+psycopg2://grading@/gradebook?host={door}"
    run(course, "nbgrader", "generate_assignment", SLUG, url=url)
    type_(backup)
    saved = (tmp_path / "gradebook.sql").read_text()
    assert "CREATE TABLE public.submitted_assignment" in saved and SLUG in saved
    assert "OWNER TO grading" in saved
