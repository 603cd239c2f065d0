"""Write docs/STRATEGIES.md, the list of query strategies and what a query costs: ``python tools/strategies_page.py``.

Names, needs, limits and sources come from the strategies themselves, milliseconds from docs/strategies_speed.csv, which
``python benchmarks/strategies.py --sizes 300 3000 30000 --limit 8 --csv docs/strategies_speed.csv`` writes. A test
holds the page to the strategies, so that none is missing.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from algrid.strategies import STRATEGIES, Strategy

__all__ = ["PAGE", "SPEED", "main", "page"]

ROOT = Path(__file__).resolve().parents[1]
PAGE, SPEED = ROOT / "docs" / "STRATEGIES.md", ROOT / "docs" / "strategies_speed.csv"

_INTRODUCTION = """\
# The query strategies

<!-- Made by `python tools/strategies_page.py`: don't edit. -->

A strategy has a family (`margin`) and an implementation: algrid's own under the plain name, a library's under
`margin@modal`, and one that is written from a library's formula, with its deviations, under `quire@libact_compatible`.
All go by the same rules (seeded, no labels that were not bought, the learner and the pool left as they are) and
are held to them by one conformance suite. `algrid strategies` lists their parameters, their docstrings give formula,
complexity, source and deviations, and `algrid audit FAMILY` says how far the implementations of a family agree, and
why they don't.

## All of them

*Needs* is what the query learner or the data must have; a combination that lacks it is a skip of the plan, with the
reason. *Limit* is the largest pool that a method of quadratic or cubic cost is made for.

| strategy | what it asks for | needs | limit | source |
| --- | --- | --- | --- | --- |
"""

_SPEED = """
## What a query costs

CPU milliseconds of one thread (`benchmarks/strategies.py`): a batch of 10 with 50 labels, 20 features, 3 classes (2 for
strategies that are for two classes only), a logistic regression as the learner, whose own fit and predictions are not
counted. In brackets, where it is more than half as much again, the first query of a cell, which computes what depends
on the pool alone. *Growth* is the exponent of the pool size between the two largest sizes. *Own / library* is algrid's
time by that of the library's version at the largest size that both have. A dash: above the strategy's limit, longer
than 8 seconds, or not measured.

| strategy | {sizes} | growth | own / library |
| --- | {rules} | --: | --: |
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


def page() -> str:
    """The whole page."""
    speed = _read()
    sizes = sorted({n for times in speed.values() for n in times})
    head = _SPEED.format(sizes=" | ".join(f"{n:,} rows" for n in sizes), rules=" | ".join(["--:"] * len(sizes)))
    lines = [_strategy(cls) for cls in STRATEGIES.classes()]
    return _INTRODUCTION + "\n".join(lines) + "\n" + head + "\n".join(_speed(speed, sizes)) + "\n"


def _strategy(cls: type[Strategy]) -> str:
    needs = ", ".join(sorted(cls.needs)) or "nothing"
    limit = "" if cls.max_pool is None else f"{cls.max_pool:,}"
    return "| " + " | ".join([f"`{cls.name}`", cls.summary(), needs, limit, cls.source]).replace("  ", " ") + " |"


def _read() -> dict[str, dict[int, tuple[float, float]]]:
    """Milliseconds of the first and of later queries, by strategy and size."""
    times: dict[str, dict[int, tuple[float, float]]] = {}
    with SPEED.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pair = float(row["first [ms]"]), float(row["later [ms]"])
            times.setdefault(row["strategy"], {})[int(row["n_pool"])] = pair
    return times


def _speed(speed: dict[str, dict[int, tuple[float, float]]], sizes: list[int]) -> Iterator[str]:
    for name, times in speed.items():
        cells = [_milliseconds(*times[n]) if n in times else "-" for n in sizes]
        family, _, library = name.partition("@")
        ratio = ""
        if library and not library.endswith("_compatible") and (common := set(times) & set(speed.get(family, ()))):
            ratio = f"{speed[family][max(common)][1] / times[max(common)][1]:.2f}"
        yield f"| `{name}` | {' | '.join(cells)} | {_growth(times)} | {ratio} |"


def _growth(times: dict[int, tuple[float, float]]) -> str:
    if len(times) < 2:
        return ""
    small, large = sorted(times)[-2:]
    return f"{math.log(times[large][1] / times[small][1]) / math.log(large / small):.1f}"


def _milliseconds(first: float, later: float) -> str:
    return f"{_digits(later)} ({_digits(first)})" if first > 1.5 * later and first > 5 else _digits(later)


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


if __name__ == "__main__":
    main()
