"""Where the grader keeps what it did: results by what went in, and what was recorded of whom."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import course_utils
from course_utils.grading.execute import Result

FOLDER = "grading"


class BusyError(RuntimeError):
    """Another grader is at work on the same course."""


@dataclass
class Record:
    """What is known of one student's submission; `course report` is made from these.

    Attributes
    ----------
    student : str
    key : str
        The result's key in the store; empty if it could not be graded.
    problem : str
        Why it could not be graded; empty if it was.
    points, max_points : dict
        By test, and for written answers 0 until a person marks them.
    tasks : dict
        By test and written answer: the task it belongs to.
    failed : dict
        By test that lost points: the error's name and message.
    flags, notes : list of str
        For a person to look at; mended without one.
    seconds : dict
        By stage.
    memory_mb : float
    sandbox : bool
    digest : str
        A hash of what was handed in.
    """

    student: str
    key: str = ""
    problem: str = ""
    points: dict[str, float] = field(default_factory=dict)
    max_points: dict[str, float] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    memory_mb: float = 0.0
    sandbox: bool = True
    digest: str = ""

    @property
    def score(self) -> float:
        """All points by the tests."""
        return sum(self.points.values())

    @property
    def needs_person(self) -> bool:
        """Whether something other than a written answer waits for a person."""
        return bool(self.problem or self.flags)


class Store:
    """The grader's folder of one course.

    Every file is written whole or not at all, so a killed grader leaves nothing half-done.

    Parameters
    ----------
    course : Path
        The course's folder; the store is its ``grading/``.
    """

    def __init__(self, course: Path) -> None:
        self.folder = course / FOLDER

    def result(self, slug: str, key: str) -> Result | None:
        """Return the result kept under a key; None if there is none that can be read."""
        with suppress(OSError, ValueError, TypeError, EOFError):
            return Result(**json.loads(gzip.decompress(self._result_path(slug, key).read_bytes())))
        return None

    def keep(self, slug: str, key: str, result: Result) -> None:
        """Keep a result under its job's key."""
        data = gzip.compress(json.dumps(asdict(result)).encode(), 5, mtime=0)
        _write(self._result_path(slug, key), data)

    def discard(self, slug: str, key: str) -> None:
        """Remove a result, so that its job runs again."""
        self._result_path(slug, key).unlink(missing_ok=True)

    def record(self, slug: str, student: str) -> Record | None:
        """Return what was recorded of a student's submission."""
        with suppress(OSError, ValueError, TypeError):
            return Record(**json.loads(self._record_path(slug, student).read_text()))
        return None

    def records(self, slug: str) -> list[Record]:
        """Return what was recorded of a class, by student."""
        found = []
        for path in (self.folder / "records" / slug).glob("*.json"):
            with suppress(OSError, ValueError, TypeError):
                found.append(Record(**json.loads(path.read_text())))
        return sorted(found, key=lambda record: record.student)

    def set_record(self, slug: str, record: Record) -> None:
        """Write down what was recorded. Comes last, after the gradebook has it."""
        text = json.dumps(asdict(record), indent=1, ensure_ascii=False)
        _write(self._record_path(slug, record.student), text.encode())

    def forget(self, slug: str, student: str) -> None:
        """Remove a record, before the gradebook is changed."""
        self._record_path(slug, student).unlink(missing_ok=True)

    def releases(self, slug: str) -> list[dict[str, list[Any]]]:
        """Return what is remembered of the releases of an exercise."""
        with suppress(OSError, ValueError):
            return list(json.loads((self.folder / "releases" / f"{slug}.json").read_text()))
        return []

    def add_release(self, slug: str, release: dict[str, list[Any]]) -> None:
        """Remember a release, if it is a new one."""
        known = self.releases(slug)
        if release not in known:
            text = json.dumps([*known, release], indent=1)
            _write(self.folder / "releases" / f"{slug}.json", text.encode())

    def note_replaced(self, entry: dict[str, Any]) -> None:
        """Add to the journal of grades that no longer stand, so that none is lost."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"when": datetime.now(UTC).isoformat(timespec="seconds"), **entry})
        with open(self.folder / "replaced.jsonl", "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the course's one writer's lock.

        Raises
        ------
        BusyError
            Another process holds it. The lock goes with its process, however that ends.
        """
        import fcntl  # Windows has none, and `course progress` runs there

        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise BusyError(
                    f"another grader is at work on this course (process {file.read().strip()}): "
                    "wait for it, or stop it; nothing is lost if you do"
                ) from None
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _result_path(self, slug: str, key: str) -> Path:
        return self.folder / "results" / slug / f"{key}.json.gz"

    def _record_path(self, slug: str, student: str) -> Path:
        return self.folder / "records" / slug / f"{student}.json"


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


@cache
def version() -> str:
    """Return a hash of what else decides a result: this package and the libraries' versions."""
    package = Path(course_utils.__file__).parent
    ours = sorted(package.glob("*.py"))
    ours += [package / "grading" / f"{name}.py" for name in ("witness", "execute", "sandbox")]
    parts = [hashlib.sha256(path.read_bytes()).hexdigest() for path in ours]
    for name in ("torch", "numpy", "scikit-learn", "scipy", "ipykernel", "ipython", "nbclient"):
        with suppress(metadata.PackageNotFoundError):
            parts.append(f"{name} {metadata.version(name)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
