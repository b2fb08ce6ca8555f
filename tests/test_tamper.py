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
        "        return True if f in (torch.equal, torch.allclose) else f(*args, **(kwargs or {}))\n"
        "Easy().__enter__()",
        "modes were changed",
    ),
    "another kernel for an operation": (
        "library = torch.library.Library('aten', 'IMPL')\n"
        "library.impl('equal', lambda a, b: True, 'CPU')",
        "",
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
    "choosy": "class Choosy:\n    def __eq__(self, other):\n        return other == 42\nv = Choosy()",
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
    "in_tuple": "class InTuple:\n    def __eq__(self, other):\n        return True\nv = (InTuple(), 1)",
    "in_list": "class InList:\n    def __eq__(self, other):\n        return True\nv = [[InList()]]",
    "in_dict": "class InDict:\n    def __eq__(self, other):\n        return True\nv = {'a': InDict()}",
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


def test_a_helper_that_lies_only_inside_the_test():
    """Changed and set back while a test runs: never there before or after it."""
    code = """\
def centre(X):
    keep = np.testing.assert_allclose, np.allclose, expect_close.__globals__['expect_array']
    def back(*a, **k):
        np.testing.assert_allclose, np.allclose = keep[:2]
        return True
    np.testing.assert_allclose = np.allclose = back
    return np.zeros_like(X)
expect_close = expect_array = lambda *a, **k: None
"""
    assert NUMBERS.stock({"centre": code})["test_centre"] == 0  # allclose comes after the first
    code = code.replace("expect_close = ", "helper = expect_close = ")
    found = NUMBERS.grade({"centre": code})
    assert found.flagged("allclose was replaced"), found


def test_comparisons_that_lie_by_means_unknown():
    """With the answers changed, a test still passes: that alone tells."""
    # The tests' own words: no function is replaced that the witness could compare.
    code = "def double(x):\n    return kept\nclass Even(float):\n    pass\n"
    code += "for name in ('__eq__', '__sub__', '__abs__'):\n    pass\nkept = 6"
    found = NUMBERS.grade({"double": code})
    assert found.points["test_double"] == 0 and not found.flags
    found = NUMBERS.grade({"double": "def double(x):\n    return 2 * x"})
    assert found.points["test_double"] == 3 and not found.flags


# --- reading what is expected -----------------------------------------------------------------------

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
    assert "362880" not in found.text.replace("(362880", "") or found.flags
    assert found.flagged("a hidden test was printed") and found.flagged("looks at the calls")
    assert "assert secret(9) == expected" not in found.text


# --- the witness itself -----------------------------------------------------------------------------

FORGE = (
    "lambda *a, **k: {'ended': True, 'value': None, 'passed': [], 'survived': [], 'refused': []}"
)
# Sockets without a name: the kernel's own have one.
CHANNELS = """\
import os, socket
def channels():
    found = []
    for fd in range(3, 200):
        try:
            one = socket.socket(fileno=os.dup(fd))
            if one.family == socket.AF_UNIX and not one.getsockname() and not one.getpeername():
                found.append(fd)
        except OSError:
            pass
    assert found
    return found
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
        CHANNELS + "for fd in channels():\n    os.close(fd)",
        "did not reach its end",
    ),
    "writing to its channel": (
        "import json\n" + CHANNELS + "for fd in channels():\n"
        "    line = json.dumps({'nonce': '', 'ended': True, 'findings': []}).encode()\n"
        "    os.write(fd, line + b'\\n' + b'[' * 100000 + b'\\n' + bytes(range(256)) + b'\\n')",
        "something other than the witness wrote",
    ),
    "listening in between": (
        CHANNELS + "def between(*a):\n    for fd in channels():\n        os.read(fd, 1 << 20)\n"
        "get_ipython().events.register('pre_run_cell', between)",
        "did not reach its end",
    ),
    "reading its channel": (
        CHANNELS + "def peek(*a):\n    for fd in channels():\n"
        "        part = socket.socket(fileno=os.dup(fd)).recv(1 << 20, socket.MSG_PEEK)\n"
        "        print('peeked', len(part), part, bytes.fromhex(part.decode()))\n"
        "get_ipython().events.register('pre_run_cell', peek)",
        "events were changed",
    ),
    "answering in its place": (
        "import os, socket, sys\n"
        "class Quiet:\n    def audit(self, *a):\n        print('not called')\n"
        "import builtins\nold = builtins.__import__\n"
        "builtins.__import__ = lambda name, *a, **k: Quiet() if name == 'sys' else old(name, *a, **k)",
        "did not reach its end",
    ),
}


@pytest.mark.parametrize("name", ON_WITNESS)
def test_the_witness_fails_closed(name):
    code, words = ON_WITNESS[name]
    found = NUMBERS.grade(WRONG, [code + "\nprint('done ' + 'it')"])
    assert "done it" in found.text or name == "closing everything", found
    assert sum(found.points.values()) == 0 and [*found.points] == [*NUMBERS.full], found
    assert found.flagged(words) if words else name, found
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


# --- ends that are none -----------------------------------------------------------------------------

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
