"""What every benchmark shares: the machine's description, the table, the file, a lecture's code."""

from __future__ import annotations

import io
import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

from course_utils.authoring.manuscript import read
from course_utils.plotting import text_table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("torch", "numpy", "scikit-learn", "gensim")
# Set in the environment: run everything once, on too little for the figures to mean anything.
BRIEF = "COURSE_BRIEF" in os.environ


def machine() -> dict[str, Any]:
    """Describe this machine: what it is, not whose it is or where."""
    import torch

    processor, memory = platform.processor() or platform.machine(), None
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
        processor = names[0] if names else processor
    if hasattr(os, "sysconf"):
        memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_GiB": memory,
        "threads_of_torch": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def report(name: str, caption: str, rows: Sequence[dict[str, Any]], **more: Any) -> None:
    """Print the rows as a table, and keep them, with the machine, in ``results/NAME.json``.

    A brief run's figures are not kept.
    """
    print(text_table(rows, caption))
    if BRIEF:
        print("(A brief run: not kept.)")
        return
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    result = {"benchmark": name, "about": caption, "machine": machine(), **more, "rows": rows}
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written: {path.relative_to(ROOT)}")


@contextmanager
def quiet() -> Iterator[None]:
    """Swallow what a lecture prints and draws."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def lecture_code(slug: str, needles: Sequence[str], space: dict[str, Any] | None = None) -> dict:
    """Run the cells of a lecture that hold these pieces of text, in order.

    So a benchmark measures the lecture's own code, not a copy of it.

    Parameters
    ----------
    slug : str
        The lecture.
    needles : sequence of str
        Each must stand in exactly one code cell.
    space : dict, optional
        Names that are there already; new ones are added.

    Returns
    -------
    dict
        The namespace.

    Raises
    ------
    LookupError
        A piece stands in no cell, or in several: the lecture has changed.
    """
    space = {} if space is None else space
    cells = [c for c in read(ROOT / "manuscript/lectures" / f"{slug}.py").cells if c.kind == "code"]
    wanted = set()
    for needle in needles:
        found = [i for i, cell in enumerate(cells) if needle in cell.source]
        if len(found) != 1:
            raise LookupError(f"{needle!r} stands in {len(found)} cells of {slug}, not in one")
        wanted.add(found[0])
    with quiet():
        for i in sorted(wanted):
            exec(compile(cells[i].source, f"{slug}, cell {i}", "exec"), space)
    return space
