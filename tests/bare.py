"""Run notebooks as on Colab: with nothing but the course's wheel, and away from the repository."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from importlib.metadata import PathDistribution, distribution, distributions
from unittest.mock import patch

import nbformat
from examples import ROOT
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_utils.authoring.build import repository


def copy_sources(folder):
    """Copy what the wheel is made from, without leftovers."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT.md"):
        shutil.copy(ROOT / name, folder)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "course_utils", folder / "course_utils", ignore=skip)


def build_wheel(folder):
    """Build the course as a wheel, data included."""
    source = folder / "source"
    copy_sources(source)
    line = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    subprocess.run([*line, "-w", str(folder), str(source)], check=True)
    shutil.rmtree(source)
    (built,) = folder.glob("*.whl")
    return built


def declared(wheel):
    """The distributions that the wheel asks for, without extras."""
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {n.split("/")[0] for n in archive.namelist() if ".dist-info/" in n}
        return PathDistribution(zipfile.Path(archive, f"{info}/")).requires


def closure(requirements):
    """Names of the distributions required, and of those that they require in turn."""
    todo, seen = [(line, "") for line in requirements], set()
    while todo:
        line, extra = todo.pop()
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate({"extra": extra}):
            continue
        for extra in {"", *needed.extras}:
            one = canonicalize_name(needed.name), extra
            if one not in seen:
                seen.add(one)
                todo += [(line, extra) for line in distribution(needed.name).requires or ()]
    return {name for name, _ in seen}


def lend(names, inside):
    """Link the files of installed distributions, and of no others, into another site-packages."""
    site = sysconfig.get_path("purelib")
    ours, others = {}, {}
    for dist in distributions(path=[site]):
        tree = ours if canonicalize_name(dist.name) in names else others
        for file in dist.files:
            branch = tree
            for part in file.parts:
                branch = branch.setdefault(part, {})

    def link(ours, others, place):
        for name in ours.keys() - {".."}:  # "..": programs, and what Jupyter's server shows
            target = inside / place / name
            if name in others:  # a folder in which several distributions have a share
                target.mkdir()
                link(ours[name], others[name], f"{place}/{name}")
            else:
                target.symlink_to(f"{site}/{place}/{name}")

    link(ours, others, ".")


def bare_environment(folder, wheel):
    """Make an environment that has what the wheel asks for, a kernel and pip, and not the course.

    The packages are lent by the present environment, so nothing is downloaded.
    """
    venv.create(folder)
    python = folder / "bin" / "python"
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    names = closure([*declared(wheel), "ipykernel", "pip"])
    lend(names, folder / "lib" / version / "site-packages")
    like_colab(folder)
    return python


def like_colab(folder):
    """Give an environment a kernel, a home folder and a stand-in for ``google.colab``."""
    stand_in, startup = folder / "stand_in", folder / "home/.ipython/profile_default/startup"
    kernel = folder / "jupyter" / "kernels" / "bare"
    for made in (stand_in / "google" / "colab", startup, kernel):
        made.mkdir(parents=True)
    (stand_in / "google" / "colab" / "__init__.py").touch()
    (startup / "colab.py").write_text("import google.colab\n")
    line = [str(folder / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": line, "display_name": "bare", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))


def settings(folder):
    """Environment variables of what runs in an environment: few, and no way to a registry."""
    threads = {name: os.environ[name] for name in os.environ if name.endswith("_NUM_THREADS")}
    return {
        "HOME": str(folder / "home"),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.defpath}",
        "PYTHONPATH": str(folder / "stand_in"),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **threads,
    }


def run_notebook(path, folder, wheel, work, last=None, timeout=600, allow_errors=False, **own):
    """Run a notebook in an environment, from an empty working folder.

    The set-up cell installs the wheel. ``last`` is the code of one more cell, ``own`` are further
    environment variables. Returns the executed notebook, and the seconds it took.
    """
    notebook = nbformat.read(path, 4)
    setup = next(cell for cell in notebook.cells if cell.cell_type == "code")
    address = f"course_utils @ git+{repository(ROOT)}"
    assert setup.source.count(address) == 1  # the one place pip is sent to
    setup.source = setup.source.replace(address, str(wheel))
    if last:
        notebook.cells.append(nbformat.v4.new_code_cell(last))
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="bare",
        allow_errors=allow_errors,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(work)}},
    )
    began = time.perf_counter()
    with patch.dict(os.environ, JUPYTER_PATH=str(folder / "jupyter")):
        client.execute(env={**settings(folder), **own})
    return notebook, time.perf_counter() - began
