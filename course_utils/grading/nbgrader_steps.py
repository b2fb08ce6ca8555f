"""What nbgrader runs in place of its own steps, named in ``nbgrader_config.py``.

So ``nbgrader autograde`` and formgrader's button run students' code in the same sandbox as
``course grade``, and take from the same store what was run already.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Bool, Float, Integer, List

from course_utils.grading import grade
from course_utils.grading.gradebook import Course
from course_utils.grading.sandbox import Limits
from course_utils.grading.store import Store
from course_utils.grading.submission import UnreadableError, read


class Step(NbGraderPreprocessor):
    """What the steps share: where they are."""

    def place(self, resources: Any) -> tuple[Course, str, str, Path]:
        """Return the course, the exercise, the student, and the folder that was handed in."""
        parent = self.parent
        while parent is not None and getattr(parent, "coursedir", None) is None:
            parent = parent.parent
        if parent is None:
            raise RuntimeError("this step runs only inside nbgrader's autograde")
        directory, names = parent.coursedir, resources["nbgrader"]
        folder = directory.format_path(
            directory.submitted_directory, names["student"], names["assignment"]
        )
        return Course(Path(directory.root)), names["notebook"], names["student"], Path(folder)


class Rebuild(Step):
    """Put the student's answers into the released notebook (first of the sanitising steps)."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Read the submission as it lies on disk, and return the rebuilt notebook."""
        course, slug, _, folder = self.place(resources)
        submission = read(folder, course.exercise(slug))
        for text in (*submission.flags, *submission.notes):
            self.log.warning(text)
        return submission.notebook, resources


class Run(Step):
    """Execute in the sandbox, or take the executed notebook from the store."""

    sandbox = Bool(True, help="False: run students' code unprotected.").tag(config=True)
    cell_seconds = Float(180, help="Time for one cell.").tag(config=True)
    notebook_seconds = Float(900, help="Time for all cells together.").tag(config=True)
    memory_mb = Integer(4096, help="Memory of all the kernel's processes.").tag(config=True)
    processes = Integer(256, help="Processes and threads.").tag(config=True)
    disk_mb = Integer(512, help="Size of the kernel's folder.").tag(config=True)
    file_mb = Integer(256, help="Size of any one file.").tag(config=True)
    output_mb = Float(4, help="Output of one cell; all together ten times that.").tag(config=True)

    @property
    def limits(self) -> Limits:
        """The limits as configured."""
        return Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Put outputs into the notebook, as the sandbox or the store has them."""
        course, slug, student, folder = self.place(resources)
        grader = grade.Grader(course, slug, self.limits, self.sandbox)
        try:
            submission = read(folder, grader.exercise)
            job = grader.job(submission)
            result = grader.execute(job)
        except Exception as error:
            mine = not isinstance(error, UnreadableError)
            grade.refuse(grader, student, str(error), grade.digest(folder), machine=mine)
            raise
        outputs, steps = iter(copy.deepcopy(result.outputs)), iter(job.steps)
        for cell in nb.cells:
            if cell.cell_type == "code":
                if next(steps).source != cell.source:
                    raise RuntimeError(
                        f"{slug}: the gradebook knows other tests than {slug}.ipynb holds: run "
                        "nbgrader generate_assignment, or course grade, which does it by itself"
                    )
                cell.outputs = [nbformat.from_dict(output) for output in next(outputs)]
                cell.execution_count = None
        key = grade.record_key(job, submission, grader.exercise)
        mark = grade.digest(folder)
        record = grade.make_record(student, submission, result, grader, mark, key)
        resources["course"] = record
        return nb, resources


class Flag(Step):
    """Raise formgrader's flag where a person should look (last of the grading steps)."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Raise or lower the flag, and write down what was recorded."""
        course, slug, student, _ = self.place(resources)
        store = Store(course.root)
        grade.write_flag(course, slug, resources["course"], store.record(slug, student))
        store.set_record(slug, resources["course"])
        return nb, resources


def before(assignment: str, student: str, notebooks: list[str]) -> None:
    """Take back earlier grades of submissions that nbgrader will not even be able to open."""
    for path in map(Path, notebooks):
        course = Course(Path.cwd())
        grader = grade.Grader(course, path.stem)
        try:
            read(path.parent, grader.exercise)
        except UnreadableError as error:
            who = path.parent.parent.name
            grade.refuse(grader, who, str(error), grade.digest(path.parent))


class HideTests(ClearHiddenTests):
    """Leave hidden tests out of the feedback (the message of a failed one stays)."""

    display_data_priority: Any = List().tag(config=True)  # nbconvert sets it on every step
    show_hidden_tests = Bool(False, help="Show students the hidden tests.").tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, cell_index: int
    ) -> tuple[NotebookNode, Any]:
        """Take the hidden regions out of the tests; students' own cells stay as they are."""
        if is_grade(cell) and not is_solution(cell) and not self.show_hidden_tests:
            return super().preprocess_cell(cell, resources, cell_index)
        return cell, resources
