"""Run every lecture and every solution with the oldest libraries that the course allows.

    python tests/oldest.py                  all notebooks, in a new environment in build/oldest
    python tests/oldest.py 03_tsne          the lecture and the exercise of that name

Downloads some 3 GB the first time; later runs bring the environment up to date. The versions are
the lower bounds in ``pyproject.toml``; what they need in turn, and the kernel, is left to pip. Best
with the oldest Python that the course allows: later ones have no files of the oldest libraries.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from bare import build_wheel, declared, like_colab, run_notebook
from examples import ROOT, manuscripts
from nbconvert.filters import strip_ansi
from packaging.requirements import Requirement

from course_utils.plotting import text_table

FOLDER = ROOT / "build" / "oldest"


def oldest(wheel):
    """The lowest version that each requirement of the wheel allows: ``["torch==2.2", ...]``."""
    pins = []
    for requirement in map(Requirement, declared(wheel)):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        (lowest,) = [s.version for s in requirement.specifier if s.operator == ">="]
        pins.append(f"{requirement.name}=={lowest}")
    return pins


def install(wheel):
    """Make the environment, or bring the one that is there up to date."""
    if not FOLDER.exists():
        venv.create(FOLDER, with_pip=True)
        like_colab(FOLDER)
    line = [FOLDER / "bin" / "python", "-m", "pip", "install", "-q", "--progress-bar", "off"]
    print("installing", *oldest(wheel), flush=True)
    subprocess.run([*line, "--force-reinstall", "--no-deps", wheel], check=True)
    subprocess.run([*line, wheel, "ipykernel", *oldest(wheel)], check=True)


def run(path, wheel):
    """Run one notebook; return its row in the table."""
    row = {"notebook": f"{path.relative_to(ROOT).parts[0]}/{path.stem}"}
    with tempfile.TemporaryDirectory() as work:
        try:
            _, seconds = run_notebook(path, FOLDER, wheel, work)
        except Exception as error:  # whatever it is, the table says it, and the next one runs
            last = strip_ansi(str(error)).strip().splitlines()[-1]
            return {**row, "ok": "NO", "seconds": "–", "error": last}
    return {**row, "ok": "yes", "seconds": f"{seconds:.0f}", "error": ""}


def main(slugs):
    """Run the notebooks and print the table; return the exit status."""
    names = [path.stem for path in manuscripts("lectures")]
    unknown = sorted(set(slugs) - set(names))
    if unknown:
        print(f"no such notebook: {', '.join(unknown)}; there are {', '.join(names)}")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        install(wheel)
        rows = []
        for name in slugs or names:
            solution = ROOT / "solutions" / name / f"{name}.ipynb"
            for path in (ROOT / "lectures" / f"{name}.ipynb", solution):
                rows.append(run(path, wheel))
                print(*rows[-1].values(), flush=True)
    print(text_table(rows, "Notebooks with the oldest libraries that pyproject.toml allows"))
    return any(row["ok"] == "NO" for row in rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
