"""The course's web page: `make site`. Pages come from lectures/, exercises/ and docs/."""

import tomllib
from pathlib import Path

from course_utils.authoring.build import repository
from course_utils.authoring.site import web_version

ROOT = Path(__file__).resolve().parents[1]
project_table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

project = "Simple Codes"
version = release = project_table["version"]
author = ""
html_title = project
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
]

root_doc = "docs/index"
include_patterns = ["docs/*.md", "lectures/*.ipynb", "exercises/*/*.ipynb", "CONTRIBUTING.md"]
exclude_patterns = [".venv", "build", "demo", "submitted", "autograded", "feedback", "grading"]

# Notebooks are shown as they were built: nothing runs here.
nb_execution_mode = "off"
nb_render_plugin = "course"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
# Headings that skip a level; words in a type that are also the names of attributes.
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "ref.python"]

napoleon_google_docstring = False
autodoc_typehints = "none"
napoleon_use_ivar = True
napoleon_use_param = False  # words in a type would become links to attributes of that name
autodoc_member_order = "bysource"
add_module_names = False

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_copy_source = True
html_show_copyright = False
html_theme_options = {
    "repository_url": repository(ROOT),
    "repository_branch": "main",
    "path_to_docs": "",
    "use_repository_button": True,
    "use_issues_button": True,
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}


def for_the_web(app, docname, source):
    """Hand Sphinx the web version of a notebook."""
    if docname.startswith(("lectures/", "exercises/")):
        source[0] = web_version(source[0], ROOT)


def front_door(app, error):
    """The site's address alone leads to its first page."""
    if error is None and app.builder.format == "html":
        page = '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html">\n'
        page += '<title>Simple Codes</title><a href="docs/index.html">Simple Codes</a>\n'
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app):
    app.connect("source-read", for_the_web)
    app.connect("build-finished", front_door)
