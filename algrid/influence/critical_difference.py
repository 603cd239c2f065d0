"""Critical-difference groups: levels that tests can't tell apart, along their mean ranks.

References
----------
Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7 (the diagram).
Benavoli, A., Corani, G., Mangili, F. (2016). Should we really use post-hoc tests based on mean-ranks? JMLR 17
(Wilcoxon's test in place of Nemenyi's).
Ismail Fawaz, H. et al. (2019). Deep learning for time series classification: a review. DMKD 33 (groups as cliques).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from algrid.errors import AlgridError

__all__ = ["critical_groups"]


def critical_groups(tests: pd.DataFrame, board: pd.DataFrame) -> pd.DataFrame:
    """The maximal groups of levels, neighbours in mean rank, of which no two differ.

    Parameters
    ----------
    tests : DataFrame
        As `algrid.influence.pairwise.wilcoxon_holm` makes it.
    board : DataFrame
        As `algrid.leaderboard.leaderboard` makes it, of the same scores and treatment of missing cells.

    Returns
    -------
    DataFrame
        One row a group and member: ``group`` (from 0, best first), the level and its ``rank``. A level may be in
        several groups, and one that differs from both its neighbours is in none. Empty where there was no test, with
        the reason in ``attrs``.

    Raises
    ------
    AlgridError
        If the two tables are not of the same comparison.
    """
    by = str(board.attrs["by"])
    for key in ("by", "missing"):
        if tests.attrs.get(key) != board.attrs.get(key):
            raise AlgridError(
                f"the tests and the leaderboard are of different comparisons: {key} is {tests.attrs.get(key)!r} and "
                f"{board.attrs.get(key)!r}. Make both of the same scores, with the same options."
            )
    ranked = board[board["rank"].notna()].sort_values(["rank", by], kind="stable")
    levels = ranked[by].tolist()
    tested = tests[tests["p"].notna()]
    known = {frozenset(pair) for pair in zip(tested["level_a"], tested["level_b"], strict=True)}
    different = tested[tested["differs"]]
    apart = {frozenset(pair) for pair in zip(different["level_a"], different["level_b"], strict=True)}
    rows = [
        {"group": number, by: levels[i], "rank": ranked["rank"].iloc[i]}
        for number, (first, last) in enumerate(_cliques(levels, known - apart))
        for i in range(first, last + 1)
    ]
    groups = pd.DataFrame(rows, columns=["group", by, "rank"])
    groups.attrs.update(tests.attrs)
    return groups


def _cliques(levels: list[Any], alike: set[frozenset[Any]]) -> list[tuple[int, int]]:
    """First and last position of each longest stretch of two or more levels that are all alike."""
    found: list[tuple[int, int]] = []
    for first in range(len(levels)):
        last = first
        while last + 1 < len(levels) and all(
            frozenset((levels[i], levels[last + 1])) in alike for i in range(first, last + 1)
        ):
            last += 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
