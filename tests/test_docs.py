"""What the documents tell people to type is typed here, and the figures they name were measured."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import bare
import nbformat
import pytest
import yaml
from examples import ROOT, make_small_course
from nbgrader_course import solve
from packaging.version import Version

from course_utils.authoring import build as authoring

BIN = Path(sys.executable).parent
SLUG = "01_small"
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/instructors_guide.md",
    "docs/self_study.md",
    "docs/index.md",
    ".github/ISSUE_TEMPLATE/mistake.md",
]
# Executed elsewhere: what `make` runs for the command, or the command itself, and where a test (or
# the run of all tests itself) does the same.
ELSEWHERE = {
    "make lab": ("course_utils.lab", "tests/lab_server.py"),
    "make site": ('"site"', "tests/test_site.py"),
    "make test": ("make test", ".ci/run"),
    "make seeds": ("make seeds", ".github/workflows/test.yml"),
    "make demo": ("course_utils.grading import demo", "tests/test_demo.py"),
    "make install": ("make test", ".ci/run"),  # begins with it
    "python -m course_utils.lab": ("course_utils.lab", "tests/lab_server.py"),
    "grading/bin/dask scheduler": ('"scheduler", "--host"', "tests/test_grade.py"),
    "grading/bin/dask worker": ('"worker"', "tests/test_grade.py"),
    "course grade SLUG --dask": ("dask=address", "tests/test_grade.py"),
    "nbgrader release_feedback": ('"release_feedback"', "tests/test_nbgrader.py"),
    "nbgrader release_assignment": ('"release_assignment"', "tests/test_nbgrader.py"),
    "nbgrader collect": ('"collect"', "tests/test_nbgrader.py"),
    "nbgrader autograde": ('"autograde"', "tests/test_nbgrader.py"),
    "sudo apt-get install": ("apt-get install", ".ci/run"),
    "sudo -u postgres": ("sudo -u postgres", "tests/test_postgres.py"),
    "export COURSE_GRADEBOOK": ("COURSE_GRADEBOOK", "tests/test_postgres.py"),
}
COMMAND = re.compile(
    r"`((?:[A-Z_]+=\w+ )?"
    r"(?:make|course|nbgrader|python3?|pip|conda|sudo|pre-commit|git|grep|\.venv/bin/\w+) [^`\n]+)`"
)
VENV = re.compile(r"python3 -m venv (\S+)")  # what begins an environment made by hand


def shell_blocks(text):
    """The lines of each shell block, without comments."""
    blocks = []
    for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        lines = [re.sub(r"\s+#\s.*|^#.*", "", line).strip() for line in block.splitlines()]
        blocks.append([re.sub(r" {2,}", " ", line) for line in lines if line])
    return blocks


def commands(text):
    """The commands of a document: lines of its shell blocks, then what stands in its sentences.

    Without the blocks that make an environment: those are typed somewhere else.
    """
    blocks = [block for block in shell_blocks(text) if not any(map(VENV.match, block))]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [line for block in blocks for line in block], COMMAND.findall(prose)


def of(document):
    return commands((ROOT / document).read_text())


def among(table, command):
    return next((key for key in table if command.startswith(key)), None)


def test_commands_are_found():
    text = (
        "Say `make lab` or `x`.\n```bash\nmake a  # why\n# all\ncourse  b\n```\n```\nmake no\n```"
    )
    assert commands(text) == (["make a", "course b"], ["make lab"])


# The scenario: one small course, every document's commands in their order.

TYPED = set()  # what was typed, over all documents
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": "",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_NO_BUILD_ISOLATION": "no",  # pip's way to say: without isolation
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def here(command):
    """A command with this course's slug in it."""
    return re.sub(r"SLUG|01_dimensionality_reduction", SLUG, command)


class Desk:
    """A course in a scratch folder, and a shell in it."""

    def __init__(self, folder):
        self.course = make_small_course(folder / "course")
        self.home = folder / "home"
        self.home.mkdir()
        bare.copy_sources(self.course)
        for name in ("Makefile", "constraints.txt", ".pre-commit-config.yaml"):
            shutil.copy(ROOT / name, self.course)
        (self.course / "tests").mkdir()
        for name in ("bare.py", "examples.py", "oldest.py"):
            shutil.copy(ROOT / "tests" / name, self.course / "tests")
        ignored = shutil.ignore_patterns("__pycache__", "results")
        shutil.copytree(ROOT / "benchmarks", self.course / "benchmarks", ignore=ignored)
        (self.course / ".venv").symlink_to(BIN.parent)
        lecture = self.course / "manuscript" / "lectures" / f"{SLUG}.py"
        slide = '# %% [markdown] tags=["slide"]'
        lecture.write_text(lecture.read_text().replace("# %% [markdown]", slide, 1))
        self.git("init", "-q")
        for target in authoring.find_targets(self.course):
            authoring.build(target)

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.course, check=True, capture_output=True)

    def type(self, command, allowed=(0,), folder=None):
        """Type a command of a document and return what it said. It downloads nothing."""
        line = here(command)
        # `make` uses the environment of these tests, and never installs one.
        typed = re.sub(
            r"\bmake ", f"make -o {BIN.parent}/.installed VENV={BIN.parent} ", line, count=1
        )
        own = {"HOME": str(self.home), "VIRTUAL_ENV": "", "PRE_COMMIT_HOME": str(self.home / "pc")}
        path = os.pathsep.join([str(BIN), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-e", "-c", typed],
            cwd=folder or self.course,
            env={**os.environ, **own, **OFFLINE, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in allowed, f"{command}\n{done.stdout}{done.stderr}"
        TYPED.add(line)
        return done.stdout + done.stderr

    def hand_in(self, student, solved):
        released, solution = (
            nbformat.read(self.course / kind / SLUG / f"{SLUG}.ipynb", 4)
            for kind in ("exercises", "solutions")
        )
        if solved:
            solve(released, solution)
        place = self.course / "submitted" / student / SLUG
        place.mkdir(parents=True)
        nbformat.write(released, place / f"{SLUG}.ipynb")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("desk"))


def typed_here(document):
    """Commands of a document's shell blocks that are typed in the scenario."""
    block, _ = of(document)
    return [c for c in block if not among(ELSEWHERE, c)]


def lend_oldest(desk):
    """Let the installed versions be the oldest allowed, in an environment that is there already."""
    project = desk.course / "pyproject.toml"

    def installed(found):
        return f'"{found[1]}>={Version(version(found[1])).public}"'

    project.write_text(re.sub(r'"([\w-]+)>=[\d.]+"', installed, project.read_text()))
    wheel = bare.build_wheel(desk.home / "wheel")
    bare.bare_environment(desk.course / "build" / "oldest", wheel)


def put_figures(desk, said):
    """Do the edit that `course new` asks for before the figures can be measured."""
    figures = re.search(r'^    "11_\w+": \[\n.*?^    \],\n', said, re.DOTALL | re.MULTILINE)[0]
    path = desk.course / "benchmarks" / "lectures.py"
    before, after = path.read_text().split("\n}\n\n\ndef whole", 1)
    path.write_text(f"{before}\n{figures}}}\n\n\ndef whole{after}")


def test_what_contributors_type(desk):
    for command in typed_here("CONTRIBUTING.md"):
        if command == "make bench":
            continue  # below
        if command == "make oldest":
            lend_oldest(desk)
        said = desk.type(command)
        if command == "make oldest":
            shutil.copy(ROOT / "pyproject.toml", desk.course)
            assert re.findall(r"(\w+)/01_small +yes", said)[-2:] == ["lectures", "solutions"]
        if command.startswith("course new"):
            put_figures(desk, said)
        if command.startswith("python -m benchmarks"):
            result = json.loads((desk.course / "benchmarks/results/lectures.json").read_text())
            assert {row["lecture"] for row in result["rows"]} == {"11"}
        if command.startswith("course answers"):
            assert "wrong" in said
        if command == "course slides 01_dimensionality_reduction":
            assert (desk.course / "slides" / f"{SLUG}.html").exists()
    assert "REWRITE" in desk.type("grep -n REWRITE manuscript/*/11_*.py")
    assert (desk.course / "lectures" / "11_nearest_mean.ipynb").exists()
    assert (desk.course / ".git" / "hooks" / "pre-commit").exists()
    desk.type("course build --force 01_small")


def test_what_instructors_type(desk):
    handed_in = False
    for command in typed_here("docs/instructors_guide.md"):
        if command.startswith("course grade") and not handed_in:
            desk.hand_in("ada", solved=True)
            desk.hand_in("bob", solved=False)
            handed_in = True
        said = desk.type(command)
        if command.startswith("course grade"):
            assert "2 submissions" in said
    assert "ada" in (desk.course / "grades.csv").read_text()
    assert (desk.course / "feedback" / "ada" / SLUG / f"{SLUG}.html").exists()
    assert (desk.course / "grading" / "reports" / f"{SLUG}.html").exists()


def test_what_instructors_collect_from_a_learning_platform(desk):
    """The guide's line for its example's file names, and the command that it is for."""
    guide = (ROOT / "docs" / "instructors_guide.md").read_text()
    (line,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (name,) = re.findall(r"`(Ada Lovelace_\w+_SLUG\.ipynb)`", guide)
    config = desk.course / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\n{textwrap.dedent(line)}")
    archive = desk.course / "downloaded" / SLUG / "archive"
    archive.mkdir(parents=True)
    released = desk.course / "exercises" / SLUG / f"{SLUG}.ipynb"
    shutil.copy(released, archive / here(name))
    desk.type("nbgrader zip_collect SLUG")
    assert (desk.course / "submitted" / "7731" / SLUG / f"{SLUG}.ipynb").exists()


def test_make_bench_runs_every_benchmark(desk):
    """In brief: each goes through all its parts, on the real lectures, and keeps nothing."""
    results = ROOT / "benchmarks" / "results"
    before = {path: path.read_bytes() for path in results.iterdir()}
    said = desk.type("COURSE_BRIEF=1 make bench", folder=ROOT)
    TYPED.add("make bench")
    assert said.count("not kept.)") == len(before) == 6
    assert {path: path.read_bytes() for path in results.iterdir()} == before


def test_what_those_who_learn_alone_type(desk):
    notebook = desk.course / "exercises" / SLUG / f"{SLUG}.ipynb"
    for command in typed_here("docs/self_study.md"):
        said = desk.type(command)
        if command == "course progress":
            assert SLUG[:2] in said
    assert "YOUR CODE HERE" in notebook.read_text()


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if VENV.search((ROOT / d).read_text())])
def test_an_environment_made_by_hand(document, desk, tmp_path):
    """With the packages lent by the present environment, so pip finds all there is to install."""
    (block,) = [b for b in shell_blocks((ROOT / document).read_text()) if any(map(VENV.match, b))]
    block = [line for line in block if not among(ELSEWHERE, line)]
    (begin,) = [i for i, line in enumerate(block) if VENV.match(line)]
    for line in block[:begin]:
        desk.type(line)
    install = next(line for line in block if "pip install" in line)
    (extras,) = re.findall(r"\[([\w,]+)\]", install)
    folder = tmp_path / "course"
    bare.copy_sources(folder)
    shutil.copy(ROOT / "constraints.txt", folder)
    desk.type(block[begin], folder=folder)
    environment = folder / VENV.match(block[begin])[1]
    (site,) = environment.glob("lib/python3*/site-packages")
    desk.type(f"{environment}/bin/pip uninstall -y setuptools")  # Python 3.11 brings an old one
    names = bare.closure([f"course_utils[{extras}]", "setuptools"]) - {"course-utils", "pip"}
    bare.lend(names, site)
    if ".whl" in install:
        (wheel,) = (desk.course / "dist").glob("*.whl")
        shutil.copy(wheel, folder)
        shutil.rmtree(folder / "course_utils")
    desk.type("\n".join(block[begin + 1 :]), folder=folder)  # together: one of them may activate it
    asked = "import course_utils, jupyterlab, nbgrader; print(course_utils.__file__)"
    python = str(environment / "bin" / "python")
    found = subprocess.run([python, "-c", asked], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).is_relative_to(folder)


def test_what_others_type(desk):
    """Documents whose commands are, for the most part, those of the ones above."""
    for document in ("README.md", "docs/index.md", ".github/ISSUE_TEMPLATE/mistake.md"):
        for command in typed_here(document):
            if here(command) not in TYPED:
                desk.type(command)


def test_every_command_is_typed_here_or_elsewhere(desk):
    """What is named in a sentence was typed too. Needs the tests above it."""
    left = []
    for document in DOCUMENTS:
        block, prose = of(document)
        for command in [*block, *prose]:
            known = among(ELSEWHERE, command)
            done = any(f"{typed} ".startswith(f"{here(command)} ") for typed in TYPED)
            if not known and not done:
                left.append(f"{document}: {command}")
    assert left == []


@pytest.mark.parametrize("command", ELSEWHERE)
def test_a_command_that_is_executed_elsewhere(command):
    text, file = ELSEWHERE[command]
    assert text in (ROOT / file).read_text(), f"{file} does not run {command} any more"
    target = command.removeprefix("make ")
    if command.startswith("make "):
        recipe = subprocess.run(
            ["make", "-n", f"VENV={BIN.parent}", target],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert recipe.returncode == 0, recipe.stderr
    assert any(command in (ROOT / name).read_text() for name in DOCUMENTS), "in no document"


def test_make_lab_is_what_the_browser_tests_serve():
    recipe = subprocess.run(
        ["make", "-n", "lab"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "-m course_utils.lab" in recipe.stdout


def test_pre_commit_asks_what_make_test_asks(desk):
    """In a copy: clean files pass, a badly formatted one does not."""
    shutil.rmtree(desk.course / ".git")
    desk.git("init", "-q")
    (desk.course / "fine.py").write_text("x = 1\n")
    desk.git("add", "fine.py")
    desk.type("pre-commit run ruff --files fine.py")
    desk.type("pre-commit run ruff-format --files fine.py")
    (desk.course / "bad.py").write_text("import os\nx=1\n")
    desk.git("add", "bad.py")
    for hook in ("ruff", "ruff-format"):
        desk.type(f"pre-commit run {hook} --files bad.py", allowed=(1,))
    desk.git("add", "manuscript")
    desk.type("pre-commit run built --files manuscript/lectures/01_small.py")
    path = desk.course / "manuscript" / "lectures" / "01_small.py"
    path.write_text(path.read_text() + "\n# %%\nprint(1)\n")
    said = desk.type("pre-commit run built --all-files", allowed=(1,))
    assert "older than its manuscript" in said


# Figures, addresses, links.


def kept(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())["rows"]


def spread(values):
    return f"{min(values):.2f} to {max(values):.2f}"


def test_the_figures_in_the_readme_were_measured():
    readme = " ".join((ROOT / "README.md").read_text().split())
    words, maps, grading = kept("word_vectors"), kept("tsne"), kept("grading")
    rates = [row["words per second"] for row in words]
    speed = [ours / other for ours, other in zip(rates[::2], rates[1::2])]
    assert f"{spread(speed)} times gensim's speed" in readme
    assert all(row["place of queen"] == 1 for row in words)
    times = [ours["seconds"] / other["seconds"] for ours, other in zip(maps[::2], maps[1::2])]
    assert f"{spread(times)} times scikit-learn's time" in readme
    assert all(ours["KL (nats)"] < other["KL (nats)"] for ours, other in zip(maps[::2], maps[1::2]))
    seconds = {row["way"]: row["seconds"] for row in grading}
    assert f"{grading[0]['submissions']} submissions of exercise 04" in readme
    assert f"took {seconds['course grade']:.0f} s, where nbgrader alone took" in readme
    assert f"{seconds['stock nbgrader autograde']:.0f} s." in readme
    lectures = [row for row in kept("lectures") if row["figure"] == "seconds, the whole lecture"]
    assert len(lectures) == 11 and "all eleven together in 15 minutes" in readme
    for seed in ("seed 0", "seed 1", "seed 2"):
        assert max(row[seed] for row in lectures) <= 120
        assert sum(row[seed] for row in lectures) <= 15 * 60


def test_the_citation_is_the_course():
    import tomllib

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"]
    assert citation["repository-code"] == project["urls"]["Repository"]
    assert citation["title"] == project["description"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md"])
def test_a_document_links_to_what_is_there(document):
    text = re.sub(r"```.*?```", "", (ROOT / document).read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link:
            assert (ROOT / document).parent.joinpath(link).exists(), link


def test_the_workflow_runs_make_test_and_keeps_screenshots():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())["jobs"]
    steps = jobs["test"]["steps"]
    assert [s["run"] for s in steps if s.get("run", "").startswith("make")] == [
        "make test",
        "make seeds",
    ]
    (kept_,) = [s for s in steps if "upload-artifact" in s.get("uses", "")]
    assert kept_["with"]["path"] == "screenshots/" and kept_["if"] == "always()"
