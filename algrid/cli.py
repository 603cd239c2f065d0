"""The command line. No logic of its own: every command is one call of the API, and a table.

Exit codes: 0 done; 1 a mistake or a failure that is explained in one message; 2 a wrong call; 3 the grid ran,
and some of its runs failed, or stored results are not what they should be; 130 interrupted, with everything that
had ended stored.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from algrid.cli_checks import FAILED_RUNS, Folder, Results, checks
from algrid.cli_checks import results_of as _results_of
from algrid.cli_datasets import datasets, list_plugins
from algrid.cli_models import models
from algrid.cli_stores import stores
from algrid.console import err as _err
from algrid.console import out as _out
from algrid.console import table as _table
from algrid.errors import AlgridError, AlgridWarning

__all__ = ["app", "main"]

INTERRUPTED, MISTAKE = 130, 1
#: Errors of the system that are the user's to mend: no room, or no right to write.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
#: Columns of a leaderboard: factor, and digits of the value and of its interval.
_SHOWN = {"rank": (1, 1, 1), "mean": (1, 3, 2), "win_rate": (100, 0, 0)}
#: The same of stopping rules.
_STOPPING = {"lost": (1, 3, 3), "saved_share": (100, 0, 0), "stopped": (100, 0, 0), "labels": (1, 0, 0)}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An active-learning experiment grid: plan it, run it on Dask into Parquet, look at it.",
)

app.add_typer(datasets, name="datasets")
app.add_typer(models, name="models")
app.add_typer(checks)
app.add_typer(stores)

Grid = Annotated[str, typer.Argument(metavar="GRID", help="A grid file, or the name of a shipped grid.")]


def main() -> None:
    """Run the command line; every error that is the user's is one message."""
    sys.path.insert(0, os.getcwd())  # a grid may name the user's own module:Class
    python_says, warnings.showwarning = warnings.showwarning, _Warner()
    try:
        app()
    except AlgridError as error:
        _err.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        raise SystemExit(MISTAKE) from None
    except OSError as error:
        if error.errno not in _DISK:
            raise
        _err.print(f"error: {error}. What was stored is untouched.", style="red", markup=False, soft_wrap=True)
        raise SystemExit(MISTAKE) from None
    finally:
        warnings.showwarning = python_says


class _Warner:
    """Shows warnings; those that are the user's in a line, and once: data are read by several steps of a command."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,  # noqa: ARG002
        line: str | None = None,
    ) -> None:
        """What Python calls in place of `warnings.showwarning`."""
        if not issubclass(category, AlgridWarning):
            text = warnings.formatwarning(message, category, filename, lineno, line).rstrip()
            _err.print(text, markup=False, soft_wrap=True)
        elif str(message) not in self._said:
            self._said.add(str(message))
            _err.print(f"warning: {message}", style="yellow", markup=False, soft_wrap=True)


@app.command()
def plan(
    grid: Grid,
    results: Results = None,
    runs: Annotated[bool, typer.Option("--runs", help="List every run with its id.")] = False,
    calibrate: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="First spend so long (5m) on some runs of each kind, and store them."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="With --calibrate: worker processes.")] = None,
    cluster: Annotated[Path | None, typer.Option(help="With --calibrate: a cluster file instead.")] = None,
) -> None:
    """Say what a grid is made of: runs, cells, skips, shared fits, core hours, and what is done already."""
    from algrid.session import Session

    session = Session(grid, results)
    if calibrate is not None:
        from algrid.pilot import parse_duration

        seconds = parse_duration(calibrate)
        with _bar() as bar:
            session.calibrate(bar, seconds=seconds, workers=workers, cluster=cluster)
    if runs:
        columns = session.plan.runs()
        print("\t".join(columns))
        for row in zip(*columns.values(), strict=True):
            print("\t".join(map(str, row)))
        return
    table = _table("", "")
    facts = {**session.plan.facts(), "still to do": f"{session.todo().n_runs:,}"}
    for key, value in facts.items():
        table.add_row(key, value)
    _out.print(str(session.spec), markup=False)
    _out.print(table)
    for reason, count in session.plan.skips().items():
        _out.print(f"skipped: {count:,} runs: {reason}", markup=False)
    _notes(session)


@app.command()
def run(
    grid: Grid,
    results: Results = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes [default: all cores].")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a running Dask scheduler instead.")] = None,
    cluster: Annotated[
        Path | None, typer.Option(help="A cluster file instead: jobs of SLURM, PBS, LSF or SGE, or pools of workers.")
    ] = None,
    retry: Annotated[str, typer.Option(help="Make runs again that ended so: error,timeout,crashed.")] = "",
    one: Annotated[str | None, typer.Option(metavar="RUN_ID", help="Make one run, in this process, unstored.")] = None,
    pdb: Annotated[bool, typer.Option("--pdb", help="With --one: stop in the debugger where it fails.")] = False,
    limits: Annotated[
        bool, typer.Option("--limits", help="With --one: in a process of its own, with the grid's limits.")
    ] = False,
) -> None:
    """Run what is planned and not yet done of a grid, then show its leaderboard and learning curves."""
    from algrid.session import Session

    session = Session(grid, results)
    if pdb and limits:
        raise typer.BadParameter("--pdb and --limits exclude each other: a process that may be killed has no debugger")
    if one is not None:
        _run_one(session, one, debug=pdb, limited=limits)
        return
    if pdb or limits:
        raise typer.BadParameter(f"{'--pdb' if pdb else '--limits'} needs --one RUN_ID")
    again = _reasons(retry)
    if session.nothing_to_do(again):
        _out.print(f"nothing to do: all {session.n_runs:,} runs of {session.spec.name} are done", markup=False)
    else:
        _notes(session)
        with _bar() as bar:
            session.run(bar, workers=workers, scheduler=scheduler, cluster=cluster, retry=again)
    _report(session)


@app.command()
def status(grid: Grid, results: Results = None) -> None:
    """Say how far a grid is, by strategy, learner and dataset."""
    from algrid.session import Session

    session = Session(grid, results)
    table = _table("", "done", "failed", "to do", "all")
    for axis, level, counts in session.status():
        if level is None:
            table.add_section()
        name = axis if level is None else f"  {axis} {level}"
        table.add_row(name, *(f"{counts[key]:,}" for key in ("done", "failed", "to do", "all")))
    _out.print(table)


@app.command()
def leaderboard(
    folder: Folder,
    results: Results = None,
    metric: Annotated[str, typer.Option(help="`algrid metrics` lists them.")] = "accuracy",
    aggregate: Annotated[str, typer.Option(help="What is made of a curve: aubc, final, mean ...")] = "aubc",
    budget: Annotated[int | None, typer.Option(min=1, help="Labels bought [default: the grid's largest].")] = None,
    by: Annotated[str, typer.Option(help="The hyperparameter whose levels are compared.")] = "strategy",
    missing: Annotated[str, typer.Option(help="complete_case, worst_rank or own_mean.")] = "complete_case",
) -> None:
    """Compare the levels of a hyperparameter over all settings of the others."""
    from algrid.results import Results as Opened

    opened = Opened(_results_of(folder, results))
    _show_leaderboard(opened.leaderboard(metric, aggregate, budget, by=by, missing=missing))  # type: ignore[arg-type]


@app.command()
def stopping(
    folder: Folder,
    results: Results = None,
    metric: Annotated[str, typer.Option(help="`algrid metrics` lists them.")] = "accuracy",
    budget: Annotated[int | None, typer.Option(min=1, help="Labels bought at which runs end.")] = None,
    where: Annotated[str | None, typer.Option(help="Which runs, in SQL: \"dataset = 'iris'\".")] = None,
) -> None:
    """Say what stopping rules would have saved in labels and lost in score; fits stored labelled sets again."""
    from algrid.results import Results as Opened
    from algrid.stopping_outcomes import rule_leaderboard

    board = rule_leaderboard(Opened(_results_of(folder, results)).stopping(metric=metric, budget=budget, where=where))
    table = _table("rule", "score lost", "labels saved, %", "runs stopped, %", "labels bought", "runs")
    for row in board.to_dict("records"):
        cells = [_interval(row, *shown) for shown in _STOPPING.items()]
        table.add_row(str(row["rule"]), *cells, f"{row['n_runs']:,}")
    _out.print(f"{board.attrs['metric']}, against the end of each run", markup=False)
    _out.print(table)
    if board.attrs["note"]:
        _out.print(board.attrs["note"], markup=False)


@app.command()
def figures(
    folder: Folder,
    results: Results = None,
    metric: Annotated[str, typer.Option(help="`algrid metrics` lists them.")] = "accuracy",
    everything: Annotated[bool, typer.Option("--all", help="Every figure of a paper; takes minutes.")] = False,
) -> None:
    """Draw the figures of stored results again, each as PDF and PNG with its numbers as CSV."""
    from algrid.results import Results as Opened

    for path in Opened(_results_of(folder, results)).figures(metric, everything=everything):
        _out.print(str(path), markup=False, soft_wrap=True)


@app.command()
def strategies() -> None:
    """List the query strategies: what they need, their parameters and source."""
    from algrid.strategies import STRATEGIES

    list_plugins(STRATEGIES, needs=lambda cls: ", ".join(sorted(cls.needs)) or "nothing")


@app.command()
def learners() -> None:
    """List the learners: what they provide, their parameters and source."""
    from algrid.learners import LEARNERS

    list_plugins(LEARNERS, provides=lambda cls: ", ".join(sorted(cls.provides)))


@app.command()
def metrics() -> None:
    """List the metrics: what they need, their range and direction."""
    from algrid.metrics import METRICS, ConfusionMetric

    list_plugins(
        METRICS,
        needs=lambda cls: "nothing" if issubclass(cls, ConfusionMetric) else "record in the grid file",
        range=lambda cls: f"{cls.bounds[0]:g} to {cls.bounds[1]:g}",
        better=lambda cls: "higher" if cls.higher_is_better else "lower",
    )


@app.command()
def audit(
    family: Annotated[str | None, typer.Argument(help="A family of strategies [default: all with several].")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all columns to this file.")] = None,
) -> None:
    """Hold the implementations of a strategy against each other: how often they agree, and why they don't."""
    import pandas as pd

    from algrid.audit import audit as compare
    from algrid.audit import families
    from algrid.audit_states import CAUSES

    frames = []
    for name in [family] if family else families():
        frames.append(frame := compare(name))
        table = _table(f"{name}", "same batch", *(cause.replace("_", " ") for cause in CAUSES), "score b - a")
        for row in frame.to_dict("records"):
            score = f"{row['difference']:+.3f} [{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]"
            shares = [f"{row[key]:.0%}" for key in ("same", *CAUSES)]
            table.add_row(f"{row['a']}, {row['b']}", *shares, score)
        _out.print(table)
        for implementation, reason in frame.attrs["skipped"].items():
            _out.print(f"not compared: {implementation}: {reason}", markup=False)
    if csv:
        pd.concat(frames).to_csv(csv, index=False)


@contextlib.contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar; an interruption inside is one message."""
    from algrid.progress import ProgressBar

    try:
        with ProgressBar(_err) as bar:
            yield bar
    except KeyboardInterrupt:
        _err.print("interrupted; what had ended is stored. The same command goes on from there.")
        raise typer.Exit(INTERRUPTED) from None


def _notes(session: Any) -> None:
    for note in session.plan.notes:
        _err.print(f"note: {note}", markup=False, soft_wrap=True)
    for change in session.changes():
        _err.print(f"note: {change}", markup=False, soft_wrap=True)


def _reasons(text: str) -> list[str]:
    allowed = ("error", "timeout", "crashed")
    given = [part.strip() for part in text.split(",") if part.strip()]
    for reason in given:
        if reason not in allowed:
            raise typer.BadParameter(f"--retry takes {', '.join(allowed)} (joined by commas), not {reason!r}")
    return given


def _run_one(session: Any, run_id: str, **how: bool) -> None:
    row = session.run_one(run_id, **how)
    table = _table("", "")
    for key in ("run_id", "dataset", "strategy", "learner", "batch_size", "stop_reason", "reach", "error"):
        table.add_row(key, str(row[key]))
    _out.print(table)
    if row["traceback"]:
        _err.print(row["traceback"], markup=False, soft_wrap=True)
    if row["error"]:
        raise typer.Exit(FAILED_RUNS)


def _report(session: Any) -> None:
    from algrid.results import Results as Opened

    opened = Opened(session.path)
    _show_leaderboard(opened.leaderboard())
    try:
        drawn = str(next(p for p in opened.figures() if p.suffix == ".png"))
    except OSError as error:  # results are read where they can't be written, too
        drawn = f"not drawn: {error}"
    _out.print(f"learning curves: {drawn}", markup=False, soft_wrap=True)
    failed = len(opened.failures)
    if failed:
        _err.print(f"{failed:,} runs failed: algrid failures {session.path}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED_RUNS)


def _interval(row: Mapping[Any, Any], key: str, shown: tuple[int, int, int]) -> str:
    factor, digits, rough = shown
    value, low, high = (factor * row[name] for name in (key, f"{key}_low", f"{key}_high"))
    interval = "" if math.isnan(low) else f" [{low:.{rough}f}, {high:.{rough}f}]"
    return f"{value:.{digits}f}{interval}"


def _show_leaderboard(board: Any) -> None:
    by = board.columns[0]
    attrs = board.attrs
    table = _table(by, "mean rank", "mean score", "wins, %", "missing")
    for row in board.to_dict("records"):
        cells = [_interval(row, *shown) for shown in _SHOWN.items()]
        table.add_row(str(row[by]), *cells, f"{row['n_missing']:,}")
    _out.print(
        f"{attrs['metric']}, {attrs['aggregate']}, {attrs['n_settings']:,} of {attrs['n_settings_all']:,} settings of "
        f"{attrs['n_datasets']} datasets ({attrs['missing']})"
        + ("" if attrs["note"] else "; in brackets 95 % intervals"),
        markup=False,
        soft_wrap=True,
    )
    _out.print(table)
    if attrs.get("note"):
        _out.print(attrs["note"], markup=False)
