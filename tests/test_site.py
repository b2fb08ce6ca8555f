"""The web page of the course: whole, linked, offline, readable on a phone."""

import ast
import functools
import http.server
import json
import subprocess
import sys
import threading
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import nbformat
import pytest
from browser import DESKTOP, PHONE, chromium, new_page, shoot
from examples import ROOT, manuscripts

from course_utils.authoring.build import repository
from course_utils.authoring.site import web_version

LECTURES = [f"lectures/{path.stem}" for path in manuscripts("lectures")]
EXERCISES = [f"exercises/{path.stem}/{path.stem}" for path in manuscripts("exercises")]
DOCS = ["docs/index", "docs/glossary", "docs/instructors_guide", "docs/self_study"]
REFERENCE = ["docs/reference", "docs/reference_authors"]
PAGES = [*DOCS, *REFERENCE, "CONTRIBUTING", *LECTURES, *EXERCISES]
HERE = "http://site"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site; no warning was given."""
    folder = tmp_path_factory.mktemp("site")
    line = ["make", "-s", f"VENV={sys.prefix}", f"SITE={folder / 'html'}", "site"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Page(HTMLParser):
    """What a page of the site holds that tests ask about."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded, self.images = {""}, [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found.get("id", ""), found.get("name", "") if tag == "a" else ""}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon"):
            self.loaded.append(found["href"])
        elif tag in ("script", "img", "iframe") and found.get("src"):
            self.loaded.append(found["src"])
        if tag == "img":
            self.images.append(found)


@pytest.fixture(scope="module")
def pages(site):
    """Every page by its name; what lies in _static are the theme's own pieces."""
    names = [path.relative_to(site).as_posix() for path in site.rglob("*.html")]
    return {name: Page(site / name) for name in names if not name.startswith("_static/")}


def broken(pages, site):
    """Links inside the site that lead nowhere, to a page or a place on it."""
    faults = []
    for name, page in pages.items():
        for link in [*page.links, *page.loaded]:
            address, place = urldefrag(urljoin(f"{HERE}/{name}", link))
            if not address.startswith(f"{HERE}/"):
                continue
            target = unquote(urlsplit(address).path).lstrip("/")
            target += "index.html" if target.endswith("/") else ""
            if not (site / target).is_file():
                faults.append(f"{name}: {link} leads nowhere")
            elif target in pages and unquote(place) not in pages[target].ids:
                faults.append(f"{name}: {link} leads to no place on its page")
    return faults


def test_every_page_is_there(pages):
    missing = [name for name in PAGES if f"{name}.html" not in pages]
    assert missing == []
    assert any("docs/index.html" in link for link in pages["index.html"].links)


def test_no_link_inside_the_site_is_broken(pages, site):
    assert broken(pages, site) == []
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_the_search_for_broken_links_finds_them(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html">b</a><a href="#x">x</a><a href="a.html">')
    found = broken({"a.html": Page(tmp_path / "a.html")}, tmp_path)
    assert len(found) == 2 and "b.html" in found[0] and "#x" in found[1]


def test_nothing_is_loaded_from_elsewhere(pages):
    loaded = {link for page in pages.values() for link in page.loaded}
    foreign = {link for link in loaded if link.startswith(("http:", "https:", "//"))}
    assert foreign == set()


@pytest.mark.parametrize("name", LECTURES)
def test_a_lecture_has_all_its_pictures_with_their_descriptions(pages, name):
    notebook = nbformat.read(ROOT / f"{name}.ipynb", 4)
    expected = [
        output.metadata["image/png"]["alt"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert expected
    shown = [image.get("alt") for image in pages[f"{name}.html"].images]
    assert [alt for alt in shown if alt in expected] == expected


@pytest.mark.parametrize("name", [*LECTURES, *EXERCISES])
def test_a_notebook_opens_on_colab_from_its_page(pages, name):
    place = repository(ROOT).removeprefix("https://github.com/")
    address = f"https://colab.research.google.com/github/{place}/blob/main/{name}.ipynb"
    assert address in pages[f"{name}.html"].links


def test_what_lectures_import_is_in_the_reference(pages):
    imported = set()
    for path in [*manuscripts("lectures"), *manuscripts("exercises")]:
        notebook = ROOT / ("lectures" if "lectures" in str(path.parent) else "solutions")
        notebook = next(notebook.rglob(f"{path.stem}.ipynb"))
        for cell in nbformat.read(notebook, 4).cells:
            if cell.cell_type != "code":
                continue
            for node in ast.walk(ast.parse(cell.source)):
                if not isinstance(node, ast.ImportFrom):
                    continue
                if node.module == "course_utils":
                    imported |= {f"course_utils.{alias.name}" for alias in node.names}
                elif (node.module or "").startswith("course_utils."):
                    imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert len(imported) > 8
    missing = [
        name for name in imported if not {name, f"module-{name}"} & pages["docs/reference.html"].ids
    ]
    assert missing == []


def test_the_web_version_links_lectures_and_drops_what_only_runs():
    def web(*cells):
        notebook = nbformat.v4.new_notebook(cells=list(cells))
        return json.loads(web_version(nbformat.writes(notebook), ROOT))["cells"]

    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    title = "# 06 · A title\n### 中文: more\n\nText\n\n[▶ Open in Colab](link)"
    setup = 'if "google.colab" in sys.modules:\n    pass'
    first, kept = web(markdown(title), code(setup), code("x = 1"))
    assert "".join(first["source"]) == "# 06 · A title\n\n*中文: more*\n\nText"
    assert "".join(kept["source"]) == "x = 1"
    text = "Lecture 05, `lecture 05` and lecture 99.\n## lecture 05\n`exercises/06_vae`"
    (cell,) = web(markdown(text))
    assert "".join(cell["source"]) == (
        "[Lecture 05](/lectures/05_pixel_generation.ipynb), `lecture 05` and lecture 99.\n"
        "## lecture 05\n[`exercises/06_vae`](/exercises/06_vae/06_vae.ipynb)"
    )


# In a real browser.


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


MEASURE = """() => ({
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  formulas: document.querySelectorAll('.math').length,
  drawn: document.querySelectorAll('.math mjx-container').length,
  faulty: document.querySelectorAll('mjx-merror, [data-mjx-error]').length,
  unloaded: [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src),
  waiting: [...document.images].filter(i => !i.complete).length,
  raw: [...document.querySelectorAll('.bd-article p')].filter(
    p => /\\$[^$]*\\\\[a-z]+/.test(p.innerText)).map(p => p.innerText.slice(0, 80)),
})"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_its_formulas_and_pictures(address, browser, name, size):
    with new_page(browser, size) as page:
        page.goto(f"{address}/{name}.html")
        page.evaluate("document.querySelectorAll('img').forEach(i => (i.loading = 'eager'))")
        page.wait_for_function(
            "[...document.images].every(i => i.complete) && (!document.querySelector('.math')"
            " || document.querySelectorAll('.math mjx-container').length"
            " >= document.querySelectorAll('.math').length)"
        )
        found = page.evaluate(MEASURE)
        kind = "phone" if size is PHONE else "desktop"
        shoot(page, f"site/{kind}/{name.replace('/', '_')}")
        assert found["faulty"] == 0 and found["raw"] == [] and found["unloaded"] == []
        assert found["drawn"] == found["formulas"]
        assert (found["formulas"] > 5) or not name.startswith("lectures/")
        assert found["wide"] <= 0, "the page is wider than the screen"
        assert page.foreign == [] and page.faults == []


@pytest.mark.parametrize("words", ["reparameterisation", "變分自編碼器"])
def test_the_search_finds_a_lecture(address, browser, words):
    with new_page(browser) as page:
        page.goto(f"{address}/search.html?q={words}")
        page.wait_for_selector("#search-results li a")
        found = page.eval_on_selector_all("#search-results li a", "all => all.map(a => a.href)")
        shoot(page, f"site/search_{'english' if words.isascii() else 'chinese'}")
        assert any("lectures/06_vae.html" in link for link in found)


def test_a_folded_answer_opens(address, browser):
    with new_page(browser) as page:
        page.goto(f"{address}/lectures/06_vae.html")
        predict = page.locator("details", has_text="Predict").first
        assert not predict.evaluate("node => node.open")
        predict.locator("summary").click()
        assert predict.evaluate("node => node.open")
