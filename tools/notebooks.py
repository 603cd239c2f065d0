"""Execute notebooks on a results folder: ``python tools/notebooks.py results/quickstart`` (`make notebooks`).

Every ``notebooks/*.py`` (jupytext, py:percent) becomes ``RESULTS/notebooks/NAME.ipynb`` and ``NAME.html``. Its
``parameters`` cell must set ``results``. Papermill saves after every cell, so that a notebook that fails is left there
with its error in it. ``index.html`` beside them says what each has found, and shows every figure.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em }}
img {{ max-width: 100% }} figure {{ margin: 2em 0 }} figcaption {{ color: #555 }}
</style></head><body>
{body}
</body></html>
"""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Execute the notebooks and return the exit status: 1 where any of them failed."""
    parser = argparse.ArgumentParser(description="Execute notebooks on a results folder.")
    parser.add_argument("results", type=Path, help="a results folder, such as results/quickstart")
    parser.add_argument("notebooks", type=Path, nargs="*", help="py:percent files (default: all of notebooks/)")
    arguments = parser.parse_args(argv)
    if not arguments.results.is_dir():
        sys.exit(f"{arguments.results} is no folder of results. Run `make grid` first, or name another: RESULTS=FOLDER")
    sources = arguments.notebooks or sorted((ROOT / "notebooks").glob("*.py"))
    if not sources:
        sys.exit("notebooks/ holds no notebook (*.py).")
    os.environ.update(dict.fromkeys(ONE_THREAD, "1") | {"ALGRID_PROGRESS": "off"})
    results = arguments.results.resolve()
    failed = [source.stem for source in sources if not execute(source, results, results / "notebooks")]
    print(f"the report: {_short(write_index(results / 'notebooks'))}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def execute(source: Path, results: Path, folder: Path) -> bool:
    """Execute one py:percent notebook and write it as .ipynb and .html.

    Parameters
    ----------
    source
        The py:percent file.
    results
        Absolute path that its parameter ``results`` is set to.
    folder
        Where the executed notebook goes.

    Returns
    -------
    bool
        Whether every cell ran.
    """
    import jupytext
    import papermill
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{source.stem}.ipynb"
    target.with_suffix(".html").unlink(missing_ok=True)  # a page of an earlier success must not outlive a failure
    notebook = jupytext.read(source)
    # the interpreter that runs this, whatever kernel the notebook was last saved with
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    started = perf_counter()
    try:
        papermill.execute_notebook(
            notebook,
            str(target),
            parameters={"results": str(results)},
            cwd=str(source.parent),
            progress_bar=False,
            config=Config(KernelManager={"transport_encryption": "auto"}),  # a kernel in plain text warns of it
            shutdown_kernel="immediate",  # one that may say goodbye logs the interrupt that ends it
        )
    except papermill.PapermillExecutionError as error:
        print(f"{source.name}: {error}", file=sys.stderr)
        return False
    html, _ = HTMLExporter().from_filename(str(target))
    target.with_suffix(".html").write_text(html, encoding="utf-8")
    print(f"{source.name}: {perf_counter() - started:.0f} s -> {_short(target)} and .html")
    return True


def write_index(folder: Path) -> Path:
    """Write ``index.html``: every executed notebook with its question and its finding, and every figure.

    Parameters
    ----------
    folder
        That of the executed notebooks; figures are looked for in ``figures/`` beside it.
    """
    import nbformat
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    entries = []
    for path in sorted(folder.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        title = next((line[2:] for line in cells[0].source.splitlines() if line.startswith("# ")), path.stem)
        said = [o.data.get("text/markdown", "") for c in cells for o in c.get("outputs", []) if "data" in o]
        finding = next((text for text in reversed(said) if text.startswith("## The finding")), "")
        page = path.with_suffix(".html")
        missing = "It ends without a finding." if page.exists() else "It failed: the notebook has the error."
        finding = finding.removeprefix("## The finding") or missing
        link = page.name if page.exists() else path.name
        entries.append(f'<h2><a href="{link}">{escape(title)}</a></h2>\n{markdown2html_mistune(finding)}')
    figures = [
        f'<figure><a href="../figures/{path.stem}.pdf"><img src="../figures/{path.name}" alt="{path.stem}"></a>'
        f'<figcaption>{escape(path.stem)} (<a href="../figures/{path.stem}.csv">numbers</a>)</figcaption></figure>'
        for path in sorted((folder.parent / "figures").glob("*.png"))
    ]
    name = escape(folder.parent.name)
    body = [f"<h1>{name}: what was found</h1>", *entries, f"<h1>{name}: figures</h1>" if figures else "", *figures]
    index = folder / "index.html"
    index.write_text(_PAGE.format(name=name, body="\n".join(body)), encoding="utf-8")
    return index


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
