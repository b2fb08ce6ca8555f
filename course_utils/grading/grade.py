"""Grade a class: read, run side by side, record one by one.

Workers turn a submission into a result and know nothing of the gradebook; one writer takes
results, as they come, into the store and through nbgrader's own converter into the gradebook.
Killed at any moment, the next run does what is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from course_utils.grading import sandbox as boxes
from course_utils.grading.execute import Job, Result, attempt, run, steps_of, workers
from course_utils.grading.gradebook import Course, GradebookError
from course_utils.grading.sandbox import Limits
from course_utils.grading.store import Record, Store, version
from course_utils.grading.submission import (
    Reference,
    Submission,
    UnreadableError,
    read,
    timestamp_reads,
)


class SolutionError(RuntimeError):
    """The instructor's own solution does not pass here, so nothing can be graded."""


@dataclass
class Progress:
    """One submission done: how many of how many, and what came of it."""

    done: int
    total: int
    record: Record
    fresh: bool


class Grader:
    """Makes jobs of submissions and knows which results are there already.

    Parameters
    ----------
    course : Course
    slug : str
    limits : Limits
    sandbox : bool
        False runs students' code unprotected.
    """

    def __init__(
        self, course: Course, slug: str, limits: Limits | None = None, sandbox: bool = True
    ) -> None:
        self.course, self.slug = course, slug
        self.limits, self.sandbox = limits or Limits(), sandbox
        self.store = Store(course.root)
        self.exercise: Reference = course.exercise(slug)

    @cached_property
    def beside(self) -> dict[str, bytes]:
        """Files that lie beside the instructor's notebook: every submission gets them."""
        folder = self.course.path("source", ".", self.slug)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix not in (".ipynb", ".pyc")
        }

    @cached_property
    def _solution(self) -> Job:
        notebook = nbformat.v4.new_notebook(cells=[cell.node for cell in self.exercise.cells])
        return self._job(Submission(notebook), ())

    @cached_property
    def controls(self) -> tuple[str, ...]:
        """Tests that must fail with the answers taken out: tried on the instructor's solution.

        Raises
        ------
        SolutionError
            The solution itself loses points here.
        """
        job = self._solution
        result = self.execute(job)
        lost = {
            step.key: result.failed.get(step.key, ("", "no reason given"))
            for step in job.steps
            if step.role == "test" and result.points.get(step.key, 0) < step.points
        }
        if lost or result.flags:
            self.store.discard(self.slug, job.key)
            told = [f"  {key}: {name}: {words}" for key, (name, words) in lost.items()]
            told += [f"  {flag}" for flag in result.flags]
            raise SolutionError(
                f"{self.slug}: the instructor's own solution does not pass on this machine, so "
                "students' work is not graded against it:\n" + "\n".join(told)
            )
        return tuple(result.control)

    def job(self, submission: Submission) -> Job:
        """Return what has to run of a submission."""
        job = self._job(submission, self.controls)
        bare = replace(job, controls=())
        return bare if bare.key == self._solution.key else job  # that one has run already

    def _job(self, submission: Submission, controls: tuple[str, ...]) -> Job:
        files = {k: v for k, v in submission.files.items() if k != "timestamp.txt"}
        return Job(
            steps=steps_of(submission.notebook, self.exercise),
            files={**files, **self.beside},
            stubs=tuple(
                c.released for c in self.exercise.of("solution") if c.node.cell_type == "code"
            ),
            controls=controls,
            modules=tuple(self.exercise.modules()),
            limits=self.limits,
            sandbox=self.sandbox,
            seed=os.environ.get("COURSE_SEED", "0"),
            grader=version(),
        )

    def execute(self, job: Job) -> Result:
        """Take a result from the store, or run the job and keep it."""
        result = self.store.result(self.slug, job.key)
        if result is None:
            result = run(job)
            self.store.keep(self.slug, job.key, result)
        return result


def digest(folder: Path) -> str:
    """Return a hash of what lies in a submitted folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0")
        if path.is_file() and not path.is_symlink():
            with suppress(OSError), open(path, "rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def grade(
    course: Course,
    slug: str,
    students: list[str] | None = None,
    *,
    jobs: int | None = None,
    limits: Limits | None = None,
    sandbox: bool = True,
    dask: str | None = None,
    warm: bool = True,
    force: bool = False,
) -> Iterator[Progress]:
    """Grade what was handed in; yields as submissions are done.

    Parameters
    ----------
    course : Course
    slug : str
    students : list of str, optional
        All that handed it in when left out.
    jobs : int, optional
        How many to run side by side; as many as there are cores when left out.
    limits : Limits, optional
    sandbox : bool
    dask : str, optional
        Address of a Dask scheduler whose workers do the running.
    warm : bool
        Fork kernels from a process that has the libraries loaded (not with Dask, whose workers may
        run several at once).
    force : bool
        Run again what the store has.

    Raises
    ------
    SandboxError, SolutionError, GradebookError, BusyError
    """
    if sandbox and not dask:
        boxes.check()
    boxes.sweep()
    store = Store(course.root)
    with store.alone():
        course.sync(slug)
        grader = Grader(course, slug, limits, sandbox)
        there = course.submitted(slug)
        unknown = [name for name in students or [] if name not in there]
        if unknown:
            raise GradebookError(
                f"{', '.join(unknown)} handed in no {slug}; there are: {', '.join(there) or 'none'}"
            )
        yield from _Class(grader, store, students or there, jobs, dask, warm, force).run()


class _Class:
    def __init__(
        self,
        grader: Grader,
        store: Store,
        students: list[str],
        jobs: int | None,
        dask: str | None,
        warm: bool,
        force: bool,
    ) -> None:
        self.grader, self.store, self.students = grader, store, students
        self.jobs, self.dask, self.warm, self.force = jobs, dask, warm, force
        self.course, self.slug = grader.course, grader.slug
        self.done = 0

    def run(self) -> Iterator[Progress]:
        waiting: dict[str, list[tuple[str, Submission, Job, str]]] = {}
        ready: list[tuple[str, Submission, Job, str, Result]] = []
        for student in self.students:
            folder = self.course.path("submitted", student, self.slug)
            mark = digest(folder)
            try:
                submission = read(folder, self.grader.exercise)
            except UnreadableError as error:
                yield self._step(refuse(self.grader, student, str(error), mark), fresh=True)
                continue
            job = self.grader.job(submission)
            one = (student, submission, job, mark)
            result = None if self.force else self.store.result(self.slug, job.key)
            if result is not None:
                ready.append((*one, result))
            else:
                waiting.setdefault(job.key, []).append(one)
        for student, submission, job, mark, result in ready:
            yield self._settle(student, submission, job, mark, result)
        # Equal submissions run once.
        todo = [ones[0][2] for ones in waiting.values()]
        for key, outcome in self._results(todo):
            if isinstance(outcome, Result):
                self.store.keep(self.slug, key, outcome)
            for student, submission, job, mark in waiting[key]:
                if isinstance(outcome, Result):
                    yield self._settle(student, submission, job, mark, outcome)
                else:
                    text = f"the grader could not run it: {outcome}"
                    record = refuse(self.grader, student, text, mark, machine=True)
                    yield self._step(record, fresh=True)

    def _results(self, todo: list[Job]) -> Iterator[tuple[str, Result | str]]:
        """Run jobs side by side, in any order."""
        import joblib

        if not todo:
            return
        cores = joblib.cpu_count()
        jobs = self.jobs or cores
        # Only where one worker runs one submission at a time.
        warm = self.warm and self.grader.sandbox and not self.dask
        todo = [replace(job, warm=warm, threads=max(1, cores // jobs)) for job in todo]
        with ExitStack() as stack:
            if self.dask:
                stack.enter_context(_dask_client(self.dask))
                stack.enter_context(joblib.parallel_config(backend="dask"))
                parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
            else:
                parallel = workers(jobs)
            yield from parallel(joblib.delayed(attempt)(job) for job in todo)

    def _settle(
        self, student: str, submission: Submission, job: Job, mark: str, result: Result
    ) -> Progress:
        """Bring one result into the gradebook, unless it is there."""
        key = record_key(job, submission, self.grader.exercise)
        known = self.store.record(self.slug, student)
        if (
            not self.force
            and known is not None
            and known.key == key
            and known.digest == mark
            and self.course.stands(self.slug, student, result.points)
            and self.course.path("autograded", student, self.slug).exists()
        ):
            return self._step(known, fresh=False)
        try:
            self.store.forget(self.slug, student)
            with tempfile.TemporaryDirectory(dir=self.store.folder, prefix="staged-") as place:
                staged = Path(place)
                self._stage(staged / student / self.slug, submission)
                self.course.write(self.slug, student, staged)
            record = make_record(student, submission, result, self.grader, mark, key)
            write_flag(self.course, self.slug, record, known)
            self.store.set_record(self.slug, record)
        except GradebookError as error:
            told = f"nbgrader: {error}"
            record = refuse(self.grader, student, told, mark, machine=True, known=known)
        return self._step(record, fresh=True)

    def _stage(self, folder: Path, submission: Submission) -> None:
        """Lay out for nbgrader what was read: no links, no odd files, a date it can read."""
        for name, data in submission.files.items():
            if name == "timestamp.txt" and not timestamp_reads(data):
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(submission.notebook, folder / f"{self.slug}.ipynb")

    def _step(self, record: Record, fresh: bool) -> Progress:
        self.done += 1
        return Progress(self.done, len(self.students), record, fresh)


def _dask_client(address: str) -> Any:
    """Return a client of a Dask scheduler that has workers."""
    try:
        from distributed import Client
    except ImportError:
        raise GradebookError("--dask needs another package: pip install distributed") from None
    try:
        client = Client(address, set_as_default=True, timeout=20)
    except (OSError, ValueError) as error:
        raise GradebookError(f"no Dask scheduler answers at {address}: {error}") from None
    if not client.scheduler_info()["workers"]:
        client.close()
        raise GradebookError(f"the Dask scheduler at {address} has no workers: start some")
    return client


def refuse(
    grader: Grader,
    student: str,
    problem: str,
    mark: str,
    *,
    machine: bool = False,
    known: Record | None = None,
) -> Record:
    """Take back the grades of a submission that could not be graded, and write down why.

    Parameters
    ----------
    grader : Grader
    student, problem : str
    mark : str
        The hash of what was handed in.
    machine : bool
        The trouble is the machine's: grades of this very submission stay.
    known : Record, optional
        What was recorded before; what the store holds when left out.
    """
    course, store, slug = grader.course, grader.store, grader.slug
    known = known or store.record(slug, student)
    record = Record(
        student=student,
        problem=problem,
        points={},
        max_points=grader.exercise.points,
        tasks=grader.exercise.tasks,
        sandbox=grader.sandbox,
        digest=mark,
    )
    same = known is not None and known.digest == mark
    if known == record or (machine and same and known is not None and not known.problem):
        return record
    store.forget(slug, student)
    replaced = course.reset(slug, student)
    if replaced:
        store.note_replaced(
            {"exercise": slug, "student": student, "why": problem, "grades": replaced}
        )
    shutil.rmtree(course.path("autograded", student, slug), ignore_errors=True)
    store.set_record(slug, record)
    return record


def record_key(job: Job, submission: Submission, exercise: Reference) -> str:
    """Return a hash of all that is recorded: the result, the student's words, points, files."""
    text = {cell.key for cell in exercise.of("text")}
    own = [cell.source for cell in submission.notebook.cells if cell.get("id") not in text]
    files = {name: hashlib.sha256(data).hexdigest() for name, data in submission.files.items()}
    parts = [job.key, own, sorted(files.items()), exercise.points, exercise.tasks]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def make_record(
    student: str, submission: Submission, result: Result, grader: Grader, mark: str, key: str
) -> Record:
    """Return what is written down of a graded submission."""
    return Record(
        student=student,
        key=key,
        points=result.points,
        max_points=grader.exercise.points,
        tasks=grader.exercise.tasks,
        failed={name: list(told) for name, told in result.failed.items()},
        flags=[*submission.flags, *result.flags],
        notes=submission.notes,
        seconds=result.seconds,
        memory_mb=result.memory_mb,
        sandbox=grader.sandbox,
        digest=mark,
    )


def write_flag(course: Course, slug: str, record: Record, known: Record | None) -> None:
    """Raise formgrader's flag where a person should look; lower it where the grader raised it."""
    if record.flags:
        course.flag(slug, record.student, True)
    elif known is not None and known.needs_person:
        course.flag(slug, record.student, False)
