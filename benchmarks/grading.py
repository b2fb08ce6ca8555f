"""Grade twenty submissions with stock nbgrader and with ``course grade``, in one run.

    python -m benchmarks.grading [SLUG]

Twenty different submissions of one exercise: half hold all the right answers, the rest lack the
last one, two, three … answers. Stock is nbgrader's own ``autograde`` with nothing of the course's
but the folders' names. Every run starts with an empty gradebook and an empty store.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.common import BRIEF, ROOT, report

SLUG, STUDENTS = ("01_dimensionality_reduction", 2) if BRIEF else ("04_word_embeddings", 20)
STOCK = """\
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.GenerateAssignment.force = True
c.Execute.timeout = 180
"""


def make_class(folder: Path, slug: str) -> Path:
    """Lay out a course with twenty submissions, no two the same."""
    course = folder / "course"
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name / slug, course / name / slug)
    solved = nbformat.read(ROOT / "solutions" / slug / f"{slug}.ipynb", 4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in solved.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for number in range(STUDENTS):
        notebook = nbformat.read(ROOT / "exercises" / slug / f"{slug}.ipynb", 4)
        left_out = list(answers)[len(answers) - number // 2 :] if number % 2 else []
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers and name not in left_out:
                comment = f"# by student {number}\n" if cell.cell_type == "code" else ""
                cell.source = comment + answers[name]
        place = course / "submitted" / f"student{number:02}" / slug
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{slug}.ipynb")
    return course


def timed(course: Path, *line: str) -> float:
    """Run a command in the course's folder (nbgrader calls alembic by name); return its seconds."""
    began = time.perf_counter()
    line = (str(Path(sys.executable).parent / line[0]), *line[1:])
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        line, cwd=course, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{line} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - began


def scores(course: Path) -> dict[str, float]:
    """Read every student's points by the tests from the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            submission.student.id: sum(
                grade.auto_score or 0 for n in submission.notebooks for grade in n.grades
            )
            for submission in book.assignment_submissions(slug_of(course))
        }


def slug_of(course: Path) -> str:
    """Return the one exercise of a course."""
    return next((course / "exercises").iterdir()).name


def stages(course: Path) -> dict[str, float]:
    """Return where the time went, summed over the submissions, from the records."""
    total: dict[str, float] = {}
    for path in (course / "grading" / "records").glob("*/*.json"):
        for stage, seconds in json.loads(path.read_text())["seconds"].items():
            total[stage] = total.get(stage, 0) + seconds
    return {stage: round(seconds, 1) for stage, seconds in total.items()}


def main() -> None:
    """Grade the same class three ways."""
    slug = sys.argv[1] if len(sys.argv) > 1 else SLUG
    rows: list[dict[str, Any]] = []
    wanted: dict[str, float] = {}
    for way, line in {
        "stock nbgrader autograde": ("nbgrader", "autograde", slug),
        "course grade": ("course", "grade", slug),
        "course grade --cold": ("course", "grade", slug, "--cold"),
    }.items():
        with tempfile.TemporaryDirectory() as folder:
            course = make_class(Path(folder), slug)
            if way.startswith("stock"):
                (course / "nbgrader_config.py").write_text(STOCK)
            else:
                shutil.copy(ROOT / "nbgrader_config.py", course)
            timed(course, "nbgrader", "generate_assignment", slug)
            seconds = timed(course, *line)
            wanted = wanted or scores(course)
            if scores(course) != wanted:
                raise SystemExit(f"{way} gives other points than stock: {scores(course)}")
            again = timed(course, *line)
            rows.append(
                {
                    "way": way,
                    "exercise": slug,
                    "submissions": STUDENTS,
                    "cores": os.cpu_count(),
                    "seconds": round(seconds, 1),
                    "times stock": round(rows[0]["seconds"] / seconds, 2) if rows else 1.0,
                    "seconds again": round(again, 1),
                    "stages (s, summed)": stages(course),
                }
            )
            print(rows[-1], flush=True)
    report("grading", f"Grading {STUDENTS} submissions of exercise {slug}", rows)


if __name__ == "__main__":
    main()
