"""Honest work raises no flag: every exercise's solution, every right answer, the unsolved one."""

import dataclasses
import shutil

import nbformat
import pytest
from examples import ROOT, manuscripts

from course_utils.authoring.manuscript import read as read_manuscript
from course_utils.grading.execute import run
from course_utils.grading.grade import Grader
from course_utils.grading.gradebook import Course
from course_utils.grading.submission import parse, rebuild

pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")


@pytest.mark.parametrize("path", manuscripts("exercises"), ids=lambda path: path.stem)
def test_no_false_alarm(path, tmp_path):
    """Each right answer stands in one notebook at least, among the others' first ones."""
    slug = path.stem
    for folder in ("solutions", "exercises"):
        shutil.copytree(ROOT / folder / slug, tmp_path / folder / slug)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    grader = Grader(Course(tmp_path), slug)
    tests = [cell.key for cell in grader.exercise.of("test")]
    # With the answers taken out the tests fail, but for one that looks at what was trained.
    assert len(set(tests) - set(grader.controls)) <= 1

    rights = {}
    for cell in read_manuscript(path).with_role("right"):
        rights.setdefault(cell.of, []).append(cell.source)
    for i in range(max(map(len, rights.values()))):
        answers = {key: sources[min(i, len(sources) - 1)] for key, sources in rights.items()}
        result = grade(grader, answers)
        assert not result.flags, (i, result.flags)
        assert not result.failed, (i, result.failed)

    result = grade(grader, None)
    assert not result.flags, result.flags
    for key in tests:
        name, words = result.failed[key]
        assert result.points[key] == 0
        assert name in ("AssertionError", "NotImplementedError"), (key, name, words)
        assert len(words) > 20, f"{key} fails without words"


def grade(grader, answers):
    """Run what a student would hand in: answers put into the released notebook, or none."""
    path = ROOT / "exercises" / grader.slug / f"{grader.slug}.ipynb"
    notebook = nbformat.read(path, 4)
    solutions = {c.key: c.node.source for c in grader.exercise.of("solution", "written")}
    for cell in notebook.cells:
        key = cell.metadata.get("nbgrader", {}).get("grade_id")
        if answers is not None and key in solutions:
            cell.source = answers.get(key, solutions[key])
    submission = rebuild(parse(nbformat.writes(notebook)), grader.exercise)
    assert not submission.flags and not submission.notes
    return run(dataclasses.replace(grader.job(submission), warm=True))
