"""The glossary: from the lectures' tables of terms to one page."""

import re

import pytest
from examples import LECTURE, ROOT, make_small_course, manuscripts
from typer.testing import CliRunner

from course_utils.authoring import build as authoring
from course_utils.authoring import glossary
from course_utils.authoring.manuscript import ManuscriptError, read
from course_utils.cli import app

FIRST = [
    "| zebra | 斑馬 | a striped horse |",
    "| Code, latent code | 編碼 | the few numbers, called $z$ |",
    r"| posterior | 後驗分布 | $p(z \mid x)$, not $\|x\|$ or `a \| b` |",
]
SECOND = ["| code, latent code | 編碼 | other words |", "| apple | 蘋果 | a fruit |"]


def put(course, name, rows):
    """Write a lecture with these rows in its table; return the line of the first."""
    table = ["| Term | 繁體中文 | In one line |", "| --- | --- | --- |", *rows]
    text = LECTURE + '\n# %% [markdown] tags=["terms"]\n'
    (course / "manuscript" / "lectures" / f"{name}.py").write_text(
        text + "".join(f"# {line}\n" for line in table)
    )
    return text.count("\n") + 3


@pytest.fixture
def course(tmp_path):
    folder = make_small_course(tmp_path / "course")
    put(folder, "01_small", FIRST)
    put(folder, "02_more", SECOND)
    return folder


def refusal(course, name, rows):
    """Return what is said of a lecture with these rows, and the line of the first row."""
    line = put(course, name, rows)
    with pytest.raises(ManuscriptError) as caught:
        glossary.collect(course)
    return str(caught.value), line


def test_a_table_is_read_as_it_stands(course):
    path = course / "manuscript" / "lectures" / "01_small.py"
    found = glossary.terms(read(path))
    rows = [f"| {t.english} | {t.chinese} | {t.meaning} |" for t in found]
    assert rows == FIRST
    lines = path.read_text().splitlines()
    for term in found:
        file, line = term.place.rsplit(":", 1)
        assert file == str(path) and term.english in lines[int(line) - 1]


def test_a_lecture_without_a_table_adds_nothing(course):
    before = glossary.page(glossary.collect(course))
    (course / "manuscript" / "lectures" / "00_plain.py").write_text(LECTURE)
    assert glossary.page(glossary.collect(course)) == before


def test_terms_are_in_alphabetical_order_whatever_their_capitals(course):
    names = [term.english for term in glossary.collect(course)]
    assert names == ["apple", "Code, latent code", "posterior", "zebra"]


def test_the_page_holds_each_term_once_with_all_its_lectures(course):
    text = glossary.page(glossary.collect(course))
    one, two = "[01](../lectures/01_small.ipynb)", "[02](../lectures/02_more.ipynb)"
    assert text.split("| --- | --- | --- | --- |\n")[1].splitlines() == [
        f"| apple | 蘋果 | a fruit | {two} |",
        f"| Code, latent code | 編碼 | the few numbers, called $z$ | {one}, {two} |",
        f"{FIRST[2]} {one} |",
        f"{FIRST[0]} {one} |",
    ]
    assert "| English | 繁體中文 | In one line | Lecture |" in text and "by hand" in text


@pytest.mark.parametrize(
    "row",
    [
        "| lion | 獅子 |",
        "| lion | 獅子 | a cat | of prey |",
        "lion | 獅子 | a cat |",
        "lion | 獅子 | a cat | of prey |",
        "| lion | 獅子 | a cat | of prey",
        "| lion | 獅子 | a cat",
        "| lion | 獅子 | $p(x | z)$ |",
        "and then words",
        "",
    ],
)
def test_a_row_that_is_not_three_columns_is_refused(course, row):
    text, line = refusal(course, "02_more", [SECOND[0], row, SECOND[1]])
    assert f"02_more.py:{line + 1}: not a row of three columns" in text and r"\|" in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("chinese", ["", "lion", "-"])
def test_a_row_without_a_chinese_term_is_refused(course, chinese):
    text, line = refusal(course, "02_more", [f"| lion | {chinese} | a cat |"])
    assert text.endswith(
        f"02_more.py:{line}: 'lion' has no Chinese term: write it in the second column"
    )


@pytest.mark.parametrize("row", ["|  | 獅子 | a cat |", "| lion | 獅子 | |"])
def test_an_empty_column_is_refused(course, row):
    text, line = refusal(course, "02_more", [row])
    assert text.endswith(f"02_more.py:{line}: an empty column: fill it")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# | Term | 繁體中文 | In one line |\n", ""),
        ("# | --- | --- | --- |\n", ""),
        ("# | --- | --- | --- |\n", "# | --- | --- |\n"),
        ("# | Term |", "# Words.\n#\n# | Term |"),
        ("| In one line |", "| Meaning |"),
    ],
)
def test_a_table_with_another_head_is_refused(course, old, new):
    path = course / "manuscript" / "lectures" / "02_more.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    line = text.split("# | Term")[0].count("\n") + 1
    with pytest.raises(ManuscriptError, match=f"02_more.py:{line}: a table of terms begins with"):
        glossary.collect(course)


def test_a_term_twice_in_one_lecture_is_refused(course):
    text, line = refusal(course, "02_more", [*SECOND, "| Apple | 蘋果 | once more |"])
    assert f"02_more.py:{line + 2}: 'Apple' already stands at " in text
    assert text.endswith(f"02_more.py:{line + 1}: keep one")


def test_all_faults_of_a_table_are_told_at_once(course):
    text, line = refusal(course, "02_more", ["| lion | lion | a cat |", "| lion |", SECOND[0]])
    assert [int(part.split(":")[1]) for part in text.splitlines()] == [line, line + 1]


def test_two_chinese_terms_for_one_english_term_are_refused_with_both_places(course):
    first = put(course, "01_small", FIRST)
    text, line = refusal(course, "02_more", ["| Zebra | 班馬 | a horse |", SECOND[1]])
    assert f"02_more.py:{line}: 'Zebra' is 班馬 here and 斑馬 at " in text
    assert f"01_small.py:{first}: choose one" in text


def test_an_old_page_is_found_and_mended(course):
    assert glossary.out_of_date(course) == ["docs/glossary.md is missing: run course build"]
    assert glossary.build(course)
    assert glossary.out_of_date(course) == [] and not glossary.build(course)
    put(course, "02_more", [SECOND[0]])
    assert glossary.out_of_date(course) == [
        "docs/glossary.md is older than the lectures: run course build"
    ]
    assert glossary.build(course) and glossary.out_of_date(course) == []
    kept = course / "docs" / "glossary.md"
    assert "apple" not in kept.read_text()
    kept.write_bytes(b"\xff")
    assert len(glossary.out_of_date(course)) == 1 and glossary.build(course)


def test_a_refused_or_broken_write_leaves_the_old_page(course, monkeypatch):
    glossary.build(course)
    kept = course / "docs" / "glossary.md"
    before = kept.read_bytes()
    put(course, "02_more", ["| lion | 獅子 |"])
    assert "not a row" in glossary.out_of_date(course)[0]
    with pytest.raises(ManuscriptError):
        glossary.build(course)
    assert kept.read_bytes() == before

    def full_disk(*_):
        raise OSError("disk full")

    put(course, "02_more", ["| lion | 獅子 | a cat |"])
    monkeypatch.setattr(authoring.os, "replace", full_disk)
    with pytest.raises(OSError, match="disk full"):
        glossary.build(course)
    assert kept.read_bytes() == before
    assert list(kept.parent.iterdir()) == [kept]


def test_the_course_command_checks_and_builds_it(course, monkeypatch):
    monkeypatch.chdir(course)

    def run(*arguments):
        return CliRunner().invoke(app, ["build", *arguments])

    done = run("lectures/01_small")
    assert done.exit_code == 0 and "docs/glossary.md: built" in done.output
    assert "docs/glossary.md: up to date" in run("lectures/01_small").output
    assert "glossary" not in run("--check").output
    (course / "docs" / "glossary.md").write_text("by hand")
    old = run("--check")
    assert old.exit_code == 1 and "docs/glossary.md is older than the lectures" in old.output
    assert run("--check", "lectures/01_small").exit_code == 0  # named: that notebook alone
    assert "docs/glossary.md: built" in run("lectures/01_small").output

    put(course, "02_more", ["| lion | 獅子 |"])
    for refused in (run("--check"), run("lectures/01_small")):
        assert refused.exit_code == 1 and "not a row of three columns" in refused.output
        assert "Traceback" not in refused.output
    lecture = course / "manuscript" / "lectures" / "02_more.py"
    lecture.write_text(lecture.read_text().replace('["random"]', '["luck"]'))
    assert run("--check").output.count("unknown tag 'luck'") == 1


# The real course.


def test_the_kept_page_is_what_the_lectures_give():
    assert glossary.out_of_date(ROOT) == []


def test_every_lecture_and_every_chinese_term_is_in_it():
    entries = glossary.collect(ROOT)
    assert len(entries) >= 60
    assert all(re.search(r"[\u4e00-\u9fff]", term.chinese) for term in entries)
    listed = {slug for term in entries for slug in term.lectures}
    assert listed == {path.stem for path in manuscripts("lectures")}


def test_its_links_lead_somewhere():
    text = (ROOT / glossary.PAGE).read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) >= 60
    assert [link for link in links if not (ROOT / "docs" / link).is_file()] == []
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "docs/glossary.md" in (ROOT / name).read_text()
