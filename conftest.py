"""How tests are dealt out when they run side by side."""

import os

import pytest

# Tests make gradebooks of their own and never touch yours, and cut short only what they mean to.
for name in ("COURSE_GRADEBOOK", "COURSE_STEPS", "COURSE_BRIEF"):
    os.environ.pop(name, None)

# Files of few, long, independent tests: dealt out one by one. Everything else stays whole, which
# notebooks need (cell after cell in one kernel) and fixtures like (made once).
SPREAD = tuple(f"tests/test_{name}.py" for name in ("answers", "colab", "honest", "nbgrader"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return nodeid if file in SPREAD else file

    return ByFile(config, log)
