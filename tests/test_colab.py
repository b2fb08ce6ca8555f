"""On Colab: a bare environment, no repository, the set-up cell installs the course.

Every notebook runs there, and in every lecture every widget is moved over its whole range.
"""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import ipywidgets
import nbformat
import numpy as np
import pytest
from bare import bare_environment, build_wheel, run_notebook, settings
from examples import ROOT, briefly, manuscripts
from sweep import sweep

from course_utils import widgets
from course_utils.authoring.build import repository
from course_utils.plotting import text_table

FIRST_CELLS = 3  # set-up, imports and data, the first picture
NOT_OURS = ("jupyterlab", "jupytext", "nbclient", "nbgrader", "gensim", "rouge_score", "pytest")
UNSOLVED = "NotImplementedError: This task is not solved yet"

# What a reader types into a lecture's widgets.
PEOPLE = ("king", "queen", "moses", "father", " Daughter ", "bread")
TYPED = {
    "04_word_embeddings": {name: PEOPLE for name in ("plus", "minus", "plus_too")},
    "05_pixel_generation": {"begin": ("", "明", "春風", "明月照", "白日依山盡", "黃河遠上白雲間")},
    "09_conditional_generation": {
        "wish": (
            "a happy person with long blue hair, red eyes and glasses",
            "short black hair and a hat",
            "green eyes",
            "somebody sad with pink hair",
            "",
        )
    },
}
# What they should refuse, and the words of the refusal.
REFUSED = {
    "04_word_embeddings": {
        name: ("xyzzy", "I do not know 'xyzzy'") for name in TYPED["04_word_embeddings"]
    },
    "05_pixel_generation": {"begin": ("hello", "these do not occur in the poems")},
    "09_conditional_generation": {"wish": ("a xyzzy with hair", "I do not know 'xyzzy'")},
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The course as a wheel."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def colab(tmp_path_factory, wheel):
    """An environment with the wheel, put there by pip, which checks what the wheel asks for."""
    folder = tmp_path_factory.mktemp("colab")
    python = bare_environment(folder, wheel)
    line = [python, "-m", "pip", "install", "-q", wheel]
    done = subprocess.run(line, env=settings(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def bare(tmp_path, wheel):
    """An environment without the course."""
    bare_environment(tmp_path / "bare", wheel)
    return tmp_path / "bare"


def first_cells():
    notebook = nbformat.read(ROOT / "lectures" / "01_dimensionality_reduction.ipynb", 4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"][:FIRST_CELLS]


def run(folder, source, colab):
    """Run code in an environment, from an empty folder, outside of a notebook."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    start = "import google.colab\n" if colab else ""
    return subprocess.run(
        [folder / "bin" / "python", "-c", start + source],
        cwd=work,
        env=settings(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_cells_run_on_colab(bare, wheel):
    setup, *rest = first_cells()
    address = f"course_utils @ git+{repository(ROOT)}"
    assert setup.count(address) == 1  # the one place pip is sent to
    before = run(bare, "\n".join(rest), colab=True)
    assert "No module named 'course_utils'" in before.stderr  # the environment is bare indeed

    done = run(bare, "\n".join([setup.replace(address, str(wheel)), *rest]), colab=True)
    assert done.returncode == 0, done.stderr
    assert "train (60000, 784)" in done.stdout


def test_the_setup_cell_does_nothing_elsewhere(bare):
    setup = first_cells()[0]
    # No address would answer here, so success means that nothing was tried.
    done = run(bare, setup + "\nassert 'subprocess' not in globals()", colab=False)
    assert done.returncode == 0, done.stderr


def test_the_environment_has_only_what_the_wheel_asks_for(colab):
    source = "import importlib.util, torch, course_utils\nprint(course_utils.__file__)\n"
    source += f"print([n for n in {NOT_OURS} if importlib.util.find_spec(n)])"
    done = run(colab, source, colab=False)
    place, found = done.stdout.splitlines()
    assert Path(place).is_relative_to(colab / "lib") and not Path(place).is_symlink()
    assert found == "[]"
    assert all(map(__import__, NOT_OURS))  # they are here, so it is not for want of them


@pytest.mark.parametrize("path", manuscripts("lectures"), ids=lambda path: path.stem)
def test_a_lecture_runs_and_its_widgets_answer(path, colab, wheel, tmp_path):
    slug = path.stem
    moves = (ROOT / "tests" / "sweep.py").read_text()
    moves += f"""
import json
print(json.dumps([sweep(w, {TYPED.get(slug, {})}, {REFUSED.get(slug, {})}) for w in alive()]))
"""
    lecture = ROOT / "lectures" / f"{slug}.ipynb"
    notebook, seconds = run_notebook(lecture, colab, wheel, tmp_path, moves, **briefly(slug))
    outputs = notebook.cells[-1].outputs
    assert [output.output_type for output in outputs] == ["stream"]  # no button failed
    rows = [row for rows in json.loads(outputs[0].text) for row in rows]
    print(f"{slug}: {seconds:.0f} s")
    print(text_table([{**row, "faults": "; ".join(row["faults"])} for row in rows]))
    assert rows and not [row for row in rows if row["faults"]]


@pytest.mark.parametrize("path", manuscripts("exercises"), ids=lambda path: path.stem)
def test_an_unsolved_exercise_says_what_is_to_do(path, colab, wheel, tmp_path):
    exercise = ROOT / "exercises" / path.stem / f"{path.stem}.ipynb"
    notebook, _ = run_notebook(exercise, colab, wheel, tmp_path, timeout=60, allow_errors=True)
    unsolved, strange = False, []
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        role = cell.metadata.get("nbgrader", {})
        unsolved |= role.get("solution", False)
        for output in cell.outputs:
            if output.output_type == "error":
                said = f"{output.ename}: {output.evalue}"
                told = said.startswith(UNSOLVED) and unsolved
                if not (told or (role.get("grade") and output.ename == "AssertionError")):
                    strange.append(f"{cell.source[:80]!r} … {said}")
    assert unsolved and not strange, "\n".join(strange)


def test_a_widget_that_does_not_follow_is_noticed():
    def controls():
        return {n: ipywidgets.FloatSlider(value=0.5, min=0, max=1) for n in ("ink", "size")}

    drawn = widgets.Explorer(lambda ink, size: np.full((4, 4), ink * size), controls(), alt="Grey.")
    written = widgets.TextExplorer(lambda ink, size: f"{ink} {size}", controls())
    assert not any(row["faults"] for w in (drawn, written) for row in sweep(w, {}, {}))

    deaf = widgets.Explorer(lambda ink, size: np.full((4, 4), ink), controls(), alt="Grey.")
    ink, size = sweep(deaf, {}, {})
    assert ink["faults"] == [] and size["faults"] == ["9 values, only 1 pictures"]
    chance = widgets.TextExplorer(lambda ink, size: str(np.random.rand()), controls())  # noqa: NPY002
    assert all("only 1 pictures" in row["faults"][0] for row in sweep(chance, {}, {}))

    level = [1.0]
    spoilt = widgets.Explorer(
        lambda ink, size: np.full((4, 4), level[0] * ink * size), controls(), alt="Grey."
    )
    level[0] = 0.5  # as a later cell may, by a name that the widget uses
    assert "back at its start" in sweep(spoilt, {}, {})[0]["faults"][0]

    def slow(ink, size):
        end = time.process_time() + 0.12
        while time.process_time() < end:
            pass
        return np.full((4, 4), ink * size)

    ink, size = sweep(widgets.Explorer(slow, controls(), alt="Grey."), {}, {})
    assert ink["faults"][0].startswith("takes 0.1")


def test_a_widget_that_takes_any_text_is_noticed():
    box = {"wish": ipywidgets.Text("a")}
    polite = widgets.TextExplorer(lambda wish: f"here is {wish}", box)
    (row,) = sweep(polite, {"wish": ["b", "c"]}, {"wish": ("?", "I do not know '?'")})
    assert row["faults"] == ["does not say 'I do not know '?''"]


@pytest.mark.parametrize(
    "path",
    [*manuscripts("lectures"), *manuscripts("exercises")],
    ids=lambda p: f"{p.parent.name}/{p.stem}",
)
def test_every_notebook_begins_with_the_setup_cell(path):
    kind, slug = path.parent.name, path.stem
    folder = ROOT / kind / slug if kind == "exercises" else ROOT / kind
    cells = nbformat.read(folder / f"{slug}.ipynb", 4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert "google.colab" in code[0]
    assert re.search(r"\[▶ Open in Colab\]", cells[0].source)


def test_the_wheel_holds_the_data_and_no_scripts(wheel):
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    sums = (ROOT / "course_utils" / "data" / "SHA256SUMS").read_text().split()[1::2]
    for name in sums:
        assert f"course_utils/data/{name.lstrip('*')}" in names
    others = [p for p in (ROOT / "course_utils").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    ours = {p.relative_to(ROOT).as_posix() for p in others if p.parent.name != "build"}
    assert ours - set(names) == set()
    assert not [name for name in names if "/data/build/" in name]
