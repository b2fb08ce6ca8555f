"""JupyterLab as `make lab` serves it, in a folder of its own, and a person's hands in it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from browser import free_port, new_page, shoot, wait_for_server
from examples import ROOT, make_small_course

COURSE = Path(sys.executable).parent / "course"
TOKEN = "course"
MINUTE = 60_000  # Playwright counts milliseconds
WINDOW = {"width": 1400, "height": 1000}
# What a page may ask of other machines: nbgrader's form asks for MathJax. Without it the form
# works, but formulas stay as they were typed.
KNOWN_ELSEWHERE = ("https://cdnjs.cloudflare.com/ajax/libs/mathjax/",)
KNOWN_FAULT = "MathJax is not defined"


class Server:
    """A running JupyterLab: its folder, its address, its log."""

    def __init__(self, home, folder):
        self.folder, self.log = folder, home / "server.log"
        self.address = f"http://127.0.0.1:{free_port()}"
        # Nothing of the user's own settings, kernels or histories plays in.
        own = {
            name: str(home / name.lower())
            for name in (
                "HOME",
                "IPYTHONDIR",
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "NBGRADER_EXCHANGE",
            )
        }
        for path in own.values():
            os.makedirs(path, exist_ok=True)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "course_utils.lab", "--no-browser"),
                    f"--port={self.address.rpartition(':')[2]}",
                    "--ServerApp.port_retries=0",
                    f"--IdentityProvider.token={TOKEN}",
                    "--expose-app-in-browser",  # the tests ask the page what state it is in
                ],
                cwd=folder,
                env={**os.environ, **own, "COURSE_SEED": "0"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait(self):
        try:
            wait_for_server(f"{self.address}/api?token={TOKEN}", self.process)
        except AssertionError as error:
            error.add_note(f"the server's last words:\n{self.tail()}")
            raise
        return self

    def end_kernels(self):
        """End every kernel, as closing the notebooks for good does."""
        with self._ask("GET", "kernels") as reply:
            running = json.load(reply)
        for kernel in running:
            self._ask("DELETE", f"kernels/{kernel['id']}").close()

    def _ask(self, method, what):
        headers = {"Authorization": f"token {TOKEN}"}
        address = f"{self.address}/api/{what}"
        request = urllib.request.Request(address, method=method, headers=headers)
        return urllib.request.urlopen(request, timeout=60)

    def stop(self):
        """End the server and all it started; it ends its kernels itself, if it is given time."""
        deadline = time.monotonic() + 20
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
            while time.monotonic() < deadline:
                os.killpg(self.process.pid, 0)
                time.sleep(0.1)
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nobody is left


@contextmanager
def lab(home):
    """Yield a `Server` on a small course with the real lectures; afterwards nothing of it runs."""
    folder = make_small_course(home / "course")
    subprocess.run([COURSE, "build", "exercises/01_small"], cwd=folder, check=True)
    for kind in ("lectures", "exercises", "solutions"):
        shutil.copytree(ROOT / kind, folder / kind, dirs_exist_ok=True)
    server = Server(home, folder)
    try:
        yield server.wait()
    finally:
        server.stop()


# What a page says of its notebook: the state of every cell, read from JupyterLab itself, because
# only the cells in view are in the page.
CELLS = """() => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  return notebook.widgets.map(({ model }) => {
    const outputs = model.type === "code" ? model.toJSON().outputs : [];
    return {
      id: model.id,
      code: model.type === "code" && model.sharedModel.getSource().trim() !== "",
      source: model.sharedModel.getSource(),
      count: model.executionCount ?? null,
      busy: model.type === "code" && model.executionState !== "idle",
      errors: outputs
        .filter((output) => output.output_type === "error")
        .map((output) => `${output.ename}: ${output.evalue}`),
      widget: outputs.some(
        (output) => output.data && "application/vnd.jupyter.widget-view+json" in output.data),
    };
  });
}"""
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
DRAWN = """(image) => {
  if (!image.complete || !image.naturalWidth) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL();
}"""


class Reader:
    """A person in front of JupyterLab: opens, runs, scrolls, drags, types, looks."""

    def __init__(self, server, page):
        self.server, self.page = server, page

    def look(self, name):
        shoot(self.page, f"lab/{name}")

    def until(self, condition, what, seconds=60):
        """Wait until ``condition()`` holds, which may ask the page."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{what}: not within {seconds} seconds"
            self.page.wait_for_timeout(100)
        return found

    def menu(self, name, item):
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text(name, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()

    # --- notebooks ------------------------------------------------------------------------------

    def open(self, folder, name):
        """Find a notebook in the list of files and open it; wait for its kernel."""
        self.page.goto(f"{self.server.address}/lab/tree/{folder}?token={TOKEN}&reset")
        names = self.page.locator(".jp-DirListing-itemText")
        names.get_by_text(name, exact=True).dblclick()
        self.page.locator(".jp-Notebook").wait_for()
        self.page.wait_for_function(IDLE)

    def cells(self):
        return self.page.evaluate(CELLS)

    def select(self, index):
        """Scroll to a cell, select it and return where it is in the page."""
        self.page.evaluate(
            "async (index) => { const book = window.jupyterapp.shell.currentWidget.content;"
            " book.deselectAll(); book.activeCellIndex = index; book.mode = 'command';"
            " await book.scrollToItem(index, 'start'); }",
            index,
        )
        found = self.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')
        found.wait_for()
        return found

    def run(self, item, wanted, seconds):
        """Choose an item of the menu Run; return the wanted cells when all of them have run.

        Stops at a cell's error, as the kernel does.
        """
        before = {cell["id"]: cell["count"] for cell in self.cells()}
        self.menu("Run", item)

        def finished():
            cells = [cell for cell in self.cells()[wanted] if cell["code"]]
            idle = self.page.evaluate(IDLE) and not any(cell["busy"] for cell in cells)
            new = all(cell["count"] not in (None, before[cell["id"]]) for cell in cells)
            return idle and (new or any(cell["errors"] for cell in cells)) and cells

        return self.until(finished, f"{item}: the kernel is idle", seconds)

    def run_cell(self, index, seconds=60):
        """Run one cell and return it as it is afterwards."""
        self.select(index)
        (cell,) = self.run("Run Selected Cell and Do not Advance", slice(index, index + 1), seconds)
        return cell

    def evaluated(self, expression):
        """What the notebook's kernel says a Python expression is."""
        return self.page.evaluate(
            "async (code) => { const { kernel } = window.jupyterapp.shell.currentWidget"
            ".sessionContext.session; const reply = await kernel.requestExecute({ code: '',"
            " silent: true, user_expressions: { it: code } }).done;"
            " return reply.content.user_expressions.it.data['text/plain']; }",
            expression,
        )

    # --- widgets --------------------------------------------------------------------------------

    def seen(self, cell):
        """What a widget shows now: its picture's pixels, or its text with the pictures in it."""
        picture = cell.locator(".widget-image")
        if picture.count():
            return picture.evaluate(DRAWN)
        return cell.locator(".widget-html-content").last.inner_html()

    def still(self, cell):
        """Wait until the widget has answered all it was asked, and return what it shows."""

        def twice():
            first = self.page.evaluate(IDLE) and self.seen(cell)
            self.page.wait_for_timeout(200)
            return self.page.evaluate(IDLE) and self.seen(cell) == first and first

        return self.until(twice, "the widget comes to rest")

    def changed(self, cell, before, what):
        """Wait until a widget shows something else than before, and return that at rest."""
        self.until(lambda: self.seen(cell) not in (None, before), f"{what} changes what is shown")
        return self.still(cell)

    def drag(self, *points):
        """Press the mouse at the first point, go to all others, and let go."""
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for x, y in points[1:]:
            self.page.mouse.move(x, y, steps=4)
        self.page.mouse.up()

    def slide(self, slider):
        """Drag a slider's handle to the half of its track where it is not."""
        slider.scroll_into_view_if_needed()
        handle = slider.locator(".noUi-handle").bounding_box()
        track = slider.locator(".noUi-base").bounding_box()
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        right = x > track["x"] + track["width"] / 2
        self.drag((x, y), (track["x"] + track["width"] * (0.15 if right else 0.85), y))

    def type_into(self, field, words):
        """Put words in the place of a field's text and press Enter."""
        field.click()
        field.press("ControlOrMeta+a")
        self.page.keyboard.type(words)
        field.press("Enter")


@contextmanager
def reader(server, browser, name):
    """Yield a person in front of a new page; a failure tells of the page and of the server."""
    with new_page(browser, WINDOW) as page:
        page.set_default_timeout(2 * MINUTE)  # nobody waits that long, but a busy machine may
        person = Reader(server, page)
        try:
            yield person
            faults = [fault for fault in page.faults if fault != KNOWN_FAULT]
            assert not faults, f"errors in the page's scripts: {faults}"
            elsewhere = [url for url in page.foreign if not url.startswith(KNOWN_ELSEWHERE)]
            assert not elsewhere, f"asked of other machines: {elsewhere}"
        except BaseException as error:
            path = shoot(page, f"lab/failed_{name}")
            error.add_note(f"screenshot: {path}\nthe server's last words:\n{server.tail()}")
            raise
        finally:
            server.end_kernels()
