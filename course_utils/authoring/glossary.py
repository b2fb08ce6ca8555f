"""The glossary: one page made of the tables of key terms in all lectures.

A lecture keeps its terms in a Markdown cell tagged ``terms``, which holds this table alone::

    | Term | 繁體中文 | In one line |
    | --- | --- | --- |
    | bottleneck | 瓶頸層 | the narrow layer in the middle, where the code is |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.authoring.build import find_targets, write_text
from course_utils.authoring.manuscript import Manuscript, ManuscriptError, read

PAGE = Path("docs/glossary.md")
HEADER = "| Term | 繁體中文 | In one line |"
RULE = re.compile(r"\|( *:?-+:? *\|){3}")
BAR = re.compile(r"(?<!\\)\|")  # between columns; one inside a column is written \|
HAN = re.compile(r"[\u4e00-\u9fff]")

INTRO = """\
# Glossary

The key terms of all lectures, in English and 繁體中文, each explained in one line. The numbers lead
to the lectures that use the term, beginning with the one whose words stand here.

*`course build` makes this page from the lectures' tables of terms. Do not edit it by hand: change
the table in `manuscript/lectures/`.*

| English | 繁體中文 | In one line | Lecture |
| --- | --- | --- | --- |
"""


@dataclass
class Term:
    """One row of the glossary.

    Attributes
    ----------
    english, chinese, meaning : str
        In Markdown, as they stand in the lecture.
    place : str
        File and line that the row comes from.
    lectures : list of str
        Slugs of the lectures that list the term, the row's own first.
    """

    english: str
    chinese: str
    meaning: str
    place: str
    lectures: list[str]

    @property
    def key(self) -> str:
        """What terms are compared and sorted by: capitals do not count."""
        return self.english.casefold()


def terms(manuscript: Manuscript) -> list[Term]:
    """Return the terms of one lecture, in the order of its table.

    Raises
    ------
    ManuscriptError
        With one line per fault of the table: file, line, what is wrong, and how to mend it.
    """
    found: dict[str, Term] = {}
    faults = []
    for cell in manuscript.cells:
        if "terms" not in cell.modifiers:
            continue
        rows = [line.strip() for line in cell.source.rstrip().splitlines()]
        if rows[:1] != [HEADER] or not RULE.fullmatch("".join(rows[1:2])):
            text = f"a table of terms begins with '{HEADER}' and '| --- | --- | --- |': add them"
            faults.append(f"{manuscript.path}:{cell.line + 1}: {text}")
            continue
        for line, row in enumerate(rows[2:], cell.line + 3):
            place = f"{manuscript.path}:{line}"
            columns = [column.strip() for column in BAR.split(row)]
            if len(columns) != 5 or columns[0] or columns[-1]:  # nothing stands outside the bars
                faults.append(
                    f"{place}: not a row of three columns, '{HEADER}': put bars around each, "
                    r"and write a bar inside a column as \|"
                )
                continue
            english, chinese, meaning = columns[1:-1]
            term = Term(english, chinese, meaning, place, [manuscript.slug])
            if not HAN.search(term.chinese):
                text = f"'{term.english}' has no Chinese term: write it in the second column"
                faults.append(f"{place}: {text}")
            if not (term.english and term.meaning):
                faults.append(f"{place}: an empty column: fill it")
            if term.key in found:
                text = f"'{term.english}' already stands at {found[term.key].place}: keep one"
                faults.append(f"{place}: {text}")
            found.setdefault(term.key, term)
    if faults:
        raise ManuscriptError("\n".join(faults))
    return list(found.values())


def collect(root: Path) -> list[Term]:
    """Return the terms of all lectures in alphabetical order, each once.

    A term of several lectures has the one-line text of the first.

    Raises
    ------
    ManuscriptError
        A table is wrong, or two lectures give one term different Chinese terms.
    """
    merged: dict[str, Term] = {}
    faults = []
    for target in find_targets(root):
        if target.is_exercise:
            continue
        for term in terms(read(target.manuscript)):
            first = merged.setdefault(term.key, term)
            if first is term:
                continue
            first.lectures += term.lectures
            if first.chinese != term.chinese:
                faults.append(
                    f"{term.place}: '{term.english}' is {term.chinese} here and {first.chinese} at "
                    f"{first.place}: choose one Chinese term for both"
                )
    if faults:
        raise ManuscriptError("\n".join(faults))
    return sorted(merged.values(), key=lambda term: term.key)


def page(entries: list[Term]) -> str:
    """Return the glossary in Markdown, to stand at ``PAGE``."""
    rows = []
    for term in entries:
        links = [f"[{slug.split('_')[0]}](../lectures/{slug}.ipynb)" for slug in term.lectures]
        columns = (term.english, term.chinese, term.meaning, ", ".join(links))
        rows.append(f"| {' | '.join(columns)} |\n")
    return INTRO + "".join(rows)


def out_of_date(root: Path) -> list[str]:
    """Say whether the kept glossary differs from what the lectures would give, or why none can be.

    Returns
    -------
    list of str
        One sentence; empty when all is well.
    """
    try:
        text = _difference(page(collect(root)), root / PAGE)
    except ManuscriptError as error:
        return [str(error)]
    return [f"{PAGE.as_posix()} {text}"] if text else []


def _difference(expected: str, path: Path) -> str:
    """Say in what the page at ``path`` is not the expected one; empty if in nothing."""
    if not path.exists():
        return "is missing: run course build"
    if path.read_text(encoding="utf-8", errors="replace") != expected:
        return "is older than the lectures: run course build"
    return ""


def build(root: Path) -> bool:
    """Write the glossary if it is not up to date.

    Returns
    -------
    bool
        Whether anything was written.

    Raises
    ------
    ManuscriptError
        As `collect`; the last good page stays.
    """
    text = page(collect(root))
    if not _difference(text, root / PAGE):
        return False
    write_text(text, root / PAGE)
    return True
