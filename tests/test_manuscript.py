"""Bad manuscripts are refused with file, line and mend."""

import pytest
from examples import EXERCISE, LECTURE

from course_utils.authoring.manuscript import (
    CODE_LINES,
    HIDDEN,
    SOLUTION,
    ManuscriptError,
    code_part,
    read,
)


def line_of(text, part):
    """The line on which ``part`` stands, counted from 1."""
    return text[: text.index(part)].count("\n") + 1


def write(tmp_path, text, kind="exercises"):
    folder = tmp_path / "manuscript" / kind
    folder.mkdir(parents=True)
    path = folder / "01_small.py"
    path.write_text(text)
    return path


def refused(tmp_path, text, kind="exercises"):
    with pytest.raises(ManuscriptError) as caught:
        read(write(tmp_path, text, kind))
    return str(caught.value)


def test_a_good_exercise_is_read(tmp_path):
    manuscript = read(write(tmp_path, EXERCISE))
    roles = [cell.role for cell in manuscript.cells if cell.role]
    assert roles == ["solution", "test", "wrong", "wrong", "right", "written"]
    assert manuscript.points == 5
    assert all(cell.of == "double" for cell in manuscript.with_role("wrong", "right"))
    test = manuscript.with_role("test")[0]
    assert "negative numbers" in test.region(HIDDEN)[0]
    assert manuscript.with_role("solution")[0].region(SOLUTION) == ["    return 2 * x"]
    assert "evenness" in manuscript.with_role("written")[0].region(SOLUTION)[2]


def test_a_good_lecture_is_read(tmp_path):
    manuscript = read(write(tmp_path, LECTURE, "lectures"))
    assert [cell.kind for cell in manuscript.cells] == ["markdown", "code", "code", "code"]
    assert manuscript.cells[3].modifiers == {"random"}


# (what to replace, by what, at which text the fault is reported, words the message holds)
BAD = {
    "unknown tag": ('tags=["right"]', 'tags=["rihgt"]', "rihgt", ["unknown tag 'rihgt'", "right"]),
    "unknown attribute": (
        'id="test_double" points=3',
        'id="test_double" pionts=3 points=3',
        "pionts",
        ["unknown attribute 'pionts'", "points"],
    ),
    "two roles": ('tags=["right"]', 'tags=["right", "wrong"]', 'tags=["right', ["keep one"]),
    "points missing": (" points=3", "", 'id="test_double"', ["without points", "points=2"]),
    "points zero": ("points=3", "points=-1", 'id="test_double"', ["above 0"]),
    "points as text": ("points=3", 'points="3"', 'id="test_double"', ["above 0"]),
    "points on a solution": ('id="double"', 'id="double" points=1', 'id="double"', ["take them"]),
    "id missing": (' id="double"', "", 'tags=["solution"]', ["without id", 'id="a_name"']),
    "id with a space": ('id="double"', 'id="dou ble"', "dou ble", ["'_' or '-'"]),
    "id twice": ('id="why"', 'id="double"', '[markdown] tags=["written"]', ["taken by line"]),
    "wrong names no test": (' fails=["test_double"]', "", 'why="squares"', ["without fails"]),
    "wrong names an unknown test": (
        'fails=["test_double"] why="squares"',
        'fails=["test_dobule"] why="squares"',
        "test_dobule",
        ["'test_dobule', which is no test", "test_double"],
    ),
    "fails is no list": (
        'fails=["test_double"] why="squares"',
        'fails="test_double" why="squares"',
        'why="squares"',
        ["give a list"],
    ),
    "why missing": (' why="adds"', "", 'tags=["right"]', ["without why"]),
    "solution without markers": (
        "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
        "    return 2 * x",
        'id="double"',
        ["without markers", "BEGIN SOLUTION"],
    ),
    "region not closed": ("    ### END SOLUTION\n", "", "### BEGIN SOLUTION", ["never closed"]),
    "region not opened": (
        "### BEGIN HIDDEN TESTS\n",
        "",
        "### END HIDDEN TESTS",
        ["before 'BEGIN HIDDEN TESTS'"],
    ),
    "solution in a plain cell": (
        "SEED = int(",
        "### BEGIN SOLUTION\nSEED = int(",
        "### BEGIN SOLUTION\nSEED",
        ["no role for it"],
    ),
    "not Python": ("return x + x", "return x +", "return x +", ["not Python"]),
    "written in a code cell": (
        '# %% [markdown] tags=["written"]',
        '# %% tags=["written"]',
        'tags=["written"]',
        ["open it with '# %% [markdown]'"],
    ),
    "points not finite": ("points=3", "points=NaN", 'id="test_double"', ["above 0"]),
    "points true": ("points=3", "points=true", 'id="test_double"', ["above 0"]),
    "tags as text": ('tags=["right"]', 'tags="right"', 'tags="right"', ["a list of names"]),
    "an opening with a slip": (
        '# %% tags=["right"]',
        '# % tags=["right"]',
        '# % tags=["right"]',
        ["not one", "begin it with"],
    ),
    "attributes that cannot be read": (
        "points=3",
        "points=three",
        'id="test_double"',
        ["the attributes cannot be read"],
    ),
    "fails on a right answer": (
        'tags=["right"]',
        'tags=["right"] fails=["test_double"]',
        'tags=["right"]',
        ["no wrong answer"],
    ),
    "a solution that is text": (
        '# %% tags=["solution"]',
        '# %% [markdown] tags=["solution"]',
        'tags=["solution"]',
        ["holds code"],
    ),
    "hidden tests in an answer": (
        "    return x + x",
        "    ### BEGIN HIDDEN TESTS\n    return x + x\n    ### END HIDDEN TESTS",
        "    ### BEGIN HIDDEN TESTS\n    return x + x",
        ["no role for it"],
    ),
    "region opened twice": (
        "    return 2 * x\n",
        "    return 2 * x\n    ### BEGIN SOLUTION\n",
        "    ### BEGIN SOLUTION\n    ### END",
        ["twice"],
    ),
    "set-up cell missing": ('# %% tags=["setup"]', "# %%", "# %%\n\n", ["first code cell"]),
    "two set-up cells": (
        "# %%\nimport os",
        '# %% tags=["setup"]\n\n# %%\nimport os',
        '# %% tags=["setup"]\n\n# %%\nimport os',
        ["a second set-up cell"],
    ),
    "set-up cell with text": (
        '# %% tags=["setup"]\n',
        '# %% tags=["setup"]\nprint("hello")\n',
        'tags=["setup"]',
        ["leave it empty"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_manuscript_is_refused(tmp_path, name):
    old, new, place, words = BAD[name]
    assert EXERCISE.count(old) >= 1
    text = EXERCISE.replace(old, new, 1)
    message = refused(tmp_path, text)
    assert f"01_small.py:{line_of(text, place)}: " in message
    for word in words:
        assert word in message


def test_a_test_that_no_wrong_answer_names_is_refused(tmp_path):
    more = '\n# %% tags=["test"] id="test_more" points=1\nassert double(0) == 0\n'
    message = refused(tmp_path, EXERCISE + more)
    line = line_of(EXERCISE + more, 'id="test_more"')
    assert f":{line}: " in message
    assert "no wrong answer names 'test_more'" in message


def test_an_answer_before_any_solution_is_refused(tmp_path):
    text = '# %% tags=["right"] why="early"\nx = 1\n\n' + EXERCISE
    assert ":1: a 'right' answer with no solution cell before it" in refused(tmp_path, text)


def test_exercise_roles_do_not_belong_in_a_lecture(tmp_path):
    message = refused(tmp_path, EXERCISE, "lectures")
    assert "belongs in manuscript/exercises" in message


SLIDES = (
    LECTURE.replace("# %% [markdown]", '# %% [markdown] tags=["slide"] headline="Short"')
    + """
# %% tags=["more"] code="Twice.of"
class Twice:
    @staticmethod
    def of(x):
        '''Two times.'''
        return 2 * x
"""
)


def test_slides_are_read(tmp_path):
    first, *_, last = read(write(tmp_path, SLIDES, "lectures")).cells
    assert first.modifiers == {"slide"} and first.headline == "Short"
    assert last.modifiers == {"more"}
    assert code_part(last.source, last.code) == "def of(x):\n    return 2 * x"
    assert code_part(last.source, "all") == last.source


# (what to replace, by what, at which text the fault is reported, words the message holds)
BAD_SLIDES = {
    "slide and more": ('["more"]', '["more", "slide"]', '["more"', "keep one"),
    "more before any slide": ('["slide"] headline="Short"', '["more"]', "# %% [", "tag this cell"),
    "headline without slide": ('["more"]', '["more"] headline="A"', '["more"', "begins no slide"),
    "headline that is no text": ('"Short"', "3", '["slide"]', "give it in quotes"),
    "headline empty": ('"Short"', '""', '["slide"]', "an empty headline"),
    "code of a cell on no slide": ('tags=["more"] ', "", "# %% code", "on no slide"),
    "code of text": ('="Short"', '="Short" code="all"', '["slide"]', "belongs to a code cell"),
    "code that is not there": ("Twice.of", "Thrice", '["more"]', "no Thrice"),
    "code that is long": ('"Twice.of"', '"all"', '["more"]', "lines of code on a slide"),
}


@pytest.mark.parametrize("name", BAD_SLIDES)
def test_bad_slides_are_refused(tmp_path, name):
    old, new, place, words = BAD_SLIDES[name]
    assert SLIDES.count(old) == 1
    text = SLIDES.replace(old, new) + "\n" * 2 + "y = 1\n" * CODE_LINES
    message = refused(tmp_path, text, "lectures")
    assert f"01_small.py:{line_of(text, place)}: " in message and words in message


def test_a_slide_in_an_exercise_is_refused(tmp_path):
    text = EXERCISE.replace("# %% [markdown]", '# %% [markdown] tags=["slide"]', 1)
    assert ":1: a slide in an exercise: only lectures have slides" in refused(tmp_path, text)


def test_text_before_the_first_cell_is_refused(tmp_path):
    assert "start every cell" in refused(tmp_path, "print(1)\n\n" + LECTURE, "lectures")


def test_an_empty_file_is_refused(tmp_path):
    assert "there is no cell" in refused(tmp_path, "")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ManuscriptError, match="cannot be read"):
        read(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = write(tmp_path, EXERCISE)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(path).points == 5


def test_every_fault_is_reported_at_once(tmp_path):
    text = EXERCISE.replace(" points=3", "").replace(' why="adds"', "")
    assert len(refused(tmp_path, text).splitlines()) == 2


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    path = write(tmp_path, EXERCISE)
    path.write_bytes(b"# %% [markdown]\n# \xff\xfe\n")
    with pytest.raises(ManuscriptError, match="save it as UTF-8"):
        read(path)
