"""The course command and `make lab`, as a person meets them."""

import shutil
import subprocess
import sys

import pytest
from examples import make_small_course
from typer.testing import CliRunner

from course_utils import lab
from course_utils.cli import app


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = make_small_course(tmp_path / "course")
    monkeypatch.chdir(folder)
    return folder


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_build_check_and_build_again(course):
    missing = run("build", "--check")
    assert missing.exit_code == 1 and missing.output.count("is missing: run course build") == 4
    done = run("build")
    assert done.exit_code == 0, done.output
    assert "lectures/01_small: built" in done.output and "exercises/01_small: built" in done.output
    assert "up to date" in run("build", "01_small").output
    clean = run("build", "--check")
    assert clean.exit_code == 0 and "2 manuscripts: every notebook is up to date." in clean.output
    (course / "lectures" / "02_stray.ipynb").write_text("{}")
    stray = run("build", "--check")
    assert stray.exit_code == 1 and "02_stray.ipynb has no manuscript" in stray.output


def test_faults_are_told_in_words_with_an_exit_code(course):
    assert "no manuscript is called '99'" in run("build", "99").output
    path = course / "manuscript" / "exercises" / "01_small.py"
    path.write_text(path.read_text().replace(" points=3", ""))
    done = run("build", "exercises/01_small")
    assert done.exit_code == 1
    assert "without points" in done.output and "Traceback" not in done.output


def test_outside_the_course_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("build", "--check")
    assert done.exit_code == 1 and "course's folder" in done.output


def test_answers_prints_a_line_each_and_fails_on_a_fault(course):
    good = run("answers", "01_small")
    assert good.exit_code == 0 and good.output.count("ok  ") == 4
    path = course / "manuscript" / "exercises" / "01_small.py"
    path.write_text(path.read_text().replace("return x * x", "return x + x"))
    bad = run("answers")
    assert bad.exit_code == 1 and "gives this wrong answer full marks" in bad.output


def test_answers_of_a_lecture_are_refused(course):
    refused = run("answers", "lectures/01_small")
    assert refused.exit_code == 1 and "none of these is an exercise" in refused.output


def test_answers_of_an_exercise_that_ends_the_process_are_told(course):
    path = course / "manuscript" / "exercises" / "01_small.py"
    path.write_text(path.read_text().replace("import os\n", "import os\n\nos._exit(3)\n"))
    broken = run("answers")
    assert broken.exit_code == 1 and "exit 3" in broken.output


def test_the_command_is_installed():
    command = shutil.which("course", path=str(lab.Path(sys.executable).parent))
    assert command
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "build" in done.stdout and "answers" in done.stdout


def test_lab_opens_a_browser_only_where_one_can_open():
    line = lab.command(root=False, screen=True, arguments=["--port", "9000"])
    assert "--no-browser" not in line and "--allow-root" not in line
    assert line[-2:] == ["--port", "9000"]
    assert "--no-browser" in lab.command(root=False, screen=False, arguments=[])
    as_root = lab.command(root=True, screen=True, arguments=[])
    assert "--allow-root" in as_root and "--no-browser" in as_root


def test_lab_outside_the_course_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert lab.main() == 2
    assert "course's folder" in capsys.readouterr().err
