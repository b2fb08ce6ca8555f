"""Run a kernel inside bubblewrap: no network, nothing of the course's to see, limits on the rest.

What a kernel sees is an allow-list: the system's programs and the Python environment, read-only,
the course's helper package, and a folder in memory with a copy of what was handed in. Its user,
its processes and its files are gone when it ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, Instance, Integer, Unicode

import course_utils

# Where the copy of the submission lies inside the sandbox, and where it comes from.
WORK, HANDED_IN = "/tmp/work", "/tmp/handed_in"
KEPT_VARIABLES = ("LANG", "LC_ALL", "TZ")
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime"),
    *("/etc/mime.types", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/ssl"),
)
MB = 1 << 20


class SandboxError(RuntimeError):
    """The sandbox cannot be had; the message says how to get it."""


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Attributes
    ----------
    cell_seconds, notebook_seconds : float
        Time for one cell, and for all cells together.
    memory_mb : int
        Memory of all its processes together, and of each.
    processes : int
        Processes and threads.
    disk_mb, file_mb : int
        Size of its folder (and of its ``/tmp``), and of any one file.
    output_mb : float
        What one cell may print or draw; all cells together ten times that.
    """

    cell_seconds: float = 180
    notebook_seconds: float = 900
    memory_mb: int = 4096
    processes: int = 256
    disk_mb: int = 512
    file_mb: int = 256
    output_mb: float = 4

    def __post_init__(self) -> None:
        """Make 180 and 180.0 the same limit: results are kept by it."""
        for name, value in vars(self).items():
            object.__setattr__(self, name, float(value))


@cache
def check(bwrap: str = "bwrap") -> None:
    """Start the sandbox once with nothing in it.

    Raises
    ------
    SandboxError
        Bubblewrap is missing or may not make its namespaces here.
    """
    if shutil.which(bwrap) is None:
        raise SandboxError(
            "bubblewrap is not installed, and students' code is not run without it.\n"
            "  Debian, Ubuntu:  sudo apt-get install bubblewrap\n"
            "  Fedora:          sudo dnf install bubblewrap\n"
            "On macOS and Windows, grade in a Linux container or virtual machine (or WSL 2).\n"
            "To run students' code unprotected, with your rights, say so: --no-sandbox"
        )
    line = [*namespaces(bwrap), "--ro-bind", "/", "/", "--", "true"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(
            f"bubblewrap is installed but refused: {done.stderr.strip() or 'no reason given'}\n"
            "  In a container: allow user namespaces (Docker: --security-opt seccomp=unconfined).\n"
            "  Ubuntu 24.04:   sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0\n"
            "  Elsewhere:      sudo sysctl user.max_user_namespaces=10000\n"
            "To run students' code unprotected, with your rights, say so: --no-sandbox"
        )


def namespaces(bwrap: str = "bwrap") -> list[str]:
    """Return the part of the command line that is the same for every sandbox."""
    line = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    line += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname", "grading"]
    line += ["--clearenv", "--cap-drop", "ALL"]
    if os.geteuid():
        return [*line, "--unshare-user", "--disable-userns"]
    # Root is exempt from the limit on processes, so the kernel becomes nobody once it is inside.
    return [*line, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def readable() -> list[str]:
    """Return what exists of the read-only allow-list: system, Python, the helper package."""
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix]
    python += [str(Path(sys.executable).resolve().parent)]
    for name in ("ipykernel", "numpy", "torch"):  # wherever their site-packages are
        spec = find_spec(name)
        if spec is not None and spec.origin:
            python.append(str(Path(spec.origin).parents[1]))
    helpers = str(Path(course_utils.__file__).resolve().parent)
    paths = [*SYSTEM, *python, helpers]
    return [path for path in dict.fromkeys(paths) if os.path.lexists(path)]


def mounts(limits: Limits, handed_in: Path | None, connection: Path | None) -> list[str]:
    """Return the file system of one kernel as bubblewrap's arguments."""
    links = [path for path in readable() if os.path.islink(path)]
    line = [part for path in links for part in ("--symlink", os.readlink(path), path)]
    line += ["--proc", "/proc", "--dev", "/dev"]
    for place, size in (("/tmp", limits.disk_mb), ("/dev/shm", limits.disk_mb)):
        line += ["--perms", "1777", "--size", str(int(size * MB)), "--tmpfs", place]
    bound = [path for path in readable() if path not in links]
    # Folders that bubblewrap makes on the way would be closed to all but root.
    above = {str(up) for path in [*bound, connection or "/"] for up in Path(path).parents}
    for folder in sorted(above - {"/", "/tmp"}):
        line += ["--perms", "0755", "--dir", folder]
    for path in bound:
        line += ["--ro-bind", path, path]
    line += ["--perms", "1777", "--size", str(int(limits.disk_mb * MB)), "--tmpfs", WORK]
    if handed_in is not None:
        line += ["--ro-bind", str(handed_in), HANDED_IN]
    if connection is not None:
        line += ["--bind", str(connection), str(connection), "--remount-ro", "/"]
    return line


def environment(threads: int = 1, seed: str = "0") -> dict[str, str]:
    """Return all the variables that a kernel is given."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return kept | {
        "HOME": WORK,
        "USER": "student",
        "LOGNAME": "student",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "TMPDIR": "/tmp",
        "IPYTHONDIR": "/tmp/ipython",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "2",
        "COURSE_SEED": seed,
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "NBGRADER_EXECUTION": "autograde",
    }


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in a sandbox and ends everything in it.

    Raises
    ------
    SandboxError
        Where bubblewrap is missing or refused; never falls back to no sandbox.
    """

    limits = Instance(Limits, args=())
    handed_in = Instance(Path, allow_none=True, help="Folder that is copied for the kernel.")
    witness = Instance(socket.socket, allow_none=True, help="The witness's end of its channel.")
    unprotected = Bool(False, help="Start the kernel as a plain process instead.")
    threads = Integer(1, help="Threads of the numerical libraries.")
    seed = Unicode("0", help="The course's seed, COURSE_SEED.")
    bwrap = Unicode("bwrap")

    place: Path | None = None
    status: int | None = None
    inner: int | None = None

    @property
    def connection(self) -> Path:
        """The folder with the kernel's sockets, the only one it shares with this machine."""
        assert self.place is not None
        return self.place / "c"

    def connect(self, folder: Path) -> None:
        """Have the kernel's sockets in a folder: a network is neither needed nor there."""
        manager: Any = self.parent
        manager.transport = "ipc"
        manager.cache_ports = False
        manager.connection_file = str(folder / "k.json")
        manager.ip = str(folder / "k")

    def setup(self) -> dict[str, Any]:
        """Return what the witness in the kernel is told at its start."""
        setup: dict[str, Any] = {"limits": asdict(self.limits), "work": WORK}
        if os.geteuid() == 0 and not self.unprotected:
            setup["user"] = 100_000 + random.SystemRandom().randrange(1_000_000)
        return setup

    def own(self, folder: Path, setup: dict[str, Any]) -> None:
        """Give the connection's folder to the kernel's user."""
        if "user" in setup:
            for path in (folder, *folder.iterdir()):
                os.chown(path, setup["user"], setup["user"])

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the connection's folder and the command line."""
        if not self.unprotected:
            check(self.bwrap)
        # Short: the path of a socket has at most 107 bytes. The number says whose it is.
        self.place = Path(tempfile.mkdtemp(prefix=f"cg{os.getpid()}-", dir="/tmp"))
        self.place.chmod(0o711)
        self.connection.mkdir()
        self.connect(self.connection)
        kwargs = await super().pre_launch(**kwargs)

        setup, descriptors = self.setup(), []
        if self.witness is not None:
            descriptors.append(self.witness.fileno())
            setup["witness"] = self.witness.fileno()
        variables = environment(self.threads, self.seed)
        if self.unprotected:
            work = self.place / "work"
            work.mkdir()
            setup |= {"work": str(work), "handed_in": str(self.handed_in or "")}
            setup["unprotected"] = True
            variables |= {"HOME": str(work), "TMPDIR": str(self.place)}
            command = kwargs["cmd"]
        else:
            if self.handed_in is not None:
                setup["handed_in"] = HANDED_IN
            self.own(self.connection, setup)
            self.status, theirs = os.pipe()
            descriptors.append(theirs)
            command = namespaces(self.bwrap)
            command += mounts(self.limits, self.handed_in, self.connection)
            command += ["--json-status-fd", str(theirs), "--chdir", WORK]
        variables["COURSE_WITNESS"] = json.dumps(setup)
        if not self.unprotected:
            for name, value in variables.items():
                command += ["--setenv", name, value]
            command += ["--", *kwargs["cmd"]]
        return kwargs | {"cmd": command, "env": variables, "descriptors": tuple(descriptors)}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start bubblewrap; what it or the kernel says on its own goes into a log."""
        assert self.place is not None
        descriptors = kwargs["descriptors"]
        with open(self.place / "log", "wb") as log:
            self.process = subprocess.Popen(
                cmd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=kwargs["env"],
                cwd=str(self.place),
                pass_fds=descriptors,
                start_new_session=True,
            )
        if self.witness is not None:
            self.witness.close()
        if not self.unprotected:
            os.close(descriptors[-1])
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    def log_text(self) -> str:
        """Return the last words of a kernel that did not start."""
        if self.place is None or not (self.place / "log").exists():
            return ""
        return (self.place / "log").read_text(errors="replace")[-2000:]

    def kernel_pid(self) -> int | None:
        """Return the kernel's process as this machine counts: bubblewrap's first grandchild."""
        if self.unprotected:
            return self.pid
        if self.inner is None and self.status is not None:
            text = b""
            while b"\n" not in text and (part := os.read(self.status, 4096)):
                text += part
            with suppress(ValueError, KeyError, IndexError):
                self.inner = json.loads(text.splitlines()[0])["child-pid"]
        if self.inner is None:
            return None
        with suppress(OSError, IndexError, ValueError):
            path = Path(f"/proc/{self.inner}/task/{self.inner}/children")
            return int(path.read_text().split()[0])
        return None

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel; any other signal ends the whole sandbox."""
        if signum == signal.SIGINT:
            pid = self.kernel_pid()
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
            return
        await self.kill()

    async def kill(self, restart: bool = False) -> None:
        """End every process of the sandbox: its first one dies, and the kernel takes the rest."""
        self.kernel_pid()
        for pid in (self.inner, self.pid):
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.unprotected and self.pgid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pgid, signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """End every process of the sandbox."""
        await self.kill(restart)

    async def wait(self) -> int | None:
        """Wait until bubblewrap is gone."""
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(0.005)
        code, self.process = (self.process.returncode if self.process else 0), None
        return code

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the connection's folder."""
        if self.status is not None:
            os.close(self.status)
            self.status = None
        if self.place is not None:
            shutil.rmtree(self.place, ignore_errors=True)
            self.place = None


def sweep() -> None:
    """Remove the folders that graders left which were killed."""
    for path in Path("/tmp").glob("cg*-*"):
        owner = path.name[2:].split("-")[0]
        with suppress(OSError):
            if owner.isdigit() and not Path("/proc", owner).exists():
                if time.time() - path.stat().st_mtime > 5:
                    shutil.rmtree(path, ignore_errors=True)
