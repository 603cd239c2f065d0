"""`algrid models`: where a pretrained language model is found, and a tiny one to try things with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from algrid.console import out, table

__all__ = ["models"]

models = typer.Typer(no_args_is_help=True, help="Pretrained language models: where one is found, and a tiny one.")


@models.command()
def show(
    name: Annotated[str, typer.Argument(help="tiny, minilm, a folder, a package, or a name on the Hugging Face hub.")],
    revision: Annotated[str, typer.Option(help="Commit, tag or branch on the hub.")] = "",
) -> None:
    """Show where a model is found and what it is."""
    from algrid.pretrained import resolve

    found = resolve(name, revision)
    shown = table("model", name)
    rows = {
        "folder": str(found.folder),
        "found as": found.source,
        "content": found.content_hash,
        "tokenizer": found.tokenizer_hash,
        "kind": str(found.config.get("model_type", "?")),
        "dimensions": str(found.dimensions),
        "tokens at most": str(found.max_length),
    }
    for what, value in rows.items():
        shown.add_row(what, value)
    out.print(shown)


@models.command()
def tiny(
    to: Annotated[Path, typer.Option("--out", help="An empty or a new folder.")] = Path("data/models/tiny-bert"),
    seed: Annotated[int, typer.Option(help="Of the random weights.")] = 0,
    words: Annotated[int, typer.Option(help="Entries of the vocabulary.")] = 4000,
    hidden: Annotated[int, typer.Option(help="Dimensions, a multiple of 32.")] = 64,
    layers: Annotated[int, typer.Option(min=1, help="Layers.")] = 2,
) -> None:
    """Make a tiny BERT with random weights: untrained, to try things with where no real model is at hand."""
    from algrid.pretrained.tiny import save_tiny

    made = save_tiny(to, seed=seed, words=words, hidden=hidden, layers=layers)
    out.print(f"An untrained BERT of {layers} layers and {hidden} dimensions: {made.folder} ({made.content_hash})")
