"""From manuscript to notebooks, on a small course."""

import json
import shutil
import subprocess
import sys

import nbformat
import pytest
from examples import make_small_course

from course_utils.authoring import build as authoring
from course_utils.authoring.build import BuildError, find_root, find_targets
from course_utils.authoring.manuscript import read
from course_utils.training import device


def targets_of(course):
    lecture, exercise = find_targets(course)
    return lecture, exercise


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small course, built once; tests copy what they change."""
    course = make_small_course(tmp_path_factory.mktemp("built") / "course")
    for target in find_targets(course):
        assert authoring.build(target)
    return course


@pytest.fixture
def course(built, tmp_path):
    return shutil.copytree(built, tmp_path / "course")


def test_roles_become_nbgrader_metadata(course):
    _, exercise = targets_of(course)
    notebook = nbformat.read(exercise.notebook, 4)
    nbformat.validate(notebook)
    graded = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }
    assert list(graded) == ["double", "test_double", "why"]
    assert graded["double"].solution and not graded["double"].grade
    assert graded["test_double"].grade and graded["test_double"].locked
    assert graded["test_double"].points == 3
    assert graded["why"].grade and graded["why"].solution and graded["why"].points == 2


def test_other_answers_reach_no_notebook(course):
    _, exercise = targets_of(course)
    for path in (exercise.notebook, exercise.release):
        text = path.read_text()
        assert "x * x" not in text and "abs(x)" not in text and "x + x" not in text


def test_the_student_version_holds_neither_solution_nor_hidden_test_nor_rubric(course):
    _, exercise = targets_of(course)
    student = exercise.release.read_text()
    for secret in ("2 * x", "double(-5)", "two is even", "evenness"):
        assert secret in exercise.notebook.read_text()
        assert secret not in student
    assert "double(3) == 6" in student and "YOUR CODE HERE" in student


def test_outputs_are_kept_and_random_cells_marked(course):
    lecture, _ = targets_of(course)
    cells = nbformat.read(lecture.notebook, 4).cells
    assert cells[2].outputs[0].text == "42\n"
    assert cells[3].metadata.tags == ["nbval-ignore-output"]
    assert cells[3].outputs[0].output_type == "stream"


def test_the_setup_cell_and_the_link_to_colab_hold_the_one_address(course):
    lecture, exercise = targets_of(course)
    edit(course / "pyproject.toml", "your-organisation/simple-codes", "somebody/some-course")
    for target, opened in (
        (lecture, "lectures/01_small.ipynb"),
        (exercise, "exercises/01_small/01_small.ipynb"),
    ):
        cells = authoring.assemble(read(target.manuscript), target).cells
        assert "git+https://github.com/somebody/some-course" in cells[1].source
        assert f"/github/somebody/some-course/blob/main/{opened})" in cells[0].source
    assert len(authoring.out_of_date([lecture, exercise])) == 3  # the built ones hold the old one


def test_building_twice_gives_the_same_bytes(course):
    lecture, exercise = targets_of(course)
    edit(lecture.manuscript, "print(random.random())", "print('no luck')")
    authoring.build(lecture)
    for target in (lecture, exercise):
        paths = [target.notebook] + ([target.release] if target.is_exercise else [])
        before = [path.read_bytes() for path in paths]
        assert authoring.build(target, force=True)
        assert [path.read_bytes() for path in paths] == before


def test_nothing_is_built_again_without_need(course):
    for target in targets_of(course):
        assert not authoring.build(target)


@pytest.fixture
def no_kernel(monkeypatch):
    """Whoever executes a notebook in this test fails."""

    def execute(*_):
        raise AssertionError("executed")

    monkeypatch.setattr(authoring, "execute", execute)


def outputs(path):
    cells = nbformat.read(path, 4).cells
    return [(c.source, c.outputs, c.execution_count) for c in cells if c.cell_type == "code"]


def test_new_text_keeps_the_outputs(course, no_kernel):
    lecture, _ = targets_of(course)
    before = outputs(lecture.notebook)
    edit(
        lecture.manuscript,
        "# # A lecture",
        "# # A lecture\n#\n# and more\n\n# %% [markdown]\n# text",
    )
    assert authoring.build(lecture) == "text changed, outputs kept"
    assert outputs(lecture.notebook) == before
    assert "and more" in lecture.notebook.read_text()
    assert authoring.out_of_date([lecture]) == []


def test_new_text_of_an_exercise_reaches_students_too(course, no_kernel):
    _, exercise = targets_of(course)
    before = outputs(exercise.notebook)
    edit(exercise.manuscript, "# # An exercise", "# # A new exercise")
    assert authoring.build(exercise) == "text changed, outputs kept"
    assert outputs(exercise.notebook) == before
    assert "A new exercise" in exercise.release.read_text()
    assert authoring.out_of_date([exercise]) == []


@pytest.mark.parametrize(
    "old, new",
    [
        ("print(6 * 7)", "print(6 * 8)"),
        ("# %%\nprint(6 * 7)", "# %%\nx = 1\n\n# %%\nprint(6 * 7)"),
    ],
    ids=["another source", "another cell"],
)
def test_changed_code_is_executed(course, no_kernel, old, new):
    lecture, _ = targets_of(course)
    edit(lecture.manuscript, old, new)
    with pytest.raises(AssertionError, match="executed"):
        authoring.build(lecture)


def test_force_executes_though_only_text_changed(course, no_kernel):
    lecture, _ = targets_of(course)
    edit(lecture.manuscript, "# # A lecture", "# # Another lecture")
    with pytest.raises(AssertionError, match="executed"):
        authoring.build(lecture, force=True)


def by_hand(notebook):
    notebook.cells[0].source += "\nby hand"


def an_error(notebook):
    notebook.cells[2].outputs = [nbformat.v4.new_output("error", ename="E", evalue="e")]


def not_executed(notebook):
    notebook.cells[2].execution_count = None


@pytest.mark.parametrize("spoil", [by_hand, an_error, not_executed])
def test_outputs_of_a_spoilt_notebook_are_not_kept(course, no_kernel, spoil):
    lecture, _ = targets_of(course)
    notebook = nbformat.read(lecture.notebook, 4)
    spoil(notebook)
    nbformat.write(notebook, lecture.notebook)
    edit(lecture.manuscript, "# # A lecture", "# # Another lecture")
    with pytest.raises(AssertionError, match="executed"):
        authoring.build(lecture)


def test_editing_one_cell_leaves_the_ids_of_the_others(course):
    lecture, _ = targets_of(course)
    before = [c.id for c in authoring.assemble(read(lecture.manuscript), lecture).cells]
    edit(lecture.manuscript, "6 * 7", "7 * 7")
    after = [c.id for c in authoring.assemble(read(lecture.manuscript), lecture).cells]
    assert [a == b for a, b in zip(before, after)] == [True, True, False, True]


def test_equal_cells_get_different_ids(course):
    lecture, _ = targets_of(course)
    text = lecture.manuscript.read_text()
    lecture.manuscript.write_text(text + "\n# %%\nprint(6 * 7)\n")
    ids = [c.id for c in authoring.assemble(read(lecture.manuscript), lecture).cells]
    assert len(set(ids)) == len(ids)


def test_check_is_clean_after_a_build(course):
    assert authoring.out_of_date(find_targets(course)) == []
    assert authoring.orphans(course) == []


def test_check_finds_a_changed_manuscript(course):
    lecture, exercise = targets_of(course)
    edit(lecture.manuscript, "6 * 7", "7 * 7")
    edit(exercise.manuscript, "negative numbers too", "negative ones too")
    faults = authoring.out_of_date([lecture, exercise])
    assert len(faults) == 3  # a lecture; an instructor's and a student's version
    assert all("older than its manuscript" in fault for fault in faults)


def test_check_finds_a_hand_edit(course):
    lecture, exercise = targets_of(course)
    for path in (lecture.notebook, exercise.release):
        notebook = nbformat.read(path, 4)
        notebook.cells[0].source += "\nby hand"
        nbformat.write(notebook, path)
    faults = authoring.out_of_date([lecture, exercise])
    assert len(faults) == 2 and all("edited by hand" in fault for fault in faults)


def test_check_finds_missing_broken_and_failed_notebooks(course):
    lecture, exercise = targets_of(course)
    exercise.release.unlink()
    exercise.notebook.write_text("{")
    notebook = nbformat.read(lecture.notebook, 4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("error", ename="E", evalue="e")]
    nbformat.write(notebook, lecture.notebook)
    text = "\n".join(authoring.out_of_date([lecture, exercise]))
    assert "is missing" in text and "cannot be read" in text and "error output" in text


def test_check_finds_a_notebook_that_was_not_executed(course):
    lecture, _ = targets_of(course)
    notebook = nbformat.read(lecture.notebook, 4)
    nbformat.write(authoring.without_outputs(notebook), lecture.notebook)
    assert authoring.out_of_date([lecture]) == [
        "lectures/01_small: lectures/01_small.ipynb was not executed: run course build"
    ]


def test_a_missing_student_version_is_made_again_without_running_anything(course):
    _, exercise = targets_of(course)
    before, student = exercise.notebook.read_bytes(), exercise.release.read_bytes()
    exercise.release.unlink()
    assert authoring.build(exercise)
    assert exercise.release.read_bytes() == student
    assert exercise.notebook.read_bytes() == before


def test_answers_in_the_students_version_are_not_written_over(course, no_kernel):
    """Who solves in place and builds, with or without a change in the manuscript, loses nothing."""
    _, exercise = targets_of(course)
    notebook = nbformat.read(exercise.release, 4)
    answer = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution"))
    answer.source = "def double(x):\n    return x << 1"
    nbformat.write(notebook, exercise.release)
    solved = exercise.release.read_bytes()
    for _ in range(2):
        with pytest.raises(BuildError, match=r"exercises/01_small/01_small.ipynb holds answers"):
            authoring.build(exercise)
        assert exercise.release.read_bytes() == solved
        edit(exercise.manuscript, "exercise", "exercise, twice")
    exercise.release.rename(course / "mine.ipynb")
    assert authoring.build(exercise) and "YOUR CODE HERE" in exercise.release.read_text()


def test_a_manuscript_is_found_by_its_path(course, monkeypatch):
    lecture, _ = targets_of(course)
    monkeypatch.chdir(course / "manuscript")
    for name in ("./lectures/01_small.py", str(lecture.manuscript)):
        assert find_targets(course, [name]) == [lecture]


def test_check_finds_a_notebook_without_manuscript(course):
    lecture, _ = targets_of(course)
    lecture.manuscript.unlink()
    assert authoring.orphans(course) == ["lectures/01_small.ipynb has no manuscript: delete it"]


def test_a_failing_cell_is_named_and_the_last_good_notebook_stays(course):
    lecture, _ = targets_of(course)
    before = lecture.notebook.read_bytes()
    edit(lecture.manuscript, "print(6 * 7)", "print(6 / 0)")
    with pytest.raises(BuildError) as caught:
        authoring.build(lecture)
    line = lecture.manuscript.read_text().split("print(6 / 0)")[0].count("\n")
    assert f"01_small.py:{line}: this cell failed" in str(caught.value)
    assert "ZeroDivisionError" in str(caught.value)
    assert lecture.notebook.read_bytes() == before


def test_a_notebook_above_two_megabytes_is_refused(course):
    lecture, _ = targets_of(course)
    edit(lecture.manuscript, "print(6 * 7)", "print('x' * 2_100_000)")
    with pytest.raises(BuildError, match="more than 2 MB"):
        authoring.build(lecture)


def test_a_write_that_breaks_off_leaves_the_old_notebook(course, monkeypatch):
    lecture, _ = targets_of(course)
    notebook = nbformat.read(lecture.notebook, 4)
    before = lecture.notebook.read_bytes()
    notebook.cells.pop()

    def full_disk(*_):
        raise OSError("disk full")

    monkeypatch.setattr(authoring.os, "replace", full_disk)
    with pytest.raises(OSError, match="disk full"):
        authoring.write(notebook, lecture.notebook)
    assert lecture.notebook.read_bytes() == before


def test_an_output_that_names_a_private_folder_is_refused(course):
    lecture, _ = targets_of(course)
    edit(lecture.manuscript, "print(6 * 7)", "import os; print(os.path.expanduser('~/x'))")
    with pytest.raises(BuildError, match="folder of this machine"):
        authoring.build(lecture)
    bundle = "from IPython.display import JSON, display; import os\n"
    bundle += "display(JSON({'a': os.path.expanduser('~/x')}))"
    edit(lecture.manuscript, "import os; print(os.path.expanduser('~/x'))", bundle)
    with pytest.raises(BuildError, match="folder of this machine"):
        authoring.build(lecture)


def test_what_is_published_has_the_usual_seed_and_whole_trainings(course, monkeypatch):
    lecture, _ = targets_of(course)
    seen = "import os; print(os.environ.get('COURSE_SEED'), os.environ.get('COURSE_STEPS'))"
    edit(lecture.manuscript, "print(6 * 7)", seen)
    monkeypatch.setenv("COURSE_SEED", "3")
    monkeypatch.setenv("COURSE_STEPS", "50")
    authoring.build(lecture)
    assert "None None" in lecture.notebook.read_text()


@pytest.mark.skipif(device().type != "cpu", reason="only a processor knows how busy it is")
def test_a_training_on_a_busy_machine_is_not_published(course):
    lecture, _ = targets_of(course)
    training = "import time; from course_utils import training\ntraining.train("
    training += "lambda t: time.sleep(0.02) or {'t': t}, seconds=0.1, curve=False)"
    edit(lecture.manuscript, "print(6 * 7)", training)
    with pytest.raises(BuildError, match="when the machine is quiet"):
        authoring.build(lecture)


def test_a_test_that_warns_is_refused(course):
    _, exercise = targets_of(course)
    edit(
        exercise.manuscript,
        "assert double(3)",
        "import warnings; warnings.warn('x')\nassert double(3)",
    )
    with pytest.raises(BuildError, match="stderr"):
        authoring.build(exercise)


def test_progress_is_kept_as_its_last_state_and_widgets_as_pictures():
    new = nbformat.v4.new_output
    outputs = authoring._tidy(
        [
            new("stream", name="stderr", text="0%\r50%"),
            new("stream", name="stderr", text="\r100%\n"),
            new("display_data", {authoring.WIDGET_VIEW: {}, "text/plain": "HBox()"}),
            new("display_data", {authoring.WIDGET_VIEW: {}, "image/png": "aa", "text/plain": "p"}),
            new("display_data", {authoring.WIDGET_VIEW: {}, "text/html": "<b>h</b>"}),
        ]
    )
    assert [o.output_type for o in outputs] == ["stream", "display_data", "display_data"]
    assert outputs[0].text == "100%\n"
    assert dict(outputs[1].data) == {"image/png": "aa", "text/plain": "p"}
    assert dict(outputs[2].data) == {"text/html": "<b>h</b>"}


def test_unknown_names_and_folders_are_told(course, tmp_path):
    with pytest.raises(BuildError, match=r"no manuscript is called '07_gan'.*01_small"):
        find_targets(course, ["07_gan"])
    assert [t.name for t in find_targets(course, ["exercises/01_small"])] == ["exercises/01_small"]
    assert find_root(course / "lectures") == course.resolve()
    with pytest.raises(BuildError, match="course's folder"):
        find_root(tmp_path)


def test_what_nbgrader_refuses_is_reported_in_its_words(course):
    _, exercise = targets_of(course)
    bare = authoring.assemble(read(exercise.manuscript), exercise)
    del bare.cells[4].metadata.nbgrader["points"]
    with pytest.raises(BuildError, match="points"):
        authoring.student_versions(course, {"01_small": bare})


def test_the_notebooks_are_plain_json_without_machine_traces(course):
    for path in course.glob("*/**/*.ipynb"):
        text = path.read_text()
        json.loads(text)
        assert str(course) not in text and "iopub" not in text


def test_nbval_compares_fixed_outputs_and_leaves_random_ones_alone(course):
    """The notebooks' own test can fail: a changed output is found, a random one is not compared."""

    def nbval():
        line = [
            sys.executable,
            "-m",
            "pytest",
            "--nbval",
            "--nbval-current-env",
            "-p",
            "no:xdist",
        ]
        line += ["--rootdir", str(course), str(course / "lectures" / "01_small.ipynb")]
        return subprocess.run(line, capture_output=True, text=True, check=False, cwd=course)

    first = nbval()
    assert first.returncode == 0 and "3 passed" in first.stdout, first.stdout
    lecture, _ = targets_of(course)
    edit(lecture.notebook, '"42\\n"', '"43\\n"')
    second = nbval()
    assert "1 failed, 2 passed" in second.stdout, second.stdout
