"""Begin a lecture and its exercise: two manuscripts that an author rewrites part by part."""

from __future__ import annotations

import re
from pathlib import Path

from course_utils.authoring.build import BuildError, write_text

TEMPLATES = Path(__file__).parent / "templates"
KINDS = {"lectures": "lecture.py.txt", "exercises": "exercise.py.txt"}
SLUG = re.compile(r"([0-9]{2})_[a-z0-9]+(_[a-z0-9]+)*")


def begin(root: Path, slug: str, title: str) -> list[Path]:
    """Write both manuscripts, or neither.

    Parameters
    ----------
    root : Path
        The course's folder.
    slug : str
        Number and name, such as ``11_nearest_mean``.
    title : str
        What stands above the lecture, in one line.

    Returns
    -------
    list of Path
        The lecture and the exercise.

    Raises
    ------
    BuildError
        The slug cannot be used, its number is taken, or there is no title.
    """
    number = _number(slug)
    if not title.strip() or not title.isprintable():
        raise BuildError("the title is empty or has several lines: give a few words, in quotes")
    folder = root / "manuscript"
    taken = [path for kind in KINDS for path in sorted((folder / kind).glob(f"{number}_*.py"))]
    if taken:
        shown = ", ".join(path.relative_to(root).as_posix() for path in taken)
        raise BuildError(f"number {number} is taken, by {shown}: choose another")
    texts = {folder / kind / f"{slug}.py": _filled(KINDS[kind], slug, title) for kind in KINDS}
    written: list[Path] = []
    try:
        for path, text in texts.items():
            write_text(text, path)
            written.append(path)
    except BaseException:
        for path in written:
            path.unlink()
        raise
    return written


def next_steps(slug: str, title: str) -> str:
    """Return what the author does next, in order: each a command or one edit."""
    return _filled("steps.txt", slug, title)


def _number(slug: str) -> str:
    found = SLUG.fullmatch(slug)
    if not found:
        raise BuildError(
            f"'{slug}' cannot be a slug: two digits and lower-case words, joined by '_', such as "
            "11_nearest_mean"
        )
    return found.group(1)


def _filled(template: str, slug: str, title: str) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    text = text.replace("@NUMBER@", slug[:2]).replace("@SLUG@", slug)
    return text.replace("@TITLE@", title.strip())
