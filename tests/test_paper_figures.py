"""Figures of influence: what is drawn is what is written, opposite pairs mirror, diverging maps are centred."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from small_store import GRID, make_store

from algrid.figures.budget import rank_over_budget
from algrid.figures.critical_difference import critical_difference_figure
from algrid.figures.heatmap import MEASURES, agreement_figure, heatmap
from algrid.figures.overview import decomposition_figure
from algrid.figures.profiles import profiles_figure
from algrid.figures.queries import overlap_over_labels
from algrid.figures.runtime import trade_off_figure
from algrid.findings import flipped, largest_influence, tastes
from algrid.paper import hyperparameters, paper_figures
from algrid.results import Results


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Results:
    grid = {**GRID, "strategies": ["random", "margin", "entropy"], "budgets": [5, 10]}
    return Results(make_store(tmp_path_factory.mktemp("paper") / "tiny", grid))


def pairs(measure: str, values: dict[tuple[str, str], float], **attrs: Any) -> pd.DataFrame:
    rows = [(a, b, v, v - 0.1, v + 0.2) for (a, b), v in values.items()]
    table = pd.DataFrame(rows, columns=["level_a", "level_b", measure, f"{measure}_low", f"{measure}_high"])
    table.attrs.update(by="learner", note="", **attrs)
    return table


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.figure.axes[0].texts]


def test_a_difference_has_the_other_sign_and_the_other_ends_on_the_other_side() -> None:
    figure = heatmap(pairs("difference", {("a", "b"): 0.25}), "difference")  # b, which is higher, comes first
    assert texts(figure) == ["-.25\n-.45 to -.15", ".25\n.15 to .45"]
    image = figure.figure.axes[0].images[0]
    assert image.norm.vmin == -image.norm.vmax  # centred


def test_the_highest_level_is_first_where_pairs_say_so() -> None:
    values = {("a", "b"): 0.3, ("a", "c"): 0.1, ("b", "c"): -0.2}
    figure = heatmap(pairs("difference", values), "difference")
    assert [label.get_text() for label in figure.figure.axes[0].get_yticklabels()] == ["b", "c", "a"]
    numbered = pairs("difference", values).replace({"a": 1, "b": 5, "c": 10})
    numbered.attrs.update(by="batch_size", note="")
    figure = heatmap(numbered, "difference")
    assert [label.get_text() for label in figure.figure.axes[0].get_yticklabels()] == ["1", "5", "10"]


def test_what_is_queried_is_drawn_by_labels_with_the_share_of_used_up_pools() -> None:
    rows = [(a, b, n, 0.5 / n, 0.1, 0.9, 2, n / 4) for a, b in (("x", "y"), ("x", "z"), ("y", "z")) for n in (1, 2)]
    columns = ["level_a", "level_b", "n_bought", "corrected", "corrected_low", "corrected_high", "n", "used_up"]
    table = pd.DataFrame(rows, columns=columns)
    ends = {"low": 0.2, "high": 0.6}
    table.attrs.update(by="learner", note="", overall={1: {"value": 0.5, **ends}, 2: {"value": 0.25, **ends}})
    figure = overlap_over_labels(table)
    assert figure.name == "overlap_over_labels_learner"
    mean = figure.numbers[figure.numbers["level_a"] == "all pairs"]
    assert mean[["n_bought", "corrected", "n", "used_up"]].to_numpy().tolist() == [[1, 0.5, 6, 0.25], [2, 0.25, 6, 0.5]]
    above, below = figure.figure.axes
    assert [list(line.get_ydata()) for line in above.lines[:4]] == [[0.5, 0.25]] * 4  # three pairs and their mean
    assert list(below.lines[0].get_ydata()) == [0.25, 0.5]
    assert figure.figure.legends[0].get_texts()[0].get_text() == "x, y"


@pytest.mark.parametrize("levels", [5, 28])
def test_who_is_on_the_front_is_coloured(levels: int) -> None:
    names = [f"strategy_{i:02d}" for i in range(levels)]
    table = pd.DataFrame({"strategy": names, "on_front": [i == 2 for i in range(levels)]})
    ends = {"mean_low": 0.4, "mean_high": 0.6, "run_low": 0.1, "run_high": 0.5}
    both = pd.DataFrame({"strategy": names, "mean": np.linspace(0.4, 0.6, levels), "run": 0.2}).assign(**ends)
    figure = trade_off_figure(table, both, both)
    assert len(figure.numbers) == levels
    assert "at once: strategy_02." in figure.caption
    points = next(c for c in figure.figure.axes[0].collections if isinstance(c, PathCollection))
    assert len({tuple(colour) for colour in points.get_facecolors()}) == 2
    assert len(figure.figure.axes) == (1 if levels <= 8 else 2)


def test_evaluations_are_a_square_too() -> None:
    table = pairs("tau", {("aubc", "final"): 0.5}).rename(columns={"level_a": "aggregate_a", "level_b": "aggregate_b"})
    table = table.assign(metric_a="accuracy", metric_b="f1_macro")
    table.attrs["note"] = "few"
    figure = agreement_figure(table)
    assert figure.numbers[["level_a", "level_b"]].to_numpy().tolist() == [["aubc of accuracy", "final of f1_macro"]]
    assert "Influence of the evaluation" in figure.caption
    assert figure.caption.endswith("few")


def test_labels_stand_upright_only_where_they_fit() -> None:
    short = heatmap(pairs("tau", {("a", "b"): 0.5}), "tau").figure.axes[0]
    long = heatmap(pairs("tau", {("a", "logistic_regression(C=10)"): 0.5, ("a", "c"): 0.2, ("c", "b"): 0.1}), "tau")
    assert {label.get_rotation() for label in short.get_xticklabels()} == {0}
    assert {label.get_rotation() for label in long.figure.axes[0].get_xticklabels()} == {90}
    side = heatmap(pairs("tau", dict.fromkeys((("gaussian_nb", "knn"), ("knn", "mlp")), 0.5)), "tau").figure
    canvas = FigureCanvasAgg(side)
    canvas.draw()
    boxes = [label.get_window_extent() for label in side.axes[0].get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


def test_a_correlation_is_symmetric_with_ones() -> None:
    figure = heatmap(pairs("pearson", {("a", "b"): 0.5, ("a", "c"): 0.7, ("b", "c"): np.nan}), "pearson")
    square = np.ma.filled(figure.figure.axes[0].images[0].get_array(), np.nan)
    expected = [[1.0, 0.5, 0.7], [0.5, 1.0, np.nan], [0.7, np.nan, 1.0]]
    np.testing.assert_array_equal(square, expected)
    assert "Grey: 1 of 3 pairs" in figure.caption


def test_many_levels_fit_without_intervals_and_the_numbers_have_them() -> None:
    names = [f"strategy_{i:02d}" for i in range(28)]
    values = {(a, b): 0.5 for i, a in enumerate(names) for b in names[i + 1 :]}
    figure = heatmap(pairs("jaccard", values), "jaccard")
    assert figure.numbers["jaccard_low"].notna().all()
    assert figure.figure.get_size_inches()[0] <= 7.01


@pytest.mark.parametrize("measure", [name for name, how in MEASURES.items() if how.centre is not None])
def test_diverging_maps_are_centred(measure: str) -> None:
    table = pairs(measure, {("a", "b"): 0.9, ("b", "a"): 0.4})
    if measure == "chance":
        table = table.rename(columns={"level_a": "level", "level_b": "other"})
        table.attrs["by"] = "learner"
    norm = heatmap(table, measure).figure.axes[0].images[0].norm
    assert (norm.vmin + norm.vmax) / 2 == pytest.approx(MEASURES[measure].centre)


def profiles(levels: int, **attrs: Any) -> pd.DataFrame:
    rows = [
        (f"s{i:02d}", measure, phase, (i - 1) / 10 + (phase == "late"), 0.6, 7)
        for i in range(levels)
        for measure in ("label_purity", "oracle_picks")
        for phase in ("all", "late")
    ]
    columns = ["strategy", "measure", "phase", "difference", "superiority", "n_datasets"]
    table = pd.DataFrame(rows, columns=columns)
    table.loc[table["measure"] == "oracle_picks", "difference"] = np.nan
    table = table.assign(difference_low=table["difference"] - 0.05, difference_high=table["difference"] + 0.05)
    table = table.assign(p_holm=0.5 - table["difference"].abs(), differs=table["difference"].abs() > 0.05)
    table.attrs.update(by="strategy", alpha=0.05, budget=8, left_out=0.25, note="", **attrs)
    return table


def test_profiles_of_few_levels_have_intervals_and_doubt_is_pale() -> None:
    figure = profiles_figure(profiles(3))
    assert texts(figure) == ["-.10\n-.15 to -.050", ".000\n-.050 to .050", ".10\n.050 to .15"]
    norm = figure.figure.axes[0].images[0].norm
    assert (norm.vmin, norm.vmax) == (-0.1, 0.1)
    colours = [text.get_color() for text in figure.figure.axes[0].texts]
    assert colours[1] == pytest.approx(tuple(0.5 * part for part in figure.figure.axes[0].images[0].cmap(0.5)[:3]))
    assert (colours[0], colours[2]) == ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))  # on dark cells
    assert "corrected by Holm for all 3 cells (level 0.05)" in figure.caption
    assert "25% of the runs" in figure.caption
    assert "Nothing is known of oracle picks" in figure.caption


def test_profiles_of_many_levels_are_rows() -> None:
    figure = profiles_figure(profiles(28), "late")
    assert figure.name == "sample_profiles_late"
    assert len(figure.figure.axes[0].get_yticklabels()) == 28
    assert texts(figure)[:2] == [".90", "1.00"]
    assert figure.numbers["difference_low"].notna().all()


def test_many_numbers_are_hundredths() -> None:
    names = [f"strategy_{i:02d}" for i in range(28)]
    figure = heatmap(pairs("jaccard", {(a, b): 0.5 for i, a in enumerate(names) for b in names[i + 1 :]}), "jaccard")
    assert set(texts(figure)) == {"50", "100"}
    assert "hundredths" in figure.figure.axes[1].get_ylabel()


def test_small_numbers_of_many_levels_are_thousandths() -> None:
    names = [f"strategy_{i:02d}" for i in range(8)]
    values = {(a, b): -0.0123 for i, a in enumerate(names) for b in names[i + 1 :]}
    figure = heatmap(pairs("difference", values), "difference")
    assert set(texts(figure)) == {"-12", "12"}
    assert "thousandths" in figure.figure.axes[1].get_ylabel()


def test_a_taste_is_told_with_its_interval() -> None:
    table = profiles(3)
    change = table[table["phase"] == "late"].assign(phase="change")
    both = pd.concat([table, change], ignore_index=True)
    both.attrs.update(table.attrs)
    said = tastes(both)
    assert "picks s00: the label purity of its rows is -0.10 (95 % interval -0.15 to -0.05)" in said
    assert "Of 3 pairs of a level and a measure 2 differ from random sampling" in said
    assert "s02 changes most: its label purity by +1.10" in said
    assert "can't be said" in tastes(table[table["measure"] == "oracle_picks"])


def test_a_bar_joins_a_group() -> None:
    ranks = pd.DataFrame({"strategy": ["a", "b", "c"], "rank": [1.0, 1.5, 3.0]}).assign(rank_low=0.9, rank_high=3.0)
    ranks.attrs.update(by="strategy", n_datasets=7, note="")
    groups = pd.DataFrame({"group": [0, 0], "strategy": ["a", "b"], "rank": [1.0, 1.5]})
    figure = critical_difference_figure(ranks, groups)
    assert figure.numbers["groups"].tolist() == ["0", "0", ""]
    (line,) = figure.figure.axes[1].lines
    assert list(line.get_ydata()) == [-0.25, 1.25]


def test_ranks_over_the_budget_are_named_in_the_order_at_the_end() -> None:
    table = pd.DataFrame(
        {"budget": [10, 10, 20, 20], "strategy": ["a", "b", "b", "a"], "rank": [1.0, 2.0, 1.0, 2.0]}
    ).assign(rank_low=np.nan, rank_high=np.nan)
    table.attrs.update(by="strategy", note="")
    assert texts(rank_over_budget(table)) == ["b", "a"]


def test_a_decomposition_says_what_the_bars_left_out_add_up_to() -> None:
    shares = [0.6, 0.3, 0.1]
    table = pd.DataFrame({"effect": list("abc"), "order": [1, 1, 2], "share_centred": shares})
    table = table.assign(share_centred_low=np.nan, share_centred_high=np.nan)
    figure = decomposition_figure(table, most=1)
    assert [bar.get_width() for bar in figure.figure.axes[0].patches] == [0.6]
    assert "The 2 smaller parts add up to 40.0%" in figure.caption


def test_every_figure_of_a_paper_is_drawn_on_a_small_store(store: Results, tmp_path: Path) -> None:
    recipes = paper_figures(store, resamples=20)
    names = [recipe.name for recipe in recipes]
    assert hyperparameters(store) == ["strategy", "batch_size", "budget"]
    assert {"overview_accuracy", "heatmap_batch_size_corrected_accuracy", "rank_over_budget_accuracy"} <= {*names}
    assert all(recipe.parameters["notebook"] for recipe in recipes)
    for recipe in recipes:
        module, _, function = recipe.function.rpartition(".")
        assert callable(getattr(import_module(module), function))
    recipe = next(recipe for recipe in recipes if recipe.name == "overview_accuracy")
    first, again = (recipe.make().save(tmp_path / name) for name in ("first", "again"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


@pytest.mark.slow
def test_every_figure_has_the_same_bytes_in_another_process(store: Results, tmp_path: Path) -> None:
    drawn = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        shutil.copytree(store.path, folder)
        shutil.rmtree(folder / "figures", ignore_errors=True)
        command = [sys.executable, "-c", "from algrid.cli import main; main()", "figures", str(folder), "--all"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        drawn.append({p.name: p.read_bytes() for p in sorted((folder / "figures").glob("*.*")) if p.suffix != ".json"})
    assert len(drawn[0]) > 3 * 15
    assert drawn[0].keys() == drawn[1].keys()
    assert [name for name in drawn[0] if drawn[0][name] != drawn[1][name]] == []


def test_the_most_different_pairs_come_first_in_each_kind(store: Results) -> None:
    tables = store.influence("strategy", resamples=0).tables
    assert list(tables) == ["scores", "queries"]  # strategies are what is ranked
    assert tables["scores"]["difference"].abs().is_monotonic_decreasing
    assert tables["queries"]["corrected"].is_monotonic_increasing
    assert {"pearson", "pearson_centred", "spearman_centred", "matched"} <= {*tables["scores"]}
    assert tables["queries"]["n_bought"].unique().tolist() == [10]
    assert store.influence("learner", resamples=0).tables == {}


def test_what_can_not_be_said_is_said(store: Results) -> None:
    found = store.influence("learner", resamples=20)
    assert "nothing can be said" in found.finding
    assert "too few" in store.influence("batch_size", resamples=20).finding
    assert "strategies are what is ranked" in store.influence("strategy", resamples=20).finding


def test_findings_are_computed_from_the_numbers() -> None:
    row = {"hyperparameter": "batch_size", "score": 0.25, "score_low": 0.2, "score_high": 0.3}
    gaps = {f"{kind}{end}": np.nan for kind in ("queries", "ranking") for end in ("", "_low", "_high")}
    said = largest_influence(pd.DataFrame([{**row, **gaps}]))
    assert "the batch size has most influence: it has a part in 25% (95 % interval 20% to 30%)" in said
    assert said.count("nothing can be said") == 2
    none = pd.DataFrame({"clear": pd.Series(dtype=bool)})
    none.attrs.update(by="strategy", across="dataset", n_pairs=3, note="")
    assert flipped(none).startswith("Of 3 pairs of levels of the strategy, 0 help")
