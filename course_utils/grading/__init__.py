"""Grade a class: sandboxed, in parallel, safe against crashes, on top of nbgrader."""
