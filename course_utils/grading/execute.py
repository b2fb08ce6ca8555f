"""Run one submission: which tests did it pass, and how did it go?"""

from __future__ import annotations

import ast
import asyncio
import concurrent.futures
import hashlib
import json
import marshal
import os
import secrets
import socket
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets import default

from course_utils.grading.sandbox import MB, Limits, SandboxError
from course_utils.grading.submission import (
    Reference,
    definitions,
    global_names,
    plain,
    relied_on,
)

with suppress(ModuleNotFoundError):  # Windows lacks what it stands on; there nothing is graded
    from course_utils.grading.witness import SUMMONS, compiled, seal, unseal

    CODE = f"__import__('sys').audit({SUMMONS!r})"

START_SECONDS = 120
CONTROL_SECONDS = 60  # a test that takes longer with the answers taken out is no control
TOO_LONG = "This cell ran longer than it may and was stopped."
TIMEOUT = {"ename": "CellTimeoutError", "evalue": TOO_LONG, "traceback": [TOO_LONG]}


@dataclass(frozen=True)
class Step:
    """One code cell to run.

    Attributes
    ----------
    key : str
        The released cell's id; empty for a student's own cell.
    role : {"own", "given", "solution", "test"}
    source : str
    points : float
        Of a test.
    relies_on : tuple of str
        For a test: the names it does not set itself, with those that its functions need.
    hidden : tuple of str
        For a test: lines that a student must not see.
    """

    key: str
    role: str
    source: str
    points: float = 0
    relies_on: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """Everything that decides how one notebook runs, and nothing else: it travels as it is."""

    steps: tuple[Step, ...]
    files: dict[str, bytes]
    stubs: tuple[str, ...]
    controls: tuple[str, ...]
    modules: tuple[str, ...]
    limits: Limits
    sandbox: bool = True
    threads: int = 1
    warm: bool = False
    seed: str = "0"
    grader: str = ""

    @property
    def key(self) -> str:
        """A hash of all of it: equal jobs have equal results and run once."""
        text = json.dumps(
            [
                [asdict(step) for step in self.steps],
                {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()},
                [self.stubs, self.controls, self.modules, asdict(self.limits)],
                [self.sandbox, self.seed, self.grader],
            ],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Result:
    """What came of a job.

    Attributes
    ----------
    outputs : list of list of dict
        One list per step, as in a notebook.
    points : dict
        Points of each test.
    failed : dict
        For each test that lost points: the error's name and message, in words.
    flags : list of str
        What a person should look at.
    seconds : dict
        Where the time went: ``start``, ``imports``, ``cells``, ``tests``, ``control``,
        ``shutdown``.
    memory_mb : float
        The most memory that its processes held.
    control : list of str
        Tests that fail with the answers taken out, as they should.
    """

    outputs: list[list[dict[str, Any]]] = field(default_factory=list)
    points: dict[str, float] = field(default_factory=dict)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    memory_mb: float = 0.0
    control: list[str] = field(default_factory=list)


def steps_of(notebook: NotebookNode, exercise: Reference) -> tuple[Step, ...]:
    """Return what has to run of a rebuilt notebook, in order."""
    known = {cell.key: cell for cell in exercise.cells}
    course = exercise.of("given", "test")
    sources = tuple(cell.node.source for cell in course if cell.node.cell_type == "code")
    steps = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        key = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")
        ref = known.get(key)
        role = ref.role if ref is not None else "own"
        if role == "test" and ref is not None:
            relies_on = relied_on(cell.source, sources)
            shown = set(ref.released.splitlines())
            hidden = tuple(
                line.strip()
                for line in cell.source.splitlines()
                if line not in shown and len(line.strip()) > 15 and "HIDDEN TESTS" not in line
            )
            points = float(ref.node.metadata.nbgrader.points)
            steps.append(Step(key, role, cell.source, points, relies_on, hidden))
        else:
            steps.append(Step(key if ref is not None else "", role, cell.source))
    return tuple(steps)


def run(job: Job) -> Result:
    """Execute a job in a kernel of its own.

    Raises
    ------
    SandboxError
        The sandbox cannot be had, or no kernel starts in it: nobody's fault but the machine's.
    """
    nursery = None
    if job.warm:
        from course_utils.grading import warm

        with suppress(SandboxError):  # it is only quicker: a kernel of its own does as well
            nursery = warm.nursery(job.modules, job.limits, job.threads, job.seed)
    # A thread of its own, because the caller may have an event loop running (formgrader has).
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_Run(job, nursery).run())).result()


def attempt(job: Job) -> tuple[str, Result | str]:
    """Run a job; what is nobody's fault but the machine's comes back in words."""
    from course_utils.grading.store import version

    if job.grader and job.grader != version():
        return job.key, "this machine has another version of the course or of its libraries"
    try:
        return job.key, run(job)
    except SandboxError as error:
        return job.key, str(error)
    except Exception:
        return job.key, traceback.format_exc(limit=-3)


def workers(n_jobs: int) -> Any:
    """Return processes for jobs, as `joblib.Parallel`: results come in any order.

    They end when this process does, however it ends. joblib's own wait for five more minutes.
    """
    import joblib

    return joblib.Parallel(
        n_jobs=n_jobs,
        backend="loky",
        return_as="generator_unordered",
        batch_size=1,
        initializer=_end_with,
        initargs=(os.getpid(),),
    )


def _end_with(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Manager(AsyncKernelManager):
    """Starts the witness's kernel by the sandbox's provisioner, whatever a notebook asks for."""

    transport_encryption = "disabled"

    def __init__(self, name: str, provisioner: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        import sys

        line = [sys.executable, "-P", "-m", "course_utils.grading.witness"]
        self._kernel_spec = KernelSpec(
            argv=[*line, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            metadata={
                "kernel_provisioner": {
                    "provisioner_name": name,
                    "config": provisioner,
                }
            },
        )


class _Client(NotebookClient):
    """nbclient, with an eye on how much a cell says."""

    limit = 4 * MB
    said = 0
    said_in_all = 0
    cut = False

    @default("kernel_name")
    def _kernel_name_default(self) -> str:
        return "python3"

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Drop what goes beyond the limit; count it all."""
        if msg["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            size = len(str(msg["content"]))
            self.said += size
            self.said_in_all += size
            if self.said > self.limit or self.said_in_all > 10 * self.limit:
                self.cut = True
                return None
        return super().process_message(msg, cell, cell_index)


class _Dead(Exception):
    """The kernel is gone, or says nothing any more."""


class _Run:
    def __init__(self, job: Job, nursery: Any = None) -> None:
        self.job = job
        self.nursery = nursery
        self.result = Result()
        self.began = time.perf_counter()
        self.answers = b""
        self.key = secrets.token_bytes(32)
        self.sent = 0.0
        self.stopped = ""

    async def run(self) -> Result:
        job, result = self.job, self.result
        limits = job.limits
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryDirectory(prefix=f"cg{os.getpid()}-in-") as scratch:
            folder = Path(scratch)
            folder.chmod(0o755)
            for name, data in job.files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            self.channel = ours
            ours.setblocking(False)
            settings = {
                "limits": limits,
                "handed_in": folder if job.files else None,
                "witness": theirs,
                "threads": job.threads,
                "seed": job.seed,
            }
            if self.nursery is not None:
                self.manager = _Manager("course-warm", settings | {"nursery": self.nursery})
            else:
                settings["unprotected"] = not job.sandbox
                self.manager = _Manager("course-sandbox", settings)
            # A message larger than any honest one ends the connection, not the grader.
            self.manager.context.setsockopt(_maxmsgsize(), 64 * MB)
            self.client = _Client(
                nbformat.v4.new_notebook(),
                km=self.manager,
                timeout_func=lambda cell: max(1, round(self._seconds_left())),
                allow_errors=True,
                interrupt_on_timeout=True,
                error_on_timeout=TIMEOUT,
                raise_on_iopub_timeout=True,
                iopub_timeout=10,
                record_timing=False,
                store_widget_state=False,
                startup_timeout=START_SECONDS,
            )
            self.client.limit = int(limits.output_mb * MB)
            watch = asyncio.create_task(self._watch())
            try:
                await self._start()
                await self._cells()
                await self._control()
            except _Dead as error:
                self._flag(str(error))
            finally:
                watch.cancel()
                self._lap("control")
                await self._stop()
                ours.close()
                self._lap("shutdown")
        self._finish()
        return result

    # --- stages -----------------------------------------------------------------------------

    async def _start(self) -> None:
        client = self.client
        try:
            await self.manager.start_kernel()
            client.kc = self.manager.client()
            client.kc.start_channels()
            await client.kc.wait_for_ready(timeout=START_SECONDS)
        except SandboxError:
            raise
        except Exception as error:
            provisioner: Any = self.manager.provisioner
            log = provisioner.log_text() if provisioner else ""
            raise SandboxError(f"no kernel starts in the sandbox: {error}\n{log}") from error
        client.kc.allow_stdin = False
        client.reset_execution_trackers()
        self._lap("start")
        self.cell_seconds: float = START_SECONDS
        await self._ask({"do": "begin", "modules": self.job.modules})
        self._lap("imports")
        self.deadline = time.perf_counter() + self.job.limits.notebook_seconds

    async def _cells(self) -> None:
        told_late = False
        for number, step in enumerate(self.job.steps):
            if time.perf_counter() > self.deadline:
                if not told_late:
                    self._flag("all cells together ran longer than they may")
                told_late = True
                self.result.outputs.append([])
                continue
            self.cell_seconds = self.job.limits.cell_seconds
            self.client.said = 0
            cell = nbformat.v4.new_code_cell(step.source if step.role != "test" else CODE)
            self.result.outputs.append(cell.outputs)
            if step.role == "test":
                nonce = self._send(
                    {
                        "do": "test",
                        "relies_on": step.relies_on,
                        **compiled(step.key, step.source),
                    }
                )
                await self._execute(cell, number, history=False)
                self._judge(step, cell, self._receive(nonce))
                self._lap("tests")
            else:
                await self._execute(cell, number)
                if self._late():
                    name = f"the cell {step.key}" if step.key else "a cell of the student's own"
                    self._flag(f"{name} ran longer than {self.cell_seconds:g} s and was stopped")
                if step.role == "given":
                    answers = (global_names(stub)[0] for stub in self.job.stubs)
                    names = global_names(step.source)[0].difference(*answers)
                    await self._ask({"do": "mark", "names": sorted(names)})
                self._lap("cells")

    async def _control(self) -> None:
        """With all answers changed, or taken out, no test may pass.

        Which tests that holds for, the instructor's solution shows: with it, ``Result.control``
        names those that fail with the answers taken out, and as ``KEY (changed)`` those that fail
        with the answers changed.
        """
        job, result = self.job, self.result
        tests = [step for step in job.steps if step.role == "test"]
        if job.controls:
            if not any(result.points.values()):
                return  # nothing that could be mistrusted
            tests = [step for step in tests if {step.key, _changed(step)} & {*job.controls}]
        self.cell_seconds = CONTROL_SECONDS
        self.deadline = time.perf_counter() + CONTROL_SECONDS
        reply = await self._ask(
            {
                "do": "control",
                "names": sorted({name for stub in job.stubs for name in definitions(stub)}),
                "stubs": [compiled("stub", plain(stub), watched=False) for stub in job.stubs],
                "tests": [compiled(step.key, step.source) for step in tests],
            }
        )
        passed, survived, refused = (set(reply[k]) for k in ("passed", "survived", "refused"))
        result.control = [step.key for step in tests if step.key not in passed]
        result.control += [_changed(step) for step in tests if step.key in refused]
        for step in tests:
            if step.key in passed and step.key in job.controls:
                self._flag(f"the test {step.key} passes with the answers taken out")
                if result.points.get(step.key):
                    self._lose(step, "NotTrusted", "This test could not be trusted here.")
            if step.key in survived and _changed(step) in job.controls:
                self._flag(f"the test {step.key} passes with the answers changed")
        self._lap("control")

    async def _stop(self) -> None:
        with suppress(Exception):
            if self.client.kc is not None:
                self.client.kc.stop_channels()
        with suppress(Exception):
            if self.manager.provisioner is not None:
                await self.manager.provisioner.kill()
                await self.manager.provisioner.wait()
                await self.manager.provisioner.cleanup()
        with suppress(Exception):
            self.manager.context.destroy(linger=0)

    # --- the channel ------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> str:
        nonce = secrets.token_hex(16)
        message = {**message, "nonce": nonce}
        if message["do"] == "begin":  # nothing of the student's is there yet
            data = marshal.dumps({**message, "key": self.key}).hex().encode() + b"\n"
        else:
            data = seal(self.key, marshal.dumps(message))
        self.channel.setblocking(True)
        self.channel.settimeout(10)
        try:
            self.channel.sendall(data)
        except OSError:
            raise _Dead("the witness in the kernel fell silent") from None
        finally:
            self.channel.setblocking(False)
        return nonce

    def _receive(self, nonce: str) -> dict[str, Any] | None:
        """Return the reply to a message; None if there is none that fits."""
        with suppress(BlockingIOError, OSError):
            while part := self.channel.recv(1 << 16):
                self.answers += part
                if len(self.answers) > 4 * MB:
                    break
        lines = self.answers.split(b"\n")
        self.answers = lines.pop()
        found = None
        for line in lines:
            data = unseal(self.key, line)
            if data is None:
                self._flag("something other than the witness wrote to the grader")
                continue
            reply = ast.literal_eval(data.decode())
            for finding in reply["findings"]:
                self._flag(str(finding)[:300])
            if reply.get("nonce") == nonce:
                found = reply
        return found

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        nonce = self._send(message)
        await self._execute(nbformat.v4.new_code_cell(CODE), 0, history=False)
        reply = self._receive(nonce)
        if reply is None:
            raise _Dead("the witness in the kernel fell silent")
        return reply

    async def _execute(self, cell: NotebookNode, number: int, history: bool = True) -> None:
        self.sent = time.perf_counter()
        client = self.client
        client.nb.cells = [cell]
        outputs = cell.outputs
        try:
            await client.async_execute_cell(cell, 0, store_history=history)
        except DeadKernelError:
            raise _Dead(self.stopped or "the kernel ended in the middle of a cell") from None
        except CellTimeoutError:
            raise _Dead("a cell ran too long and could not be interrupted") from None
        finally:
            outputs[:] = cell.outputs  # nbclient starts a list of its own
            cell.outputs = outputs
        if self.stopped:
            raise _Dead(self.stopped)

    # --- judging ----------------------------------------------------------------------------

    def _late(self) -> bool:
        """Whether the cell that was just run used up its time."""
        return time.perf_counter() - self.sent > max(1, round(self.cell_seconds)) - 0.1

    def _judge(self, step: Step, cell: NotebookNode, reply: dict[str, Any] | None) -> None:
        """Give a test its points by what the witness says; put that into its outputs."""
        outputs = [o for o in cell.outputs if o.output_type in ("stream", "display_data")]
        cell.outputs[:] = outputs
        late = self._late()
        if reply is None:
            self._lose(step, "NotFinished", TOO_LONG if late else _UNFINISHED)
            if time.perf_counter() < self.deadline and not late:
                self._flag(f"the test {step.key} did not reach its end and gave no reason")
            return
        if not reply.get("ended") and late and reply.get("ename") == "KeyboardInterrupt":
            self._lose(step, "CellTimeoutError", TOO_LONG)
            return
        if not reply.get("ended"):
            self._lose(step, reply.get("ename", "Error"), reply.get("evalue", ""), reply)
            return
        if any(o.get("name") == "stderr" for o in outputs):
            self._lose(step, "stderr", "The test printed a warning in red, which counts as failed.")
            return
        value = reply.get("value")
        points = step.points
        if value is not None:
            with suppress(ValueError, TypeError):
                points = float(value)
            if not 0 <= points <= step.points:
                self._lose(step, "ValueError", f"the test gives {value} of {step.points:g} points")
                self._flag(f"the test {step.key} gives {value} of {step.points:g} points")
                return
            data = {"text/plain": repr(points)}
            outputs.append(nbformat.v4.new_output("execute_result", data, execution_count=None))
            cell.outputs[:] = outputs
        self.result.points[step.key] = points
        if points < step.points:
            self.result.failed[step.key] = ("partial", f"{points:g} of {step.points:g} points")

    def _lose(self, step: Step, name: str, words: str, reply: dict[str, Any] | None = None) -> None:
        """Give a test no points, with an error output that says why."""
        index = self.job.steps.index(step)
        while len(self.result.outputs) <= index:
            self.result.outputs.append([])
        outputs = self.result.outputs[index]
        outputs[:] = [o for o in outputs if o["output_type"] in ("stream", "display_data")]
        told = [f"{name}: {words}"]
        if reply is not None:
            lines = step.source.splitlines()
            number = reply.get("line")
            if isinstance(number, int) and 0 < number <= len(lines):
                text = lines[number - 1].strip()
                if text not in step.hidden:
                    told.insert(0, f"in line {number} of this test:  {text}")
            for function, place, text in reply.get("calls", [])[:20]:
                told.insert(-1, f"in your {function}, line {place}:  {text}")
        outputs.append(nbformat.v4.new_output("error", ename=name, evalue=words, traceback=told))
        self.result.points[step.key] = 0.0
        self.result.failed[step.key] = (str(name)[:100], str(words)[:1000])

    def _finish(self) -> None:
        """Give what was not reached no points; hide hidden lines; make it plain data."""
        job, result = self.job, self.result
        while len(result.outputs) < len(job.steps):
            result.outputs.append([])
        for step in job.steps:
            if step.role == "test" and step.key not in result.points:
                self._lose(step, "NotReached", "The notebook stopped before this test.")
        if self.client.cut:
            self._flag("printed or drew more than it may; the rest was left out")
        secret = {line for step in job.steps for line in step.hidden}
        # What a student wrote is no secret.
        secret -= {
            line.strip()
            for step in job.steps
            for line in step.source.splitlines()
            if line.strip() not in step.hidden
        }
        text = json.dumps(result.outputs)
        for line in secret:
            shown = json.dumps(line)[1:-1]
            if shown in text:
                text = text.replace(shown, "(a hidden test)")
                self._flag("a hidden test was printed; taken out of the output")
        result.outputs = json.loads(text)

    # --- watching ---------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Add up the memory of all processes; end the kernel when it is too much."""
        import psutil

        most = self.job.limits.memory_mb
        while True:
            await asyncio.sleep(0.2)
            provisioner: Any = self.manager.provisioner
            pid = getattr(provisioner, "pid", None)
            if pid is None:
                continue
            held = 0.0
            with suppress(psutil.Error):
                top = psutil.Process(pid)
                held = sum(_held(process.pid) for process in [top, *top.children(recursive=True)])
                peak = _size_line(f"/proc/{provisioner.kernel_pid()}/status", "VmHWM:")
                self.result.memory_mb = max(self.result.memory_mb, held, peak)
            connection = provisioner.connection if provisioner.place else None
            if held > 1.25 * most:
                self.stopped = f"its processes took more than {most:g} MB of memory"
            elif connection is not None and _size(connection) > 4 * MB:
                self.stopped = "wrote files where only the kernel's sockets belong"
            else:
                continue
            await provisioner.kill()
            return

    def _seconds_left(self) -> float:
        left = getattr(self, "deadline", time.perf_counter() + START_SECONDS) - time.perf_counter()
        return min(self.cell_seconds, left)

    def _lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.result.seconds[stage] = self.result.seconds.get(stage, 0.0) + now - self.began
        self.began = now

    def _flag(self, text: str) -> None:
        if text not in self.result.flags:
            self.result.flags.append(text)


_UNFINISHED = "The test did not reach its end."


def _changed(step: Step) -> str:
    return f"{step.key} (changed)"


def _maxmsgsize() -> int:
    import zmq

    return int(zmq.MAXMSGSIZE)


def _held(pid: int) -> float:
    """Return a process's memory in MB; what it shares with others counts in part."""
    return _size_line(f"/proc/{pid}/smaps_rollup", "Pss:") or _size_line(
        f"/proc/{pid}/status", "VmRSS:"
    )


def _size_line(file: str, name: str) -> float:
    """Return a size that a file of the kernel's tells, in MB; 0 if it does not."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(file).read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total
