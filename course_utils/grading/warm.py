"""Kernels forked from a process that has the libraries loaded.

Importing torch and starting a kernel take longer than most submissions run. Here each worker
keeps one process inside the sandbox that has imported them and does nothing else; every
submission is a fork of it, in namespaces of its own: its own processes, folders in memory, and
user. The fork is made only while that process has a single thread: then nothing is lost in it.
"""

from __future__ import annotations

import array
import asyncio
import atexit
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from traitlets import Instance

from course_utils.grading import sandbox
from course_utils.grading.sandbox import MB, Limits, SandboxError, SandboxProvisioner

YARD = "/yard"  # where, inside, the folder with the kernels' sockets lies
BELOW = "/below"  # where /tmp goes when a fork gets its own
START_SECONDS = 120
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWIPC = 0x20000, 0x10000000, 0x20000000, 0x8000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT = 1, 2, 4, 0x20
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


class Nursery:
    """The process that forks kernels, seen from outside.

    Parameters
    ----------
    modules : tuple of str
        What it imports.
    limits : Limits
    threads : int
        Threads of the numerical libraries.
    seed : str
        The course's seed, COURSE_SEED.
    """

    def __init__(
        self, modules: tuple[str, ...], limits: Limits, threads: int, seed: str = "0"
    ) -> None:
        sandbox.check()
        self.yard = Path(tempfile.mkdtemp(prefix=f"cg{os.getpid()}-", dir="/tmp"))
        self.yard.chmod(0o755)
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line = sandbox.namespaces()
        if os.geteuid() == 0:
            line += ["--cap-add", "CAP_SYS_ADMIN"]  # to give each fork its own folders
        else:
            line.remove("--disable-userns")
        line += [*sandbox.mounts(limits, None, None), "--bind", str(self.yard), YARD]
        line += ["--perms", "0755", "--dir", BELOW, "--remount-ro", "/", "--chdir", "/"]
        for name, value in sandbox.environment(threads, seed).items():
            line += ["--setenv", name, value]
        line += ["--", sys.executable, "-P", "-m", "course_utils.grading.warm"]
        line += [str(theirs.fileno()), json.dumps(modules)]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
        theirs.close()
        self.ours.settimeout(START_SECONDS)
        try:
            self.ready = json.loads(self.ours.recv(1 << 16) or b"{}")
        except OSError:
            self.ready = {}
        if self.ready.get("threads") != 1:
            words = self.last_words()
            self.close()
            raise SandboxError(f"no warm kernels here: {self.ready or 'nothing started'}\n{words}")

    def last_words(self) -> str:
        """Return the end of what it and its kernels said on their own."""
        self.log.flush()
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), 2000, max(0, size - 2000)).decode(errors="replace")

    def fork(self, setup: dict[str, Any], argv: list[str], descriptors: list[int]) -> int:
        """Ask for a kernel.

        Parameters
        ----------
        setup, argv
            For `witness.serve_kernel`.
        descriptors : list of int
            The witness's socket, and the end of a pipe that closes when the kernel is gone.

        Returns
        -------
        int
            The kernel's process as this machine counts.
        """
        data = json.dumps({"setup": setup, "argv": argv}).encode()
        self.ours.sendmsg(
            [data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        )
        reply = json.loads(self.ours.recv(1 << 16) or b"{}")
        if reply.get("error") or not reply:
            raise SandboxError(f"no warm kernel: {reply.get('error', 'the nursery is gone')}")
        # bubblewrap's child, the nursery, the fork that waits, the kernel
        pid = self.process.pid
        for _ in range(4):
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[-1])
        return pid

    def close(self) -> None:
        """End it, with every kernel it has."""
        with suppress(OSError):
            self.process.kill()
            self.process.wait(5)
        self.ours.close()
        self.log.close()
        shutil.rmtree(self.yard, ignore_errors=True)


_nurseries: dict[tuple[Any, ...], Nursery] = {}


def nursery(modules: tuple[str, ...], limits: Limits, threads: int, seed: str = "0") -> Nursery:
    """Return this process's nursery for these libraries, started if need be.

    To be called from the main thread: bubblewrap ends with the thread that started it.
    """
    key = (modules, limits, threads, seed)
    found = _nurseries.get(key)
    if found is not None and found.process.poll() is None:
        return found
    for old in _nurseries.values():
        old.close()
    _nurseries.clear()
    _nurseries[key] = Nursery(modules, limits, threads, seed)
    return _nurseries[key]


@atexit.register
def _close_all() -> None:
    for one in _nurseries.values():
        one.close()


class WarmProvisioner(SandboxProvisioner):
    """Starts a kernel as a fork of a nursery."""

    nursery = Instance(Nursery)
    gone: int | None = None
    kernel: int | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the connection's folder inside the nursery's yard."""
        self.place = Path(tempfile.mkdtemp(prefix="k", dir=self.nursery.yard))
        self.place.chmod(0o755)
        self.connection.mkdir()
        self.connect(self.connection)
        return await super(SandboxProvisioner, self).pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork it."""
        assert self.place is not None and self.witness is not None
        inside = Path(YARD) / self.place.name
        setup = self.setup() | {"connection": str(inside / "c")}
        setup["readable"] = [path for path in sandbox.readable() if path.startswith("/tmp/")]
        if self.handed_in is not None:
            shutil.copytree(self.handed_in, self.place / "in")
            setup["handed_in"] = str(inside / "in")
        # The kernel knows its sockets by another path than we do.
        info = json.loads((self.connection / "k.json").read_text())
        info["ip"] = str(inside / "c" / "k")
        (self.connection / "inside.json").write_text(json.dumps(info))
        self.own(self.connection, setup)
        self.gone, theirs = os.pipe()
        try:
            argv = ["-f", str(inside / "c" / "inside.json")]
            self.kernel = self.nursery.fork(setup, argv, [self.witness.fileno(), theirs])
        finally:
            os.close(theirs)
            self.witness.close()
        self.pid = self.pgid = self.kernel
        return self.connection_info

    def log_text(self) -> str:
        """Return the last words of a kernel that did not start."""
        return self.nursery.last_words()

    @property
    def has_process(self) -> bool:
        """Whether a kernel was forked and not yet waited for."""
        return self.kernel is not None

    def kernel_pid(self) -> int | None:
        """Return the kernel's process as this machine counts."""
        return self.kernel

    async def poll(self) -> int | None:
        """Return None while the kernel lives: its end of the pipe closes when it is gone."""
        if self.gone is None:
            return 0
        readable, _, _ = select.select([self.gone], [], [], 0)
        return -signal.SIGKILL if readable else None

    async def wait(self) -> int | None:
        """Wait until every process of the kernel's is gone."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(0.005)
        self.kernel = None
        return code

    async def kill(self, restart: bool = False) -> None:
        """End the kernel; its namespace takes every process it started along."""
        if self.kernel is not None:
            with suppress(ProcessLookupError):
                os.kill(self.kernel, signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the connection's folder."""
        if self.gone is not None:
            os.close(self.gone)
            self.gone = None
        await super().cleanup(restart)


# --- inside -------------------------------------------------------------------------------------


def main() -> None:
    """Import, then fork a kernel for every message."""
    from course_utils.grading import witness

    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    witness.preload(
        ["ipykernel.kernelapp", "ipykernel.zmqshell", "matplotlib_inline.backend_inline"]
    )
    witness.preload(json.loads(sys.argv[2]))
    if "torch" in sys.modules:
        import torch

        # An optimiser's first step imports for a second; nothing here computes with threads.
        torch.optim.SGD([torch.zeros(1, requires_grad=True)]).step()
    channel.send(json.dumps({"threads": _threads()}).encode())
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, 1 << 20, 8)
        if not data:
            return
        message = json.loads(data)
        if _threads() != 1:
            channel.send(b'{"error": "it has more than one thread"}')
        else:
            _start(channel, message, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _start(channel: socket.socket, message: dict[str, Any], descriptors: list[int]) -> None:
    """Fork twice: the first child makes the namespaces, the second is their first process."""
    child = os.fork()
    if child:
        return
    status = 1
    try:
        user, group = os.geteuid(), os.getegid()
        flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC
        _call("unshare", flags | (CLONE_NEWUSER if user else 0))
        if user:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        kernel = os.fork()
        if kernel:
            channel.send(b'{"started": true}')
            channel.close()
            for descriptor in descriptors:
                os.close(descriptor)
            os.waitpid(kernel, 0)
            status = 0
        else:
            _become_kernel(channel, message, descriptors)
    except BaseException as error:
        traceback.print_exc()
        with suppress(OSError):
            channel.send(json.dumps({"error": repr(error)}).encode())
    finally:
        os._exit(status)


def _become_kernel(channel: socket.socket, message: dict[str, Any], descriptors: list[int]) -> None:
    from course_utils.grading import witness

    channel.close()
    setup = message["setup"]
    size = f"size={int(setup['limits']['disk_mb'] * MB)},mode=1777".encode()
    _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    os.umask(0o022)
    _call("mount", b"/tmp", BELOW.encode(), None, MS_BIND | MS_REC, None)
    for folder in (b"/tmp", b"/dev/shm"):
        _call("mount", b"tmpfs", folder, b"tmpfs", MS_NOSUID | MS_NODEV, size)
    for path in setup["readable"]:  # Python or the course may lie in /tmp
        os.makedirs(path, mode=0o755, exist_ok=True)
        source = BELOW + path.removeprefix("/tmp")
        _call("mount", source.encode(), path.encode(), None, MS_BIND | MS_REC, None)
    _call("mount", b"tmpfs", BELOW.encode(), b"tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, b"size=4k")
    # Of the folder with the sockets, it may write to its own part only.
    place = setup["connection"].encode()
    _call("mount", place, place, None, MS_BIND, None)
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
    _call("mount", None, YARD.encode(), None, flags, None)
    os.mkdir(setup["work"], 0o1777)
    os.chmod(setup["work"], 0o1777)
    setup["witness"] = descriptors[0]
    os.environ.update(HOME=setup["work"], TMPDIR="/tmp")
    witness.confine(setup)
    _drop_capabilities()
    _call("prctl", 1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    witness.serve_kernel(message["argv"], setup)


def _call(name: str, *arguments: Any) -> None:
    """Call a function of the C library; raise what it reports."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _drop_capabilities() -> None:
    """Give up every right to the namespaces, for good."""
    for capability in range(64):
        with suppress(OSError):
            _call("prctl", 24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS


if __name__ == "__main__":
    main()
