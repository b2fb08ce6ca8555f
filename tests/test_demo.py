"""The invented class: who is in it, and that it comes out the same each time."""

import json
from collections import Counter

import nbformat
import pytest
from examples import ROOT
from nbgrader_course import graded

from course_utils.grading import demo
from course_utils.grading.gradebook import Course
from course_utils.grading.submission import UnreadableError, read

SLUG = demo.SLUG


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "class"
    students = demo.build(ROOT, folder)
    return folder, {student.id: student for student in students}


def picture(folder):
    """Every file and link below a folder, with what it holds."""
    return {
        path.relative_to(folder).as_posix(): path.readlink()
        if path.is_symlink()
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def one(made, kind):
    """The folder of a student of a kind."""
    folder, students = made
    student = next(s for s in students.values() if s.kind == kind)
    return folder / "submitted" / student.id / SLUG


def test_the_class_is_as_promised(made):
    folder, students = made
    assert 28 <= len(students) <= 36
    assert Counter(s.kind for s in students.values()) == {k: n for k, (_, n) in demo.KINDS.items()}
    assert Course(folder).submitted(SLUG) == sorted(students) == list(students)
    assert all(name.isascii() and name.isidentifier() for name in students)
    assert Course(folder).limits.cell_seconds == demo.CELL_SECONDS
    wrong = [why for s in students.values() for why in s.wrong]
    assert len(set(wrong)) > 15, "many different mistakes"


def test_every_kind_reads_as_it_should(made):
    folder, students = made
    exercise = Course(folder).exercise(SLUG)
    flags, unreadable = {}, set()
    for student in students.values():
        try:
            submission = read(folder / "submitted" / student.id / SLUG, exercise)
        except UnreadableError:
            unreadable.add(student.kind)
        else:
            flags.setdefault(student.kind, []).extend(submission.flags)
    assert unreadable == {"not JSON", "empty folder", "wrong file name"}
    assert {kind for kind, found in flags.items() if found} == {
        "a link",
        "deleted tests",
        "tests skipped",
    }


def test_answers_are_where_they_belong(made):
    folder, _ = made
    released = json.loads((folder / "exercises" / SLUG / f"{SLUG}.ipynb").read_text())
    unsolved = json.loads((one(made, "unsolved") / f"{SLUG}.ipynb").read_text())
    assert unsolved == released
    solved = (one(made, "solution") / f"{SLUG}.ipynb").read_text()
    for secret in ("BEGIN SOLUTION", "HIDDEN TESTS", "Rubric", "# YOUR CODE HERE", "Your answer"):
        assert secret not in solved
    assert "while error > 0.01" in (one(made, "endless loop") / f"{SLUG}.ipynb").read_text()
    assert "checks.expect_close = " in (one(made, "a test patched") / f"{SLUG}.ipynb").read_text()
    assert (one(made, "a link") / "notes.txt").is_symlink()
    with pytest.raises(ValueError):
        json.loads((one(made, "not JSON") / f"{SLUG}.ipynb").read_text())
    partly = (one(made, "partly solved") / f"{SLUG}.ipynb").read_text()
    assert "# YOUR CODE HERE" in partly and json.loads(partly) != released


def test_a_second_class_is_the_same_and_another_seed_another(made, tmp_path):
    folder, students = made
    again = demo.build(ROOT, tmp_path / "again")
    assert again == list(students.values()) and picture(tmp_path / "again") == picture(folder)
    (tmp_path / "again" / "submitted" / "stray").mkdir()
    demo.build(ROOT, tmp_path / "again", seed=1)  # the earlier class is gone
    assert not (tmp_path / "again" / "submitted" / "stray").exists()
    assert picture(tmp_path / "again") != picture(folder)


def test_it_takes_away_nothing_of_yours(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="in the way"):
        demo.build(ROOT, tmp_path)
    assert (tmp_path / "mine.txt").exists()
    with pytest.raises(FileNotFoundError, match=r"99_none.*is missing"):
        demo.build(ROOT, tmp_path / "new", "99_none")


@pytest.mark.parametrize("slug", ["04_word_embeddings", "09_conditional_generation"])
def test_other_exercises_have_a_class_too(slug, tmp_path):
    students = demo.build(ROOT, tmp_path / "class", slug)
    exercise = demo.Exercise(ROOT, slug)
    student = next(s for s in students if s.kind == "solution")
    path = tmp_path / "class" / "submitted" / student.id / slug / f"{slug}.ipynb"
    for name, cell in graded(nbformat.read(path, 4), solution=True).items():
        assert "# YOUR CODE HERE" not in cell.source and "Your answer here" not in cell.source, name
    assert len(exercise.tests) >= len(exercise.tasks) > 2


def test_without_the_course_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["demo"])
    assert demo.main() == 2 and "course's folder" in capsys.readouterr().err
