"""Findings: what a table says, as a sentence that is computed from its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from algrid.wording import enumerated, plural, spoken

__all__ = [
    "best_by_data",
    "best_level",
    "best_with_each_representation",
    "cheapest_best",
    "crossed",
    "datasets_differ",
    "evaluations_agree",
    "flipped",
    "good_default",
    "hangs_on_others",
    "implementations_agree",
    "largest_influence",
    "largest_part",
    "missing_matters",
    "most_robust",
    "rankings_agree",
    "replicates_matter",
    "same_results",
    "tastes",
]


def best_by_data(table: pd.DataFrame) -> str:
    """Whether meta-features of datasets say which level to take, judged on datasets left out.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.meta_features.best_by_meta_features` makes it.
    """
    by = spoken(str(table.attrs["by"]))
    regret = dict(zip(table["predictor"], table["regret"], strict=True))
    sentences = [
        f"Over {plural(int(table.attrs['n_datasets']), 'dataset')}, each left out in turn, one {by} for all loses "
        f"{regret['one for all']:.4f} against the best of each; the {by} that was best for the most similar datasets "
        f"loses {regret['all']:.4f}."
    ]
    single = table[~table["predictor"].isin(["one for all", "most often best", "all"])]
    if len(single):
        place = int(np.argmin(single["regret"]))
        name, least, gain, p = (single[c].iloc[place] for c in ("predictor", "regret", "gain", "p_family"))
        feature = str(name).replace("_", " ")
        sentences.append(f"Of single meta-features, similarity in {feature} loses least, {least:.4f}.")
        if np.isfinite(p):
            verdict = "the kind of data matters" if p <= 0.05 and gain > 0 else "no reason to choose by the data"
            sentences.append(f"Dealt to the wrong datasets, the best does as well in {p:.0%} of trials: {verdict}.")
    return " ".join(filter(None, [*sentences, table.attrs.get("note")]))


def best_level(board: pd.DataFrame) -> str:
    """Which level a leaderboard puts first, by how much, and whether its numbers tell it apart from the others.

    Parameters
    ----------
    board : DataFrame
        As `algrid.leaderboard.leaderboard` makes it.
    """
    by, attrs = str(board.attrs["by"]), board.attrs
    ranked = board[board["rank"].notna()]
    if len(ranked) < 2:
        return " ".join(filter(None, [f"There are no two levels of {spoken(by)} to compare.", attrs.get("note")]))
    score = " of ".join(filter(None, [attrs.get("aggregate"), attrs.get("metric")])) or "score"
    sentences = [
        f"Of {plural(len(ranked), spoken(by))}, {_name(by, ranked[by].iloc[0])} has the best mean rank over "
        f"{plural(int(attrs['n_datasets']), 'dataset')}: {_value(ranked, 'rank', '.2f')}. It beats another one in "
        f"{_value(ranked, 'win_rate', '.0%')} of the pairs, and its mean {score} is {_value(ranked, 'mean', '.3f')}.",
        _told_apart(ranked, by),
        attrs.get("note"),
    ]
    return " ".join(filter(None, sentences))


def best_with_each_representation(board: pd.DataFrame) -> str:
    """Of a leaderboard of `algrid.routes.routes` by ``learner``: the best learner on each representation.

    Empty where there is only one representation.
    """
    ranked = board[board["rank"].notna()]
    representations = ranked["learner"].astype(str).str.partition(" + ")[0]
    best = ranked[~representations.duplicated()]
    if len(best) < 2:
        return ""
    score = " of ".join(filter(None, [board.attrs.get("aggregate"), board.attrs.get("metric")])) or "score"
    shown = [
        f"{_name('learner', level)} ({mean:.3f})" for level, mean in zip(best["learner"], best["mean"], strict=True)
    ]
    return f"The best with each representation, and its mean {score}: {enumerated(shown)}."


def _told_apart(ranked: pd.DataFrame, by: str) -> str:
    end = ranked["rank_high"].iloc[0]
    if pd.isna(end):
        return ""
    close = [_name(by, level) for level in ranked.loc[ranked["rank_low"] <= end, by].iloc[1:]]
    if not close:
        return "No other interval of ranks overlaps with its own."
    verb = "interval of {} overlaps" if len(close) == 1 else "intervals of {} overlap"
    return f"The {verb.format(enumerated(close))} with its own: mean ranks alone don't tell them apart."


def _value(ranked: pd.DataFrame, column: str, form: str) -> str:
    """A number of the first level, with its 95 % interval where it has one."""
    value, low, high = (float(ranked[f"{column}{end}"].iloc[0]) for end in ("", "_low", "_high"))
    return f"{value:{form}}" + ("" if pd.isna(low) else f" (95 % interval {low:{form}} to {high:{form}})")


def _name(by: str, level: object) -> str:
    return level if isinstance(level, str) else f"{spoken(by)} {level}"


def largest_influence(table: pd.DataFrame) -> str:
    """Of `algrid.influence.overview`: what matters most, to each of the three."""
    kinds = {
        "scores": ("score", "it has a part in {} of the variance within datasets", ".0%"),
        "the queried rows": ("queries", "1 less the corrected Jaccard index is {}", ".2f"),
        "the ranking of strategies": ("ranking", "tau loses {} against the noise ceiling", ".2f"),
    }
    said = []
    for name, (kind, text, form) in kinds.items():
        if not table[kind].notna().any():
            said.append(f"On {name} nothing can be said.")
            continue
        row = table.iloc[int(np.nanargmax(table[kind].to_numpy(np.float64)))]
        said.append(
            f"On {name} the {spoken(row['hyperparameter'])} has most influence: {text.format(_told(row, kind, form))}."
        )
    return _noted(said, table)


def largest_part(table: pd.DataFrame) -> str:
    """Of `algrid.influence.decomposition`: the largest part alone, and the largest interaction."""
    known = table[table["share_centred"].notna() & table["order"].notna()]
    said = [_most_missing(table.attrs.get("missing", {}))]
    for name, rows in (("alone", known[known["order"] == 1]), ("together", known[known["order"] > 1])):
        if len(rows):
            row = rows.iloc[int(np.nanargmax(rows["share_centred"].to_numpy(np.float64)))]
            said.append(
                f"Most of what hyperparameters do {name} is {spoken(str(row['effect']))}: "
                f"{_told(row, 'share_centred', '.0%')} of the variance of scores within datasets."
            )
    return _noted(said, table)


def _most_missing(missing: Mapping[str, Mapping[Any, float]]) -> str:
    """Where values are missing, of all axes and levels the one that lacks most."""
    shares = [(share, axis, level) for axis, levels in missing.items() for level, share in levels.items()]
    if not shares:
        return ""
    share, axis, level = max(shares, key=lambda one: one[0])
    return f"Most is missing of {spoken(axis)} {level}: {share:.0%} of its values."


def replicates_matter(parts: pd.DataFrame, needed: pd.DataFrame | Exception, width: float) -> str:
    """How much splits, start sets and seeds are of the variance, and how many an interval of this width needs."""
    kinds = list(parts.attrs["replicates"])
    if not kinds:
        return _noted(["Every dataset has one replicate: how much chance matters can't be said."], parts)
    own = parts[parts["effect"].isin(kinds)]
    shares = [f"{spoken(str(row['effect']))} {_told(row, 'share_centred', '.1%')}" for _, row in own.iterrows()]
    said = [f"Alone, of the variance of scores within datasets: {enumerated(shares)}."] if shares else []
    if isinstance(needed, Exception):
        said.append(f"How many are needed can't be said: {needed}")
    else:
        for by, rows in needed.groupby("by"):
            row = rows.iloc[0]
            counts = enumerated([plural(int(row[kind]), spoken(kind)) for kind in kinds])
            said.append(f"For the {spoken(str(by))} {counts} give an interval {width:g} wide.")
    return _noted(said, parts)


def datasets_differ(table: pd.DataFrame) -> str:
    """Of `algrid.influence.ranking_influence` by dataset: how alike the rankings of single datasets are."""
    pairs = table[(table["level_b"] != "all others") & table["tau"].notna()] if len(table) else table
    if not len(pairs):
        return _noted(["There are no two datasets whose rankings of strategies can be compared."], table)
    row = pairs.iloc[int(np.nanargmin(pairs["tau"].to_numpy(np.float64)))]
    said = [
        f"Over {plural(len(pairs), 'pair')} of datasets, tau between their rankings of strategies is "
        f"{pairs['tau'].mean():.2f} on average and least between {row['level_a']} and {row['level_b']} "
        f"({_told(row, 'tau', '.2f')})."
    ]
    if pairs["ceiling"].notna().any():
        said.append(
            f"By noise alone, half of the replicates against the other half reach {pairs['ceiling'].mean():.2f}."
        )
    return _noted(said, table)


def flipped(table: pd.DataFrame) -> str:
    """Of `algrid.influence.sign_flips`: how many changes help here and harm there."""
    by, across = spoken(str(table.attrs["by"])), spoken(str(table.attrs["across"]))
    clear = int(table["clear"].sum())
    text = (
        f"Of {plural(int(table.attrs['n_pairs']), 'pair')} of levels of the {by}, {len(table)} help at one level of "
        f"the {across} and harm at another, {clear} of them with intervals that exclude zero."
    )
    if clear:
        row = table.iloc[0]
        text += (
            f" Clearest: from {row['level_a']} to {row['level_b']} changes scores by {_told(row, 'helps', '+.3f')} at "
            f"{row['helps_at']} and by {_told(row, 'harms', '+.3f')} at {row['harms_at']}."
        )
    return _noted([text], table)


def evaluations_agree(table: pd.DataFrame) -> str:
    """Of `algrid.influence.evaluation.agreement`: which two evaluations rank least alike."""
    known = table[table["tau"].notna()]
    if not len(known):
        return _noted(["No two evaluations rank strategies, so they can't be compared."], table)
    row = known.iloc[int(np.nanargmin(known["tau"].to_numpy(np.float64)))]
    text = (
        f"Of {plural(len(known), 'pair')} of evaluations, {row['aggregate_a']} of {row['metric_a']} and "
        f"{row['aggregate_b']} of {row['metric_b']} rank strategies least alike: tau is {_told(row, 'tau', '.2f')}."
    )
    ties = float(table.attrs.get("forced_ties", 0.0))
    tied = (
        f"In {ties:.1%} of the pairs of strategies both had used up their pool: final scores tie there." if ties else ""
    )
    return _noted([text, tied], table)


def implementations_agree(pairs: pd.DataFrame, causes: Sequence[str]) -> str:
    """How often other implementations query what algrid's own do, why they don't, and what it does to the score.

    Parameters
    ----------
    pairs : DataFrame
        Rows of `algrid.audit.audit` that hold an implementation against algrid's own, indexed by names of which the
        last two are the family and the implementation.
    causes : sequence of str
        Columns of it: shares of batches by cause of a difference.
    """
    if not len(pairs):
        return "There is no second implementation to compare."
    totals = pairs[list(causes)].sum().sort_values(ascending=False, kind="stable")
    said = [f"{pairs['same'].mean():.0%} of the batches of {len(pairs)} comparisons are those of algrid's own."]
    if totals.sum() > 0:
        shares = [f"{spoken(str(name))} ({n / totals.sum():.0%})" for name, n in totals.items() if n > 0]
        said.append(f"The others differ by {enumerated(shares)}.")
    known = pairs[pairs["difference_low"].notna()]
    if len(known):
        clear = (known["difference_low"] > 0) | (known["difference_high"] < 0)
        place = int(np.abs(known["difference"].to_numpy(np.float64)).argmax())
        names = known.index[place]
        said.append(
            f"The score differs most for {names[-2]}@{names[-1]}: by {_told(known.iloc[place], 'difference', '+.3f')}; "
            f"the interval excludes zero for {int(clear.sum())} of {len(known)}."
        )
    return " ".join(said)


def rankings_agree(table: pd.DataFrame) -> str:
    """Whether two studies rank strategies alike, as `algrid.routes.ranking_agreement` has it."""
    (first, second), tau = table.attrs["names"], table.attrs["tau"]
    if not len(table):
        return _noted([f"Strategies on {first} and on {second} can't be compared."], table)
    one, other = f"win_rate_{first}", f"win_rate_{second}"
    best = [str(table["strategy_family"].iloc[int(table[column].to_numpy().argmax())]) for column in (one, other)]
    said = [f"Of {table.attrs['n']} families of strategies that both have, {best[0]} is first on {first}"]
    said[0] += f" and on {second}." if best[0] == best[1] else f", {best[1]} on {second}."
    if not np.isnan(tau):
        said.append(
            f"Kendall's tau of the two rankings is {tau:.2f} (1: the same, 0: unrelated, -1: reversed); unrelated ones "
            f"are as far from 0 in {table.attrs['p']:.0%} of all cases."
        )
    return _noted(said, table)


def cheapest_best(table: pd.DataFrame, seconds: pd.DataFrame) -> str:
    """Of `algrid.runtime.trade_off`: who is beaten by nobody, and what the best score costs."""
    by = str(table.columns[0])
    front = [_name(by, level) for level in table.loc[table["on_front"], by]]
    best = table[by].iloc[0]
    row = seconds[seconds[by] == best].iloc[0]
    text = (
        f"In score, seconds and labels at once nobody beats {enumerated(front) or 'anybody'}. The best score, of "
        f"{_name(by, best)}, costs {_told(row, 'run', '.3g')} seconds a run."
    )
    return _noted([text], seconds)


def tastes(table: pd.DataFrame) -> str:
    """Of `algrid.influence.sample_profiles`: who picks what least like random sampling, and what changes."""
    by = spoken(str(table.attrs["by"]))
    own = table[table["difference"].notna()]
    everything, change = own[own["phase"] == "all"], own[own["phase"] == "change"]
    if not len(everything):
        return _noted([f"What levels of {by} pick can't be said."], table)
    row, later = (rows.iloc[int(np.abs(rows["difference"].to_numpy()).argmax())] for rows in (everything, change))
    said = [
        f"Least like random sampling picks {_name(by, row.iloc[0])}: the {spoken(row['measure'])} of its rows is "
        f"{_told(row, 'difference', '+.2f')} standard deviations from that of all candidates."
    ]
    tested = everything[everything["p_holm"].notna()]
    if len(tested):
        said.append(
            f"Of {len(tested)} pairs of a level and a measure {int(tested['differs'].sum())} differ from random "
            "sampling (Wilcoxon's signed ranks over datasets, corrected by Holm)."
        )
    said.append(
        f"From the first half of the labels to the second, {_name(by, later.iloc[0])} changes most: its "
        f"{spoken(later['measure'])} by {_told(later, 'difference', '+.2f')}."
    )
    return _noted(said, table)


def good_default(table: pd.DataFrame) -> str:
    """Of `algrid.influence.defaults.defaults`: the setting to take where nothing is known, and what it costs."""
    if not len(table):
        return _noted(["There is no setting to recommend."], table)
    row, attrs = table.iloc[0], table.attrs
    setting = enumerated([f"{spoken(axis)} {row[axis]}" for axis in attrs["axes"]])
    said = [
        f"Of {plural(len(table), 'setting')}, {setting} loses least against each dataset's best: "
        f"{_told(row, 'regret', '.3f')} on average, and {row['worst_regret']:.3f} on the dataset that suits it worst."
    ]
    if pd.notna(attrs.get("held_out")):
        said.append(
            f"A default that is chosen on half of the datasets loses {attrs['held_out']:.3f} on the others (95 % of "
            f"the halves: {attrs['held_out_low']:.3f} to {attrs['held_out_high']:.3f})."
        )
    return _noted(said, table)


def most_robust(table: pd.DataFrame) -> str:
    """Of `algrid.influence.robustness.robustness`: who is best when well set, and who when not."""
    by = str(table.attrs["by"])
    names = {"best": "best settings", "median": "median ones", "lower": "bad ones", "regret": "regret"}
    said = []
    for kind, what in names.items():
        known = table[table[f"rank_{kind}"].notna()]
        if len(known):
            row = known.iloc[int(known[f"rank_{kind}"].to_numpy().argmin())]
            said.append(f"by {what} {_name(by, row[by])} ({_told(row, f'rank_{kind}', '.2f')})")
    if not said:
        return _noted(["Who is robust can't be said."], table)
    return _noted([f"First of {plural(len(table), spoken(by))} by mean rank: {enumerated(said)}."], table)


def hangs_on_others(table: pd.DataFrame) -> str:
    """Of `algrid.influence.competitors.leave_one_out`: whether the order of two levels hangs on a third."""
    by = str(table.attrs["by"])
    moved = table[table["moved"] != 0]
    if not len(moved):
        return _noted([f"No order of two levels of {spoken(by)} hangs on who else takes part."], table)
    row = moved.iloc[int(np.abs(moved["moved"].to_numpy()).argmax())]
    text = (
        f"Leaving one level out moves another one in {table.attrs['moves']:.1%} of the cases, furthest "
        f"{_name(by, row[by])} without {_name(by, row['without'])}: from place {row['position_all']} to "
        f"{row['position']} of {table[by].nunique() - 1} (mean rank {_told(row, 'rank', '.2f')})."
    )
    return _noted([text], table)


def missing_matters(table: pd.DataFrame) -> str:
    """Of `algrid.influence.competitors.treatments`: whether the order hangs on what is done about missing values."""
    by = str(table.columns[0])
    lost = int(table["n_missing"].sum())
    if not lost:
        return "No value is missing: all three treatments of missing ones are the same."
    said = []
    for kind in ("complete_case", "worst_rank", "own_mean"):
        known = table[table[f"rank_{kind}"].notna()]
        if len(known):
            row = known.iloc[int(known[f"rank_{kind}"].to_numpy().argmin())]
            said.append(f"{_name(by, row[by])} ({spoken(kind)}, {_told(row, f'rank_{kind}', '.2f')})")
    most = table[by].iloc[int(table["n_missing"].to_numpy().argmax())]
    return f"{lost:,} values are missing, most of {_name(by, most)}. First by mean rank: {enumerated(said)}."


def crossed(table: pd.DataFrame) -> str:
    """Of `algrid.influence.rank_flips.crossings`: how many curves cross, and the clearest crossing."""
    by = str(table.attrs["by"])
    own = table[table["crossings"] > 0]
    said = [f"{len(own)} of {plural(len(table), 'pair')} of mean curves cross."]
    surest = own[own["same_flip_share"].notna()]
    if len(surest):
        row = surest.iloc[int(surest["same_flip_share"].to_numpy().argmax())]
        said.append(
            f"Surest: {_name(by, row['leader_first'])} leads first and {_name(by, row['leader_last'])} after "
            f"{_told(row, 'last_crossing', '.0f')} labels, in {row['same_flip_share']:.0%} of the resamples."
        )
    return _noted(said, table)


def same_results(columns: pd.DataFrame, scores: pd.DataFrame) -> str:
    """Of `algrid.store_comparison`: how many runs are equal, and whether scores moved."""
    facts, row = columns.attrs, scores.iloc[0]
    text = (
        f"Of {plural(int(facts['matched']), 'run')} that both have, {facts['identical']:,} are equal to the last bit "
        f"but for their seconds; {facts['only_a']:,} are in the first alone and {facts['only_b']:,} in the second. "
        f"Scores moved by {_told(row, 'difference', '+.4f')}, the furthest by {row['largest']:.4f}."
    )
    return _noted([text], scores)


def _told(row: pd.Series[Any], name: str, form: str) -> str:
    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{value:{form}}" + ("" if pd.isna(low) else f" (95 % interval {low:{form}} to {high:{form}})")


def _noted(said: list[str], table: pd.DataFrame) -> str:
    return " ".join(filter(None, [*said, table.attrs.get("note")]))
