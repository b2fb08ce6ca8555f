"""A class in a scratch folder: the course's exercises, an exchange, students."""

import os
import shutil
import subprocess
import sys

import nbformat
from examples import ROOT


class Classroom:
    """One instructor's folder and one exchange, with nbgrader's own commands."""

    def __init__(self, folder, slug):
        self.slug = slug
        self.course = folder / "course"
        self.exchange = folder / "exchange"
        self.exchange.mkdir(parents=True)
        self.exchange.chmod(0o777)
        self.course.mkdir()
        shutil.copy(ROOT / "nbgrader_config.py", self.course)
        for name in ("solutions", "exercises"):
            shutil.copytree(ROOT / name / slug, self.course / name / slug)

    @property
    def environment(self):
        return {**os.environ, "NBGRADER_EXCHANGE": str(self.exchange), "COURSE_SEED": "0"}

    def nbgrader(self, *arguments, folder=None, check=True):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=folder or self.course,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        text = done.stdout + done.stderr
        assert not check or done.returncode == 0, text
        return text

    def solution(self):
        return nbformat.read(self.course / "solutions" / self.slug / f"{self.slug}.ipynb", 4)

    def released(self):
        return nbformat.read(self.course / "exercises" / self.slug / f"{self.slug}.ipynb", 4)

    def autograded(self, student):
        return nbformat.read(
            self.course / "autograded" / student / self.slug / f"{self.slug}.ipynb", 4
        )

    def hand_in(self, student, notebook):
        """Put a notebook (or any text) where collected work lies."""
        folder = self.course / "submitted" / student / self.slug
        folder.mkdir(parents=True)
        path = folder / f"{self.slug}.ipynb"
        if isinstance(notebook, str):
            path.write_text(notebook)
        else:
            nbformat.write(notebook, path)


def graded(notebook, *, solution):
    """Cells that a student writes (solution=True) or that test (False), by their id."""
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader.solution == solution
    }


def solve(released, solution, names=None):
    """Put the instructor's answers, or only those of these names, into a released notebook."""
    answers = graded(solution, solution=True)
    for name, cell in graded(released, solution=True).items():
        if names is None or name in names:
            cell.source = answers[name].source
    return released


def half_solved(solution, released):
    """The released notebook with the first half of its code cells solved, and what that earns."""
    answers = graded(solution, solution=True)
    codes = [name for name, cell in answers.items() if cell.cell_type == "code"]
    solved = codes[: len(codes) // 2]
    earned, inside = 0.0, False
    for cell in solve(released, solution, solved).cells:
        data = cell.metadata.get("nbgrader")
        if data and data.solution:
            inside = data.grade_id in solved
        elif data and inside:
            earned += data.points
    return released, earned
