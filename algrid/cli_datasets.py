"""`algrid datasets`: what there is, what is known of it, fetching, checking, and adding one's own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from algrid.console import err, out, table
from algrid.errors import AlgridWarning
from algrid.wording import enumerated, plural

__all__ = ["datasets", "list_plugins"]

LACKING_DATA = 1

datasets = typer.Typer(
    invoke_without_command=True,
    help="List the datasets that come with algrid; or show, fetch, check and add datasets.",
)

Names = Annotated[
    list[str], typer.Argument(metavar="WHAT...", help="Names of catalogues, grids or datasets, files, or openml:31.")
]


def list_plugins(registry: Any, **columns: Any) -> None:
    """Show all plugins of a registry, with further facts of each class."""
    shown = table(registry.kind, "what it is")
    for cls in registry.classes():
        parameters = ", ".join(f"{key}={value}" for key, value in cls.defaults().items())
        facts = {**{key: show(cls) for key, show in columns.items()}, "parameters": parameters, "source": cls.source}
        text = "; ".join(f"{key}: {value}" for key, value in facts.items() if value)
        shown.add_row(cls.name, Text.assemble(cls.summary(), "\n", (text, "dim")))
    out.print(shown)


@datasets.callback()
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_datasets(None)


@datasets.command("list")
def list_datasets(
    catalogue: Annotated[
        str | None, typer.Argument(help="Name or path of a catalogue, whose datasets to list.")
    ] = None,
) -> None:
    """List the datasets that come with algrid, or those of a catalogue."""
    from algrid.catalogues import Catalogue, catalogues
    from algrid.dataset_names import is_there
    from algrid.datasets import DATASETS

    if catalogue is None:
        list_plugins(DATASETS, licence=lambda cls: cls.licence)
        for known in catalogues():
            _say(f"catalogue {known.name}: {len(known)} datasets, {known.title}; algrid datasets list {known.name}")
        return
    known = Catalogue.open(catalogue)
    shown = table("dataset", "rows", "features", "classes", "from", "there", "licence")
    for entry in known.entries:
        numbers = ["?" if n is None else f"{n:,}" for n in (entry.rows, entry.features, entry.classes)]
        there = "yes" if is_there(entry.build()) else ""
        shown.add_row(entry.name, *numbers, entry.origin_text, there, entry.licence or "?")
    _say(f"{known.title}: {len(known)} datasets")
    out.print(shown)
    for entry in known.entries:
        if entry.same_as:
            _say(f"{entry.name} is {entry.same_as} again")


@datasets.command()
def show(
    name: Annotated[str, typer.Argument(help="A dataset of a catalogue or of algrid, a file, or openml:31.")],
) -> None:
    """Show everything that is known of a dataset."""
    from algrid.catalogues import entry_named
    from algrid.dataset_names import datasets_named, described

    for plugin in datasets_named(name):
        shown = table("", "")
        for key, value in described(plugin, entry_named(plugin.dataset_name)).items():
            shown.add_row(key, Text(value))
        out.print(shown)


@datasets.command()
def fetch(
    what: Names,
    again: Annotated[bool, typer.Option("--again", help="Fetch what is there already, too.")] = False,
) -> None:
    """Fetch what catalogues, grids or names ask for and the data folder lacks; the same command goes on where it ended.

    `task:59` is a task of OpenML: its dataset, and its published splits as explicit ones.
    """
    from algrid.catalogues.fetching import FETCHED, LACKING
    from algrid.catalogues.fetching import fetch as fetch_all
    from algrid.catalogues.openml_server import fetch_task
    from algrid.dataset_names import copies, datasets_named

    for name in (name for name in what if name.startswith("task:")):
        task = fetch_task(_number(name))
        _say(f"task {task.task_id}: dataset openml:{task.data_id}, target {task.target}, {task.count} published splits")
        _say(f"  splits: {{kind: explicit, path: {task.splits}, count: {task.count}}}")
    plugins = [plugin for name in what if not name.startswith("task:") for plugin in datasets_named(name)]
    counts: dict[str, int] = {}
    hashes = []
    with _Progress(len(plugins)) as progress:
        for outcome in fetch_all(plugins, again=again, progress=progress.bytes):
            counts[outcome.state] = counts.get(outcome.state, 0) + 1
            progress.done(outcome.name)
            if outcome.facts is not None:
                hashes.append((outcome.name, outcome.facts.content_hash or ""))
            if outcome.state == FETCHED and outcome.facts is not None:
                facts = outcome.facts
                _say(f"{outcome.name}: {facts.n_rows:,} rows, {facts.n_features:,} features, {facts.n_classes} classes")
            for note in outcome.notes:
                err.print(f"note: {note}", markup=False, soft_wrap=True)
            if outcome.state == LACKING:
                err.print(f"{outcome.name}: {outcome.reason}", style="yellow", markup=False, soft_wrap=True)
    for name, other in copies(hashes):
        _say(f"{name} has the content of {other}")
    if plugins:
        _say(", ".join(f"{count} {state}" for state, count in counts.items()) + f" of {len(plugins)} datasets")
    if counts.get(LACKING):
        raise typer.Exit(LACKING_DATA)


@datasets.command()
def check(what: Names) -> None:
    """Check datasets for ids, leaks, copies, gaps and rare classes; exit code 1 where data can't serve a grid."""
    from algrid.checks import SEVERITIES, check_datasets
    from algrid.dataset_names import datasets_named, is_there

    plugins = [plugin for name in what for plugin in datasets_named(name)]
    there = [plugin for plugin in plugins if is_there(plugin)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AlgridWarning)  # the findings say it
        found = check_datasets(there)
    shown = table("dataset", "finding", "cure")
    colours = dict(zip(SEVERITIES, ("red", "yellow", "dim"), strict=True))
    for row in found.to_dict("records"):
        columns = f" ({row['columns']})" if row["columns"] else ""
        finding = Text.assemble(
            (f"{row['severity']} {row['check']}: ", colours[row["severity"]]), row["message"] + columns
        )
        shown.add_row(row["dataset"], finding, row["cure"])
    if len(found):
        out.print(shown)
    numbers = {severity: int((found["severity"] == severity).sum()) for severity in SEVERITIES}
    counts = ", ".join(plural(number, severity) for severity, number in numbers.items())
    lacking = [plugin.dataset_name for plugin in plugins if plugin not in there]
    absent = f"; {len(lacking)} not there ({enumerated(lacking)})" if lacking else ""
    _say(f"{plural(len(there), 'dataset')} checked: {counts}{absent}")
    if numbers[SEVERITIES[0]]:
        raise typer.Exit(LACKING_DATA)


@datasets.command()
def add(
    path: Annotated[str, typer.Argument(help="A file of data.")],
    target: Annotated[str, typer.Option(help="Column of the class labels; LIBSVM files have none.")] = "",
    name: Annotated[str, typer.Option(help="Name of the dataset [default: the file's].")] = "",
    drop: Annotated[list[str] | None, typer.Option(help="A column to leave out; again for more.")] = None,
    categorical: Annotated[list[str] | None, typer.Option(help="A column of numbers that are categories.")] = None,
    encoding: Annotated[str, typer.Option(help="Of a text file [default: UTF-8].")] = "",
    catalogue: Annotated[
        Path | None, typer.Option(help="The catalogue [default: catalogue.yaml in the data folder].")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and don't.")] = False,
) -> None:
    """Look at a file of data, propose what its columns are, and write it into a catalogue."""
    from algrid.catalogues.inspection import add_entry, inspect_file

    entry, columns = inspect_file(
        path, target, name=name, drop=drop or (), categorical=categorical or (), encoding=encoding
    )
    shown = table("column", "role", "why", "values", "missing", "for example")
    for column in columns[:_MOST_COLUMNS]:
        counts = (f"{column.n_distinct:,}" if column.examples else "", f"{column.n_missing:,}")
        shown.add_row(column.name, column.role, column.why, *counts, ", ".join(column.examples))
    out.print(shown)
    if len(columns) > _MOST_COLUMNS:
        _say(f"... and {len(columns) - _MOST_COLUMNS:,} more columns")
    features = plural(entry.features or 0, "feature")
    _say(f"{entry.name}: {entry.rows:,} rows, {features}, {entry.classes} classes")
    if not dry_run:
        written = add_entry(entry, catalogue)
        _say(f"written to {written}")
        if catalogue is None:
            _say(f"in a grid file: datasets: [{entry.name}]")


_MOST_COLUMNS = 40


class _Progress:
    """How many datasets are done, and how much of the present one has come."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task = self._bar.add_task("", total=total)
        self._name, self._bytes = "", 0

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def bytes(self, name: str, n_bytes: int) -> None:
        """Some bytes of a dataset have come."""
        self._bytes = self._bytes + n_bytes if name == self._name else n_bytes
        self._name = name
        self._bar.update(self._task, description=f"{name}: {self._bytes / 1e6:.1f} MB")

    def done(self, name: str) -> None:
        """A dataset is done."""
        self._bar.update(self._task, advance=1, description=name)


def _number(name: str) -> int:
    number = name.partition(":")[2]
    if not number.isdigit():
        raise typer.BadParameter(f"a task is given as task:59, not {name!r}")
    return int(number)


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
