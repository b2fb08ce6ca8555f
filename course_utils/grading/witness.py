"""The course's eye inside a student's kernel: runs the tests and says whether they reached the end.

It shares a process with the student's code, so what it says is evidence, not proof. It makes
cheating show: tests come through a channel of their own after the student's code has run, each
with a number that nobody could know before; what the tests rely on is compared with what it was
before the first cell; and all tests are run once more with the answers taken out.

Runs as ``python -m course_utils.grading.witness -f CONNECTION_FILE``.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import resource
import shutil
import socket
import sys
import threading
import time
import types
import zlib
from collections.abc import Iterable
from typing import Any

MB = 1 << 20
# Ways to look at or change what is running, which no exercise needs.
LOOKING = {
    "sys._getframe": "looks at the calls that led to it",
    "sys._current_frames": "looks at the calls that led to it",
    "sys._current_exceptions": "looks at the calls that led to it",
    "sys.settrace": "follows the tests step by step",
    "sys.setprofile": "follows the tests step by step",
    "sys.addaudithook": "listens to the interpreter",
    "gc.get_objects": "searches the memory",
    "gc.get_referrers": "searches the memory",
    "gc.get_referents": "searches the memory",
    "ctypes.dlopen": "reaches below Python",
    "ctypes.dlsym": "reaches below Python",
    "ctypes.cdata": "reaches below Python",
    "ctypes.call_function": "reaches below Python",
}
LOOKING_AT = ("tb_frame", "f_back", "gi_frame", "cr_frame", "ag_frame")
# ipykernel sets these for every cell.
RESTLESS = ("input", "raw_input", "getpass")
SEEN = "__seen__"
FRAMES = 12  # as many calls of a failed test are told


def main(argv: list[str] | None = None) -> None:
    """Give up rights, set the limits, load the libraries, and start the kernel."""
    setup = json.loads(os.environ.pop("COURSE_WITNESS"))
    confine(setup)
    serve_kernel(argv if argv is not None else sys.argv[1:], setup)


def confine(setup: dict[str, Any]) -> None:
    """Become nobody (where started as root), copy what was handed in, and set the limits."""
    if "user" in setup:
        os.setgroups([])
        os.setresgid(setup["user"], setup["user"], setup["user"])
        os.setresuid(setup["user"], setup["user"], setup["user"])
    if setup.get("handed_in"):
        for place, _, names in os.walk(setup["handed_in"]):
            target = os.path.join(setup["work"], os.path.relpath(place, setup["handed_in"]))
            os.makedirs(target, exist_ok=True)
            for name in names:
                shutil.copyfile(os.path.join(place, name), os.path.join(target, name))
    os.chdir(setup["work"])
    limits = setup["limits"]
    for name, value in (
        ("CORE", 0),
        ("DATA", limits["memory_mb"] * MB),
        ("FSIZE", limits["file_mb"] * MB),
        ("NPROC", limits["processes"]),
    ):
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        if name == "NPROC" and setup.get("unprotected"):
            continue  # counts all of the user's processes, not only the kernel's
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def serve_kernel(argv: list[str], setup: dict[str, Any]) -> None:
    """Start ipykernel in this process, with the witness on its channel."""
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize([*argv, "--HistoryManager.enabled=False", "--IPKernelApp.log_level=ERROR"])
    # A file handed in beside the notebook must not stand in for a library.
    sys.path[:] = [path for path in sys.path if path not in ("", os.getcwd())] + [""]
    if "witness" in setup:
        channel = socket.socket(fileno=setup["witness"])
        channel.set_inheritable(False)
        _witness.append(Witness(app.shell, channel))
    app.start()


_witness: list[Witness] = []


def serve() -> None:
    """Do what the grader asked through the channel. Called by the code it sends."""
    _witness[0].serve()


class Witness:
    """Runs tests in the student's namespace and reports through its own channel."""

    def __init__(self, shell: Any, channel: socket.socket) -> None:
        self.shell = shell
        self.files = channel.makefile("r", encoding="utf-8"), channel.makefile("w")
        self.channel = channel
        self.findings: list[str] = []
        self.given: dict[str, tuple[Any, Any]] = {}
        self.kept: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.busy = True  # while the course's own code runs

    def serve(self) -> None:
        """Answer one message."""
        self.busy = True
        try:
            message = json.loads(self.files[0].readline())
            reply = getattr(self, f"do_{message['do']}")(message)
            self.tell({"nonce": message["nonce"], **reply})
        finally:
            self.busy = False

    def tell(self, reply: dict[str, Any]) -> None:
        """Send a reply, with what was found since the last one."""
        reply["findings"], self.findings = self.findings, []
        self.files[1].write(json.dumps(reply) + "\n")
        self.files[1].flush()

    def find(self, text: str) -> None:
        """Note something for a person to look at, once."""
        if text not in self.findings and len(self.findings) < 50:
            self.findings.append(text)

    # --- before the first cell ------------------------------------------------------------

    def do_begin(self, message: dict[str, Any]) -> dict[str, Any]:
        """Load the libraries the notebook uses and remember how they are."""
        began = time.perf_counter()
        preload(message["modules"])
        seconds = time.perf_counter() - began
        self.core = [name for name in list(sys.modules) if _is_core(name)]
        for name in self.core:
            self._keep(sys.modules[name])
        self._keep(self.shell)
        for cls in type(self.shell).__mro__[:-1]:
            self._keep(cls)
        self.hooks = self._hooks()
        sys.addaudithook(self._listen)
        return {"seconds": seconds}

    def _keep(self, thing: Any) -> None:
        if id(thing) in self.kept:
            return
        held = {
            name: (value, _code(value))
            for name, value in list(vars(thing).items())
            if callable(value) or isinstance(value, types.ModuleType | staticmethod | classmethod)
            if name not in RESTLESS
        }
        self.kept[id(thing)] = thing, held
        if isinstance(thing, types.ModuleType):
            for value in list(vars(thing).values()):
                if isinstance(value, type) and value.__module__ == thing.__name__:
                    self._keep(value)

    def _hooks(self) -> dict[str, list[Any]]:
        """Return what the shell calls around every cell."""
        shell = self.shell
        manager = shell.input_transformer_manager
        return {
            "ast_transformers": list(shell.ast_transformers),
            "input_transformers": [
                *shell.input_transformers_post,
                *manager.cleanup_transforms,
                *manager.line_transforms,
                *manager.token_transformers,
            ],
            "custom_exceptions": list(shell.custom_exceptions),
            "displayhook": [sys.displayhook, shell.displayhook],
        }

    def _listen(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note when a student's own code looks at the interpreter (an audit hook)."""
        if self.busy:
            return
        if event == "object.__getattr__" and arguments[1] in LOOKING_AT:
            what = "looks at the calls that led to it"
        elif event == "object.__setattr__" and arguments[1] == "__code__":
            what = "replaces the code of a function"
        elif event in LOOKING:
            what = LOOKING[event]
        else:
            return
        self.busy = True
        try:
            frame = sys._getframe(1)
            while frame is not None and frame.f_globals.get("__name__") in ("inspect", "traceback"):
                frame = frame.f_back  # type: ignore[assignment]
            if frame is not None and self._is_students(frame):
                self.find(f"the code {what} ({event})")
        finally:
            self.busy = False

    def _is_students(self, frame: types.FrameType) -> bool:
        code, names = frame.f_code, frame.f_globals
        if code.co_filename.startswith("<test "):
            return False
        if names is self.shell.user_ns or names.get("__name__") not in sys.modules:
            return True
        place = str(names.get("__file__") or "")
        return place.startswith(os.getcwd() + os.sep)

    # --- between the cells ------------------------------------------------------------------

    def do_mark(self, message: dict[str, Any]) -> dict[str, Any]:
        """Remember what a cell of the course's own has set."""
        for name in message["names"]:
            if name in self.shell.user_ns:
                value = self.shell.user_ns[name]
                self.given[name] = value, _fingerprint(value)
        return {}

    def do_test(self, message: dict[str, Any]) -> dict[str, Any]:
        """Run one test and report how it ended."""
        self.check(message["relies_on"])
        return self.run(message["id"], message["source"])

    def do_control(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take the answers out and run the tests again: which of them still pass?"""
        space = self.shell.user_ns
        for stub in message["stubs"]:
            with contextlib.suppress(BaseException):
                exec(compile(stub, "<stub>", "exec"), space)
        passed, seconds = [], {}
        for test in message["tests"]:
            began = time.perf_counter()
            if self.run(test["id"], test["source"])["ended"]:
                passed.append(test["id"])
            seconds[test["id"]] = time.perf_counter() - began
        return {"passed": passed, "seconds": seconds}

    def check(self, relies_on: Iterable[str]) -> None:
        """Compare what the tests rely on with what it was."""
        for thing, held in self.kept.values():
            now = vars(thing)
            for name, (value, code) in held.items():
                found = now.get(name, value)
                if found is not value or _code(found) != code:
                    label = getattr(thing, "__qualname__", getattr(thing, "__name__", "the shell"))
                    self.find(f"{label}.{name} was replaced")
        import builtins

        for name in vars(builtins).keys() & self.shell.user_ns.keys() - {"__name__", "__doc__"}:
            if not name.startswith("_") and name not in ("display", "get_ipython", "exit", "quit"):
                if name in relies_on:
                    self.find(f"the built-in name {name} has another meaning")
        for name in relies_on:
            if name in self.given:
                value, mark = self.given[name]
                now = self.shell.user_ns.get(name)
                if now is not value and _fingerprint(now) != mark:
                    self.find(f"{name}, which the test uses, has another meaning")
                elif now is value and _fingerprint(now) != mark:
                    self.find(f"{name}, which the test uses, was changed")
        for place, before in self.hooks.items():
            now = self._hooks()[place]
            if len(now) != len(before) or any(a is not b for a, b in zip(now, before)):
                self.find(f"the notebook's {place} were changed")
        main = threading.main_thread().ident
        for number, frame in sys._current_frames().items():
            while number != main and frame is not None:
                if self._is_students(frame):
                    self.find("a thread that an earlier cell started is still running")
                    break
                frame = frame.f_back  # type: ignore[assignment]

    def run(self, name: str, source: str) -> dict[str, Any]:
        """Execute a test cell in the student's namespace.

        Returns
        -------
        dict
            ``ended`` (bool), ``value`` (repr of the last expression or None), and, where it did
            not end, ``ename``, ``evalue``, ``line`` and ``calls``.
        """
        space = self.shell.user_ns
        space[SEEN] = self.seen
        file = f"<test {name}>"
        reply: dict[str, Any] = {"ended": False, "value": None}
        try:
            tree = Watched().visit(ast.parse(source, file))
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            self.busy = False
            exec(compile(ast.fix_missing_locations(tree), file, "exec"), space)
            if last is not None:
                expression = ast.fix_missing_locations(ast.Expression(last.value))
                value = eval(compile(expression, file, "eval"), space)
                if value is not None:
                    reply["value"] = repr(value)[:200]
            self.busy = True
            reply["ended"] = True
        except BaseException as error:
            self.busy = True
            reply |= self._describe(error, file)
        finally:
            self.busy = True
        return reply

    def seen(self, value: Any) -> Any:
        """Return the value; note one that is equal to things it cannot be equal to."""
        kind = type(value)
        if kind not in HONEST and not self.busy:
            if kind in (tuple, list):
                for item in value[:100]:
                    self.seen(item)
            elif not isinstance(value, type) and kind.__module__ not in ("builtins",):
                self.busy = True
                try:
                    if _is_liar(value):
                        self.find(f"a {kind.__name__} that is equal to everything was handed over")
                finally:
                    self.busy = False
        return value

    def _describe(self, error: BaseException, file: str) -> dict[str, Any]:
        """Put what stopped a test into words that hold no line of the test."""
        line, calls = None, []
        step = error.__traceback__
        while step is not None:
            code, number = step.tb_frame.f_code, step.tb_lineno
            if code.co_filename == file:
                line = number
            elif self._is_students(step.tb_frame):
                calls.append([code.co_name, number, _text_of(code.co_filename, number)])
            step = step.tb_next
        kind = type(error)
        if not isinstance(kind, type):
            kind = Exception
        try:
            words = str(error)
        except BaseException:
            words = "(an error that cannot be printed)"
        return {
            "ename": str(kind.__name__)[:100],
            "evalue": str(words)[:4000],
            "line": line,
            "calls": calls[-FRAMES:],
        }


class Watched(ast.NodeTransformer):
    """Lets the witness see what a test compares, is given, and hands on."""

    @staticmethod
    def _wrap(node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant | ast.Starred | ast.Lambda | ast.GeneratorExp):
            return node
        call = ast.Call(ast.Name(SEEN, ast.Load()), [node], [])
        return ast.copy_location(call, node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Look at both sides of a comparison."""
        self.generic_visit(node)
        node.left = self._wrap(node.left)
        node.comparators = [self._wrap(side) for side in node.comparators]
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Look at what is handed to a function by name, and at what it gives."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ("super", "locals", "globals"):
            return node
        node.args = [self._wrap(a) if isinstance(a, ast.Name) else a for a in node.args]
        return self._wrap(node)


HONEST = {bool, int, float, complex, str, bytes, type(None), dict, set, range, slice, type}


def _is_liar(value: Any) -> bool:
    """Whether a value says it is equal to what it cannot be equal to."""
    kind = type(value)
    home = kind.__module__.split(".")[0]
    if home in ("numpy", "torch"):
        return False
    nobody = object()
    with contextlib.suppress(BaseException):
        if bool(value == nobody) or not bool(value != nobody):
            return True
    with contextlib.suppress(BaseException):
        if "torch" in sys.modules and hasattr(kind, "__torch_function__"):
            torch = sys.modules["torch"]
            if bool(torch.allclose(value, torch.full_like(torch.Tensor(value), float("nan")))):
                return True
    with contextlib.suppress(BaseException):
        if "numpy" in sys.modules and hasattr(kind, "__array_function__"):
            if bool(sys.modules["numpy"].allclose(value, float("nan"))):
                return True
    return False


def preload(modules: Iterable[str]) -> None:
    """Import libraries by name; the notebook reports those that are missing."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _is_core(name: str) -> bool:
    """Whether tests lean on a module: it is watched for replaced functions."""
    if name in ("torch", "torch.nn.functional", "torch.linalg", "torch.autograd", "builtins"):
        return True
    if name in ("math", "random", "inspect", "unittest.case", "IPython.core.interactiveshell"):
        return True
    roots = ("numpy.testing", "torch.testing", "course_utils", "scipy.stats", "sklearn.metrics")
    return name in ("numpy", "numpy.linalg", "numpy.random") or name.startswith(roots)


def _code(value: Any) -> Any:
    """Return what a Python function does: its code and defaults."""
    value = getattr(value, "__func__", value)
    if isinstance(value, types.FunctionType):
        return value.__code__, value.__defaults__
    return None


def _fingerprint(value: Any) -> Any:
    """Return something that changes when data or a function are changed in place."""
    if isinstance(value, types.FunctionType):
        return value.__code__, value.__defaults__
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        with contextlib.suppress(Exception):
            value = value.detach().cpu().numpy()
    if hasattr(value, "tobytes") and hasattr(value, "shape"):
        with contextlib.suppress(Exception):
            if value.nbytes <= 64 * MB:
                data = memoryview(value).cast("B") if value.flags.c_contiguous else value.tobytes()
                return tuple(value.shape), str(value.dtype), zlib.adler32(data)
        return None
    if isinstance(value, bool | int | float | str | type(None)):
        return value
    return None


def _text_of(file: str, number: int) -> str:
    """Return a line of a student's cell."""
    import linecache

    return linecache.getline(file, number).strip()[:200]


if __name__ == "__main__":
    # As a module of its own name, so that the code which the grader sends finds this one.
    from course_utils.grading import witness

    witness.main()
