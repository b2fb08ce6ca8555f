"""The real course keeps its promises: up to date, no leaks, described pictures, the skeleton."""

import json
import re

import nbformat
import pytest
from examples import ROOT, manuscripts

from course_utils.authoring import build as authoring
from course_utils.authoring.manuscript import HIDDEN, SOLUTION, read

LECTURES = manuscripts("lectures")
EXERCISES = manuscripts("exercises")
BUILT = sorted(
    [
        *ROOT.glob("lectures/*.ipynb"),
        *ROOT.glob("solutions/*/*.ipynb"),
        *ROOT.glob("exercises/*/*.ipynb"),
    ]
)


def stem(path):
    return f"{path.relative_to(ROOT).parts[0]}/{path.stem}"


def test_every_built_notebook_agrees_with_its_manuscript():
    assert authoring.out_of_date(authoring.find_targets(ROOT)) == []
    assert authoring.orphans(ROOT) == []


def test_every_lecture_has_its_exercise_and_the_other_way_round():
    lectures = [path.stem for path in LECTURES]
    assert [path.stem for path in EXERCISES] == lectures


# What must never reach a student, searched for by content.


def secret_lines(manuscript):
    """Lines that stand in solutions, hidden tests or other answers, and nowhere in the open."""
    secret, open_ = set(), set()
    for cell in manuscript.cells:
        lines = [line.strip() for line in cell.source.splitlines()]
        if cell.role in ("wrong", "right"):
            secret.update(lines)
            continue
        inside = {line.strip() for line in cell.region(SOLUTION) + cell.region(HIDDEN)}
        secret |= inside
        open_.update(line for line in lines if line not in inside)
    public = "\n".join(open_)  # what the open text says, in part of a line too, is no secret
    return {line for line in secret if len(line) >= 12 and line not in public}


def leaks(manuscript, notebook):
    text = "\n".join(
        "\n".join([cell.source, json.dumps(cell.get("outputs", []), ensure_ascii=False)])
        for cell in notebook.cells
    )
    text += json.dumps(notebook.metadata)
    return [line for line in secret_lines(manuscript) if line in text]


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_the_student_version_gives_nothing_away(path):
    manuscript = read(path)
    assert len(secret_lines(manuscript)) > 20
    student = nbformat.read(ROOT / "exercises" / path.stem / f"{path.stem}.ipynb", 4)
    assert leaks(manuscript, student) == []
    assert not any(cell.get("outputs") for cell in student.cells)


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_the_search_for_leaks_finds_one(path):
    """The search itself can fail: the instructor's version is full of what it looks for."""
    manuscript = read(path)
    solved = nbformat.read(ROOT / "solutions" / path.stem / f"{path.stem}.ipynb", 4)
    found = leaks(manuscript, solved)
    for role, markers in (("solution", SOLUTION), ("test", HIDDEN), ("written", SOLUTION)):
        lines = {
            line.strip() for cell in manuscript.with_role(role) for line in cell.region(markers)
        }
        assert lines & set(found), f"nothing of the {role} cells is searched for"
    wrong = {line.strip() for c in manuscript.with_role("wrong") for line in c.source.splitlines()}
    assert wrong & secret_lines(manuscript)
    assert not (wrong - {line.strip() for line in path.read_text().splitlines()})


# How an exercise is built.


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_an_exercise_holds_what_every_exercise_holds(path):
    manuscript = read(path)
    assert manuscript.points == 20
    tasks = re.findall(r"^## Task \d+ · .*\((★+), (\d+) minutes, ([\d½]+) points?\)", "\n".join(
        cell.source for cell in manuscript.cells if cell.kind == "markdown"
    ), re.MULTILINE)  # fmt: skip
    assert 5 <= len(tasks) <= 8
    assert all(1 <= len(stars) <= 3 for stars, _, _ in tasks)
    assert 60 <= sum(int(minutes) for _, minutes, _ in tasks) <= 90
    assert sum(float(points) for _, _, points in tasks) == 20
    (written,) = manuscript.with_role("written")
    assert any("**Rubric.**" in line for line in written.region(SOLUTION))
    for cell in manuscript.with_role("solution"):
        answers = [other.role for other in manuscript.cells if other.of == cell.id]
        assert answers.count("wrong") >= 3, f"{cell.id} has fewer than three wrong answers"
        assert answers.count("right") >= 1, f"{cell.id} has no other right answer"
    assert any(cell.region(HIDDEN) for cell in manuscript.with_role("test"))


# How a lecture is built.


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_a_lecture_follows_the_skeleton(path):
    manuscript = read(path)
    text = "\n".join(cell.source for cell in manuscript.cells)
    assert manuscript.cells[0].source.startswith(f"# {path.stem[:2]} · ")
    assert "The question of this lecture" in manuscript.cells[0].source
    assert "setup" in manuscript.cells[1].modifiers
    assert "you can**" in manuscript.cells[2].source
    (terms,) = [cell for cell in manuscript.cells if "terms" in cell.modifiers]
    assert re.search(r"[\u4e00-\u9fff]", terms.source)
    assert text.count("<summary><b>Predict") >= 2
    assert text.count("<details>") == text.count("</details>")
    for part in ("Measure", "Break it on purpose", "What it still cannot do", "Summary"):
        assert re.search(rf"^## \d+ · {part}", text, re.MULTILINE), f"no part '{part}'"
    assert "training.train(" in text and "widgets.quiz(" in text
    assert re.search(r"widgets\.(?!quiz)\w+\(", text), "no widget"
    assert f"exercises/{path.stem}" in text
    assert "**Further reading**" in text
    summary = text.split("· Summary")[1]
    assert re.findall(r"^(\d)\. ", summary, re.MULTILINE) == list("12345")
    for cell in manuscript.cells:
        if cell.kind == "code":
            assert len(cell.source.splitlines()) <= 45, f"line {cell.line}: a long cell"


# What is in every built notebook.


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_a_built_notebook_is_whole_small_and_described(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert path.stat().st_size <= authoring.MAX_BYTES
    student = path.is_relative_to(ROOT / "exercises")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert "![](" not in cell.source, "a picture without a description"
            continue
        assert (cell.execution_count is None) == student
        for output in cell.outputs:
            assert output.output_type != "error"
            data = output.get("data", {})
            assert authoring.WIDGET_VIEW not in data
            if "image/png" in data:
                assert len(output.metadata["image/png"]["alt"]) > 15


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_a_built_notebook_names_no_machine(path):
    text = path.read_text()
    for trace in (str(ROOT), "/root/", "/home/", "/tmp/", "ipykernel_"):
        assert trace not in text


def test_the_readme_lists_every_lecture_and_exercise():
    readme = (ROOT / "README.md").read_text()
    notebooks = [*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("exercises/*/*.ipynb")]
    missing = [
        str(p.relative_to(ROOT)) for p in notebooks if str(p.relative_to(ROOT)) not in readme
    ]
    assert missing == []
