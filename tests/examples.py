"""A course small enough to build in a test, and the paths of the real one."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

LECTURE = """\
# %% [markdown]
# # A lecture

# %% tags=["setup"]

# %%
print(6 * 7)

# %% tags=["random"]
import random
print(random.random())
"""

EXERCISE = '''\
# %% [markdown]
# # An exercise

# %% tags=["setup"]

# %%
import os

SEED = int(os.environ.get("COURSE_SEED", "0"))

# %% tags=["solution"] id="double"
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% tags=["test"] id="test_double" points=3
assert double(3) == 6, "double(3) should be 6: multiply by two"
### BEGIN HIDDEN TESTS
assert double(-5) == -10, "double(-5) should be -10: negative numbers too"
### END HIDDEN TESTS

# %% tags=["wrong"] fails=["test_double"] why="squares"
def double(x):
    return x * x

# %% tags=["wrong"] fails=["test_double"] why="forgets the sign"
def double(x):
    return 2 * abs(x)

# %% tags=["right"] why="adds"
def double(x):
    return x + x

# %% [markdown] tags=["written"] id="why" points=2
# ### BEGIN SOLUTION
# Because two is even.
#
# **Rubric.** Two points for evenness.
# ### END SOLUTION
'''


def make_small_course(folder):
    """Write a course of one lecture and one exercise into a new folder."""
    folder.mkdir(parents=True)
    for name in ("pyproject.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, folder)
    for kind, text in (("lectures", LECTURE), ("exercises", EXERCISE)):
        (folder / "manuscript" / kind).mkdir(parents=True)
        (folder / "manuscript" / kind / "01_small.py").write_text(text)
    return folder


# These look back at certain steps of their trainings, so they need all of them.
LONG_TRAININGS = ("06_vae", "07_gan", "08_wgan")


def briefly(slug):
    """Environment variables that let a lecture train for a moment only, where it can.

    For tests of what is around the lecture; nbval runs all lectures in full.
    """
    return {} if slug in LONG_TRAININGS else {"COURSE_STEPS": "50"}


def manuscripts(kind):
    """Paths of the course's own manuscripts of one kind, for parametrised tests."""
    return sorted((ROOT / "manuscript" / kind).glob("*.py"))
