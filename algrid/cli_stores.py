"""Stores and others: uniting those of several machines, and files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from algrid.cli_checks import FAILED_RUNS, Folder, Results, results_of
from algrid.console import err, out, table

__all__ = ["stores"]

#: Conflicts of a merge that are listed.
_LISTED = 10

stores = typer.Typer()


@stores.command()
def merge(
    target: Annotated[Path, typer.Argument(help="The folder of results that the others are added to.")],
    sources: Annotated[list[Path], typer.Argument(help="Folders of results; they are not changed.")],
) -> None:
    """Unite the results of several machines: equal runs once, of two the one that went further, conflicts said."""
    from algrid.merging import OUTCOMES, merge_stores

    merged = merge_stores(target, sources)
    shown = table("", *OUTCOMES)
    for one in merged:
        shown.add_row(str(one.source), *(f"{one.counts[outcome]:,}" for outcome in OUTCOMES))
        for note in one.notes:
            err.print(f"note: {one.source}: {note}", markup=False, soft_wrap=True)
    out.print(shown)
    conflicts = [(one.source, conflict) for one in merged for conflict in one.conflicts]
    for source, conflict in conflicts[:_LISTED]:
        err.print(f"conflict: {conflict.key} of {source}: {', '.join(conflict.columns)}", markup=False, soft_wrap=True)
    if conflicts:
        err.print(f"{len(conflicts):,} rows differ from those of {target}, which were kept", markup=False)
        raise typer.Exit(FAILED_RUNS)


@stores.command()
def export(
    folder: Folder,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .parquet.")],
    results: Results = None,
    table: Annotated[str, typer.Option(help="runs, curves or scores.")] = "runs",
    metric: Annotated[str, typer.Option(help="`algrid metrics` lists them.")] = "accuracy",
    aggregate: Annotated[str, typer.Option(help="Of scores: what is made of a curve.")] = "aubc",
    where: Annotated[str | None, typer.Option(help="An SQL condition on the file's columns.")] = None,
) -> None:
    """Write runs, learning curves or scores to a file for other programs."""
    from algrid.results import Results as Opened

    rows = Opened(results_of(folder, results)).export(table, to, metric=metric, aggregate=aggregate, where=where)
    out.print(f"{rows:,} rows of {table} in {to}", markup=False, soft_wrap=True)
