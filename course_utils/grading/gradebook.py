"""nbgrader's side: its configuration, its gradebook, and its converter that writes the grades."""

from __future__ import annotations

import io
import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from course_utils.grading.sandbox import Limits
from course_utils.grading.store import Store
from course_utils.grading.submission import Reference, reference, release_of, text_hash, visible

CONFIG = "nbgrader_config.py"


class GradebookError(RuntimeError):
    """nbgrader refused; its own words are in the message."""


class Course:
    """A course's folder in nbgrader's eyes.

    Parameters
    ----------
    root : Path
        The folder with ``nbgrader_config.py``.

    Raises
    ------
    GradebookError
        There is no such file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        if not (self.root / CONFIG).exists():
            raise GradebookError(f"{self.root} holds no {CONFIG}: grade in the course's folder")
        self.config: Config = PyFileConfigLoader(CONFIG, path=str(self.root)).load_config()
        self.config.CourseDirectory.root = str(self.root)
        self.directory = CourseDirectory(config=self.config)

    @property
    def limits(self) -> Limits:
        """The limits that ``nbgrader_config.py`` sets on one notebook."""
        chosen = {k: v for k, v in self.config.Run.items() if k in Limits.__dataclass_fields__}
        return Limits(**chosen)

    def path(self, step: str, student: str, slug: str) -> Path:
        """Return the folder of one of nbgrader's steps, such as ``submitted``."""
        name = getattr(self.directory, f"{step}_directory")
        return Path(self.directory.format_path(name, student, slug))

    def exercise(self, slug: str) -> Reference:
        """Read an exercise, hidden tests and all, and which earlier releases are known."""
        found = reference(
            self.path("source", ".", slug) / f"{slug}.ipynb",
            self.path("release", ".", slug) / f"{slug}.ipynb",
        )
        found.earlier = Store(self.root).releases(slug)
        return found

    def submitted(self, slug: str) -> list[str]:
        """Return the students that handed an exercise in."""
        folder = Path(self.directory.format_path(self.directory.submitted_directory, "*", slug))
        return sorted(path.parent.name for path in folder.parent.parent.glob(f"*/{slug}"))

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook.

        Raises
        ------
        GradebookError
            The database refuses or is not there. Its address, which may hold a password, is not
            told.
        """
        try:
            with Gradebook(self.directory.db_url, self.directory.course_id) as book:
                yield book
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", None) or error).strip().splitlines()
            raise GradebookError(f"the gradebook cannot be used: {words[0]}") from error

    def sync(self, slug: str) -> bool:
        """Tell the gradebook the tests as they are now, if it knows them otherwise.

        Returns
        -------
        bool
            Whether anything changed.
        """
        if not self.path("source", ".", slug).is_dir():
            known = sorted(path.name for path in self.path("source", ".", "*").parent.glob("*"))
            raise GradebookError(f"there is no exercise {slug}; there are: {', '.join(known)}")
        with suppress(FileNotFoundError):
            exercise = self.exercise(slug)
            Store(self.root).add_release(slug, release_of(exercise))
            if self._knows(exercise):
                return False
        converter = GenerateAssignment(coursedir=self._directory(slug, "."), config=self.config)
        converter.force = True
        converter.create_assignment = True
        self._start(converter)
        Store(self.root).add_release(slug, release_of(self.exercise(slug)))
        return True

    def _knows(self, exercise: Reference) -> bool:
        with self.gradebook() as book:
            try:
                notebook = book.find_notebook(exercise.slug, exercise.slug)
            except MissingEntry:
                return False
            cells = {cell.name: cell.source for cell in notebook.source_cells}
            points = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
        # A release that the grader never saw: students may have fetched it all the same.
        old = {n: [text_hash(visible(source)), points.get(n)] for n, source in cells.items()}
        Store(self.root).add_release(exercise.slug, old)
        wanted = {
            cell.key: cell.node.source if cell.role == "test" else cell.released
            for cell in exercise.of("test", "solution", "written")
        }
        return points == exercise.points and cells == wanted

    def _directory(self, slug: str, student: str, submitted: str | None = None) -> CourseDirectory:
        directory = CourseDirectory(config=self.config)
        directory.assignment_id = slug
        directory.student_id = student
        if submitted is not None:
            directory.submitted_directory = submitted
        return directory

    def _start(self, converter: Any) -> None:
        """Run one of nbgrader's converters, keeping its words for the error message."""
        words = io.StringIO()
        log = logging.Logger("nbgrader", logging.INFO)
        log.addHandler(logging.StreamHandler(words))
        converter.log = log
        converter.coursedir.log = log
        place = os.getcwd()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SQLAlchemy's, about nbgrader's own code
                converter.start()
        except (Exception, SystemExit) as error:
            said = words.getvalue()
            folder = Store(self.root).folder
            folder.mkdir(exist_ok=True)
            with open(folder / "nbgrader.log", "a", encoding="utf-8") as file:
                file.write(said)
            # nbgrader's own last words are about where it said more; what helps is the exception.
            causes = [
                line for line in said.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)
            ]
            raise GradebookError(
                f"{causes[-1] if causes else error} (more in grading/nbgrader.log)"
            ) from error
        finally:
            os.chdir(place)

    def write(self, slug: str, student: str, staged: Path) -> None:
        """Record one student's grades with nbgrader's own ``autograde``.

        Parameters
        ----------
        slug, student : str
        staged : Path
            A folder like ``submitted/`` that holds the rebuilt submission.
        """
        name = os.path.relpath(staged, self.root)
        converter = Autograde(
            coursedir=self._directory(slug, student, submitted=name), config=self.config
        )
        converter.force = True
        self._start(converter)

    def stands(self, slug: str, student: str, points: dict[str, float]) -> bool:
        """Whether the gradebook holds exactly these points by tests for a student."""
        with self.gradebook() as book:
            try:
                notebook = book.find_submission_notebook(slug, slug, student)
            except MissingEntry:
                return False
            return {
                grade.name: grade.auto_score for grade in notebook.grades if grade.name in points
            } == points

    def reset(self, slug: str, student: str) -> list[dict[str, Any]]:
        """Take back every grade of a submission that cannot be graded.

        Returns
        -------
        list of dict
            What stood there, for the journal.
        """
        replaced = []
        with self.gradebook() as book:
            book.update_or_create_student(student)
            book.update_or_create_submission(slug, student)
            notebook = book.find_submission_notebook(slug, slug, student)
            for grade in notebook.grades:
                old = {
                    name: getattr(grade, name)
                    for name in ("auto_score", "manual_score", "extra_credit")
                }
                if any(old.values()):
                    replaced.append({"cell": grade.name, **old})
                grade.auto_score, grade.manual_score, grade.extra_credit = 0, None, None
                grade.needs_manual_grade = False
            for comment in notebook.comments:
                if comment.manual_comment:
                    replaced.append({"cell": comment.name, "comment": comment.manual_comment})
                comment.manual_comment = None
            notebook.flagged = True
            book.db.commit()
        return replaced

    def flag(self, slug: str, student: str, flagged: bool) -> None:
        """Raise or lower formgrader's flag on a submission."""
        with self.gradebook() as book:
            with suppress(MissingEntry):
                book.find_submission_notebook(slug, slug, student).flagged = flagged
                book.db.commit()
