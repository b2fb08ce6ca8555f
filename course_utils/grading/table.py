"""The table that `course grade` prints."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from course_utils.grading.store import Record


def show(records: list[Record], console: Console | None = None) -> None:
    """Print one row per student, and below it what needs a person.

    Parameters
    ----------
    records : list of Record
    console : rich.console.Console, optional
        Where to print; the terminal when left out.
    """
    console = console or Console()
    most: dict[str, float] = {}
    for name, points in records[0].max_points.items():
        task = records[0].tasks.get(name, name)
        most[task] = most.get(task, 0) + points
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    grid.add_column("student", no_wrap=True, max_width=18)
    for task, points in most.items():
        header = f"{task}\n({points:g})"
        width = max(map(len, header.split("\n")))
        grid.add_column(header, justify="right", no_wrap=True, min_width=width)
    for name in ("points", "flags", "s", "MB"):
        grid.add_column(name, justify="right", no_wrap=True)
    for record in records:
        earned = {
            task: sum(p for name, p in record.points.items() if record.tasks.get(name) == task)
            for name, task in record.tasks.items()
            if name in record.points
        }
        grid.add_row(
            record.student,
            *(f"{earned[task]:g}" if task in earned else "–" for task in most),
            "–" if record.problem else f"{record.score:g}",
            str(len(record.flags) + bool(record.problem)) if record.needs_person else "",
            f"{sum(record.seconds.values()):.1f}" if record.seconds else "",
            f"{record.memory_mb:.0f}" if record.memory_mb else "",
        )
    console.print(grid)
    console.print("Points by the tests, per task; – waits for a person.", highlight=False)
    for record in records:
        for text in [record.problem] * bool(record.problem) + record.flags:
            console.print(f"{record.student}: {text}", highlight=False, markup=False)
    if not all(record.sandbox for record in records):
        console.print("Graded without a sandbox: students' code ran with your rights.")
    waiting = sum(record.needs_person for record in records)
    console.print(f"{len(records)} submissions; {waiting} need a person.")
