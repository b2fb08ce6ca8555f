"""Serve JupyterLab on the lectures: ``python -m course_utils.lab``."""

import os
import subprocess
import sys
from pathlib import Path

# Where JupyterLab finds the course's defaults; a reader's own settings go before them.
CONFIG = Path(__file__).parent / "jupyter"


def command(*, root: bool, screen: bool, arguments: list[str]) -> list[str]:
    """Return the command line that serves JupyterLab from the current folder.

    Parameters
    ----------
    root : bool
        The server runs as the superuser, which Jupyter refuses unless told.
    screen : bool
        There is a screen to open a browser on; without one the address is printed only.
    arguments : list of str
        Passed on to JupyterLab, for example ``["--port", "9000"]``.
    """
    line = [sys.executable, "-m", "jupyterlab", "--LabApp.default_url=/lab/tree/lectures"]
    # The course works offline: ask nobody for updates or news.
    line += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    line += ["--LabApp.news_url=None"]
    if root:
        line.append("--allow-root")
    if root or not screen:
        line.append("--no-browser")
    return line + arguments


def has_screen() -> bool:
    """Tell whether a browser could open a window here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> int:
    """Run JupyterLab until it is stopped; return its exit status."""
    if not Path("lectures").is_dir():
        print("Run this in the course's folder: there is no lectures/ here.", file=sys.stderr)
        return 2
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    line = command(root=root, screen=has_screen(), arguments=sys.argv[1:])
    if "--no-browser" in line:
        print("No browser will open: copy the address that JupyterLab prints below.", flush=True)
    # The virtual environment's programs (kernels, nbgrader) come first on the path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    config = os.pathsep.join(filter(None, [str(CONFIG), os.environ.get("JUPYTER_CONFIG_PATH")]))
    try:
        return subprocess.call(
            line, env={**os.environ, "PATH": path, "JUPYTER_CONFIG_PATH": config}
        )
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
