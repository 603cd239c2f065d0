"""Every figure of a paper about a grid, as recipes: drawn from Parquet alone, again only where something changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from algrid.errors import AlgridError
from algrid.figures import Figure, Recipe, file_name, leaderboard_figure
from algrid.influence.critical_difference import critical_groups
from algrid.influence.evaluation import agreement
from algrid.influence.lottery import lottery
from algrid.influence.pairwise import wilcoxon_holm
from algrid.influence.rank_flips import ranks_by_budget
from algrid.runtime import trade_off

if TYPE_CHECKING:
    from algrid.results import Results

__all__ = ["hyperparameters", "paper_figures"]

#: What is made of a curve, in the order of the figure.
_AGGREGATES = (
    *("aubc", "mean", "ramp_up", "plateau", "first_5", "last_5", "final"),
    *("learning_stability", "first_difference", "biggest_drop", "drops"),
)
#: The notebook of each hyperparameter.
_NOTEBOOKS = {
    "strategy": "21_strategy",
    "batch_size": "22_batch_size",
    "budget": "23_budget",
    "learner": "24_learner",
    "preprocessing": "28_preprocessing_and_oracle",
    "oracle": "28_preprocessing_and_oracle",
}
#: What is drawn of each, and by what.
_OF_EACH = {"heatmap": "heatmap.heatmap", "overlap": "queries.overlap_over_labels"}
#: By the start of a figure's name: the notebook that shows it, and the function that draws it.
_SHOWN = {
    **{f"{kind}_{by}": (book, function) for kind, function in _OF_EACH.items() for by, book in _NOTEBOOKS.items()},
    **{kind: ("90_paper_figures", function) for kind, function in _OF_EACH.items()},
    "agreement": ("27_metric_and_aggregate", "heatmap.agreement_figure"),
    "overview": ("20_influence_overview", "overview.overview_figure"),
    "decomposition": ("40_interactions", "overview.decomposition_figure"),
    "rank_over_budget": ("23_budget", "budget.rank_over_budget"),
    "runtime": ("50_runtime", "runtime.trade_off_figure"),
    "lottery": ("21_strategy", "heatmap.heatmap"),
    "sample_profiles": ("60_queried_samples", "profiles.profiles_figure"),
    "leaderboard": ("10_leaderboard", "leaderboard.leaderboard_figure"),
    "critical_difference": ("10_leaderboard", "critical_difference.critical_difference_figure"),
    "learning_curves": ("10_leaderboard", "learning_curves.learning_curves"),
}
#: What each kind of heatmap shows; for those of queries and rankings the axes that can have them.
_KINDS = {
    "scores": ("pearson", "pearson_centred", "difference"),
    "queries": ("corrected",),
    "ranking": ("tau", "lost", "lost_resampled"),
}


def hyperparameters(results: Results) -> list[str]:
    """Axes with several levels that are compared across datasets, and ``budget`` where there are several."""
    from algrid.schema import AXES, REPLICATE_AXES

    runs = results.runs
    own = [a for a in AXES if a in runs and a not in ("dataset", *REPLICATE_AXES) and runs[a].nunique() > 1]
    several = len({b.labels for b in results.grid.budgets if b.labels is not None}) > 1
    return [*own, *(["budget"] if several else [])]


def paper_figures(results: Results, metric: str = "accuracy", resamples: int = 1000) -> list[Recipe]:
    """Recipes of all figures that the grid can have.

    Parameters
    ----------
    results : Results
    metric : str
    resamples : int
        Of the intervals.
    """
    told = {"metric": metric, "resamples": resamples}
    recipes = []
    for name, make in _all(results, metric, resamples):
        stem = file_name(name, metric)
        notebook, function = next(shown for start, shown in _SHOWN.items() if name.startswith(start))
        parameters = {**told, "notebook": notebook}
        recipes.append(Recipe(stem, f"algrid.figures.{function}", parameters, _named(make, stem)))
    return recipes


def _named(make: Callable[[], Figure], name: str) -> Callable[[], Figure]:
    def renamed() -> Figure:
        made = make()
        return Figure(name, made.figure, made.numbers, made.caption)

    return renamed


def _all(results: Results, metric: str, resamples: int) -> Iterator[tuple[str, Callable[[], Figure]]]:
    from algrid.figures.budget import rank_over_budget
    from algrid.figures.critical_difference import critical_difference_figure
    from algrid.figures.heatmap import agreement_figure, heatmap
    from algrid.figures.overview import decomposition_figure, overview_figure
    from algrid.figures.profiles import profiles_figure
    from algrid.figures.runtime import trade_off_figure

    many: dict[str, Any] = {"resamples": resamples}

    @cache
    def scored() -> pd.DataFrame:
        return results.scores(metric, budgets=results.largest_budget)

    @cache
    def board() -> pd.DataFrame:
        return results.leaderboard(metric, **many)

    def critical() -> Figure:
        return critical_difference_figure(board(), critical_groups(wilcoxon_holm(scored()), board()))

    @cache
    def profiles() -> pd.DataFrame:
        return results.sample_profiles(**many)

    def runtime() -> Figure:
        return trade_off_figure(trade_off(scored(), results.seconds), results.runtime(**many), board())

    def evaluations() -> Figure:
        asked = {(metric, name): results.scores(metric, name, results.largest_budget) for name in _AGGREGATES}
        return agreement_figure(agreement(asked, **many))

    yield "learning_curves", lambda: results.learning_curves(metric, **many)
    yield "leaderboard", lambda: leaderboard_figure(board())
    yield "critical_difference", critical
    yield "lottery", lambda: heatmap(lottery(scored(), **many), "chance")
    yield "overview", lambda: overview_figure(results.overview(metric, **many))
    yield "decomposition", lambda: decomposition_figure(results.decomposition(metric, **many))
    yield "runtime", runtime
    yield "agreement", evaluations
    yield "sample_profiles", lambda: profiles_figure(profiles())
    yield "sample_profiles_change", lambda: profiles_figure(profiles(), "change")
    for by in hyperparameters(results):
        if by == "budget":
            yield "rank_over_budget", lambda: rank_over_budget(ranks_by_budget(results.scores(metric), **many))
        yield from _heatmaps(results, by, metric, resamples)


def _heatmaps(results: Results, by: str, metric: str, resamples: int) -> Iterator[tuple[str, Callable[[], Figure]]]:
    from algrid.figures.heatmap import heatmap
    from algrid.figures.queries import overlap_over_labels

    @cache
    def table(kind: str) -> pd.DataFrame:
        if kind == "queries":
            return results.query_influence(by, resamples=resamples)
        make = results.score_influence if kind == "scores" else results.ranking_influence
        return make(by, metric, resamples=resamples)

    def drawn(kind: str, measure: str) -> Callable[[], Figure]:
        return lambda: heatmap(table(kind), measure)

    for kind, measures in _KINDS.items():
        if (kind == "queries" and by == "budget") or (kind == "ranking" and by == "strategy"):
            continue
        try:
            known = table(kind)
        except AlgridError:
            continue  # incomparable here: the notebook of this hyperparameter says why
        for measure in measures:
            if known[measure].notna().any():
                yield f"heatmap_{by}_{measure}", drawn(kind, measure)
        if kind == "queries" and known["corrected"].notna().any():
            yield f"overlap_{by}", lambda: overlap_over_labels(table("queries"))
