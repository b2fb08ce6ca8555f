"""A page about one graded exercise: points, tasks, errors, times, and what needs a person.

One HTML file that opens anywhere and prints well: no script, nothing from elsewhere. It is the
teacher's: it holds names, and what hidden tests say.
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.grading.grade import digest
from course_utils.grading.gradebook import Course
from course_utils.grading.store import FOLDER, Record, Store
from course_utils.plotting import COLOURS

FEWEST = 10  # with fewer students a correlation says next to nothing
MOST_ERRORS = 5  # shown per task
LONGEST = 300  # characters of an example
STAGES = {
    "start": "the kernel starts",
    "imports": "libraries load",
    "cells": "answers and given cells",
    "tests": "tests",
    "control": "tests with the answers taken out",
    "shutdown": "the kernel ends",
}

Marks = Mapping[str, Mapping[str, float]]


class ReportError(RuntimeError):
    """There is nothing to report on; the message says why."""


# --- numbers --------------------------------------------------------------------------------


def discrimination(passed: Sequence[bool], rest: Sequence[float]) -> float | str:
    """Return how well an item tells strong from weak students.

    The point-biserial correlation between passing the item and the points in all *other* items
    (corrected item-total, or item-rest, correlation)::

        r = (M1 - M0) / s * sqrt(p * (1 - p))

    where M1 and M0 are the mean rest scores of those that passed and of those that did not, s is
    the standard deviation of all rest scores (dividing by n), and p the share that passed. It is
    Pearson's correlation with passing written as 1 and 0. The item itself is left out of the
    score, because it would correlate with itself.

    Parameters
    ----------
    passed : sequence of bool
        Whether each student has all points of the item.
    rest : sequence of float
        Each student's points in all other items.

    Returns
    -------
    float or str
        From -1 to 1; in words where it is not defined.

    References
    ----------
    J. D. Brown (2001), Point-biserial correlation coefficients, JALT Testing & Evaluation SIG
    Newsletter 5(3), for the formula. J. P. Guilford (1953), The correlation of an item with a
    composite of the remaining items in a test, Educational and Psychological Measurement 13,
    87-93, and S. Henrysson (1963), Correction of item-total correlations in item analysis,
    Psychometrika 28, 211-218, for leaving the item out.
    """
    if len(passed) < FEWEST:
        return "too few"
    if all(passed):
        return "all passed"
    if not any(passed):
        return "nobody passed"
    right, score = np.asarray(passed, bool), np.asarray(rest, float)
    spread = float(score.std())
    if spread < 1e-9:
        return "the rest is equal"
    p = float(right.mean())
    gap = float(score[right].mean() - score[~right].mean())
    return gap / spread * math.sqrt(p * (1 - p))


def pattern(message: str) -> str:
    """Return an error message with its numbers taken out, so that equal errors are equal.

    Lists of numbers count as one number, so that shapes and vectors of any length are equal too.
    """
    text = re.sub(r"0x[0-9a-fA-F]+", "#", message)
    text = re.sub(r"(?<![\w.])[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", "#", text, flags=re.IGNORECASE)
    text = re.sub(r"#([\s,;]+#)*,?", "#", text)
    return " ".join(text.split())


def reasons(flags: Sequence[str], cells: Sequence[str]) -> list[str]:
    """Return flags with those that differ only in the cell's name told once, for all of them."""
    names = sorted(cells, key=len, reverse=True)
    kinds: dict[str, list[tuple[str, str]]] = {}
    for flag in flags:
        name = next((name for name in names if name in flag), "")
        kinds.setdefault(flag.replace(name, "…") if name else flag, []).append((flag, name))
    return [
        same[0][0] if len(same) == 1 else f"{kind} ({', '.join(name for _, name in same)})"
        for kind, same in kinds.items()
    ]


@dataclass
class Item:
    """A task, a test or a written answer, over the class.

    Attributes
    ----------
    name : str
    points : float
        The most it gives.
    share : float
        Mean share of its points: small is hard.
    passed : int
        How many have all of its points.
    discrimination : float or str
    """

    name: str
    points: float
    share: float
    passed: int
    discrimination: float | str


@dataclass
class Error:
    """One kind of error in a task: how many met it, in which tests, and a message as an example."""

    name: str
    students: int
    tests: list[str]
    example: str


class Class:
    """The numbers of one class and exercise.

    Parameters
    ----------
    records : list of Record
        At least one.
    marks : mapping
        By student and cell: points as the gradebook has them, a person's marks included.
    """

    def __init__(self, records: Sequence[Record], marks: Marks) -> None:
        self.records = records
        self.graded = [record for record in records if not record.problem]
        self.refused = [record for record in records if record.problem]
        self.points = {r.student: {**r.points, **marks.get(r.student, {})} for r in self.graded}
        self.max_points: dict[str, float] = {}
        self.tasks: dict[str, str] = {}
        for record in records:
            self.max_points |= record.max_points
            self.tasks |= record.tasks
        # A written answer counts once everybody's is marked: until then sums would not compare.
        self.counted = [
            cell
            for cell in self.max_points
            if self.graded and all(cell in points for points in self.points.values())
        ]
        self.scores = [
            sum(points[cell] for cell in self.counted) for points in self.points.values()
        ]
        self.most = sum(self.max_points[cell] for cell in self.counted)

    @property
    def unmarked(self) -> dict[str, int]:
        """By written answer that does not count yet: how many are marked."""
        return {
            cell: sum(cell in points for points in self.points.values())
            for cell in self.max_points
            if self.graded and cell not in self.counted
        }

    @property
    def mixed(self) -> bool:
        """Whether not all were graded with the same tests and points."""
        return len({tuple(record.max_points.items()) for record in self.records}) > 1

    def item(self, name: str, cells: Sequence[str]) -> Item:
        """Return the numbers of some cells taken together."""
        most = sum(self.max_points[cell] for cell in cells)
        earned = [sum(points[cell] for cell in cells) for points in self.points.values()]
        passed = [points >= most - 1e-9 for points in earned]
        rest = [score - points for score, points in zip(self.scores, earned)]
        return Item(name, most, mean(earned) / most, sum(passed), discrimination(passed, rest))

    def items(self) -> list[tuple[Item, list[Item]]]:
        """Return each task with the tests and written answers in it."""
        return [
            (self.item(task, cells), [self.item(cell, [cell]) for cell in cells])
            for task in dict.fromkeys(self.tasks.values())
            if (cells := [cell for cell in self.counted if self.tasks.get(cell) == task])
        ]

    def errors(self) -> dict[str, tuple[list[Error], int]]:
        """Return, by task, the most common errors and how many rarer kinds there are."""
        groups: dict[str, dict[tuple[str, str], list[tuple[str, str, str]]]] = {}
        for record in self.graded:
            for test, (name, message) in record.failed.items():
                kinds = groups.setdefault(record.tasks.get(test, test), {})
                kind = kinds.setdefault((name, pattern(message)), [])
                kind.append((record.student, test, message))
        found = {}
        for task in [t for t in dict.fromkeys(self.tasks.values()) if t in groups]:
            errors = []
            for (name, _), times in groups[task].items():
                students, tests, messages = zip(*times)
                example = Counter(messages).most_common(1)[0][0]
                errors.append(Error(name, len(set(students)), sorted(set(tests)), example))
            errors.sort(key=lambda error: -error.students)
            found[task] = errors[:MOST_ERRORS], len(errors[MOST_ERRORS:])
        return found

    def times(self) -> list[tuple[str, float, float, str]]:
        """Return, by stage and in all: the median, the longest, and whose that was (seconds)."""
        timed = [record for record in self.graded if record.seconds]
        if not timed:
            return []
        rows = []
        for stage, words in STAGES.items():
            rows.append((words, [record.seconds.get(stage, 0.0) for record in timed]))
        rows.append(("in all", [sum(record.seconds.values()) for record in timed]))
        return [(words, *_extremes(values, timed)) for words, values in rows]

    def memory(self) -> tuple[float, float, str] | None:
        """Return the median and the largest peak in MB, and whose that was."""
        measured = [record for record in self.graded if record.memory_mb]
        if not measured:
            return None
        return _extremes([record.memory_mb for record in measured], measured)


def _extremes(values: list[float], records: list[Record]) -> tuple[float, float, str]:
    most = max(values)
    return median(values), most, records[values.index(most)].student


# --- pictures -------------------------------------------------------------------------------


STYLE: Any = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "patch.edgecolor": "black",
    "patch.force_edgecolor": True,
    "patch.linewidth": 0.8,
    "svg.fonttype": "none",  # text stays text: to read aloud and to search
    "svg.hashsalt": "report",
    "text.parse_math": False,
}


def _svg(figure: Figure, name: str, alt: str) -> Markup:
    """Return a figure as an SVG element with a description, its ids its own in the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", text)
    label = Markup('<svg role="img" aria-label="{}"').format(alt)
    return label + Markup(text.removeprefix("<svg"))


@rc_context(STYLE)
def histogram(scores: Sequence[float], most: float) -> Markup:
    """Draw how many submissions have how many points; full points have a bar of their own."""
    step = max(1, math.ceil(most / 25))
    counts = Counter(int((score + 1e-9) // step) for score in scores)
    places = range(min(0, *counts), max(int(most // step), *counts) + 1)
    names = [str(i * step) if step == 1 else f"{i * step}–{i * step + step - 1}" for i in places]
    figure = Figure(figsize=(5.6, 2.4))
    axis = figure.add_subplot()
    axis.bar(list(places), [counts[i] for i in places], 0.85, color=COLOURS[2])
    axis.set_xticks(list(places), names, rotation=90 if step > 1 else 0, fontsize=8)
    axis.set_xlabel(f"points of {most:g}")
    axis.set_ylabel("submissions")
    axis.yaxis.set_major_locator(MaxNLocator(integer=True))
    told = ", ".join(f"{name}: {counts[i]}" for i, name in zip(places, names) if counts[i])
    return _svg(figure, "points", f"Bar chart of points, each with how many have them: {told}.")


@rc_context(STYLE)
def difficulty(tasks: Sequence[Item]) -> Markup:
    """Draw the mean share of points of each task, as bars with the number at their end."""
    names = [f"task {task.name}" for task in tasks]
    shares = [100 * task.share for task in tasks]
    figure = Figure(figsize=(5.6, 0.6 + 0.28 * len(tasks)))
    axis = figure.add_subplot()
    axis.barh(range(len(tasks)), shares, 0.7, color=COLOURS[5], tick_label=names)
    for row, share in enumerate(shares):
        axis.text(max(share, 0) + 1, row, f"{share:.0f} %", va="center", fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(min(0, *shares), max(108, *shares))
    axis.set_xticks(range(0, 101, 20))
    axis.set_xlabel("mean share of the points in percent")
    told = ", ".join(f"{name} {share:.0f} percent" for name, share in zip(names, shares))
    return _svg(figure, "tasks", f"Bar chart of the mean share of points: {told}.")


# --- the page -------------------------------------------------------------------------------


def page(
    slug: str,
    records: Sequence[Record],
    *,
    marks: Marks | None = None,
    waiting: Sequence[str] = (),
    changed: Sequence[str] = (),
    when: datetime | None = None,
) -> str:
    """Return the report as one HTML page.

    Parameters
    ----------
    slug : str
    records : sequence of Record
        At least one.
    marks : mapping, optional
        By student and cell, from the gradebook.
    waiting, changed : sequence of str
        Students whose work is not graded yet, or came anew after it was.
    when : datetime, optional
        The date on the page; now when left out.
    """
    group = Class(records, marks or {})
    tasks = group.items()
    when = when or datetime.now().astimezone()
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.from_string(PAGE).render(
        slug=slug,
        when=f"{when.day} {when:%B %Y, %H:%M}",
        group=group,
        waiting=waiting,
        changed=changed,
        people=[record for record in records if record.needs_person],
        flagged=[record for record in group.graded if record.flags],
        noted=[record for record in records if record.notes],
        unprotected=[record.student for record in records if not record.sandbox],
        tasks=tasks,
        histogram=histogram(group.scores, group.most) if group.counted else "",
        difficulty=difficulty([task for task, _ in tasks]) if tasks else "",
        mean=mean(group.scores) if group.scores else 0,
        median=median(group.scores) if group.scores else 0,
        fewest=FEWEST,
        short=_short,
        reasons=reasons,
    )
    return text + "\n"


def _clean(value: Any) -> Any:
    """Take out of a text what no page should hold: control characters, half characters."""
    if type(value) is not str:
        return value
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in value
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def marks_of(course: Course, slug: str) -> dict[str, dict[str, float]]:
    """Return points from the gradebook, by student and cell; empty if there is none.

    Written answers that wait for a person are left out.
    """
    place = course.directory.db_url.removeprefix("sqlite:///")
    if "://" not in place and not Path(place).exists():
        return {}
    with course.gradebook() as book:
        return {
            submission.student_id: {
                grade.name: float(grade.score)
                for notebook in submission.notebooks
                for grade in notebook.grades
                if not grade.needs_manual_grade or grade.manual_score is not None
            }
            for submission in book.assignment_submissions(slug)
        }


def write(course: Course, slug: str, output: Path | None = None) -> Path:
    """Write the report of an exercise.

    Parameters
    ----------
    course : Course
    slug : str
    output : Path, optional
        ``grading/reports/SLUG.html`` in the course's folder when left out.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ReportError
        Nothing was graded.
    """
    records = Store(course.root).records(slug)
    handed_in = course.submitted(slug)
    if not records:
        count = f"{len(handed_in)} handed in" if handed_in else "nothing handed in either"
        raise ReportError(
            f"Nothing is recorded of {slug} ({count}): run course grade {slug} first."
        )
    known = {record.student: record for record in records}
    text = page(
        slug,
        records,
        marks=marks_of(course, slug),
        waiting=[name for name in handed_in if name not in known],
        changed=[
            name
            for name in handed_in
            if name in known and digest(course.path("submitted", name, slug)) != known[name].digest
        ],
    )
    path = output or course.root / FOLDER / "reports" / f"{slug}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


PAGE = """\
{%- macro number(value) %}
{%- if value is string %}<small>{{ value }}</small>{% else %}
{{- "%.2f"|format(value) }}{% endif %}
{%- endmacro %}
{%- macro row(item, name) %}
<th scope="row">{{ name }}</th>
<td class="n">{{ "%g"|format(item.points) }}</td>
<td class="n">{{ "%.0f"|format(100 * item.share) }} %</td>
<td class="n">{{ item.passed }}</td>
<td class="n">{{ number(item.discrimination) }}</td>
{%- endmacro -%}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ slug }}: report on {{ group.records|length + waiting|length }} submissions</title>
<style>
:root { color-scheme: light; }
body { font: 1rem/1.5 system-ui, "Noto Sans", sans-serif; color: #000; background: #fff;
  max-width: 56rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0.5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid #000; }
h3 { font-size: 1rem; margin: 1.2rem 0 0.3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0; }
thead th { border-bottom: 1px solid #000; vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid #ccc; }
th[scope=row] { font-weight: normal; }
tr.task > * { font-weight: bold; border-top: 1px solid #000; }
tr.test > th { padding-left: 1.2rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n { white-space: nowrap; }
.said { unicode-bidi: isolate; overflow-wrap: anywhere; }
ul.said { margin: 0; padding-left: 1.1rem; }
.alarm { color: #b00000; font-weight: bold; border: 2px solid #b00000; padding: 0.5rem 0.8rem; }
figure { margin: 0.5rem 0; }
figcaption, small, .small { font-size: 0.875rem; }
svg { width: 100%; height: auto; max-width: 36rem; }
@media screen and (max-width: 40rem) {
  th, td { padding-right: 0.4rem; overflow-wrap: anywhere; }
  .numbers { font-size: 0.8rem; }
  .numbers thead th { overflow-wrap: normal; }
  .numbers tbody th { min-width: 7rem; }
  tr.test > th { padding-left: 0.5rem; }
  .stack, .stack tbody, .stack tr, .stack tbody th, .stack td { display: block; border: 0; }
  .stack thead { display: none; }
  .stack tr { border-top: 1px solid #999; padding: 0.3rem 0; }
  .stack tbody th { font-weight: bold; }
  .stack .n { text-align: left; }
  [data-unit]::after { content: " " attr(data-unit); }
}
@media print {
  @page { margin: 15mm; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  .wide { overflow: visible; }
  h2, h3 { break-after: avoid; }
  tr, figure, .alarm { break-inside: avoid; }
  thead { display: table-header-group; }
  svg { max-width: 15cm; }
}
</style>
</head>
<body>
<h1>Report on {{ slug }}</h1>
<p>Made on {{ when }}. <strong>For teachers only:</strong> it holds names, and what hidden tests
say.</p>
{% if unprotected %}
<p class="alarm">Graded without a sandbox: {{ unprotected|length }} of {{ group.records|length }}.
Students' code ran with your rights on your machine. Grade again with the sandbox.</p>
{% endif %}
{% if group.mixed %}
<p class="alarm">Not all were graded with the same tests and points. Grade again before you
compare.</p>
{% endif %}

<h2>At a glance</h2>
<table>
<tr><th scope="row">Handed in</th><td class="n">{{ group.records|length + waiting|length }}</td>
<td></td></tr>
<tr><th scope="row">Graded</th><td class="n">{{ group.graded|length }}</td>
<td></td></tr>
<tr><th scope="row">Could not be graded</th><td class="n">{{ group.refused|length }}</td>
<td></td></tr>
{% if waiting %}
<tr><th scope="row">Not graded yet</th><td class="n">{{ waiting|length }}</td>
<td class="said">{{ waiting|join(", ") }}</td></tr>
{% endif %}
{% if changed %}
<tr><th scope="row">Handed in again since</th><td class="n">{{ changed|length }}</td>
<td class="said">{{ changed|join(", ") }}</td></tr>
{% endif %}
<tr><th scope="row">Need a person</th><td class="n">{{ people|length }}</td>
<td>{% if people %}<a href="#people">who and why</a>{% endif %}</td></tr>
{% if group.counted %}
<tr><th scope="row">Points, mean</th><td class="n">{{ "%.1f"|format(mean) }}</td>
<td>of {{ "%g"|format(group.most) }}</td></tr>
<tr><th scope="row">Points, median</th><td class="n">{{ "%g"|format(median) }}</td>
<td>of {{ "%g"|format(group.most) }}</td></tr>
{% endif %}
{% for cell, marked in group.unmarked.items() %}
<tr><th scope="row">Marked: {{ cell }}</th><td class="n">{{ marked }}</td>
<td>of {{ group.graded|length }}; its {{ "%g"|format(group.max_points[cell]) }} points count here
once all are marked</td></tr>
{% endfor %}
</table>

<h2 id="people">What needs a person</h2>
{% if not people %}
<p>Nothing.</p>
{% endif %}
{% if group.refused %}
<h3>Could not be graded</h3>
<div class="wide"><table class="stack">
<thead><tr><th scope="col">student</th><th scope="col">why</th></tr></thead>
<tbody>
{% for record in group.refused %}
<tr><th scope="row">{{ record.student }}</th><td class="said">{{ short(record.problem) }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
{% if flagged %}
<h3>Graded, but have a look</h3>
<div class="wide"><table class="stack">
<thead><tr><th scope="col">student</th><th scope="col" class="n">points by tests</th>
<th scope="col">why</th></tr></thead>
<tbody>
{% for record in flagged %}
<tr><th scope="row">{{ record.student }}</th>
<td class="n" data-unit="points by tests">{{ "%g"|format(record.score) }}</td>
<td><ul class="said">{% for flag in reasons(record.flags, group.max_points) %}
<li>{{ short(flag) }}</li>{% endfor %}</ul></td>
</tr>
{% endfor %}
</tbody></table></div>
{% endif %}

{% if group.counted %}
<h2>Points</h2>
<figure>{{ histogram }}
<figcaption>Points of the {{ group.graded|length }} graded submissions
{%- if group.unmarked %}, written answers left out{% endif %}, before any penalty for being
late. Points between two whole numbers stand with the lower one.</figcaption></figure>

<h2>Tasks and tests</h2>
<figure>{{ difficulty }}
<figcaption>A short bar is a hard task.</figcaption></figure>
<div class="wide"><table class="numbers">
<thead><tr><th scope="col">task and its tests</th><th scope="col" class="n">points</th>
<th scope="col" class="n">mean share</th><th scope="col" class="n">full points,
of {{ group.graded|length }}</th>
<th scope="col" class="n">discrimi&shy;nation</th></tr></thead>
<tbody>
{% for task, tests in tasks %}
<tr class="task">{{ row(task, "task " ~ task.name) }}</tr>
{% for test in tests %}
<tr class="test">{{ row(test, test.name) }}</tr>
{% endfor %}
{% endfor %}
</tbody></table></div>
<p class="small"><strong>Discrimination</strong> is the correlation, over the class, between having
full points here and the points in everything else (point-biserial, the item itself left out). Near
1: who passes here is good elsewhere too. Below about 0.2, or negative: read the test and some
answers, for it may ask something else than the rest, or ask it unclearly. It needs at least
{{ fewest }} graded submissions, and some that passed and some that did not.</p>

<h2>Most common errors</h2>
{% for task, (errors, rarer) in group.errors().items() %}
<h3>task {{ task }}</h3>
<div class="wide"><table class="stack">
<thead><tr><th scope="col" class="n">students</th><th scope="col">test</th>
<th scope="col">error, with one message as an example</th></tr></thead>
<tbody>
{% for error in errors %}
<tr><td class="n" data-unit="{{ "student" if error.students == 1 else "students" }}">
{{- error.students }}</td>
<td>{{ error.tests|join(", ") }}</td>
<td class="said">{{ error.name }}{% if error.example %}: {{ short(error.example) }}{% endif %}</td>
</tr>
{% endfor %}
</tbody></table></div>
{% if rarer %}
<p class="small">And {{ rarer }} rarer {{ "kind" if rarer == 1 else "kinds" }}.</p>
{% endif %}
{% else %}
<p>None: every test gave all its points.</p>
{% endfor %}
<p class="small">Messages that differ only in their numbers count as one.</p>
{% endif %}

{% set times = group.times() %}
{% set memory = group.memory() %}
{% if times %}
<h2>Time and memory</h2>
<div class="wide"><table class="numbers">
<thead><tr><th scope="col">stage</th><th scope="col" class="n">median</th>
<th scope="col" class="n">most</th><th scope="col">whose</th></tr></thead>
<tbody>
{% for words, middle, most, who in times %}
<tr{% if loop.last %} class="task"{% endif %}><th scope="row">{{ words }}</th>
<td class="n">{{ "%.1f"|format(middle) }} s</td><td class="n">{{ "%.1f"|format(most) }} s</td>
<td>{{ who }}</td></tr>
{% endfor %}
{% if memory %}
<tr><th scope="row">peak memory</th><td class="n">{{ "%.0f"|format(memory[0]) }} MB</td>
<td class="n">{{ "%.0f"|format(memory[1]) }} MB</td><td>{{ memory[2] }}</td></tr>
{% endif %}
</tbody></table></div>
<p class="small">Of {{ group.graded|length }} graded submissions; equal ones ran once.</p>
{% endif %}

{% if noted %}
<h2>Mended without a person</h2>
<div class="wide"><table class="stack">
<thead><tr><th scope="col">student</th><th scope="col">what</th></tr></thead>
<tbody>
{% for record in noted %}
<tr><th scope="row">{{ record.student }}</th>
<td><ul class="said">{% for note in record.notes %}<li>{{ short(note) }}</li>{% endfor %}</ul></td>
</tr>
{% endfor %}
</tbody></table></div>
{% endif %}
</body>
</html>"""
