"""The benchmarks measure what they say, and their kept results belong to them."""

import ast
import builtins
import json

import pytest
from examples import ROOT, manuscripts

from benchmarks import common, gan, grading, lectures, pixelcnn, tsne, word_vectors
from course_utils.authoring.manuscript import read
from course_utils.grading.submission import global_names

LECTURES = manuscripts("lectures")


def kept(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())


def test_every_lecture_has_figures():
    assert list(lectures.FIGURES) == [path.stem for path in LECTURES]
    for figures in lectures.FIGURES.values():
        assert len([f for f in figures if f.target]) >= 3


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_a_lecture_leaves_the_names_that_its_figures_need(path):
    made = set()
    for cell in read(path).cells:
        if cell.kind == "code":
            made |= global_names(cell.source)[0]
    for figure in lectures.FIGURES[path.stem]:
        _, asked = global_names(figure.expression)
        assert asked - made - set(dir(builtins)) == set(), figure


def test_a_figure_knows_its_limits():
    between = lectures.Figure("f", "x", 1, 2)
    assert [between.reached(v) for v in (0.9, 1, 1.5, 2, 2.1)] == [False, True, True, True, False]
    assert between.target == "at least 1 and at most 2"
    free = lectures.Figure("f", "x")
    assert free.reached(-1e9) and free.target == ""
    assert not lectures.Figure("f", "x", at_least=0).reached(float("nan"))


def test_a_lecture_is_run_and_asked(tmp_path, monkeypatch):
    import nbformat

    cells = [nbformat.v4.new_code_cell(text) for text in ("import os", "x = {'a': 6}; y = 7")]
    cells.append(nbformat.v4.new_code_cell("seed = int(os.environ['COURSE_SEED'])"))
    (tmp_path / "lectures").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "lectures" / "small.ipynb")
    monkeypatch.setattr(lectures, "ROOT", tmp_path)
    asked = [lectures.Figure("product", "x['a'] * y"), lectures.Figure("seed", "seed")]
    monkeypatch.setitem(lectures.FIGURES, "small", asked)
    seconds, values = lectures.run("small", seed=5)
    assert values == [42, 5] and 0 < seconds < 60


def test_some_lectures_can_be_run_again_and_the_others_rows_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(lectures, "RESULTS", tmp_path)
    first = [{"lecture": "03", "figure": "a"}, {"lecture": "01", "figure": "b"}]
    assert [row["lecture"] for row in lectures.merged(first)] == ["01", "03"]
    gone = {"lecture": "99", "figure": "of a lecture that is gone"}
    (tmp_path / "lectures.json").write_text(json.dumps({"rows": [*first, gone]}))
    again = [{"lecture": "03", "figure": "new"}, {"lecture": "03", "figure": "more"}]
    assert lectures.merged(again) == [first[1], *again]


@pytest.mark.parametrize(
    ("slug", "pieces"),
    [
        ("04_word_embeddings", word_vectors.CELLS),
        ("03_tsne", tsne.CELLS),
        ("05_pixel_generation", pixelcnn.CELLS),
        ("07_gan", gan.CELLS),
    ],
)
def test_the_benchmarks_find_the_lectures_code(slug, pieces):
    cells = [cell.source for cell in read(ROOT / "manuscript/lectures" / f"{slug}.py").cells]
    for piece in pieces:
        assert sum(piece in source for source in cells) == 1, piece


def test_code_that_is_gone_is_told():
    with pytest.raises(LookupError, match="stands in 0 cells of 03_tsne"):
        common.lecture_code("03_tsne", ["def no_such_function("])
    space = common.lecture_code("03_tsne", ["images, labels = "], {"here": 1})
    assert space["here"] == 1 and space["X50"].shape == (2000, 50)


def test_a_report_is_printed_and_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(common, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(common, "ROOT", tmp_path)
    common.report("small", "About nothing", [{"a": 1, "b": "x"}], summary={"s": 2})
    assert "About nothing" in capsys.readouterr().out
    result = json.loads((tmp_path / "results" / "small.json").read_text())
    assert result["rows"] == [{"a": 1, "b": "x"}] and result["summary"] == {"s": 2}
    assert {"processor", "cores", "memory_GiB", "python", "torch"} <= set(result["machine"])


@pytest.mark.parametrize("name", ["lectures", "word_vectors", "tsne", "pixelcnn", "gan"])
def test_the_kept_results_tell_the_machine_but_not_whose(name):
    import getpass
    import socket

    text = json.dumps(kept(name))
    assert kept(name)["machine"]["torch"]
    for secret in (str(ROOT), "/root/", "/home/", "/tmp/", socket.gethostname()):
        assert len(secret) < 4 or secret not in text
    assert f'"{getpass.getuser()}"' not in text


def test_the_kept_lecture_results_are_of_these_figures_and_reach_them():
    rows = kept("lectures")["rows"]
    expected = [
        (slug[:2], figure.name, figure.target or "–")
        for slug, figures in lectures.FIGURES.items()
        for figure in [lectures.whole(), *figures]
    ]
    assert [(row["lecture"], row["figure"], row["target"]) for row in rows] == expected
    seeds = {slug[:2]: seeds for slug, seeds in lectures.SEEDS.items()}
    for row in rows:
        assert {f"seed {s}" for s in seeds.get(row["lecture"], range(3))} <= set(row), row
    assert [row["figure"] for row in rows if row["reached"] != "yes"] == []


def test_the_last_lecture_quotes_the_others_as_they_were_measured():
    (cell,) = [
        cell
        for cell in read(ROOT / "manuscript/lectures/10_putting_them_together.py").cells
        if cell.source.startswith("quoted = ")
    ]
    quoted = ast.literal_eval(ast.parse(cell.source).body[0].value)
    measured = {(row["lecture"], row["figure"]): row["seed 0"] for row in kept("lectures")["rows"]}
    assert len(quoted) >= 5
    for figure, value in quoted.items():
        assert value == float(f"{measured[figure]:.3g}"), figure


def test_grading_is_measured_on_twenty_different_submissions(tmp_path):
    course = grading.make_class(tmp_path, grading.SLUG)
    texts = {path.read_text() for path in course.glob("submitted/*/*/*.ipynb")}
    assert len(texts) == grading.STUDENTS == 20
    stock, *ours = kept("grading")["rows"]
    assert stock["way"].startswith("stock") and [row["way"] for row in ours] == [
        "course grade",
        "course grade --cold",
    ]
    for row in ours:
        assert row["times stock"] == pytest.approx(stock["seconds"] / row["seconds"], abs=0.02)
        assert row["submissions"] == 20 and row["exercise"] == grading.SLUG
