"""Looking after stored results: runs that failed, damage, whether they come out again, and few files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from algrid.console import err, out

__all__ = ["FAILED_RUNS", "Folder", "Results", "checks", "results_of"]

FAILED_RUNS = 3

checks = typer.Typer()

Folder = Annotated[
    str, typer.Argument(metavar="RESULTS", help="A folder of results, a grid file, or the name of a shipped grid.")
]
Results = Annotated[Path | None, typer.Option("--results", help="Folder of the results [default: results/NAME].")]


def results_of(folder: str, results: Path | None) -> Path:
    """The folder of results that is meant."""
    if results is not None:
        return results
    if (Path(folder) / "manifest.json").exists() or Path(folder).is_dir():
        return Path(folder)
    from algrid.session import Session

    return Session(folder).path


@checks.command()
def failures(
    folder: Folder,
    results: Results = None,
    most: Annotated[int, typer.Option(min=1, help="Show so many causes, the most frequent first.")] = 20,
) -> None:
    """Group the runs that failed by cause, with one example and the command that repeats it."""
    from algrid.failures import failure_groups
    from algrid.results import Results as Opened

    path = results_of(folder, results)
    opened = Opened(path)
    groups = failure_groups(opened.failures)
    for failure in groups[:most]:
        out.print(f"[bold]{failure.count:,} runs: {failure.reason}[/bold]")
        out.print(f"  {failure.example.error}", markup=False)
        out.print(f"  for example {failure.where}", markup=False)
        command = failure.command(folder if results is None else str(path))
        out.print(f"  again: {command}", markup=False, soft_wrap=True)
        if failure.traceback:
            out.print("    " + failure.traceback.replace("\n", "\n    "), markup=False, soft_wrap=True)
    if len(groups) > most:
        out.print(f"and {len(groups) - most:,} other causes: --most {len(groups)}")
    history = opened.attempts
    if len(history):
        ended = ", ".join(
            f"{n:,} {reason}" for reason, n in history.groupby("run_id").now.last().value_counts().items()
        )
        out.print(f"{history.run_id.nunique():,} runs were made again after a failure; they ended as: {ended}")
    if groups:
        raise typer.Exit(FAILED_RUNS)
    out.print(f"no failed runs in {path}", markup=False)


@checks.command()
def verify(
    folder: Folder,
    results: Results = None,
    sample: Annotated[str, typer.Option(help="Stored runs to make again: a share or a number.")] = "1%",
    seed: Annotated[int, typer.Option(min=0, help="Of the sample.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes [default: all cores].")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Put damaged files aside; nothing else.")] = False,
) -> None:
    """Look at the checksums of stored results, make a random sample of the runs again, and compare every bit."""
    from algrid.progress import ProgressBar
    from algrid.store import Store
    from algrid.verification import verify as compare

    path = results_of(folder, results)
    if repair:
        count = len(Store.open(path).repair())
        out.print(f"{count:,} damaged files were put aside; `algrid run` makes their runs again" if count else "intact")
        return
    with ProgressBar(err) as bar:
        found = compare(path, sample, bar, seed=seed, workers=workers)
    for damage in found.damaged:
        out.print(f"damaged: {damage}", markup=False, soft_wrap=True)
    if found.damaged:
        out.print(f"`algrid verify {folder} --repair` puts them aside; then `algrid run` makes their runs again")
        raise typer.Exit(FAILED_RUNS)
    same = found.repeated - len(found.different)
    out.print(f"checksums are right; of {found.asked:,} runs made again {same:,} are equal in every bit")
    for reason, count in found.stopped.items():
        out.print(f"{count:,} could not be made again: {reason}")
    if found.outside:
        out.print(f"{found.outside:,} stored runs can't be: the grid has them no more, or they have no point")
    for difference in found.different[:20]:
        out.print(f"different: {difference}", markup=False, soft_wrap=True)
    if len(found.different) > 20:
        out.print(f"... and {len(found.different) - 20:,} more are different")
    for lines, count in found.versions.items():
        out.print(f"{count:,} of those that differ were made with " + ("what is here" if not lines else "other code:"))
        for line in lines:
            out.print(f"  {line}", markup=False, soft_wrap=True)
    if not found.clean:
        raise typer.Exit(FAILED_RUNS)


@checks.command()
def compact(folder: Folder, results: Results = None) -> None:
    """Merge the files of a store into few large ones."""
    from algrid.store import Store

    path = results_of(folder, results)
    Store.open(path).compact()
    out.print(f"compacted {path}", markup=False)
