"""The decks in a real browser: nothing overflows, nothing is missing, nothing asks the network."""

import re

import browser
import nbformat
import pytest
from examples import ROOT, make_small_course, manuscripts
from typer.testing import CliRunner

from course_utils.authoring import build as authoring
from course_utils.authoring import slides
from course_utils.authoring.manuscript import read
from course_utils.cli import app

SIZE = {"width": 1280, "height": 720}
DECKS = [
    path.stem
    for path in manuscripts("lectures")
    if any("slide" in cell.modifiers for cell in read(path).cells)
]

# What is wrong with the slide that is shown, with its answers opened. MathJax draws every formula
# as an svg: what is inside need not be measured.
LOOK = """() => {
  const slide = Reveal.getCurrentSlide(), faults = [];
  slide.querySelectorAll("details").forEach(answer => answer.open = true);
  const shown = [...slide.querySelectorAll("*")].filter(
    e => !e.closest("aside") && !e.closest("svg *") && e.getClientRects().length);
  for (const e of shown) {
    const box = e.getBoundingClientRect(), name = `${e.localName}.${e.className}`;
    if (box.bottom > 710 || box.right > 1262 || box.left < 18 || box.top < 10)
      faults.push(`${name} ends at ${Math.round(box.right)}, ${Math.round(box.bottom)}`);
    if (e.localName === "img" && (!e.complete || !e.naturalWidth || box.height < 120))
      faults.push(`a picture of height ${Math.round(box.height)}`);
    if (e.localName === "img" && e.alt.length < 16) faults.push("a picture without description");
    if (e.scrollWidth > e.clientWidth + 2 && e.clientWidth && !e.closest("mjx-container"))
      faults.push(`${name} is wider than its place`);
  }
  for (const e of slide.querySelectorAll(":not(aside *):is(p, li, summary)"))
    if (parseFloat(getComputedStyle(e).fontSize) < 28 && !e.matches(".section"))
      faults.push(`letters of ${getComputedStyle(e).fontSize}`);
  if (slide.querySelector("mjx-merror")) faults.push("a formula with an error");
  if (!shown.length || !slide.innerText.trim()) faults.push("an empty slide");
  return {faults, text: slide.innerText};
}"""


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as running:
        yield running


def open_deck(page, path):
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]", timeout=60_000)
    return page.evaluate("Reveal.getTotalSlides()")


@pytest.mark.parametrize("slug", DECKS)
def test_a_deck_can_be_read(slug, chromium, tmp_path):
    (target,) = slides.find_lectures(authoring.find_targets(ROOT, [slug]))
    path = slides.build(target, tmp_path / "deck.html")
    with browser.new_page(chromium, SIZE) as page:
        total = open_deck(page, path)
        assert 12 <= total <= 30
        for number in range(total):
            page.evaluate(f"Reveal.slide({number})")
            browser.shoot(page, f"slides/{slug}/{number + 1:02}")
            seen = page.evaluate(LOOK)
            assert seen["faults"] == [], f"slide {number + 1}"
            assert not re.search(r"\$|\\[a-z]{2}", seen["text"]), f"raw formula, slide {number + 1}"
        assert page.foreign == [] and page.faults == []


LECTURE = """\
# %% [markdown] tags=["slide"]
# # A lecture
# Its question

# %% [markdown]
# Said, not shown: $a^2$.

# %% tags=["setup"]

# %% tags=["slide"] headline="What twice gives"
print(6 * 7)


def twice(x):
    '''Two times.'''
    return 2 * x

# %% tags=["more"] code="double"
import random


def double(x):
    '''Not on the slide.'''
    return 2 * x
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The small course with a lecture of two slides, built."""
    folder = make_small_course(tmp_path_factory.mktemp("slides") / "course")
    (folder / "manuscript" / "lectures" / "01_small.py").write_text(LECTURE)
    authoring.build(authoring.find_targets(folder, ["lectures/01_small"])[0])
    return folder


def test_the_notebook_says_what_jupyter_understands(course):
    cells = nbformat.read(course / "lectures" / "01_small.ipynb", 4).cells
    types = [cell.metadata.slideshow.slide_type for cell in cells]
    assert types == ["slide", "notes", "skip", "slide", "-"]
    assert cells[3].metadata.slideshow.headline == "What twice gives"


def test_the_command_writes_one_file(course, monkeypatch):
    monkeypatch.chdir(course)
    done = CliRunner().invoke(app, ["slides"])
    assert done.exit_code == 0, done.output
    page = (course / "slides" / "01_small.html").read_text()
    body = page[page.index('<div class="slides">') : page.index("<script>")]
    assert body.count("<section") == 2 and "What twice gives" in body and "42" in body
    assert "def</span>" in body and "double" in body
    assert "twice" not in body.replace("What twice gives", "") and "Not on the slide" not in body
    assert "colab" not in body.lower()


def test_the_speaker_sees_the_notes(course, chromium, tmp_path):
    (target,) = slides.find_lectures(authoring.find_targets(course, ["lectures/01_small"]))
    path = slides.build(target, tmp_path / "deck.html")
    with browser.new_page(chromium, SIZE) as page:
        assert open_deck(page, path) == 2
        assert not page.get_by_text("Said, not shown").is_visible()
        with page.context.expect_page() as opened:
            page.keyboard.press("s")
        notes = opened.value.locator(".speaker-controls-notes .value")
        notes.get_by_text("Said, not shown").wait_for(timeout=20_000)
        assert notes.locator("svg").count() == 1
        assert page.foreign == []


def test_what_cannot_be_shown_is_told(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course)
    run = CliRunner().invoke
    assert "none of these is a lecture" in run(app, ["slides", "exercises/01_small"]).output
    assert "no manuscript is called '99'" in run(app, ["slides", "99"]).output
    manuscript = course / "manuscript" / "lectures" / "01_small.py"
    manuscript.write_text(LECTURE.replace("Its question", "Another question"))
    try:
        old = run(app, ["slides", "lectures/01_small"])
        assert old.exit_code == 1 and "older than its manuscript: run course build" in old.output
    finally:
        manuscript.write_text(LECTURE)


def test_a_lecture_without_slides_is_told(tmp_path):
    folder = make_small_course(tmp_path / "course")
    (target,) = slides.find_lectures(authoring.find_targets(folder, ["lectures/01_small"]))
    authoring.build(target)
    with pytest.raises(authoring.BuildError, match="no cell begins a slide"):
        slides.build(target)


def test_a_missing_library_is_named(course, monkeypatch):
    monkeypatch.chdir(course)
    monkeypatch.setattr(slides, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["slides", "lectures/01_small"])
    assert done.exit_code == 2 and "This command needs sphinx_revealjs" in done.output
