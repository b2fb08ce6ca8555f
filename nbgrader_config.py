"""nbgrader on this course's folder names. Run nbgrader's commands in this folder."""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (given by nbgrader)

# nbgrader calls `alembic` by name: find it in the environment nbgrader itself runs in, so that
# .venv/bin/nbgrader works without activating anything.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "simple-codes"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# submitted/, autograded/, feedback/ and gradebook.db keep nbgrader's own names (git-ignored).

# The gradebook: the file gradebook.db, or a database that several graders share
# (docs/instructors_guide.md), such as postgresql+psycopg2://NAME@HOST/gradebook
if "COURSE_GRADEBOOK" in os.environ:
    c.CourseDirectory.db_url = os.environ["COURSE_GRADEBOOK"]

# Where released and handed-in work changes hands when the course runs on one shared machine.
if "NBGRADER_EXCHANGE" in os.environ:
    c.Exchange.root = os.environ["NBGRADER_EXCHANGE"]

# Nobody edits the student's version, so making it again is always safe; without this, nbgrader
# skips an assignment whose folder is there already and leaves it out of the gradebook.
c.GenerateAssignment.force = True

# What a student finds in place of a solution. The error is what an unsolved task's test prints.
c.ClearSolutions.code_stub = {
    "python": "# YOUR CODE HERE\n"
    'raise NotImplementedError("This task is not solved yet: put your code in place of this line,'
    ' run the cell, then run its tests.")'
}
c.ClearSolutions.text_stub = "*Your answer here.*"

# Students' code runs in a sandbox (course_utils/grading), whoever starts the grading: `course
# grade`, `nbgrader autograde`, or formgrader's button. Limits are per notebook.
steps = "course_utils.grading.nbgrader_steps"
c.Run.cell_seconds = 180  # a cell may train a small model
c.Run.notebook_seconds = 900
c.Run.memory_mb = 4096
c.Autograde.pre_convert_hook = f"{steps}.before"
c.Autograde.sanitize_preprocessors = [
    f"{steps}.Rebuild",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    f"{steps}.Run",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
    f"{steps}.Flag",
]

# Students see what a failed hidden test says, but not the test.
c.HideTests.show_hidden_tests = False
c.GenerateFeedback.preprocessors = [
    f"{steps}.HideTests",
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
