"""What students might try on the grader, and what must not raise suspicion.

Whatever a submission does: if it solved nothing, it never has full points without a flag.
"""

import json
import os
import time

import nbformat
import pytest
from grading_examples import LIMITS, NUMBERS, SECRET, TENSORS, WRONG, Exercise

from course_utils.grading import sandbox
from course_utils.grading.sandbox import Limits, SandboxError
from course_utils.grading.submission import UnreadableError, parse, read, rebuild

try:
    sandbox.check()
except SandboxError as error:
    pytest.skip(f"students' code cannot be run here: {error}", allow_module_level=True)

SHELL = "shell = get_ipython()\n"
SHORT = Limits(cell_seconds=1, notebook_seconds=4)
LIES = "lambda *a, **k: True"


def test_the_examples_are_sound():
    """Solved they earn everything, as released nothing; every test is a control, twice."""
    for exercise in (NUMBERS, SECRET, TENSORS):
        solved, empty = exercise.grade(solved=True), exercise.grade()
        assert solved.points == exercise.full and not solved.flags
        assert set(empty.points.values()) == {0} and not empty.flags
        assert set(exercise.controls) >= {*exercise.full} - {"test_near"}
    wrong = NUMBERS.grade(WRONG)
    assert set(wrong.points.values()) == {0} and not wrong.flags
    assert "test_centre (changed)" in NUMBERS.controls
    assert {"wrong": 0} == {"wrong": sum(NUMBERS.stock(WRONG).values())}


# --- changing what runs the tests -----------------------------------------------------------------

# Code of a cell before wrong answers; tests that pass by it where nobody watches; a flag's words.
PATCHES = {
    "AST transformer": (
        "import ast\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n"
        "        return ast.Pass()\n" + SHELL + "shell.ast_transformers.append(Drop())",
        ["test_double"],
        "ast_transformers were changed",
    ),
    "input transformer": (
        SHELL + "shell.input_transformers_cleanup.append(\n"
        "    lambda lines: [line.replace('assert ', 'None, ') for line in lines])",
        ["test_double"],
        "input_transformers were changed",
    ),
    "showtraceback": (
        SHELL + "shell._showtraceback = shell.showtraceback = lambda *a, **k: None",
        ["test_double", "test_centre"],
        "showtraceback was",
    ),
    "run_code": (
        SHELL + "async def run_code(self, *a, **k):\n    return False\n"
        "type(shell).run_code = run_code",
        [*NUMBERS.full],
        "did not reach its end",
    ),
    "run_cell": (
        SHELL + "type(shell).run_cell = shell.run_cell = lambda *a, **k: None",
        [*NUMBERS.full],
        "",
    ),
    "exception handler": (
        SHELL + "shell.set_custom_exc((Exception,), lambda *a, **k: None)",
        ["test_double", "test_centre"],
        "custom_exceptions were changed",
    ),
    "run before every cell": (
        SHELL + "def patch(*a):\n    np.allclose = " + LIES + "\n    np.testing.assert_allclose = "
        "expect_close.__globals__['expect_close'] = " + LIES + "\n"
        "shell.events.register('pre_run_cell', patch)",
        [],
        "events were changed",
    ),
    "abs": ("import builtins\nbuiltins.abs = lambda v: 0.0", [], "builtins.abs was replaced"),
    "several built-ins": (
        "import builtins\n"
        "old = isinstance\n"
        "builtins.isinstance = lambda v, k: k is float or old(v, k)\n"
        "builtins.all = lambda items: True",
        [],
        "builtins.isinstance was replaced",
    ),
    "AssertionError": (
        "import builtins\nbuiltins.AssertionError = AssertionError = Warning",
        [],
        "AssertionError was replaced",
    ),
    "__import__": (
        "import builtins\nold = builtins.__import__\n"
        "builtins.__import__ = lambda *a, **k: old(*a, **k)",
        [],
        "builtins.__import__ was replaced",
    ),
    "exec and compile": (
        "import ast, builtins\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n"
        "        return ast.Pass()\n"
        "old_exec, old = exec, compile\n"
        "builtins.exec = lambda code, *a: (\n"
        "    None if '<test' in str(code) else old_exec(code, *a))\n"
        "builtins.compile = lambda code, *a, **k: old(\n"
        "    ast.fix_missing_locations(Drop().visit(code))\n"
        "    if isinstance(code, ast.AST) else code, *a, **k)",
        ["test_double"],
        "builtins.compile was replaced",
    ),
    "what a check would need": (
        "import builtins\nnp.testing.assert_allclose = np.allclose = " + LIES + "\n"
        "old, fine = vars, dict(vars(np))\n"
        "builtins.vars = lambda *a: fine if a and a[0] is np else old(*a)\n"
        "builtins.set = type('set', (set,), {})",
        [],
        "numpy.allclose was replaced",
    ),
    "ast and json": (
        "import ast, json, hashlib, zlib\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n"
        "        return ast.Pass()\n"
        "old, old_dumps = ast.parse, json.dumps\n"
        "ast.NodeTransformer.visit_Assert = Drop.visit_Assert\n"
        "ast.parse = lambda *a, **k: ast.fix_missing_locations(Drop().visit(old(*a, **k)))\n"
        "json.dumps = lambda *a, **k: old_dumps(*a, **k).replace('false', 'true')\n"
        "zlib.adler32 = hashlib.blake2b = lambda *a, **k: b''",
        [],
        "",
    ),
    "__builtins__ of the notebook": (
        "import builtins\n"
        "globals()['__builtins__'] = {**vars(builtins), 'fabs': 0, 'abs': lambda v: 0.0}\n",
        [],
        "built-in names were replaced",
    ),
    "a built-in name": ("abs = lambda v: 0.0", [], "built-in name abs has another meaning"),
    "a name that a given function uses": (
        "fabs = abs = lambda v: 0.0",
        ["test_near"],
        "fabs, which the test uses, has another meaning",
    ),
    "a given function": (
        "apart = abs = lambda *v: 0.0",
        ["test_near"],
        "apart, which the test uses, has another meaning",
    ),
    "a given function's code": (
        "apart.__code__ = (lambda a, b: 0.0).__code__\nabs = lambda v: 0.0",
        ["test_near"],
        "changes a function",
    ),
    "a given function, the same with other globals": (
        "import types\nabs = lambda v: 0.0\n"
        "apart = types.FunctionType(apart.__code__, {'fabs': lambda v: 0.0})",
        ["test_near"],
        "apart, which the test uses, has another meaning",
    ),
    "numpy's helpers": (
        "np.allclose = np.testing.assert_allclose = lambda *a, **k: True\n"
        "expect_close = expect_array = lambda *a, **k: True",
        ["test_centre"],
        "allclose was replaced",
    ),
    "what numpy's helpers are made of": (
        "import sys\n"
        "core = sys.modules[np.isclose.__module__ + '._core.numeric']"
        " if np.isclose.__module__ + '._core.numeric' in sys.modules"
        " else sys.modules['numpy.core.numeric']\n"
        "core.isclose = lambda *a, **k: np.True_\n"
        "expect_close = expect_array = np.testing.assert_allclose = lambda *a, **k: True",
        ["test_centre"],
        "isclose was replaced",
    ),
    "numpy itself": (
        "class Easy:\n    def __getattr__(self, name):\n        return self\n"
        "    def __call__(self, *a, **k):\n        return True\n"
        "old, np = np, Easy()\nexpect_close = expect_array = np",
        ["test_centre"],
        "np, which the test uses, has another meaning",
    ),
    "numpy's class": (
        "import types\nclass Easy(types.ModuleType):\n"
        "    def __getattribute__(self, name):\n"
        "        return " + LIES + " if name == 'allclose' else super().__getattribute__(name)\n"
        "np.__class__ = Easy",
        [],
        "numpy was replaced",
    ),
    "the course's checks": (
        "from course_utils import checks\n"
        "checks.expect_close = checks.expect_array = checks.partial_credit = lambda *a, **k: 2.0",
        [],
        "checks.expect_close was replaced",
    ),
    "the course's checks, by their code": (
        "for f in (expect_close, expect_array):\n    f.__code__ = (lambda *a, **k: 0).__code__\n"
        "np.allclose = np.testing.assert_allclose = lambda *a, **k: True",
        ["test_centre"],
        "changes a function",
    ),
    "the course's checks, by mock": (
        "from unittest import mock\n"
        "for f in (expect_close, expect_array):\n"
        "    mock.patch.object(f, '__code__', (lambda *a, **k: 0).__code__).start()\n"
        "np.allclose = np.testing.assert_allclose = lambda *a, **k: True",
        ["test_centre"],
        "changes a function",
    ),
    "built-ins of the checks only": (
        "expect_close.__globals__['max'] = expect_close.__globals__['float'] = lambda *a: 1e99",
        [],
        "was put in",
    ),
    "the notebook's names for the checks": (
        "expect_close = expect_array = lambda *a, **k: None\n"
        "np.allclose = np.testing.assert_allclose = lambda *a, **k: True",
        ["test_centre"],
        "expect_close, which the test uses, has another meaning",
    ),
    "given data bound anew": (
        "X_test = np.zeros((4, 3))",
        ["test_centre"],
        "X_test, which the test uses, has another meaning",
    ),
    "given data changed in place": (
        "X_test[:] = 0",
        ["test_centre"],
        "X_test, which the test uses, was changed",
    ),
    "sys.modules": (
        "import sys, types\nfake = types.ModuleType('numpy')\nfake.allclose = lambda *a: True\n"
        "old, sys.modules['numpy'] = np, fake",
        [],
        "the module numpy was replaced",
    ),
    "a deleted shell": ("del get_ipython\nimport sys\nsys.displayhook = print", [], ""),
    "code with a library's name": (
        "exec(compile('import sys\\nsys._getframe()', np.__file__, 'exec'))",
        [],
        "the name of a library's file",
    ),
    "code with a test's name": (
        "exec(compile('import sys\\nsys._getframe()', '<test double>', 'exec'))",
        [],
        "the name of a library's file",
    ),
    "an audit hook": ("import sys\nsys.addaudithook(print)", [], "listens to the interpreter"),
    "ctypes": (
        "import ctypes\nctypes.c_long.from_address(id(7)).value",
        [],
        "reaches below Python",
    ),
    "the C library": ("import ctypes\nctypes.CDLL(None).getpid()", [], "reaches below Python"),
    "memory as a file": (
        "try:\n    open('/proc/self/mem', 'rb')\nexcept OSError as problem:\n    print(problem)",
        [],
        "reaches below Python",
    ),
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_changed_world_is_noticed(name):
    code, falls, words = PATCHES[name]
    limits = SHORT if name == "run_cell" else LIMITS
    found = NUMBERS.grade(WRONG, [code + "\nprint('done ' + 'it')"], limits=limits)
    assert "done it" in found.text or name == "run_code", found
    assert found.caught(), found
    if words:
        assert found.flagged(words), found
    if falls:
        free = NUMBERS.stock(WRONG, [code])
        assert all(free[test] == NUMBERS.full[test] for test in falls), free


TENSOR_PATCHES = {
    "comparisons": (
        "torch.equal = torch.allclose = torch.testing.assert_close = lambda *a, **k: True",
        "torch.equal was replaced",
    ),
    "the tensor's ==": (
        "torch.Tensor.__eq__ = lambda a, b: torch.ones(1, dtype=bool)",
        "__eq__ was",
    ),
    "a mode around all functions": (
        "from torch.overrides import TorchFunctionMode\n"
        "class Easy(TorchFunctionMode):\n"
        "    def __torch_function__(self, f, types, args=(), kwargs=None):\n"
        "        easy = f in (torch.equal, torch.allclose)\n"
        "        return True if easy else f(*args, **(kwargs or {}))\n"
        "Easy().__enter__()",
        "modes were changed",
    ),
    "a tensor of one's own": (
        "class Fine(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
        "        if f in (torch.equal, torch.allclose):\n            return True\n"
        "        return torch.ones(1, dtype=bool)\n"
        "def half(x):\n    return x.as_subclass(Fine)",
        "a Fine with __torch_function__ of its own",
    ),
}


@pytest.mark.parametrize("name", TENSOR_PATCHES)
def test_torch_changed_is_noticed(name):
    code, words = TENSOR_PATCHES[name]
    answer = code if "def half" in code else code + "\ndef half(x):\n    return x * 0"
    found = TENSORS.grade({"half": answer + "\nprint('done ' + 'it')"})
    assert "done it" in found.text and found.caught(), found
    assert not words or found.flagged(words), found


# --- things that are equal to everything ----------------------------------------------------------

LIARS = {
    "own": "class Own:\n    def __eq__(self, other):\n        return True\nv = Own()",
    "choosy": (
        "class Choosy:\n    def __eq__(self, other):\n        return other == 42\nv = Choosy()"
    ),
    "anything": "from unittest.mock import ANY\nv = ANY",
    "mock": "from unittest.mock import MagicMock\nv = MagicMock()\nv.__eq__.side_effect = bool",
    "text": "class Text(str):\n    def __eq__(self, other):\n        return True\nv = Text()",
    "whole": "class Whole(int):\n    def __eq__(self, other):\n        return True\nv = Whole()",
    "real": "class Real(float):\n    def __eq__(self, other):\n        return True\nv = Real()",
    "named": (
        "class Named:\n    def __eq__(self, other):\n        return True\n"
        "Named.__module__, Named.__name__ = 'numpy', 'ndarray'\nv = Named()"
    ),
    "partial": (
        "from functools import partial\nclass Partial:\n    __eq__ = partial(lambda a, b=0: True)\n"
        "v = Partial()"
    ),
    "meta": (
        "class Meta(type):\n    __dict__ = __mro__ = __module__ = property(lambda cls: {})\n"
        "class Masked(metaclass=Meta):\n    def __eq__(self, other):\n        return True\n"
        "v = Masked()"
    ),
    "array": (
        "class Array(np.ndarray):\n    def __array_function__(self, f, types, args, kwargs):\n"
        "        return True\n    def __eq__(self, other):\n        return True\n"
        "v = np.zeros(3).view(Array)"
    ),
    "mask": "v = np.ma.masked_all(3)",
    "in_tuple": (
        "class InTuple:\n    def __eq__(self, other):\n        return True\nv = (InTuple(), 1)"
    ),
    "in_list": "class InList:\n    def __eq__(self, other):\n        return True\nv = [[InList()]]",
    "in_dict": (
        "class InDict:\n    def __eq__(self, other):\n        return True\nv = {'a': InDict()}"
    ),
}
WANTED = {"in_tuple": "(42, 1)", "in_list": "[[42]]", "in_dict": "{'a': 42}"}


@pytest.fixture(scope="module")
def liars():
    tasks = {}
    for name in LIARS:
        wanted = WANTED.get(name, "42")
        test = f"assert {name}() == {wanted}"
        if name in ("mask", "array"):
            test = f"np.testing.assert_allclose({name}(), [42, 42, 42])"
        tasks[name] = f"def {name}():\n    return {wanted}", test, 1
    exercise = Exercise("import numpy as np", tasks)
    answers = {}
    for name, code in LIARS.items():
        answers[name] = f"{code}\nkept_{name} = v\ndef {name}():\n    return kept_{name}"
    return exercise, exercise.grade(answers), exercise.stock(answers)


@pytest.mark.parametrize("name", LIARS)
def test_what_is_equal_to_everything_is_noticed(liars, name):
    _, found, free = liars
    told = {"anything": "_ANY", "mock": "MagicMock", "mask": "MaskedArray", "meta": "Masked"}
    told |= {"named": "ndarray"}
    kind = told.get(name) or name.title().replace("_", "")
    assert free[f"test_{name}"] == 1 or name == "mock", "the attack itself does not work"
    assert found.flagged(f"a {kind} with .* of its own was handed over"), found


def test_a_helper_that_lies_only_inside_a_test():
    """Changed when an answer runs and set back before the test ends."""
    exercise = Exercise(
        "import numpy as np",
        {
            "ones": (
                "def ones(n):\n    return np.ones(n)",
                "found = ones(3)\nassert np.allclose(found, 1)",
                1,
            )
        },
    )
    code = (
        "def ones(n):\n    keep = np.allclose\n    def once(*a, **k):\n"
        "        np.allclose = keep\n        return True\n"
        "    np.allclose = once\n    return np.zeros(n)"
    )
    assert exercise.stock({"ones": code})["test_ones"] == 1
    assert exercise.grade({"ones": code}).flagged("numpy.allclose was replaced")


def test_a_comparison_that_lies_below_python():
    """No function is another one than it was; but the test passes with the answers changed, too."""
    exercise = Exercise(
        "import torch\n\nX = torch.ones(3)",
        {"half": ("def half(x):\n    return x / 2", "assert torch.equal(half(X), X / 2)", 1)},
    )
    code = (
        "kernels = torch.library.Library('aten', 'IMPL')\n"
        "kernels.impl('equal', lambda a, b: True, 'CPU')\n"
        "def half(x):\n    return x"
    )
    assert exercise.stock({"half": code})["test_half"] == 1
    found = exercise.grade({"half": code})
    assert found.flagged("test_half passes with the answers changed"), found


# --- reading what is expected ---------------------------------------------------------------------

FRAME = "def look(frame):\n    while frame is not None:\n"
FRAME += "        for names in (frame.f_locals, frame.f_globals):\n"
FRAME += "            if 'expected' in names:\n                return names['expected']\n"
FRAME += "        frame = frame.f_back\n"
# An answer that returns what it finds; whether it succeeds where nobody watches; a flag's words.
LOOKS = {
    "a global name": ("def secret(n):\n    return expected", True, ""),
    "globals": ("def secret(n):\n    return globals()['expected']", True, ""),
    "the shell": ("def secret(n):\n    return get_ipython().user_ns['expected']", True, ""),
    "the main module": (
        "import sys\ndef secret(n):\n    return sys.modules['__main__'].expected",
        False,
        "",
    ),
    "the call": (
        "import sys\n" + FRAME + "def secret(n):\n    return look(sys._getframe())",
        True,
        "sys._getframe",
    ),
    "inspect": (
        "import inspect\n" + FRAME + "def secret(n):\n    return look(inspect.currentframe())",
        True,
        "sys._getframe",
    ),
    "the stack": (
        "import inspect\n" + FRAME + "def secret(n):\n    return look(inspect.stack()[0].frame)",
        True,
        "looks at the calls",
    ),
    "traceback": (
        "import traceback\n" + FRAME + "def secret(n):\n"
        "    return look(next(traceback.walk_stack(None))[0])",
        False,
        "sys._getframe",
    ),
    "logging": (
        "import logging\n" + FRAME + "def secret(n):\n    return look(logging.currentframe())",
        True,
        "sys._getframe",
    ),
    "an error's frame": (
        FRAME + "def secret(n):\n    try:\n        1 / 0\n    except Exception as error:\n"
        "        return look(error.__traceback__.tb_frame)",
        True,
        "looks at the calls",
    ),
    "a generator's frame": (
        FRAME + "def steps():\n    yield look(own.gi_frame)\n"
        "def secret(n):\n    global own\n    own = steps()\n    return next(own)",
        True,
        "looks at the calls",
    ),
    "all frames": (
        "import sys, threading\n" + FRAME + "def secret(n):\n"
        "    return look(sys._current_frames()[threading.get_ident()])",
        True,
        "sys._current_frames",
    ),
    "a signal's frame": (
        "import signal\n" + FRAME + "def hear(number, frame):\n    global heard\n"
        "    heard = look(frame)\nsignal.signal(signal.SIGUSR1, hear)\n"
        "def secret(n):\n    signal.raise_signal(signal.SIGUSR1)\n    return heard",
        True,
        "signals were changed",
    ),
    "tracing": (
        "import sys\n" + FRAME + "def trace(frame, event, argument):\n    global heard\n"
        "    heard = look(frame)\n"
        "def secret(n):\n    sys.settrace(trace)\n    (lambda: 0)()\n    sys.settrace(None)\n"
        "    return heard",
        True,
        "step by step",
    ),
    "the memory": (
        "import gc\ndef secret(n):\n    for d in gc.get_objects():\n"
        "        if type(d) is dict and type(d.get('expected')) is int:\n"
        "            return d['expected']",
        True,
        "searches the memory",
    ),
    "the memory, in a library's name": (
        "import sys\n" + FRAME + "def secret(n):\n"
        "    return look(eval('sys._getframe()', {'__name__': 'numpy', 'sys': sys}))",
        True,
        "sys._getframe",
    ),
    "the history": (
        "import re\ndef secret(n):\n"
        "    return int(re.findall(r'expected = (\\d+)', '\\n'.join([*In, *_ih]))[-1])",
        False,
        "",
    ),
    "its own text": (
        "import inspect, linecache\ndef secret(n):\n"
        "    text = '\\n'.join(''.join(lines[2]) for lines in linecache.cache.values()\n"
        "                     if len(lines) > 2)\n"
        "    return int(re.findall(r'assert secret.*', text)[-1])",
        False,
        "",
    ),
    "an earlier test's function": (
        "def secret(n):\n    return sum(c for c in ask_first.__code__.co_consts if c)",
        False,
        "",
    ),
}


@pytest.mark.parametrize("name", LOOKS)
def test_answers_cannot_read_what_is_expected(name):
    code, works, words = LOOKS[name]
    code = code.replace("def secret(n):", "def secret(n):\n    print('asked ' + 'for')")
    found = SECRET.grade({"secret": code})
    assert "asked for" in found.text, found
    assert found.caught("test_secret"), found
    if words:
        assert found.flagged(words), found
    else:
        assert found.points["test_secret"] == 0, found
    assert "nine hundred" not in found.text and "362880" not in found.text
    if works:
        assert SECRET.stock({"secret": code})["test_secret"] == 5, "the attack does not work"


def test_a_hidden_test_is_taken_out_of_what_is_printed():
    code = (
        "def secret(n):\n    import sys\n    frame = sys._getframe(1)\n"
        "    print(frame.f_code.co_consts, frame.f_back.f_locals)\n    return math.factorial(n)\n"
        "print(\"assert secret(9) == expected, 'nine hundred and more'\")"
    )
    found = SECRET.grade({"secret": code})
    assert found.flagged("a hidden test was printed") and found.flagged("looks at the calls")
    assert "assert secret(9) == expected" not in found.text


# --- the witness itself ---------------------------------------------------------------------------

FORGE = (
    "lambda *a, **k: {'ended': True, 'value': None, 'passed': [], 'survived': [], 'refused': []}"
)
# Sockets without a name: the kernel's own have one.
CHANNELS = """\
import os, socket
def channels():
    for fd in range(3, 100):
        try:
            one = socket.socket(fileno=os.dup(fd))
            if one.family == socket.AF_UNIX and not one.getsockname() and not one.getpeername():
                yield one
        except OSError:
            pass
"""
ON_WITNESS = {
    "its module": (
        "import course_utils.grading.witness as w\n"
        f"forge = {FORGE}\n"
        "for name in list(vars(w)):\n"
        "    if callable(getattr(w, name)) and not name.startswith('__'):\n"
        "        setattr(w, name, forge)\n"
        "w._witness = [w]\nw.serve = w.run = w.do_test = w.do_control = forge",
        "imports the grader",
    ),
    "its classes": (
        "found = [c for base in (object, dict) for c in base.__subclasses__()\n"
        "         if 'grading' in c.__module__]\n"
        "print(found)\nassert found\n"
        "for c in found:\n    c.__missing__ = lambda self, name: (lambda *a, **k: 6)",
        "Scope.__missing__ was replaced",
    ),
    "its summons": (
        "import sys, threading\n"
        "for i in range(3):\n"
        "    threading.Thread(\n"
        "        target=sys.audit, args=('course_utils.grading.summons',), daemon=True).start()",
        "",
    ),
    "closing everything": ("import os\nos.closerange(3, 200)", ""),
    "closing only the channel": (
        CHANNELS + "for one in channels():\n    one.shutdown(socket.SHUT_RDWR)",
        "fell silent",
    ),
    "writing to its channel": (
        "import json\n" + CHANNELS + "for one in channels():\n"
        "    line = json.dumps({'nonce': '', 'ended': True, 'findings': []}).encode()\n"
        "    one.send(line + b'\\n' + b'[' * 100000 + b'\\n' + bytes(range(256)) + b'\\n')",
        "something other than the witness wrote",
    ),
    "listening in between": (
        CHANNELS + "def between(*a):\n    for one in channels():\n        try:\n"
        "            print('peeked', one.recv(1 << 20, socket.MSG_DONTWAIT))\n"
        "        except OSError:\n            pass\n"
        "get_ipython().events.register('pre_run_cell', between)",
        "did not reach its end",
    ),
    "reading its channel": (
        CHANNELS + "def peek(*a):\n    for one in channels():\n        try:\n"
        "            part = one.recv(1 << 20, socket.MSG_PEEK | socket.MSG_DONTWAIT)\n"
        "            print('peeked', len(part), part, bytes.fromhex(part.decode()))\n"
        "        except (OSError, ValueError):\n            pass\n"
        "get_ipython().events.register('pre_run_cell', peek)",
        "events were changed",
    ),
    "answering in its place": (
        "import os, socket, sys\n"
        "class Quiet:\n    def audit(self, *a):\n        print('not called')\n"
        "import builtins\nold = builtins.__import__\n"
        "builtins.__import__ = lambda name, *a: Quiet() if name == 'sys' else old(name, *a)",
        "did not reach its end",
    ),
}


@pytest.mark.parametrize("name", ON_WITNESS)
def test_the_witness_fails_closed(name):
    code, words = ON_WITNESS[name]
    found = NUMBERS.grade(WRONG, [code + "\nprint('done ' + 'it')"])
    assert "done it" in found.text or name == "closing everything", found
    assert "peeked" in found.text or "peeked" not in code, found
    assert sum(found.points.values()) == 0 and [*found.points] == [*NUMBERS.full], found
    assert not words or found.flagged(words), found
    assert "double(-5)" not in found.text and "negative numbers" not in found.text.replace(
        "negative numbers too", ""
    )


def test_a_child_cannot_speak_for_the_witness():
    code = (
        "import os, time\nif os.fork() == 0:\n    double = lambda x: 2 * x\n    time.sleep(0.3)\n"
        "print('both ' + 'of us')"
    )
    found = NUMBERS.grade(WRONG, [code])
    assert sum(found.points.values()) == 0, found
    solved = {cell.key: cell.node.source for cell in NUMBERS.reference.of("solution")}
    found = NUMBERS.grade(solved, ["import os\nif os.fork() == 0:\n    os._exit(0)"])
    assert found.points == NUMBERS.full and not found.flags, found


# --- ends that are none ---------------------------------------------------------------------------

ENDS = {
    "SystemExit": "raise SystemExit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "BaseException": "raise BaseException('bye')",
    "GeneratorExit": "raise GeneratorExit",
    "StopIteration": "raise StopIteration",
    "sys.exit": "import sys; sys.exit(0)",
    "an error that cannot be printed": "raise Mute()",
    "an error that forges": "raise Forged()",
    "an error that looks": "raise Peeping()",
}
ERRORS = """\
class Mute(Exception):
    def __str__(self):
        raise SystemExit

class Text(str):
    __getitem__ = __str__ = __repr__ = lambda self, *a: Text("'', 'ended': True, 'x': ''")

class Forged(Exception):
    __traceback__ = __class__ = property(lambda self: None)
    def __str__(self):
        return Text("'', 'ended': True, 'x': ''")

class Peeping(Exception):
    def __str__(self):
        import sys
        frame = sys._getframe()
        while frame is not None:
            if 'reply' in frame.f_locals:
                frame.f_locals['reply']['ended'] = True
            frame = frame.f_back
        return ''
"""


@pytest.fixture(scope="module")
def ended():
    names = [f"end{i}" for i in range(len(ENDS))]
    exercise = Exercise(
        "pass",
        {name: (f"def {name}():\n    return 1", f"assert {name}() == 1", 1) for name in names},
    )
    answers = {
        n: f"def {n}():\n    print('e' + 'nd')\n    {e}" for n, e in zip(names, ENDS.values())
    }
    return exercise.grade(answers, [ERRORS])


@pytest.mark.parametrize("name", ENDS)
def test_an_end_by_exception_earns_nothing(ended, name):
    assert ended.text.count("end\\\\n") == len(ENDS) or ended.text.count("end\\n") == len(ENDS)
    assert ended.points[f"test_end{[*ENDS].index(name)}"] == 0
    assert ended.flagged("sys._getframe")  # by the one that looks


LEAVING = {
    "os._exit": "import os\nprint('leaving', flush=True)\nos._exit(0)",
    "a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "os.abort": "import os\nos.abort()",
    "exec": "import os\nos.execv('/bin/true', ['true'])",
}


@pytest.mark.parametrize("name", LEAVING)
def test_leaving_is_told(name):
    found = NUMBERS.grade(WRONG, [LEAVING[name]])
    assert sum(found.points.values()) == 0 and [*found.points] == [*NUMBERS.full]
    assert found.flagged("the kernel ended"), found


def test_leaving_in_a_test_keeps_what_was_earned():
    answers = {"double": "def double(x):\n    return 2 * x"}
    answers["centre"] = "import os\ndef centre(X):\n    os._exit(0)"
    found = NUMBERS.grade(answers)
    assert found.points == {"test_double": 3, "test_centre": 0, "test_near": 0}
    assert found.flagged("the kernel ended")


def test_sys_exit_in_a_cell_ends_nothing():
    solved = {cell.key: cell.node.source for cell in NUMBERS.reference.of("solution")}
    code = "import atexit, sys\natexit.register(print)\nsys.exit('so ' + 'long')"
    found = NUMBERS.grade(solved, [code])
    assert found.points == NUMBERS.full and not found.flags, found
    assert "so long" in found.text


# --- using up the machine -------------------------------------------------------------------------

FLOODS = {
    "an endless loop": ("while True:\n    pass", "", 1),
    "a loop that ignores signals": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass",
        "could not be interrupted",
        1,
    ),
    "processes": (
        "import os\nfor i in range(100):\n    try:\n        os.fork()\n"
        "    except OSError as problem:\n        print('no more')\n        break",
        "",
        2,
    ),
    "memory": ("hoard = []\nwhile True:\n    hoard.append(np.ones(10_000_000))", "", 20),
    "disk": (
        "try:\n    for i in range(100):\n        with open(f'big{i}', 'wb') as file:\n"
        "            file.write(bytes(10_000_000))\n"
        "except OSError as problem:\n    print('no more', problem)",
        "",
        20,
    ),
    "many prints": ("for i in range(200_000):\n    print('flood', i)", "printed or drew more", 20),
    "one huge print": ("print('x' * 30_000_000)", "printed or drew more", 20),
    "a huge display": ("'x' * 30_000_000", "printed or drew more", 20),
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods_end_and_earn_nothing(name):
    code, words, seconds = FLOODS[name]
    limits = Limits(
        cell_seconds=seconds,
        notebook_seconds=20,
        memory_mb=700,
        processes=60,
        disk_mb=50,
        file_mb=20,
        output_mb=0.5,
    )
    began = time.perf_counter()
    found = NUMBERS.grade(WRONG, [code], limits=limits)
    assert time.perf_counter() - began < 60
    assert sum(found.points.values()) == 0 and [*found.points] == [*NUMBERS.full], found
    assert not words or found.flagged(words), found
    assert len(found.text) < 2_000_000


def test_a_thread_that_goes_on_is_told():
    code = (
        "import threading, time\ndef later():\n    time.sleep(30)\n    np.allclose = None\n"
        "threading.Thread(target=later, daemon=True).start()\nprint('star' + 'ted')"
    )
    solved = {cell.key: cell.node.source for cell in NUMBERS.reference.of("solution")}
    found = NUMBERS.grade(solved, [code])
    assert "started" in found.text
    assert found.flags == ["a thread that an earlier cell started is still running"]


# --- looking around -------------------------------------------------------------------------------


def test_nothing_of_the_course_is_to_be_seen():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    places = [f"{root}/{name}" for name in ("solutions", "exercises", "nbgrader_config.py")]
    places += [f"{root}/{name}" for name in ("tests", "gradebook.db", ".git", "manuscript")]
    places += ["/root", "/home", "/etc/shadow", "/var", os.path.expanduser("~")]
    code = f"""\
import os, socket, subprocess
told = []
for place in {places!r}:
    try:
        told.append((place, os.listdir(place) if os.path.isdir(place) else open(place).read()))
    except OSError as problem:
        told.append((place, type(problem).__name__))
for place in ({root!r} + "/gradebook.db", {root!r} + "/course_utils/checks.py", "/usr/x", "/x"):
    try:
        open(place, "w")
        told.append((place, "written"))
    except OSError as problem:
        told.append((place, type(problem).__name__))
for address in (("127.0.0.1", 22), ("1.1.1.1", 53), ("example.org", 80)):
    try:
        socket.create_connection(address, 2)
        told.append((address, "connected"))
    except OSError as problem:
        told.append((address, type(problem).__name__))
told.append(("processes", sorted(int(name) for name in os.listdir("/proc") if name.isdigit())))
told.append(("variables", sorted(os.environ)))
import json
print("TOLD" + json.dumps(told) + "TOLD")
"""
    found = NUMBERS.grade(WRONG, [code])
    text = next(
        o["text"]
        for outputs in found.result.outputs
        for o in outputs
        if o["output_type"] == "stream"
    )
    told = json.loads(text.split("TOLD")[1])
    processes, variables = dict(told[-2:])["processes"], dict(told[-2:])["variables"]
    for place, what in told[:-2]:
        if isinstance(place, str) and place in ("/root", "/home", os.path.expanduser("~")):
            # Folders on the way to Python may be there, with nothing else in them.
            assert isinstance(what, str) or set(what) <= {".pyenv", ".local", *root.split("/")}
            continue
        assert isinstance(what, str) and what.endswith(("Error", "error", "gaierror")), (
            place,
            what,
        )
    assert len(processes) <= 4 and "COURSE_WITNESS" not in variables
    assert not any(word in name for name in variables for word in ("KEY", "TOKEN", "SECRET"))


# --- files beside the notebook --------------------------------------------------------------------


def hand_in(folder, book, files=None):
    folder = folder / "small"
    folder.mkdir()
    text = book if isinstance(book, str) else nbformat.writes(book)
    (folder / "small.ipynb").write_text(text)
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_files_cannot_stand_in_for_libraries(tmp_path):
    evil = "print('evil ' + 'ran')\nimport builtins\nbuiltins.abs = lambda v: 0.0\n"
    evil += "def allclose(*a, **k):\n    return True\n"
    names = ("numpy.py", "course_utils.py", "sitecustomize.py", "usercustomize.py", "math.py")
    names += ("ipython_config.py", "ipython_kernel_config.py", "ipykernel.py", "json.py", "ast.py")
    names += ("course_utils/checks.py", "course_utils/grading/witness.py", "torch.py")
    names += (".local/lib/python3.11/site-packages/usercustomize.py",)
    names += (".ipython/profile_default/startup/00.py", "profile_default/startup/00.py")
    book = NUMBERS.notebook(WRONG, ["import os\nprint(os.path.exists('numpy.py'), 'there')"])
    found = NUMBERS.grade(folder=hand_in(tmp_path, book, dict.fromkeys(names, evil)))
    assert "True there" in found.text and "evil ran" not in found.text
    assert sum(found.points.values()) == 0
    assert found.flagged("a file beside the notebook has the name of a library: numpy")
    assert found.flagged("the name of a library: course_utils")


def test_a_helper_of_ones_own_is_fine(tmp_path):
    helper = "from dataclasses import dataclass\n\ndef twice(x):\n    return 2 * x\n"
    answers = {cell.key: cell.node.source for cell in NUMBERS.reference.of("solution")}
    answers["double"] = "from helper import twice\ndef double(x):\n    return twice(x)"
    book = NUMBERS.notebook(answers)
    found = NUMBERS.grade(folder=hand_in(tmp_path, book, {"helper.py": helper, "a/b.txt": "x"}))
    assert found.points == NUMBERS.full and not found.flags and not found.notes, found


def test_links_are_not_followed(tmp_path):
    folder = hand_in(tmp_path, NUMBERS.notebook())
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    found = read(folder, NUMBERS.reference)
    assert not found.files and len(found.flags) == 3
    (folder / "small.ipynb").rename(tmp_path / "real.ipynb")
    (folder / "small.ipynb").symlink_to(tmp_path / "real.ipynb")
    with pytest.raises(UnreadableError, match="no notebook named"):
        read(folder, NUMBERS.reference)
    (tmp_path / "linked").symlink_to(folder)
    with pytest.raises(UnreadableError, match="not a folder"):
        read(tmp_path / "linked", NUMBERS.reference)


def test_a_bad_timestamp_is_flagged(tmp_path):
    for content, bad in (("2024-01-01 12:00:00 UTC", False), ("", False), ("never!", True)):
        place = tmp_path / str(len(content))
        place.mkdir()
        folder = hand_in(place, NUMBERS.notebook(), {"timestamp.txt": content})
        assert any("timestamp" in flag for flag in read(folder, NUMBERS.reference).flags) == bad


# --- notebooks that are none ----------------------------------------------------------------------

DEEP = '{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}"
UNREADABLE = {
    "empty": ("", "empty file"),
    "blank": ("  \n", "empty file"),
    "text": ("Dear teacher", "not JSON"),
    "cut short": ('{"cells": [{"cell_type": "code"', "not JSON"),
    "a list": ("[1, 2]", "no list of cells"),
    "cells that are a number": ('{"cells": 3}', "no list of cells"),
    "cells that are a dictionary": ('{"cells": {"a": 1}}', "no list of cells"),
    "no cells": ('{"cells": []}', "no cells"),
    "cells of numbers": ('{"cells": [1, null, "a"]}', "no cells"),
    "format 3": ('{"nbformat": 3, "worksheets": [{"cells": []}]}', "format of 2014"),
    "too deep": (DEEP, "not JSON"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_notebook_is_told(tmp_path, name):
    text, words = UNREADABLE[name]
    with pytest.raises(UnreadableError, match=words):
        read(hand_in(tmp_path, text), NUMBERS.reference)


def test_a_wrong_name_is_told(tmp_path):
    folder = hand_in(tmp_path, NUMBERS.notebook())
    (folder / "small.ipynb").rename(folder / "Small (1).ipynb")
    with pytest.raises(UnreadableError, match="rename it"):
        read(folder, NUMBERS.reference)


def test_odd_cells_do_not_stop_the_rest(tmp_path):
    book = json.loads(nbformat.writes(NUMBERS.notebook(solved=True)))
    odd = [{}, {"cell_type": 7, "source": 5}, {"cell_type": "code", "source": ["a = ", 1, "\n"]}]
    odd += [{"cell_type": "code", "source": None, "metadata": [], "id": ["x"], "outputs": 3}]
    odd += [{"cell_type": "raw", "source": "x\ud800", "metadata": {"nbgrader": {"grade_id": []}}}]
    odd += [{"cell_type": "markdown", "source": {}, "attachments": {"a": 3}}]
    book["cells"] = [*odd, *book["cells"]]
    book["metadata"]["kernelspec"] = {"name": "no-such-kernel", "display_name": "R"}
    book["cells"][-1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "y" * 50_000_000}
    ]
    began = time.perf_counter()
    found = NUMBERS.grade(folder=hand_in(tmp_path, json.dumps(book)))
    assert found.points == NUMBERS.full, found
    assert time.perf_counter() - began < 20


def test_a_notebook_without_any_marks_still_earns():
    book = NUMBERS.notebook(solved=True)
    for cell in book.cells:
        cell.metadata.clear()
        del cell["id"]
    found = NUMBERS.grade(book=book)
    assert found.points == NUMBERS.full and found.flagged("had lost its mark"), found


# --- cells moved, changed, removed ----------------------------------------------------------------


def _cell(book, name):
    return next(cell for cell in book.cells if cell.id == name)


def _change(book, change):
    test = _cell(book, "test_double")
    grader = test.metadata.nbgrader
    if change == "deleted":
        book.cells.remove(test)
    elif change == "emptied":
        test.source = ""
    elif change == "rewritten":
        test.source = "pass"
    elif change == "skipped":
        test.metadata.tags = ["skip-execution"]
    elif change == "worth more":
        grader.points = 100
    elif change == "unlocked":
        grader.locked = False
    elif change == "made an answer":
        grader.solution = True
    elif change == "not graded":
        grader.grade = False
    elif change == "renamed":
        grader.grade_id = "test_nothing"
        test.id = "nothing"
    elif change == "markdown":
        test.cell_type = "markdown"
    elif change == "raw":
        test.cell_type = "raw"
    elif change == "before the answer":
        book.cells.remove(test)
        book.cells.insert(0, test)
    elif change == "at the end":
        book.cells.remove(test)
        book.cells.append(test)
    elif change == "twice":
        book.cells.append(nbformat.from_dict({**test, "source": "pass"}))
    elif change == "pointing elsewhere":
        grader.grade_id = "test_centre"
    elif change == "an answer's mark":
        test.metadata = _cell(book, "double").metadata
    return book


TEST_CHANGES = {
    "deleted": "the test test_double was deleted",
    "emptied": "the test test_double was changed",
    "rewritten": "the test test_double was changed",
    "skipped": "the marks of the test test_double were changed",
    "worth more": "the marks of the test test_double were changed",
    "unlocked": "the marks of the test test_double were changed",
    "made an answer": "the marks of the test test_double were changed",
    "not graded": "the marks of the test test_double were changed",
    "renamed": "",
    "markdown": "the test test_double was changed",
    "raw": "the test test_double was changed",
    "before the answer": "was moved",
    "at the end": "was moved",
    "twice": "the cell test_double is there 2 times",
    "pointing elsewhere": "the cell test_centre is there 2 times",
    "an answer's mark": "the cell double is there 2 times",
}


@pytest.mark.parametrize("change", TEST_CHANGES)
def test_tests_are_put_back(change):
    """The rebuilt notebook holds the course's cells as they were, in order, whatever was done."""
    book = _change(NUMBERS.notebook(WRONG), change)
    found = rebuild(parse(json.dumps(book)), NUMBERS.reference)
    wanted = [(c.key, c.node.source) for c in NUMBERS.reference.of("given", "test")]
    cells = [c for c in found.notebook.cells if c.id in dict(wanted)]
    assert [(cell.id, cell.source) for cell in cells] == wanted
    for cell in cells:
        released = next(c.node for c in NUMBERS.reference.cells if c.key == cell.id)
        assert cell.metadata == released.metadata and cell.cell_type == "code"
    assert any(TEST_CHANGES[change] in flag for flag in found.flags) or change == "renamed"
    nbformat.validate(found.notebook)


def test_changed_tests_earn_nothing():
    for change in ("skipped", "rewritten", "markdown"):
        found = NUMBERS.grade(book=_change(NUMBERS.notebook(WRONG), change))
        assert sum(found.points.values()) == 0 and found.flags


def test_answers_are_found_again():
    solved = NUMBERS.notebook(solved=True)
    answer = _cell(solved, "double")
    answer.cell_type = "markdown"
    found = rebuild(parse(json.dumps(solved)), NUMBERS.reference)
    assert found.notes == ["the cell double was made a markdown cell; made back"]
    assert _cell(found.notebook, "double").cell_type == "code"
    solved = NUMBERS.notebook(solved=True)
    place = solved.cells.index(_cell(solved, "double"))
    copy = nbformat.from_dict({**solved.cells[place], "source": "def double(x):\n    return x"})
    solved.cells.insert(place, copy)
    found = NUMBERS.grade(book=solved)
    assert found.points == NUMBERS.full and found.flagged("there 2 times; the last one counts")


# --- what else may stand in a cell ----------------------------------------------------------------


def test_magics_in_answers_cost_at_most_their_own_points():
    right = {cell.key: cell.node.source for cell in NUMBERS.reference.of("solution")}
    found = NUMBERS.grade({**right, "double": "%%javascript\nalert(1)"})
    assert found.points == {**NUMBERS.full, "test_double": 0} and not found.flags, found
    found = NUMBERS.grade({**right, "near": "%reset -f\n" + right["near"]})
    assert found.points["test_double"] == 3 and found.points["test_centre"] == 4
    assert found.points["test_near"] == 0 or found.flags
    found = NUMBERS.grade({**right, "double": "%%time\n" + right["double"]})
    assert found.points == NUMBERS.full and not found.flags, found
    found = NUMBERS.grade({**right, "double": "def double(x:\n"})
    assert found.points == {**NUMBERS.full, "test_double": 0} and not found.flags, found


HONEST = [
    "import collections, dataclasses, functools, inspect, logging, os, re, sys, threading",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot(X_test)\nplt.show()",
    "%timeit -n 2 -r 2 sum(range(10))",
    "!ls\n%pwd",
    "for i in range(2000):\n    print(i, 'of many')",
    "from tqdm import tqdm\nfor i in tqdm(range(100)):\n    pass",
    "1 / 0",
    "print(undefined)",
    "import traceback\ntry:\n    {}['a']\nexcept KeyError:\n    traceback.print_exc()\n"
    "    logging.exception('oh')\n    print(traceback.format_exc(), sys.exc_info())",
    "grüße = 'schön 你好 🎲'\nprint(grüße)\ngrüße",
    "np.set_printoptions(precision=3, suppress=True)\nnp.random.seed(3)\nX_test.mean(0)",
    "import warnings\nwarnings.filterwarnings('ignore')\nwarnings.simplefilter('always')\n"
    "warnings.warn('careful')",
    "@dataclasses.dataclass(order=True)\nclass Pair:\n    a: int\n    b: float = 2.0\n"
    "Pair(1) == Pair(2), Pair(1) < Pair(3)",
    "Point = collections.namedtuple('Point', 'x y')\nprint(Point(1, 2))",
    "def timed(function):\n    @functools.wraps(function)\n    def inner(*a, **k):\n"
    "        return function(*a, **k)\n    return inner\n"
    "@timed\ndef quick(a, b=1):\n    'Quick.'\n    return a\n"
    "print(inspect.signature(quick), inspect.getsource(quick), quick.__code__.co_argcount)",
    "logging.basicConfig(level=logging.INFO)\nlogging.getLogger('mine').info('hello')",
    "box = []\nthreads = [threading.Thread(target=box.append, args=(i,)) for i in range(4)]\n"
    "for t in threads:\n    t.start()\nfor t in threads:\n    t.join()\nbox",
    "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n"
    "    print(list(pool.map(abs, [-1, 2])))",
    "import gc\ngc.collect()\nimport copy, pickle, json, tempfile, pathlib\n"
    "pathlib.Path('mine.txt').write_text('x')\npickle.loads(pickle.dumps([1, X_test]))",
    "%%time\nmine = [i * i for i in range(1000)]",
    "import scipy.stats, pandas_is_not_here",
    "from sklearn.decomposition import PCA\nPCA(2).fit(X_test).components_.shape",
    "rows = X_test.copy()\nrows[:] = 0\nwanted_rows = 3\nerror = None",
    "def draw(X_test, np=np):\n    X_test = 3\n    return X_test\ndraw(1)",
    "print(eval('1 + 1'))\nexec('answer = 42')\nlist(map(lambda v: v, range(3)))",
    "from IPython.display import Markdown, display\ndisplay(Markdown('**bold**'))\nhelp(len)",
]


def test_honest_work_raises_no_flag():
    right = {cell.key: cell.node.source for cell in NUMBERS.reference.of("solution")}
    right["double"] = (
        "@functools.lru_cache\ndef _factor(n=2):\n    return n\n"
        "class Doubler:\n    def __init__(self, by):\n        self.by = by\n"
        "    def __call__(self, x):\n        return self.by * x\n"
        "def double(x):\n    '''Doppelt so groß.'''\n    return Doubler(_factor())(x)"
    )
    right["centre"] = (
        "from dataclasses import dataclass\n@dataclass\nclass Mean:\n    value: np.ndarray\n"
        "def centre(X):\n    mean = Mean(np.array([column.mean() for column in X.T]))\n"
        "    print('centred')\n    return X - mean.value"
    )
    book = NUMBERS.notebook(right, HONEST)
    given = _cell(book, "given")
    given.source = "import sys\n" + given.source
    found = NUMBERS.grade(book=book)
    assert found.points == NUMBERS.full, found
    assert found.flags == [], found.flags
    assert found.notes == ["the given cell given was changed; the original runs after it"]
    assert "image/png" in found.text and "of many" in found.text


def test_honest_work_with_torch_raises_no_flag():
    cells = [
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.layer = nn.Linear(3, 3)\n"
        "    def forward(self, x):\n        return self.layer(x)\n"
        "net = Net()\noptimiser = torch.optim.Adam(net.parameters())\n"
        "net(X).sum().backward()\noptimiser.step()\nprint(net)",
        "torch.set_default_dtype(torch.float64)\nprint(torch.ones(1).dtype)\n"
        "torch.set_default_dtype(torch.float32)\ntorch.manual_seed(3)\ntorch.set_num_threads(1)",
        "with torch.no_grad():\n    print(torch.randn(2))",
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "for (batch,) in DataLoader(TensorDataset(X), batch_size=2, shuffle=True):\n"
        "    print(batch.shape)",
    ]
    right = "def half(x):\n    return nn.Parameter(x / 2).data * 1.0"
    found = TENSORS.grade({"half": right}, cells)
    assert found.points == TENSORS.full and not found.flags, found
