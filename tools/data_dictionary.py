"""Write docs/DATA.md, the data dictionary of the stored tables: ``python tools/data_dictionary.py``.

Columns, types and meanings come from algrid/schema.py. A test holds the page to what this script makes of the schema,
so that the two can't drift apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from algrid.history import DENSE_CLASSES
from algrid.schema import AXES, REPLICATE_AXES, RUNS, SKYLINES, VERSION, Column, Table

__all__ = ["PAGE", "data_dictionary", "in_words", "main"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "DATA.md"

_INTRODUCTION = """\
# The stored tables

<!-- Made by `python tools/data_dictionary.py` from algrid/schema.py: don't edit. -->

algrid keeps what it measured in two tables of Parquet files: `{runs}` has one row for every run of a grid, `{skylines}`
one row for every cell: what its learner reaches on the whole pool. All else (curves, scores, leaderboards, figures) is
derived from them and can be made again. From Python, `algrid.open("results/quickstart")` reads them; this page says
what is in them, for whoever reads them with something else. It describes version {version} of the layout.

## The folder of a grid

```
results/<grid>/
  manifest.json        which files are live; replaced all at once
  runs/*.parquet       shards of the table `{runs}`
  skylines/*.parquet   shards of the table `{skylines}`
  quarantine/          damaged shards, if there ever were any
  lock                 held by the one process that writes
```

Whatever else is in the folder (figures, executed notebooks) is made from these.

- **Ask the manifest which files to read**, don't list the folder: a file that was merged into another one stays for a
  while, for those who are still reading it. `shards` has `table` and `file` of each, the oldest first. Whoever has read
  the manifest sees one moment of the grid, also while the grid is still running.
- **Of two rows with one key the one in the later shard counts** (file names begin with the shard's number): a run that
  went on with a larger budget is stored again. `superseded` counts such older rows; at 0 there is nothing to drop.
- `grid` is the grid file with all defaults; `provenances` says for each key in the column `provenance` which versions,
  platform, BLAS and plugin sources made a row.
- Rows of a shard are sorted, so that a filter on dataset, strategy or learner skips most of a file.

## Words

- A *row* is a position in the dataset, a *pool index* one in the pool, which is the training part of the split.
- A *point* of a run is its state after a cycle: point 0 after the fit on the start set, point k after the k-th query
  and refit. Lists have one entry a point where nothing else is said.
- Confusion matrices of all points lie in one flat list, true class before predicted, so that with k classes the count
  of true class t and predicted class p at point i is entry i k² + t k + p (counted from 0). Of more than {dense}
  classes only the non-zero counts are stored, with these positions in the column with `_at`.
- A *timing* column differs between two executions of the same run; all others but the provenance are equal.
- An *axis* is a hyperparameter of the grid; a *replicate* axis one whose levels are exchangeable.
- All columns may be null; where that means something, it is said.
"""

_EXAMPLES = """\
## Reading without algrid

DuckDB, started in the folder of a grid: how good every strategy was in the end.

```sql
CREATE VIEW live AS SELECT unnest(shards, recursive := true) FROM read_json('manifest.json');
SET VARIABLE files = (SELECT list(file) FROM live WHERE "table" = 'runs');
CREATE VIEW runs AS
  SELECT * FROM read_parquet(getvariable('files'), filename = true)
  QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY filename DESC) = 1;  -- the newest row of each run

SELECT dataset, strategy, batch_size, count(*) AS runs,
       avg(list_sum([confusion_test[(len(n_labeled) - 1) * n_classes * n_classes + c * (n_classes + 1) + 1]
                     FOR c IN range(n_classes)]) / n_test) AS final_accuracy  -- the diagonal at the last point
FROM runs
WHERE stop_reason IN ('budget', 'pool_empty') AND confusion_test_at IS NULL
GROUP BY ALL ORDER BY ALL;
```

pandas: mean learning curves.

```python
import json
from pathlib import Path

import numpy as np
import pandas as pd

root = Path("results/quickstart")
manifest = json.loads((root / "manifest.json").read_text())
files = [root / shard["file"] for shard in manifest["shards"] if shard["table"] == "runs"]
axes = ["dataset", "strategy", "batch_size"]
columns = ["run_id", *axes, "n_classes", "n_test", "n_labeled", "confusion_test"]
runs = pd.concat([pd.read_parquet(file, columns=columns) for file in files])
runs = runs.drop_duplicates("run_id", keep="last")  # the newest row of each run


def accuracy(run):
    counts = np.reshape(run.confusion_test, (-1, run.n_classes, run.n_classes))  # up to {dense} classes
    return np.trace(counts, axis1=1, axis2=2) / run.n_test


points = pd.DataFrame(
    {{**{{axis: getattr(run, axis) for axis in axes}}, "labels": labels, "accuracy": value}}
    for run in runs.itertuples()
    for labels, value in zip(run.n_labeled, accuracy(run))
)
curves = points.groupby([*axes, "labels"]).accuracy.mean()
print(curves)
```
"""


def in_words(type_: Any) -> str:
    """An Arrow type as a reader calls it.

    Raises
    ------
    NotImplementedError
        For a type that no column has had so far.
    """
    plain = {
        pa.string(): "text",
        pa.bool_(): "truth value",
        pa.int32(): "32-bit integer",
        pa.int64(): "64-bit integer",
        pa.float32(): "32-bit float",
        pa.float64(): "64-bit float",
    }
    if type_ in plain:
        return plain[type_]
    if pa.types.is_dictionary(type_):
        return f"{in_words(type_.value_type)} (dictionary)"
    if pa.types.is_list(type_):
        return f"list of {_plural(type_.value_type)}"
    if pa.types.is_map(type_):
        return f"map from {in_words(type_.key_type)} to {_plural(type_.item_type)}"
    raise NotImplementedError(f"say in tools/data_dictionary.py what {type_} is called")


def _plural(type_: Any) -> str:
    words = in_words(type_)
    return words.replace("list", "lists", 1) if words.startswith("list") else words + "s"


def _kind(column: Column, table: Table) -> str:
    if column.name == table.key:
        return "key"
    if column.timing:
        return "timing"
    if column.name in REPLICATE_AXES:
        return "replicate axis"
    return "axis" if column.name in AXES else ""


def _section(table: Table, of_what: str) -> str:
    lines = [
        f"## `{table.name}`: one row {of_what}",
        "",
        "| column | type | kind | meaning |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| `{c.name}` | {in_words(c.type)} | {_kind(c, table)} | {c.meaning} |" for c in table.columns]
    return "\n".join(lines) + "\n"


def data_dictionary() -> str:
    """The text of docs/DATA.md."""
    facts = {"runs": RUNS.name, "skylines": SKYLINES.name, "version": VERSION, "dense": DENSE_CLASSES}
    parts = [
        _INTRODUCTION.format(**facts),
        _section(RUNS, "a run"),
        _section(SKYLINES, "a cell"),
        _EXAMPLES.format(**facts),
    ]
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(data_dictionary(), encoding="utf-8")


if __name__ == "__main__":
    main()
