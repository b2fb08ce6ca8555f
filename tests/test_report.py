"""The page on a graded exercise: its numbers, and that nobody can write into it."""

import re
import shutil
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest
from examples import ROOT
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.grading import report
from course_utils.grading.gradebook import Course
from course_utils.grading.store import Record, Store

SLUG = "01_small"
POINTS = {"test_double": 3.0, "test_triple": 1.0, "why": 2.0}
TASKS = {"test_double": "1", "test_triple": "1", "why": "2"}
STAGES = {"start": 1, "imports": 5, "cells": 2, "tests": 3, "control": 0.5, "shutdown": 0.1}


def record(student, double=3.0, triple=1.0, **more):
    """What is recorded of a graded student."""
    failed = {}
    if double < 3:
        failed["test_double"] = ["AssertionError", f"double(3) is {double:g}, where 6 is right"]
    if triple < 1:
        failed["test_triple"] = ["NotImplementedError", "not solved yet"]
    points = {"test_double": double, "test_triple": triple}
    defaults = {"key": "k", "failed": failed, "seconds": dict(STAGES), "memory_mb": 700.0}
    return Record(student, points=points, max_points=POINTS, tasks=TASKS, **(defaults | more))


def refused(student, problem="the notebook is not JSON"):
    return Record(student, problem=problem, max_points=POINTS, tasks=TASKS)


def a_class():
    """Twelve graded, one refused."""
    records = [record(f"student_{i:02d}", 3 * (i > 3), 1 * (i > 5)) for i in range(12)]
    return [*records, refused("zoe")]


class Reader(HTMLParser):
    """Takes a page apart."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words = set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attributes]

    def handle_data(self, text):
        self.words.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def text_of(page):
    return Reader(page).text


# --- numbers --------------------------------------------------------------------------------


def test_point_biserial_agrees_with_a_published_example(monkeypatch):
    """Brown (2001), table 2: eight students, r = 0.91 for item 1 and -0.91 for item 2."""
    monkeypatch.setattr(report, "FEWEST", 8)
    total = [50, 45, 45, 40, 35, 30, 30, 25]
    item = [True] * 4 + [False] * 4
    assert report.discrimination(item, total) == pytest.approx(0.91, abs=0.006)
    assert report.discrimination([not x for x in item], total) == pytest.approx(-0.91, abs=0.006)


def test_point_biserial_is_pearsons_correlation():
    random = np.random.default_rng(0)
    passed = random.random(40) < 0.7
    rest = random.integers(0, 18, 40) / 2 + 3 * passed
    wanted = np.corrcoef(passed, rest)[0, 1]
    assert report.discrimination(list(passed), list(rest)) == pytest.approx(wanted)


def test_what_is_not_defined_is_said_in_words():
    twelve = list(range(12))
    assert report.discrimination([True, False, True], [1, 2, 3]) == "too few"
    assert report.discrimination([True] * 12, twelve) == "all passed"
    assert report.discrimination([False] * 12, twelve) == "nobody passed"
    assert report.discrimination([True, False] * 6, [0.1 + 0.2] * 12) == "the rest is equal"


def test_the_item_itself_is_left_out_of_the_rest():
    """Two tests that have nothing to do with each other: 0, and not what the sum would say."""
    records = [
        record(f"s{i}", 3 * (i % 2), 1 * (i // 2 % 2)) for i in range(12)
    ]  # every combination three times
    ((task, (double, triple)),) = report.Class(records, {}).items()
    assert double.discrimination == pytest.approx(0) and triple.discrimination == pytest.approx(0)
    assert task.discrimination == "the rest is equal"  # nothing but this task counts
    assert double.share == 0.5 and double.passed == 6 and task.passed == 3 and task.points == 4


def test_messages_that_differ_in_numbers_are_equal():
    for one, other in (
        ("off: 84.5 at index (1, 1)", "off: -1.2e-05 at index (3,)"),
        ("shape (50, 3), not (3, 6)", "shape (7,), not (2, 2, 2)"),
        ("lengths are [26.191 19.777]", "lengths are [1. 2. 3.]"),
        ("<object at 0x7f3a>", "<object at 0x7f00>"),
    ):
        assert report.pattern(one) == report.pattern(other)
    assert report.pattern("W1 is wrong") != report.pattern("W2 is wrong")
    assert report.pattern("5 numbers") != report.pattern("nan numbers")


def test_errors_are_counted_by_student_and_task():
    errors, rarer = report.Class(a_class(), {}).errors()["1"]
    assert [(e.name, e.students, e.tests) for e in errors] == [
        ("NotImplementedError", 6, ["test_triple"]),
        ("AssertionError", 4, ["test_double"]),
    ]
    assert rarer == 0 and errors[1].example == "double(3) is 0, where 6 is right"
    many = [
        record(f"s{i}", failed={"test_double": ["E", "x" * (i + 1)], "test_triple": ["E", "y"]})
        for i in range(8)
    ]
    errors, rarer = report.Class(many, {}).errors()["1"]
    assert errors[0].students == 8 and len(errors) == report.MOST_ERRORS and rarer == 4


def test_written_answers_count_once_all_are_marked():
    records = [record("ada"), record("bo", 0)]
    half = report.Class(records, {"ada": {"why": 1.5}})
    assert half.scores == [4, 1] and half.most == 4 and half.unmarked == {"why": 1}
    whole = report.Class(records, {"ada": {"why": 1.5}, "bo": {"why": 2.0, "test_double": 2.5}})
    assert whole.scores == [5.5, 5.5] and whole.most == 6 and whole.unmarked == {}
    assert [task.name for task, _ in whole.items()] == ["1", "2"]


def test_flags_that_differ_in_the_tests_name_are_told_once():
    flags = ["the test test_a was deleted", "the test test_ab was deleted", "odd"]
    told = report.reasons(flags, ["test_a", "test_ab"])
    assert told == ["the test … was deleted (test_a, test_ab)", "odd"]
    assert report.reasons(flags[:1], ["test_a"]) == flags[:1]


# --- the page -------------------------------------------------------------------------------


def test_the_page_tells_what_happened():
    records = a_class()
    records[4].flags = ["expect_close was replaced"]
    records[5].notes = ["the given cell setup was changed; the original runs after it"]
    text = text_of(report.page(SLUG, records, waiting=["late_one"], changed=["student_00"]))
    for words in (
        "Handed in 14",
        "Graded 12",
        "Could not be graded 1",
        "Not graded yet 1 late_one",
        "Handed in again since 1 student_00",
        "Need a person 2",
        "Points, mean 2.5 of 4",
        "Marked: why 0 of 12",
        "zoe the notebook is not JSON",
        "student_04 3 expect_close was replaced",
        "student_05 the given cell setup was changed",
        "6 test_triple NotImplementedError: not solved yet",
        "libraries load 5.0 s 5.0 s student_00",
        "peak memory 700 MB",
        "full points, of 12",
        "task 1 4 62 % 6",
    ):
        assert words in text, f"{words!r} is not in {text}"
    assert "sandbox" not in text and "nan" not in re.findall(r"\w+", text)


def test_without_a_sandbox_it_says_so_loudly():
    records = a_class()
    records[0].sandbox = False
    page = report.page(SLUG, records)
    assert '<p class="alarm">Graded without a sandbox: 1 of 13.' in page
    assert re.search(r"\.alarm \{ color: #b00000; font-weight: bold", page)
    records[1].max_points = POINTS | {"test_double": 2.0}
    assert "Not all were graded with the same tests" in text_of(report.page(SLUG, records))


@pytest.mark.parametrize(
    "records",
    [[refused("zoe")], [record("ada")], [record("ada", seconds={}, memory_mb=0.0)]],
    ids=["none graded", "one perfect", "no times"],
)
def test_small_classes_have_a_page_too(records):
    page = report.page(SLUG, records)
    assert page.startswith("<!DOCTYPE html>") and page.endswith("</html>\n")
    assert "nan" not in re.findall(r"\w+", text_of(page))


def test_pictures_are_sound_and_described():
    page = report.page(SLUG, a_class())
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        assert len(ElementTree.fromstring(picture).get("aria-label")) > 30
    ids = [value for _, name, value in Reader(page).attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert "0: 4, 3: 2, 4: 6" in pictures[0] and "task 1 62 percent" in pictures[1]
    # Wide scales, and extra points above the most there are.
    assert "50–51" in report.histogram([3, 50, 51.5], 50)
    odd = report.Item("$x_1$ <b>", 2, 1.2, 1, "too few")
    assert "$x_1$ &lt;b&gt;" in report.difficulty([odd])


EVIL = (
    "<script>alert(1)</script>",
    '"><img src="http://example.org/x.png" onerror="alert(1)">',
    "</td></table></svg><iframe src='javascript:alert(1)'>",
    "{{ 7 * 7 }}{% raw %}&lt;script&gt;",
    "<!-- <style>*{display:none}</style>",
    "\x00\x1b[31m\ud800\u202eabc\r\n",
)


def test_students_cannot_write_into_the_page(tmp_path):
    calm = Reader(report.page(SLUG, a_class()))
    records = a_class()
    for i, text in enumerate(EVIL):
        records[i].student = f"s{i} {text}"
        records[i].flags = [text, f"notes.txt is a link to {text}; not followed"]
        records[i].notes = [text]
        records[i].failed = {"test_double": [text, text], "test_triple": ["E" + text, text * 20]}
    records[-1].problem = EVIL[0]
    page = report.page(SLUG, records, waiting=EVIL, changed=EVIL)
    (tmp_path / "page.html").write_text(page, encoding="utf-8")  # no half characters
    evil = Reader(page)
    assert evil.tags - calm.tags <= {"a", "ul", "li", "h3"}
    for tag, name, value in evil.attributes:
        assert not name.startswith("on") and tag not in ("script", "iframe", "img")
        if name in ("href", "src", "xlink:href"):
            assert value.startswith("#")
    assert "alert(1)" in evil.text and "{{ 7 * 7 }}" in evil.text  # told, as text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", page)
    assert page.count("<style") == report.page(SLUG, a_class()).count("<style")
    assert page.count("<!--") == report.page(SLUG, a_class()).count("<!--")


def test_nothing_is_fetched_or_run():
    page = report.page(SLUG, a_class())
    assert "default-src 'none'" in page and "<script" not in page
    for address in re.findall(r"https?://[^\s\"']+", page):
        assert address.startswith("http://www.w3.org/")  # names of formats, not fetched
    assert "@import" not in page and not re.search(r"url\((?!#)", page)


# --- the command ----------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    return Course(tmp_path)


def run(*arguments):
    return CliRunner().invoke(app, ["report", *arguments])


def test_the_command_writes_the_page(course):
    for one in a_class():
        Store(course.root).set_record(SLUG, one)
    (course.root / "submitted" / "late_one" / SLUG).mkdir(parents=True)
    (course.root / "submitted" / "student_01" / SLUG).mkdir(parents=True)
    done = run(SLUG)
    assert done.exit_code == 0, done.output
    page = course.root / "grading" / "reports" / f"{SLUG}.html"
    assert page.name in done.output
    text = text_of(page.read_text())
    assert "Not graded yet 1 late_one" in text and "Handed in again since 1 student_01" in text
    assert not (course.root / "gradebook.db").exists()  # none is made
    assert run(SLUG, "--output", "elsewhere/page.html").exit_code == 0
    assert (course.root / "elsewhere" / "page.html").exists()
    assert run(SLUG, "--output", "grading").exit_code == 2  # a folder


def test_without_records_it_says_what_to_do(course, tmp_path, monkeypatch):
    done = run("99_nothing")
    assert done.exit_code == 2 and "run course grade 99_nothing first" in done.output
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    done = run(SLUG)
    assert done.exit_code == 2 and "nbgrader_config.py" in done.output


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # about nbgrader's own code
def test_a_persons_marks_come_from_the_gradebook(course):
    with course.gradebook() as book:
        book.add_assignment(SLUG)
        book.add_notebook(SLUG, SLUG)
        for cell, kind in (("test_double", "code"), ("why", "markdown"), ("later", "markdown")):
            book.add_grade_cell(cell, SLUG, SLUG, max_score=3, cell_type=kind)
        book.add_student("ada")
        book.add_submission(SLUG, "ada")
        for grade in book.find_submission_notebook(SLUG, SLUG, "ada").grades:
            grade.auto_score = 3 if grade.name == "test_double" else None
            grade.needs_manual_grade = grade.name == "later"
            grade.manual_score = 1.5 if grade.name == "why" else None
        book.db.commit()
    assert report.marks_of(course, SLUG) == {"ada": {"test_double": 3.0, "why": 1.5}}
    assert report.marks_of(course, "another") == {}
