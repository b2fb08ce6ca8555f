"""What students' code can see and do in the sandbox, cold and warm, as root and as anyone."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from examples import ROOT

from course_utils.grading import sandbox
from course_utils.grading.execute import Job, Step, run
from course_utils.grading.sandbox import Limits, SandboxError

needs_bwrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
SMALL = Limits(cell_seconds=20, memory_mb=1024, processes=64, disk_mb=64, file_mb=16, output_mb=0.5)
WARM = [False, True]

LOOK = """
import json, os, socket, subprocess
from pathlib import Path

def can(action):
    try:
        action()
        return True
    except BaseException as error:
        return type(error).__name__

seen = {}
for name in PLACES:
    seen[name] = can(lambda: os.listdir(name))
    if seen[name] is True:
        seen[name] = sorted(os.listdir(name))
seen["connect"] = can(lambda: socket.create_connection(("127.0.0.1", PORT), 2))
seen["names"] = can(lambda: socket.getaddrinfo("example.com", 80))
seen["write /usr"] = can(lambda: Path("/usr/mine").write_text("x"))
seen["write /"] = can(lambda: Path("/mine").write_text("x"))
seen["write helpers"] = can(lambda: Path(HELPERS, "mine").write_text("x"))
seen["write connection"] = can(lambda: Path(os.environ["HOME"], "ok").write_text("x"))
seen["become root"] = can(lambda: os.setuid(0))
mount = ["mount", "-t", "tmpfs", "x", "/mnt"]
seen["mount"] = subprocess.run(mount, capture_output=True).returncode
seen["environment"] = sorted(os.environ)
seen["files"] = sorted(os.listdir("."))
seen["user"] = os.getuid()
seen["processes"] = len([p for p in os.listdir("/proc") if p.isdigit()])
seen["kill"] = can(lambda: os.kill(OUTSIDE, 9))
print(json.dumps(seen))
"""


def job(*sources, limits=SMALL, warm=False, files=None):
    steps = tuple(Step("", "own", source) for source in sources)
    return Job(steps, files or {}, (), (), (), limits, warm=warm)


def said(result, step=0):
    return "".join(o.get("text", "") for o in result.outputs[step])


def errors(result, step=0):
    return [o["ename"] for o in result.outputs[step] if o["output_type"] == "error"]


def look(tmp_path, port=1):
    home = str(Path.home())
    places = [
        str(ROOT),
        str(ROOT / "solutions"),
        home,
        "/home",
        "/etc/shadow",
        str(tmp_path),
        "/srv",
    ]
    helpers = str(ROOT / "course_utils")
    setting = f"PLACES, PORT, HELPERS, OUTSIDE = {places!r}, {port}, {helpers!r}, {os.getpid()}"
    return places, setting + LOOK


@needs_bwrap
@pytest.mark.parametrize("warm", WARM)
def test_sees_its_own_folder_and_nothing_else(tmp_path, warm, monkeypatch):
    import socket

    monkeypatch.setenv("SECRET_TOKEN", "do not tell")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places, source = look(tmp_path, server.getsockname()[1])
        result = run(job(source, files={"data.csv": b"1,2"}, warm=warm))
    assert not errors(result), result.outputs
    seen = json.loads(said(result))
    check_seen(seen, places)
    assert seen["files"] == ["data.csv", "ok"]
    assert seen["kill"] in ("ProcessLookupError", "PermissionError")
    assert seen["user"] != 0
    assert not result.flags


def check_seen(seen, places):
    # Of the course's folder only the helper package and the environment are there.
    assert set(seen[places[0]]) <= {"course_utils", ".venv", "venv"}
    for place in places[1:]:
        if isinstance(seen[place], list):  # a folder on the way to Python, and nothing else in it
            within = [p for p in sandbox.readable() if p.startswith(place + "/")]
            assert set(seen[place]) <= {Path(p).relative_to(place).parts[0] for p in within}, place
        else:
            assert seen[place] in ("FileNotFoundError", "PermissionError"), (place, seen[place])
    assert seen["connect"] == "ConnectionRefusedError" and seen["names"] == "gaierror"
    for name in ("write /usr", "write /", "write helpers", "become root"):
        assert seen[name] in ("OSError", "PermissionError"), name
    assert seen["write connection"] is True
    assert seen["mount"] != 0
    assert not [name for name in seen["environment"] if "SECRET" in name]


@needs_bwrap
@pytest.mark.parametrize("warm", WARM)
def test_nothing_survives_the_run(warm, tmp_path):
    """Files and processes of one submission are gone for the next."""
    before = set(Path("/tmp").glob(f"cg{os.getpid()}-*"))
    leave = """
import os, subprocess, sys, time
for place in ("", "/tmp/", "/dev/shm/"):
    open(place + "mine", "w").write("x")
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(987)"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(987)
    os._exit(0)
print("left")
"""
    first = run(job(leave, warm=warm))
    assert "left" in said(first), first.outputs
    again = run(
        job(
            "import os; print([os.path.exists(p) for p in ('mine', '/tmp/mine', '/dev/shm/mine')])",
            warm=warm,
        )
    )
    assert "[False, False, False]" in said(again)
    found = subprocess.run(["pgrep", "-f", "time.sleep(98[7])"], capture_output=True, text=True)
    assert not found.stdout.strip()
    if not warm:
        assert set(Path("/tmp").glob(f"cg{os.getpid()}-*")) <= before


LIMITS = {
    "memory": (
        "import numpy; x = numpy.ones((6000, 1 << 20), 'b')",
        ["MemoryError", "_ArrayMemoryError"],
    ),
    "file": ("open('big', 'wb').write(b'0' * (40 << 20))", ["OSError"]),
    "disk": (
        "for i in range(90):\n    open(f'f{i}', 'wb').write(b'0' * (1 << 20))",
        ["OSError"],
    ),
    "shared": (
        "for i in range(90):\n    open(f'/dev/shm/f{i}', 'wb').write(b'0' * (1 << 20))",
        ["OSError"],
    ),
    "processes": (
        "import os, time\nfor i in range(300):\n"
        "    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)",
        ["BlockingIOError"],
    ),
    "threads": (
        "import threading, time\nfor i in range(300):\n"
        "    threading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
        ["RuntimeError"],
    ),
    "time": ("while True: pass", ["KeyboardInterrupt", "CellTimeoutError"]),
}


@needs_bwrap
@pytest.mark.parametrize("warm", WARM)
@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_stops_the_cell_and_not_the_grader(name, warm):
    source, wanted = LIMITS[name]
    limits = dataclasses.replace(SMALL, cell_seconds=3) if name == "time" else SMALL
    result = run(job(source, limits=limits, warm=warm))
    assert errors(result) and set(errors(result)) <= set(wanted), (result.outputs, result.flags)
    assert any("was stopped" in flag for flag in result.flags) == (name == "time")


@needs_bwrap
def test_a_flood_of_output_is_cut():
    result = run(job("for i in range(300_000): print('x' * 20)"))
    assert len(said(result)) <= SMALL.output_mb * (1 << 20)
    assert any("printed" in flag for flag in result.flags)


@needs_bwrap
def test_memory_of_many_processes_adds_up():
    source = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        x = bytearray(400 << 20)
        time.sleep(30)
        os._exit(0)
time.sleep(30)
"""
    result = run(job(source))
    assert any("memory" in flag for flag in result.flags), (result.flags, result.outputs)


@needs_bwrap
def test_deaf_to_signals_it_is_ended():
    source = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    began = time.monotonic()
    result = run(job(source, limits=dataclasses.replace(SMALL, cell_seconds=2)))
    assert any("could not be interrupted" in flag for flag in result.flags)
    assert time.monotonic() - began < 60


@needs_bwrap
def test_all_cells_together_have_a_limit():
    cells = ["import time; time.sleep(1.5); print('done')"] * 4
    result = run(job(*cells, limits=dataclasses.replace(SMALL, notebook_seconds=2)))
    assert "done" in said(result, 0) and not said(result, 3)
    assert any("together" in flag for flag in result.flags)


def test_without_bubblewrap_it_says_how_to_get_it(monkeypatch):
    sandbox.check.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match=r"apt-get install bubblewrap(.|\n)*--no-sandbox"):
        sandbox.check()
    sandbox.check.cache_clear()


def test_a_refusing_bubblewrap_is_told(tmp_path):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(SandboxError, match="No permissions to create"):
        sandbox.check(str(refusing))


def test_unprotected_it_runs_all_the_same():
    """What --no-sandbox does, for those who asked for it in words."""
    bare = dataclasses.replace(job("print(6 * 7)"), sandbox=False)
    assert "42" in said(run(bare))


@needs_bwrap
@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the tests above ran as an ordinary user")
@pytest.mark.parametrize("warm", WARM)
def test_works_for_an_ordinary_user(tmp_path_factory, warm):
    """Root's tests above use root's way; here the grader itself is nobody in particular."""
    python = Path("/usr/bin/python3")
    want = f"Python {sys.version_info[0]}.{sys.version_info[1]}."
    told = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    if not told.stdout.startswith(want):
        pytest.skip(f"no {want} of the system's for an ordinary user")
    folder = Path(f"/tmp/user-{os.getpid()}")
    folder.mkdir(mode=0o755)
    try:
        env = folder / "env"
        subprocess.run([python, "-m", "venv", "--without-pip", env], check=True)
        packages = next(env.glob("lib/python3*/site-packages"))
        ours = next(path for path in sys.path if path.endswith("site-packages"))
        (packages / "course.pth").write_text(f"{ours}\n{ROOT}\n")
        places, source = look(folder)
        script = folder / "script.py"
        script.write_text(
            "import sys, json\nsys.path.insert(0, sys.argv[1])\nimport test_sandbox as t\n"
            f"result = t.run(t.job({source!r}, warm={warm}))\n"
            "print(t.said(result) or result)\n"
            "for name in ('processes', 'memory', 'disk'):\n"
            f"    result = t.run(t.job(t.LIMITS[name][0], warm={warm}))\n"
            "    assert set(t.errors(result)) & set(t.LIMITS[name][1]), (name, result)\n"
            "print('limits hold')\n"
        )
        line = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
        line += [str(env / "bin" / "python"), str(script), str(ROOT / "tests")]
        done = subprocess.run(
            line, capture_output=True, text=True, cwd="/", env={"PATH": os.environ["PATH"]}
        )
        if "Permission denied" in done.stderr and "course_utils" in done.stderr:
            pytest.skip("an ordinary user cannot read this checkout")
        assert "limits hold" in done.stdout, done.stdout + done.stderr
        seen = json.loads(done.stdout.splitlines()[0])
        check_seen(seen, places[:5])
        assert seen["user"] == 54321
    finally:
        shutil.rmtree(folder)
