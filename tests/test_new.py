"""`course new`: what it writes passes what every lecture and exercise must pass, as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import test_benchmarks
import test_course
from examples import ROOT, make_small_course
from typer.testing import CliRunner

from benchmarks import lectures
from course_utils.authoring import build as authoring
from course_utils.authoring import glossary, new
from course_utils.cli import app

SLUG, TITLE = "11_nearest_mean", "Nearest mean"


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = make_small_course(tmp_path / "course")
    monkeypatch.chdir(folder)
    return folder


# What is refused, and leaves nothing behind.


@pytest.mark.parametrize(
    "slug",
    ["", "nearest_mean", "1_nearest", "111_nearest", "11-nearest", "11_Nearest", "11_", "11__mean",
     "11_nearest_", "11_nearest mean", "../11_nearest", "11_nearest.py", "１１_mean", "11_mean\n"],
)  # fmt: skip
def test_what_is_no_slug_is_refused(course, slug):
    before = files(course)
    refused = run("new", slug, TITLE)
    assert refused.exit_code == 1
    assert "cannot be a slug" in refused.output and "such as 11_nearest_mean" in refused.output
    assert files(course) == before


@pytest.mark.parametrize("title", ["", "  ", "Nearest\nmean"])
def test_what_is_no_title_is_refused(course, title):
    before = files(course)
    refused = run("new", SLUG, title)
    assert refused.exit_code == 1 and "the title is empty or has several lines" in refused.output
    assert files(course) == before


@pytest.mark.parametrize("kind", ["lectures", "exercises"])
@pytest.mark.parametrize("slug", ["01_small", "01_other"])
def test_a_number_that_is_taken_is_refused(course, slug, kind):
    for other in {"lectures", "exercises"} - {kind}:
        (course / "manuscript" / other / "01_small.py").unlink()  # one of the two is enough
    before = files(course)
    refused = run("new", slug, TITLE)
    assert refused.exit_code == 1
    assert f"number 01 is taken, by manuscript/{kind}/01_small.py" in refused.output
    assert files(course) == before


def test_both_files_are_written_or_none(course, monkeypatch):
    before, real = files(course), authoring.write_text

    def full_disk(text, path):
        if path.parent.name == "exercises":
            raise OSError("disk full")
        real(text, path)

    monkeypatch.setattr(new, "write_text", full_disk)
    refused = run("new", SLUG, TITLE)
    assert refused.exit_code == 1 and "disk full" in refused.output
    assert files(course) == before


def test_outside_a_course_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "no manuscript/ folder" in run("new", SLUG, TITLE).output


# What is written.


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The small course with nothing in it but what `course new` wrote, built; and what it said."""
    folder = make_small_course(tmp_path_factory.mktemp("new") / "course")
    for path in (folder / "manuscript").rglob("*.py"):
        path.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        said = run("new", SLUG, TITLE)
        assert said.exit_code == 0, said.output
        built = run("build", SLUG)
        assert built.exit_code == 0, built.output
    return folder, said.output


@pytest.fixture
def as_the_course(begun, monkeypatch):
    """Let the checks of the real course look at the new one."""
    folder, said = begun
    monkeypatch.chdir(folder)
    for module in (test_course, test_benchmarks, lectures):
        monkeypatch.setattr(module, "ROOT", folder)
    return folder, said


def manuscript(folder, kind):
    return folder / "manuscript" / kind / f"{SLUG}.py"


def test_every_place_is_filled_and_every_part_says_what_belongs_there(begun):
    folder, said = begun
    for kind in ("lectures", "exercises"):
        text = manuscript(folder, kind).read_text()
        assert not re.search(r"@[A-Z]+@", text + said)
        assert re.search(f"^# # (Exercise )?11 · {TITLE}$", text, re.MULTILINE)
        # A comment in Markdown: readers do not see it.
        assert text.count("REWRITE") == text.count("# <!-- REWRITE: ") >= 4
    lecture = manuscript(folder, "lectures").read_text()
    parts = lecture.split("\n# ## ")
    assert len(parts) == 10 and all("REWRITE" in part for part in parts)


def test_the_lecture_and_the_exercise_pass_what_all_of_them_must_pass(as_the_course):
    folder, _ = as_the_course
    lecture, exercise = manuscript(folder, "lectures"), manuscript(folder, "exercises")
    test_course.test_a_lecture_follows_the_skeleton(lecture)
    test_course.test_an_exercise_holds_what_every_exercise_holds(exercise)
    test_course.test_the_student_version_gives_nothing_away(exercise)
    test_course.test_the_search_for_leaks_finds_one(exercise)
    built = [
        folder / "lectures" / f"{SLUG}.ipynb",
        *(folder / kind / SLUG / f"{SLUG}.ipynb" for kind in ("solutions", "exercises")),
    ]
    for path in built:
        test_course.test_a_built_notebook_is_whole_small_and_described(path)
        test_course.test_a_built_notebook_names_no_machine(path)
    clean = run("build", "--check")
    assert clean.exit_code == 0, clean.output


def test_its_answers_do_what_they_promise(begun, monkeypatch):
    monkeypatch.chdir(begun[0])
    done = run("answers", f"exercises/{SLUG}")
    assert done.exit_code == 0 and done.output.count("ok  ") >= 6 * 4 + 1, done.output


def test_its_terms_clash_with_no_others(begun):
    folder, _ = begun
    ours, others = glossary.collect(folder), glossary.collect(ROOT)
    assert len(ours) >= 4
    assert not {term.key for term in ours} & {term.key for term in others}


def test_it_can_be_shown(as_the_course):
    folder, _ = as_the_course
    done = run("slides", SLUG)
    assert done.exit_code == 0, done.output
    page = (folder / "slides" / f"{SLUG}.html").read_text()
    assert 12 <= page.count('<section class="') <= 30


def test_style_is_in_order(begun):
    ruff = Path(sys.executable).parent / "ruff"
    done = subprocess.run(
        [ruff, "check", "--no-cache", "manuscript"],
        cwd=begun[0],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


# The steps that it prints.


def printed_figures(said):
    lines = re.search(r'^    "11_nearest_mean": \[\n.*?^    \],$', said, re.DOTALL | re.MULTILINE)
    return eval(f"{{{lines.group(0)}}}", {"Figure": lectures.Figure})


def test_the_printed_figures_are_in_the_lecture_and_reach_their_targets(as_the_course, monkeypatch):
    folder, said = as_the_course
    figures = printed_figures(said)
    monkeypatch.setattr(lectures, "FIGURES", figures)
    monkeypatch.setattr(test_benchmarks, "LECTURES", [manuscript(folder, "lectures")])
    test_benchmarks.test_every_lecture_has_figures()
    test_benchmarks.test_a_lecture_leaves_the_names_that_its_figures_need(
        manuscript(folder, "lectures")
    )
    seconds, values = lectures.run(SLUG, seed=1)
    for figure, value in zip(figures[SLUG], values):
        assert figure.reached(value), (figure, value)
    assert lectures.whole().reached(seconds)


def test_the_printed_row_is_what_the_readme_needs(as_the_course):
    folder, said = as_the_course
    (row,) = [line for line in said.splitlines() if line.startswith("| 11 |")]
    readme = (ROOT / "README.md").read_text()
    (like,) = [line for line in readme.splitlines() if line.startswith("| 10 |")]
    assert row.count("|") == like.count("|")
    (folder / "README.md").write_text(row)
    test_course.test_the_readme_lists_every_lecture_and_exercise()
    question = row.split("|")[3].strip().lower()
    lecture = manuscript(folder, "lectures").read_text().lower()
    assert f"the question of this lecture: {question}" in lecture


def test_the_printed_commands_are_in_order_and_name_what_is_there(begun):
    folder, said = begun
    commands = [line.strip() for line in said.splitlines() if line.startswith("        ")]
    commands = [line for line in commands if not line.startswith("Figure(")]
    order = [f"course build {SLUG}", f"course answers exercises/{SLUG}"]
    assert commands[:2] == order and len(commands) == 9
    for command in commands:
        for word in command.split():
            if "/" in word and not word.startswith("exercises/"):
                assert (folder / word).exists() or (ROOT / word).exists(), command
    for page in ("README.md", "benchmarks/lectures.py", "docs/self_study.md"):
        assert re.search(rf"^ \d\. {re.escape(page)}, in ", said, re.MULTILINE), page
