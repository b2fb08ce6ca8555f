"""On Colab: a bare environment, no repository, the set-up cell installs the course."""

import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest
from examples import ROOT, manuscripts

from course_utils.authoring.build import repository

FIRST_CELLS = 3  # set-up, imports and data, the first picture


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The course as a wheel, data included, built from a copy without leftovers."""
    import shutil

    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT.md"):
        shutil.copy(ROOT / name, source)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "course_utils", source / "course_utils", ignore=skip)
    folder = tmp_path_factory.mktemp("wheel")
    line = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    subprocess.run([*line, "-w", str(folder), str(source)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """A virtual environment that, like Colab, has torch and the rest but not this course."""
    folder = tmp_path_factory.mktemp("bare")
    # With pip, but the installed packages are lent, not downloaded again.
    venv.create(folder, with_pip=True)
    inside = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        ours = entry.name.startswith(("course_utils", "course-utils", "__editable__"))
        if not ours and entry.suffix != ".pth" and not (inside / entry.name).exists():
            (inside / entry.name).symlink_to(entry)
    (folder / "stand_in" / "google" / "colab").mkdir(parents=True)
    (folder / "stand_in" / "google" / "colab" / "__init__.py").touch()
    return folder


def first_cells():
    notebook = nbformat.read(ROOT / "lectures" / "01_dimensionality_reduction.ipynb", 4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"][:FIRST_CELLS]


def run(bare, tmp_path, source, colab):
    script = tmp_path / "cells.py"
    start = "import sys; sys.path.insert(0, sys.argv[1]); import google.colab\n" if colab else ""
    script.write_text(start + source)
    return subprocess.run(
        [bare / "bin" / "python", "-I", script, bare / "stand_in"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_cells_run_on_colab(bare, wheel, tmp_path):
    setup, *rest = first_cells()
    address = f"course_utils @ git+{repository(ROOT)}"
    assert setup.count(address) == 1  # the one place pip is sent to
    before = run(bare, tmp_path, "\n".join(rest), colab=True)
    assert "No module named 'course_utils'" in before.stderr  # the environment is bare indeed

    done = run(bare, tmp_path, "\n".join([setup.replace(address, str(wheel)), *rest]), colab=True)
    assert done.returncode == 0, done.stderr
    assert "train (60000, 784)" in done.stdout


def test_the_setup_cell_does_nothing_elsewhere(bare, tmp_path):
    setup = first_cells()[0]
    # No address would answer here, so success means that nothing was tried.
    done = run(bare, tmp_path, setup + "\nassert 'subprocess' not in globals()", colab=False)
    assert done.returncode == 0, done.stderr


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
    assert re.search(r"\[!\[Open in Colab\]", cells[0].source)


def test_the_wheel_holds_the_data_and_no_scripts(wheel):
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    sums = (ROOT / "course_utils" / "data" / "SHA256SUMS").read_text().split()[1::2]
    for name in sums:
        assert f"course_utils/data/{name.lstrip('*')}" in names
    assert "course_utils/data/README.md" in names
    assert not [name for name in names if "/data/build/" in name]
