"""What a person does in a real JupyterLab: read a lecture, play, solve, validate, grade."""

import sys
from pathlib import Path

import nbformat
import pytest
from browser import chromium
from examples import ROOT, briefly, manuscripts
from lab_server import MINUTE, TOKEN, lab, reader
from nbgrader.api import Gradebook
from nbgrader_course import graded

LECTURES = [path.stem for path in manuscripts("lectures")]
QUICK = "01_dimensionality_reduction"
LONG = 1800  # seconds for a lecture's cells: 120 on two idle cores, many more on a busy machine


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    with lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def position(cells, name):
    return next(i for i, cell in enumerate(cells) if cell["id"] == name)


# --- a student ----------------------------------------------------------------------------------


def test_lab_opens_on_the_lectures_and_asks_nothing(server, browser):
    """Lectures in the list of files; no questions about news; the environment's own kernel."""
    with reader(server, browser, "opens") as person:
        person.page.goto(f"{server.address}/?token={TOKEN}")
        listed = person.page.locator(".jp-DirListing-itemText")
        listed.first.wait_for()
        assert listed.all_inner_texts() == [f"{name}.ipynb" for name in LECTURES]
        # The question comes when all is restored; so does the launcher.
        person.page.locator(".jp-Launcher-body").wait_for()
        person.page.evaluate("window.jupyterapp.restored")
        assert person.page.evaluate(FETCH_NEWS) == "false"
        person.look("01_opened")


# JupyterLab asks a reader about news where this is "none".
FETCH_NEWS = """async () => {
  const name = "@jupyterlab/apputils-extension:notification";
  const settings = await fetch("/lab/api/settings/" + name).then((reply) => reply.json());
  return settings.schema.properties.fetchNews.default;
}"""


def test_a_student_solves_and_validates(server, browser):
    """An answer typed in, its tests run; an unsolved task fails in words; Validate tells which."""
    solution = nbformat.read(ROOT / "solutions" / QUICK / f"{QUICK}.ipynb", 4)
    answer = graded(solution, solution=True)["fit_pca"].source
    with reader(server, browser, "student") as person:
        person.open(f"exercises/{QUICK}", f"{QUICK}.ipynb")
        cells = person.cells()
        task = position(cells, "fit_pca")
        for index in range(task):
            if cells[index]["code"]:
                assert not person.run_cell(index)["errors"]
        editor = person.select(task).locator(".cm-content")
        editor.click()
        editor.press("ControlOrMeta+a")
        person.page.keyboard.insert_text(answer)
        person.look("02_answer_typed")
        assert person.cells()[task]["source"] == answer
        assert not person.run_cell(task)["errors"]
        for name in ("test_fit_pca_form", "test_fit_pca_best"):
            assert not person.run_cell(position(cells, name))["errors"]
        person.look("03_tests_pass")

        unsolved = position(cells, "encode_decode")
        assert not person.run_cell(unsolved)["errors"]
        (said,) = person.run_cell(position(cells, "test_encode"))["errors"]
        assert "This task is not solved yet" in said
        shown = person.select(position(cells, "test_encode")).locator(".jp-OutputArea")
        assert "This task is not solved yet" in shown.inner_text()
        person.look("04_unsolved_test_fails")

        person.page.get_by_role("button", name="Validate").click()
        told = person.page.locator("#validation-message")
        told.wait_for(timeout=5 * MINUTE)
        person.look("05_validated")
        text = told.inner_text()
        tests = graded(solution, solution=False)
        failing = [name for name in tests if not name.startswith("test_fit_pca")]
        assert text.count("The following cell failed:") == len(failing) + 1  # and the written one
        assert text.count("This task is not solved yet") >= len(failing)
        assert "You did not provide a response." in text
        assert "the code of (4, 5, 1)" in text  # a failing test is shown
        assert "at right angles: well done" not in text  # a passed one is not
        person.page.locator(".jp-Dialog-button").click()
        told.wait_for(state="detached")


# --- a reader -----------------------------------------------------------------------------------

# What is typed into a lecture's text fields, in their order.
WORDS = {
    "04_word_embeddings": ("brother", "boy", "girl"),
    "05_pixel_generation": ("春風",),
    "09_conditional_generation": ("a happy person with long blue hair and glasses",),
}


def is_widget(cell):
    """Whether a cell ends in something to play with."""
    return cell["code"] and any(f"widgets.{made}(" in cell["source"] for made in MADE)


MADE = ("Explorer", "TextExplorer", "sliders", "plane")


def play(person, index, look, words=()):
    """Move every control of a widget; each must change what the widget shows.

    The picture is looked at last, before the button that brings back the beginning is pressed.
    """
    cell = person.select(index)
    cell.locator(".course-pad, .jupyter-widgets").first.wait_for()
    shown = beginning = person.still(cell)
    for image in cell.locator(".widget-image").all():
        wide, high = image.evaluate("(image) => [image.naturalWidth, image.naturalHeight]")
        box = image.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(wide / high, rel=0.02)  # not stretched
    pads, sliders, fields = (
        cell.locator(css) for css in (".course-pad", ".widget-hslider", ".widget-text input")
    )
    assert pads.count() + sliders.count() + fields.count(), "nothing to play with"
    if pads.count():
        shown = play_on_map(person, cell, pads, shown)
    for slider in sliders.all():
        label = slider.locator(".widget-label").inner_text()
        said = slider.locator(".widget-readout").inner_text()
        person.slide(slider)
        assert slider.locator(".widget-readout").inner_text() != said
        shown = person.changed(cell, shown, f"the slider {label}")
    assert fields.count() == len(words)
    for field, word in zip(fields.all(), words):
        person.type_into(field, word)
        shown = person.changed(cell, shown, f"typing {word}")
        if not cell.locator(".widget-image").count():  # a text, which may change by chance too
            assert word in shown and "That does not work" not in shown
    cell.locator(".jupyter-button").first.scroll_into_view_if_needed()
    cell.locator(".widget-image, .widget-html-content").last.scroll_into_view_if_needed()
    person.look(look)
    for button in cell.locator(".jupyter-button").all():
        label = button.inner_text().strip()
        button.click()
        shown = person.changed(cell, shown, f"the button {label}")
        if label == "Start again":
            assert shown == beginning


def play_on_map(person, cell, pad, shown):
    """Drag the point over the map, and push it with the arrow keys."""
    pad.scroll_into_view_if_needed()
    frame = pad.bounding_box()
    x, y, width, height = (frame[key] for key in ("x", "y", "width", "height"))
    dot = pad.locator(".course-pad-dot").bounding_box()
    at = (dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
    for across, down in ((0.25, 0.25), (0.75, 0.3), (0.5, 0.75)):
        to = (x + across * width, y + down * height)
        person.drag(at, to)
        shown = person.changed(cell, shown, "dragging the point")
        dot = pad.locator(".course-pad-dot").bounding_box()
        at = (dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
        assert at == pytest.approx(to, abs=3)  # the point is where it was let go
    for key in ("ArrowRight", "ArrowUp"):
        said = pad.get_attribute("aria-valuetext")
        for _ in range(3):
            pad.press(key)
        assert pad.get_attribute("aria-valuetext") != said
        shown = person.changed(cell, shown, f"the key {key}")
    return shown


def test_a_lecture_runs_from_beginning_to_end(server, browser):
    """Run All Cells on the lecture about VAEs; then its map and its face editor."""
    with reader(server, browser, "run_all") as person:
        person.open("lectures", "06_vae.ipynb")
        assert Path(person.evaluated("__import__('sys').executable").strip("'")) == Path(
            sys.executable
        )
        person.menu("Edit", "Clear Outputs of All Cells")
        person.look("10_lecture_opened")
        cells = person.run("Run All Cells", slice(None), LONG)
        assert [cell["errors"] for cell in cells if cell["errors"]] == []
        assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
        widgets = [i for i, cell in enumerate(person.cells()) if is_widget(cell)]
        assert len(widgets) == 2
        for name, index in zip(("11_map", "12_face_editor"), widgets):
            play(person, index, name)


@pytest.mark.parametrize("name", [name for name in LECTURES if name != "06_vae"])
def test_every_widget_answers(name, server, browser):
    """All cells down to the last widget are run; then all controls of all widgets are moved."""
    with reader(server, browser, name) as person:
        person.open("lectures", f"{name}.ipynb")
        person.evaluated(f"__import__('os').environ.update({briefly(name)})")
        person.menu("Edit", "Clear Outputs of All Cells")
        widgets = [i for i, cell in enumerate(person.cells()) if is_widget(cell)]
        assert widgets
        person.select(widgets[-1] + 1)
        ran = person.run("Run All Above Selected Cell", slice(widgets[-1] + 1), LONG)
        assert [cell["errors"] for cell in ran if cell["errors"]] == []
        words = list(WORDS.get(name, ()))
        for index in widgets:
            fields = person.select(index).locator(".widget-text input").count()
            play(person, index, f"13_{name}_{index}", [words.pop(0) for _ in range(fields)])
        assert not words


# --- a teacher ----------------------------------------------------------------------------------


def hand_in(server, student, words, code=None):
    """Put a student's work on the small exercise where collected work lies."""
    place = "01_small/01_small.ipynb"
    notebook = nbformat.read(server.folder / "exercises" / place, 4)
    answers = graded(notebook, solution=True)
    answers["why"].source = words
    if code:
        answers["double"].source = code
    path = server.folder / "submitted" / student / place
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def test_a_teacher_grades_in_formgrader(server, browser):
    """Released, autograded in the sandbox, the written answer marked: page and gradebook agree."""
    hand_in(server, "ada", "Because two is even.", "def double(x):\n    return 2 * x")
    hand_in(server, "ben", "No idea.", "def double(x):\n    return 2 * abs(x)")
    with reader(server, browser, "teacher") as person:
        person.page.goto(f"{server.address}/lab/tree/lectures?token={TOKEN}&reset")
        person.menu("Nbgrader", "Formgrader")
        form = person.page.frame_locator('iframe[src*="formgrader"]')
        dialog = form.locator(".modal.in")

        def dismiss(word):
            dialog.get_by_text(word).first.wait_for(timeout=5 * MINUTE)
            dialog.get_by_role("button", name="OK").click()
            form.locator(".modal-backdrop").wait_for(state="detached")  # it fades

        assignment = form.locator("#main-table tr", has_text="01_small")
        assignment.wait_for()
        person.look("06_assignments")
        assignment.locator(".assign a").click()
        dismiss("Successfully created the student version of '01_small'")
        assignment.locator(".num-submissions a", has_text="2").click()

        for student, score in (("ada", "3 / 5"), ("ben", "0 / 5")):
            row = form.locator("#main-table tr", has_text=student)
            row.get_by_text("needs autograding").wait_for()
            row.locator(".autograde a").click()
            dismiss(f"Successfully autograded '01_small' for student '{student}'")
            row.get_by_text("needs manual grading").wait_for()
            assert row.locator(".score").inner_text() == score
        person.look("07_autograded")
        assert points(server, "ada") == (3, True) and points(server, "ben") == (0, True)
        assert list(server.folder.glob("grading/results/**/*.gz"))  # it ran in the sandbox

        # Students' names are hidden while one marks; the first with 3 points is Ada.
        form.get_by_role("link", name="Manual Grading").click()
        form.locator("#main-table").get_by_role("link", name="01_small").click()
        form.locator("#main-table").get_by_role("link", name="01_small").click()
        ada = form.locator("#main-table tr", has_text="3 / 5")
        ada.get_by_role("link").first.click()
        score = form.locator("input#why")
        score.wait_for()
        assert form.get_by_text("Because two is even.").is_visible()
        score.fill("1.5")
        score.press("Tab")
        person.until(lambda: points(server, "ada") == (4.5, False), "the gradebook has the points")
        person.look("08_marked")
        form.get_by_role("link", name="01_small").last.click()
        form.locator("#main-table tr", has_text="4.5 / 5").wait_for()
        form.locator("#main-table tr", has_text="0 / 5").wait_for()
        person.look("09_totals")
    assert points(server, "ben") == (0, True)


def points(server, student):
    """A student's points in the gradebook, and whether a person must still mark something."""
    with Gradebook(f"sqlite:///{server.folder / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission("01_small", student)
        return submission.score, bool(submission.needs_manual_grade)
