"""nbgrader on this course's folder names. Run nbgrader's commands in this folder."""

import os
import secrets
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

# A cell may train a small model. A cell that takes longer is interrupted and gets no points.
c.Execute.timeout = 180

# Two holes of stock nbgrader. A test cell that does not run counts as passed there, so a student
# who tags it `skip-execution` gets full marks: make the tag one that nobody can know.
c.Execute.skip_cells_with_tag = secrets.token_hex(16)
# A deleted test cell is left out of the grade's reach unless it is put back.
c.OverwriteCells.add_missing_cells = True
