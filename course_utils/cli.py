"""The ``course`` command."""

import warnings
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    help="Build, check and grade the course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Names = Annotated[list[str] | None, typer.Argument(help="Slugs; all of them when left out.")]


@app.callback()
def _main() -> None:
    """Build, check and grade the course."""


@app.command()
def build(
    names: Names = None,
    check: Annotated[bool, typer.Option(help="Say what is out of date; execute nothing.")] = False,
    force: Annotated[bool, typer.Option(help="Execute again even if no code changed.")] = False,
) -> None:
    """Make the notebooks from their manuscripts and execute them; make the glossary."""
    from tqdm import tqdm

    authoring = _authoring()
    from course_utils.authoring import glossary

    try:
        root = authoring.find_root()
        targets = authoring.find_targets(root, names)
        if check:
            faults = authoring.out_of_date(targets)
            if not names:
                faults += authoring.orphans(root) + glossary.out_of_date(root)
            for fault in dict.fromkeys(faults):  # a bad lecture is told once
                typer.echo(fault)
            if faults:
                raise typer.Exit(1)
            typer.echo(f"{len(targets)} manuscripts: every notebook is up to date.")
            return
        for target in targets:
            with tqdm(desc=target.name, unit="cell", disable=None) as bar:

                def on_cell(done: int, total: int, bar: tqdm = bar) -> None:
                    bar.total = total
                    bar.update(done - bar.n)

                done = authoring.build(target, force, on_cell)
            typer.echo(f"{target.name}: {done or 'up to date'}")
        made = glossary.build(root)
        typer.echo(f"{glossary.PAGE.as_posix()}: {'built' if made else 'up to date'}")
    except (authoring.BuildError, authoring.ManuscriptError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def slides(
    names: Names = None,
    output: Annotated[
        Path | None, typer.Option(help="The file; slides/SLUG.html when left out.")
    ] = None,
) -> None:
    """Make slide decks of built lectures: one HTML file each, which needs no network."""
    authoring = _authoring()
    try:
        from course_utils.authoring import slides as decks

        lectures = decks.find_lectures(authoring.find_targets(authoring.find_root(), names))
        if output and len(lectures) > 1:
            raise authoring.BuildError("--output is for one lecture: name it")
        for target in lectures:
            typer.echo(f"{target.name}: {decks.build(target, output)}")
    except ImportError as error:
        _missing(error)
    except (authoring.BuildError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def new(
    slug: Annotated[str, typer.Argument(help="Number and name, such as 11_nearest_mean.")],
    title: Annotated[str, typer.Argument(help="The lecture's title, in quotes.")],
) -> None:
    """Begin a lecture and its exercise: two small whole manuscripts, for you to rewrite."""
    authoring = _authoring()
    from course_utils.authoring import new as beginning

    try:
        root = authoring.find_root()
        written = beginning.begin(root, slug, title)
    except (authoring.BuildError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for path in written:
        typer.echo(f"{path.relative_to(root)}: written")
    typer.echo(beginning.next_steps(slug, title))


@app.command()
def answers(
    names: Names = None,
    seed: Annotated[int, typer.Option(help="Added to every seed of the notebook.")] = 0,
    light: Annotated[bool, typer.Option("--light", help="Leave out what trains.")] = False,
) -> None:
    """Run each exercise with every wrong and right answer put in, and say what the tests did."""
    from course_utils.authoring.answers import run_manuscript

    authoring = _authoring()
    try:
        targets = authoring.find_targets(authoring.find_root(), names)
        if names and not any(target.is_exercise for target in targets):
            raise authoring.BuildError("none of these is an exercise: only exercises have answers")
        reports = [run_manuscript(t.manuscript, seed, light) for t in targets if t.is_exercise]
    except (authoring.BuildError, authoring.ManuscriptError, RuntimeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for report in reports:
        for outcome in report:
            typer.echo(outcome.text())
    if any(outcome.faults for report in reports for outcome in report):
        raise typer.Exit(1)


@app.command()
def grade(
    slug: Annotated[str, typer.Argument(help="The exercise, such as 01_dimensionality_reduction.")],
    student: Annotated[list[str] | None, typer.Option(help="Only this student.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many side by side.")] = None,
    dask: Annotated[str, typer.Option(help="Address of a Dask scheduler to run on.")] = "",
    cold: Annotated[
        bool, typer.Option("--cold", help="Load the libraries anew for every submission.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Run again what was run.")] = False,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run students' code unprotected, as you.")
    ] = False,
) -> None:
    """Grade what was handed in: sandboxed, side by side, safe to interrupt.

    Ends with 0 if all went well, 1 if something needs a person, 2 if nothing could be graded.
    """
    from tqdm import tqdm

    _authoring()
    from course_utils.grading import grade as grading
    from course_utils.grading import table
    from course_utils.grading.gradebook import Course, GradebookError
    from course_utils.grading.sandbox import SandboxError
    from course_utils.grading.store import BusyError

    warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy's, about nbgrader's code
    records = []
    try:
        course = Course(Path.cwd())
        steps = grading.grade(
            course,
            slug,
            student,
            jobs=jobs,
            limits=course.limits,
            sandbox=not no_sandbox,
            dask=dask or None,
            warm=not cold,
            force=force,
        )
        with tqdm(desc=slug, unit="submission", disable=None) as bar:
            for step in steps:
                bar.total = step.total
                bar.update(step.done - bar.n)
                records.append(step.record)
    except (
        GradebookError,
        SandboxError,
        BusyError,
        grading.SolutionError,
        FileNotFoundError,
    ) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if not records:
        typer.echo(f"Nothing was handed in for {slug}: there is no submitted/*/{slug}.")
        return
    table.show(sorted(records, key=lambda record: record.student))
    if any(record.needs_person for record in records):
        raise typer.Exit(1)


@app.command()
def report(
    slug: Annotated[str, typer.Argument(help="The exercise, such as 01_dimensionality_reduction.")],
    output: Annotated[
        Path | None, typer.Option(help="The page; grading/reports/SLUG.html when left out.")
    ] = None,
) -> None:
    """Write a page about a graded exercise: points, tasks, errors, times, what needs a person."""
    _authoring()
    from course_utils.grading import report as reports
    from course_utils.grading.gradebook import Course, GradebookError

    warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy's, about nbgrader's code
    try:
        path = reports.write(Course(Path.cwd()), slug, output)
    except (GradebookError, reports.ReportError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(f"The report is in {path}")


@app.command()
def progress(
    names: Annotated[
        list[str] | None, typer.Argument(help="Exercises; all of them when left out.")
    ] = None,
) -> None:
    """Show the points of the exercises that you solved in place, and what to do next.

    Runs what changed since the last time. Ends with 0, or with 2 if something could not be read.
    """
    from tqdm import tqdm

    _authoring()
    from course_utils.grading import progress as own_work

    try:
        root = own_work.find_root(Path.cwd())
    except FileNotFoundError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    sandbox = own_work.has_sandbox()
    standings = own_work.look(root, names, sandbox=sandbox)
    waiting = [one for one in standings if one.job is not None and one.result is None]
    if waiting:
        typer.echo(f"Running {', '.join(one.slug for one in waiting)}: a minute each, or less.")
        if not sandbox:
            typer.echo("There is no sandbox here: your code runs with your rights, as in Jupyter.")
        try:
            with tqdm(total=len(waiting), unit="exercise", disable=None) as bar:
                for _ in own_work.run(root, standings):
                    bar.update()
        except KeyboardInterrupt:
            typer.echo("Stopped. What had run to its end is kept.", err=True)
            raise typer.Exit(130) from None
    own_work.show(root, standings)
    if any(one.problem for one in standings):
        raise typer.Exit(2)


def _authoring():  # type: ignore[no-untyped-def]
    """Import what authors need, or say how to get it (students do without)."""
    try:
        import jupytext  # noqa: F401
        import nbgrader  # noqa: F401

        from course_utils.authoring import build as authoring
    except ImportError as error:
        _missing(error)
    return authoring


def _missing(error: ImportError) -> NoReturn:
    """End with the name of what is not installed, and how to get it."""
    typer.echo(
        f"This command needs {error.name}. In the course's folder: "
        "pip install -e '.[lab,grading,pages,dev]'",
        err=True,
    )
    raise typer.Exit(2) from None
