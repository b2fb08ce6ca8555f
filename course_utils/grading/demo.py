"""A class of thirty to try the grader on: ``python -m course_utils.grading.demo`` or `make demo`.

The students are invented. Their answers are not: they are the wrong and right answers that the
exercise's manuscript holds, so they fail as real ones do.
"""

from __future__ import annotations

import copy
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.authoring.build import BuildError, find_root
from course_utils.authoring.manuscript import Cell, Manuscript, read
from course_utils.grading.gradebook import CONFIG, Course

FOLDER = "demo"
SLUG = "01_dimensionality_reduction"
NOTE = "README.txt"
CELL_SECONDS = 45  # so that the endless loop ends soon

NAMES = (
    "Aaliyah Johnson, Adaeze Okafor, Ahmed El-Sayed, Aiko Tanaka, Amina Diallo, Anders Lindqvist, "
    "Beatriz Carvalho, Dilnoza Karimova, Elif Yilmaz, Fatima Zahra Bennani, "
    "Giulia Moretti, Hana Novakova, Ibrahim Traore, Ingrid Haugen, Jamal Haddad, Kavya Iyer, "
    "Kwame Mensah, Lan Nguyen, Leilani Kealoha, Mateo Quispe, Mehwish Khan, Min-jun Park, "
    "Nadia Petrenko, Oluwaseun Adeyemi, Parisa Ahmadi, Rangi Parata, Rosa Jimenez, Saoirse Byrne, "
    "Tomasz Kowalski, Wei Chen, Yael Cohen, Yusuf Abdi, Zanele Dlamini"
).split(", ")


@dataclass
class Student:
    """One invented student.

    Attributes
    ----------
    id, name : str
    kind : str
        A key of ``KINDS``.
    wrong : list of str
        Why each wrong answer is wrong, as the manuscript says it.
    """

    id: str
    name: str
    kind: str
    wrong: list[str] = field(default_factory=list)


class Exercise:
    """What a submission is put together from.

    Parameters
    ----------
    course : Path
        The course's own folder.
    slug : str
    """

    def __init__(self, course: Path, slug: str) -> None:
        self.slug = slug
        path = course / "manuscript" / "exercises" / f"{slug}.py"
        self.manuscript: Manuscript = read(path)
        source = nbformat.read(course / "solutions" / slug / f"{slug}.ipynb", as_version=4)
        self.empty: NotebookNode = nbformat.read(
            course / "exercises" / slug / f"{slug}.ipynb", as_version=4
        )
        self.answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in _answers(source)}
        self.tasks = [str(cell.id) for cell in self.manuscript.with_role("solution")]
        self.tests = [str(cell.id) for cell in self.manuscript.with_role("test")]
        self.slow: set[str] = set()  # tasks whose tests train something
        for cell in self.manuscript.cells:
            if cell.role == "solution":
                task = str(cell.id)
            elif cell.role == "test" and "heavy" in cell.modifiers:
                self.slow.add(task)

    def others(self, role: str, task: str) -> list[Cell]:
        """Return the wrong or right answers to one solution cell."""
        return [cell for cell in self.manuscript.with_role(role) if cell.of == task]

    def fill(self, code: dict[str, str], sentences: int = 0) -> NotebookNode:
        """Return the released notebook with answers in it.

        Parameters
        ----------
        code : dict
            By solution cell: what stands there. A cell that is not named stays unsolved.
        sentences : int
            How much of the instructor's own answer to give to each written question.
        """
        notebook = copy.deepcopy(self.empty)
        for cell in _answers(notebook):
            key = cell.metadata.nbgrader.grade_id
            if key in code:
                cell.source = code[key]
            elif cell.cell_type == "markdown" and sentences:
                # The rubric stays with the instructor; the markers are not the student's.
                lines = [line for line in self.answers[key].splitlines() if "###" not in line]
                said = " ".join(lines).split("**Rubric")[0].split(". ")[:sentences]
                cell.source = ". ".join(said).strip().rstrip(".") + "."
        return notebook


def _answers(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells in which students answer."""
    return [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]


class _Desk:
    """Where one student works: makes and hands in a notebook of one kind."""

    def __init__(
        self, exercise: Exercise, student: Student, folder: Path, dice: random.Random
    ) -> None:
        self.exercise, self.student, self.folder, self.dice = exercise, student, folder, dice
        self.sentences = dice.randint(1, 4)

    def hand_in(self, notebook: NotebookNode | str, name: str = "") -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook) + "\n"
        (self.folder / (name or f"{self.exercise.slug}.ipynb")).write_text(text, encoding="utf-8")

    def solved(self) -> dict[str, str]:
        """Return the instructor's answers, without the markers around them."""
        given = self.exercise.answers
        return {task: _without_markers(given[task]) for task in self.exercise.tasks}

    def mixed(self) -> dict[str, str]:
        """Return right answers, each student's own choice of them.

        Where tests train something all take the instructor's, which is quick.
        """
        code = self.solved()
        for task in [task for task in code if task not in self.exercise.slow]:
            code[task] = self.dice.choice(
                [code[task], *(cell.source for cell in self.exercise.others("right", task))]
            )
        return code

    def wrong(self, code: dict[str, str], task: str) -> None:
        """Put a wrong answer into one task."""
        others = self.exercise.others("wrong", task)
        if others:
            answer = self.dice.choice(others)
            code[task] = answer.source
            self.student.wrong.append(answer.why)

    # --- the kinds ------------------------------------------------------------------------

    def solution(self) -> None:
        """All right, word for word the instructor's."""
        self.hand_in(self.exercise.fill(self.solved(), 9))

    def right(self) -> None:
        """All right, in other ways."""
        self.hand_in(self.exercise.fill(self.mixed(), self.sentences))

    def one_wrong(self) -> None:
        """One answer wrong."""
        code = self.mixed()
        self.wrong(code, self.dice.choice(self.exercise.tasks))
        self.hand_in(self.exercise.fill(code, self.sentences))

    def some_wrong(self) -> None:
        """Two to four answers wrong."""
        code = self.mixed()
        count = min(self.dice.randint(2, 4), len(code))
        for task in self.dice.sample(self.exercise.tasks, count):
            self.wrong(code, task)
        self.hand_in(self.exercise.fill(code, self.sentences))

    def partial(self) -> None:
        """The first tasks solved, the last of these wrong, the rest not begun."""
        reached = self.dice.randint(1, max(1, len(self.exercise.tasks) - 1))
        tasks = self.exercise.tasks[:reached]
        code = {task: source for task, source in self.mixed().items() if task in tasks}
        if self.dice.random() < 0.5:
            self.wrong(code, tasks[-1])
        self.hand_in(self.exercise.fill(code))

    def unsolved(self) -> None:
        """Handed in as it was released."""
        self.hand_in(self.exercise.fill({}))

    def not_json(self) -> None:
        """The upload broke off half-way."""
        text = nbformat.writes(self.exercise.fill(self.mixed(), self.sentences))
        self.hand_in(text[: len(text) // 2])

    def empty_folder(self) -> None:
        """Nothing in the folder."""
        self.folder.mkdir(parents=True)

    def wrong_name(self) -> None:
        """The browser gave the file another name."""
        self.hand_in(self.exercise.fill(self.mixed(), 2), f"{self.exercise.slug} (1).ipynb")

    def deleted_test(self) -> None:
        """A wrong answer, and the test that would have found it is gone."""
        code = self.mixed()
        self.wrong(code, self.exercise.tasks[0])
        notebook = self.exercise.fill(code, self.sentences)
        gone = self.exercise.tests[:2]
        notebook.cells = [
            cell
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") not in gone
        ]
        self.hand_in(notebook)

    def endless(self) -> None:
        """A loop that never ends."""
        code = self.mixed()
        task = self.exercise.tasks[-1]
        code[task] += "\n\n\n# Try it until it is good enough.\nerror, step = 1.0, 0.0\n"
        code[task] += "while error > 0.01:\n    error = error - step"
        self.hand_in(self.exercise.fill(code, self.sentences))

    def link(self) -> None:
        """Half solved, with a link to where the solution might lie."""
        tasks = self.exercise.tasks[: len(self.exercise.tasks) // 2]
        code = {task: source for task, source in self.mixed().items() if task in tasks}
        self.hand_in(self.exercise.fill(code))
        slug = self.exercise.slug
        (self.folder / "notes.txt").symlink_to(f"../../../solutions/{slug}/{slug}.ipynb")

    def patched(self) -> None:
        """All wrong, with a cell that makes every comparison succeed."""
        code: dict[str, str] = {}
        for task in self.exercise.tasks:
            self.wrong(code, task)
        notebook = self.exercise.fill(code)
        own = nbformat.v4.new_code_cell(
            "import course_utils.checks\n\n\n"
            "def expect_close(*args, **kwargs):\n    pass\n\n\n"
            "course_utils.checks.expect_close = expect_close",
            id="my-cell",
        )
        first = next(i for i, c in enumerate(notebook.cells) if c in _answers(notebook))
        notebook.cells.insert(first, own)
        self.hand_in(notebook)

    def skipped(self) -> None:
        """Nothing solved, with a tag on every test that tells Jupyter to leave it out."""
        notebook = self.exercise.fill({}, self.sentences)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") in self.exercise.tests:
                cell.metadata["tags"] = ["skip-execution"]
        self.hand_in(notebook)


#: What each kind of submission is, and how many there are.
KINDS: dict[str, tuple[Callable[[_Desk], None], int]] = {
    "solution": (_Desk.solution, 2),
    "right": (_Desk.right, 5),
    "one wrong": (_Desk.one_wrong, 8),
    "some wrong": (_Desk.some_wrong, 5),
    "partly solved": (_Desk.partial, 4),
    "unsolved": (_Desk.unsolved, 1),
    "not JSON": (_Desk.not_json, 1),
    "empty folder": (_Desk.empty_folder, 1),
    "wrong file name": (_Desk.wrong_name, 1),
    "deleted tests": (_Desk.deleted_test, 1),
    "endless loop": (_Desk.endless, 1),
    "a link": (_Desk.link, 1),
    "a test patched": (_Desk.patched, 1),
    "tests skipped": (_Desk.skipped, 1),
}


def _without_markers(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if "### " not in line)


def build(course: Path, folder: Path, slug: str = SLUG, seed: int = 0) -> list[Student]:
    """Make a class in a folder of its own.

    Parameters
    ----------
    course : Path
        The course's folder: nothing in it changes.
    folder : Path
        Where the class is made; an earlier one there is removed first.
    slug : str
    seed : int
        Another seed makes another class; the same one the same class, byte by byte.

    Returns
    -------
    list of Student
        By id.

    Raises
    ------
    FileExistsError
        The folder is there and was not made by this.
    FileNotFoundError
        There is no such exercise, or it is not built.
    """
    for path in (
        course / "manuscript" / "exercises" / f"{slug}.py",
        *(course / place / slug / f"{slug}.ipynb" for place in ("solutions", "exercises")),
    ):
        if not path.exists():
            raise FileNotFoundError(f"{path.relative_to(course)} is missing")
    if folder.exists():
        if not (folder / NOTE).exists():
            raise FileExistsError(f"{folder} is in the way: it was not made by this; move it")
        shutil.rmtree(folder)
    exercise = Exercise(course, slug)
    folder.mkdir(parents=True)
    (folder / NOTE).write_text("An invented class. Removed and made again each time.\n")
    config = (course / CONFIG).read_text(encoding="utf-8")
    config += f"\nc.Run.cell_seconds = {CELL_SECONDS}  # the invented class has an endless loop\n"
    (folder / CONFIG).write_text(config, encoding="utf-8")
    for step in ("solutions", "exercises"):
        shutil.copytree(course / step / slug, folder / step / slug)

    kinds = [kind for kind, (_, count) in KINDS.items() for _ in range(count)]
    random.Random(seed).shuffle(kinds)
    students = []
    for name, kind in zip(NAMES, kinds, strict=True):
        student = Student(name.lower().replace(" ", "_").replace("-", "_"), name, kind)
        place = folder / "submitted" / student.id / slug
        desk = _Desk(exercise, student, place, random.Random(f"{seed} {student.id}"))
        KINDS[kind][0](desk)
        students.append(student)
    return students


def _command(folder: Path, *arguments: str) -> int:
    """Run the `course` command in a folder, as a person would."""
    print(f"\n$ course {' '.join(arguments)}", flush=True)
    command = str(Path(sys.executable).parent / "course")
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.call([command, *arguments], cwd=folder, env={**threads, **os.environ})


def main() -> int:
    """Make a class, grade it, write the report, and say what to try next."""
    slug = sys.argv[1] if len(sys.argv) > 1 else SLUG
    try:
        root = find_root()
        folder = root / FOLDER
        students = build(root, folder, slug)
    except (BuildError, FileExistsError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"1. A class of {len(students)} has handed in {slug}: {FOLDER}/submitted/")
    for kind, (make, count) in KINDS.items():
        print(f"   {count:3d}  {kind:16} {(make.__doc__ or '').strip()}")
    with Course(folder).gradebook() as book:
        for student in students:
            first, last = student.name.rsplit(" ", 1)
            book.update_or_create_student(student.id, first_name=first, last_name=last)

    print("\n2. Each notebook is rebuilt from the released one and run in a sandbox, some side by")
    print("   side; equal ones run once. Then the points go into nbgrader's gradebook.")
    if _command(folder, "grade", slug) not in (0, 1):  # 1: something needs a person, as it should
        return 2
    print("\n3. The report: which task was hard, what went wrong, what needs your eyes.")
    if _command(folder, "report", slug):
        return 2
    print("\n4. Now you. In the folder demo/ (with the virtual environment active):")
    for line, why in (
        (f"course grade {slug}", "again: nothing runs twice"),
        ("jupyter lab", "Nbgrader → Formgrader in its menu: mark the written answers"),
        (f"course report {slug}", "again: now with your marks"),
        (f"nbgrader generate_feedback {slug}", "a page for each student, in feedback/"),
        ("nbgrader export", "all grades in grades.csv"),
    ):
        print(f"   {line:56} {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
