"""Stopping rules on stored runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_store import GRID, make_store
from typer.testing import CliRunner

from algrid import stops as module
from algrid.errors import AlgridError, PluginError
from algrid.results import Results
from algrid.stopping.classification_change import ClassificationChange
from algrid.stopping.kappa_average import KappaAverage
from algrid.stopping.overall_uncertainty import OverallUncertainty
from algrid.stopping_outcomes import outcomes, rule_leaderboard


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    grid = {**GRID, "datasets": ["iris", {"banana": {"n_rows": 120}}], "start_sets": {"count": 1}, "budgets": [20]}
    return Results(make_store(tmp_path_factory.mktemp("stopping") / "store", grid))


@pytest.fixture(scope="module")
def table(results: Results) -> pd.DataFrame:
    return results.stopping()


def test_a_stop_is_where_small_text_stops_on_replayed_predictions(results: Results, table: pd.DataFrame) -> None:
    from small_text import stopping_criteria as theirs

    changed = 0
    for row in table[table["rule"] == "classification_change"].to_dict("records"):
        criterion = theirs.ClassificationChange(2)
        points = list(results.replay(row["run_id"]))
        bought = [len(p.labeled) - len(points[0].labeled) for p in points]
        said = [criterion.stop(predictions=p.fitted.predict(p.pool.X)) for p in points]
        first = bought[said.index(True)] if True in said else bought[-1]
        assert (row["stopped"], row["labels"]) == (True in said, first)
        changed += row["stopped"]
    assert changed


def test_labels_and_scores_are_those_of_the_curve(results: Results, table: pd.DataFrame) -> None:
    curves = results.curves().set_index(["run_id", "n_bought"])["value"]
    for row in table.to_dict("records"):
        assert row["value"] == curves[row["run_id"], row["labels"]]
        assert row["value_end"] == curves[row["run_id"], row["labels"] + row["saved"]]
        assert row["lost"] == row["value_end"] - row["value"]
        assert row["saved_share"] == row["saved"] / 20
        assert row["stopped"] or row["saved"] == 0


def test_rules_have_rows_of_the_runs_that_they_suit(table: pd.DataFrame) -> None:
    assert set(table.loc[table["rule"] == "delta_f_score", "dataset"]) == {"banana(n_rows=120)"}
    assert table.groupby("rule").size().to_dict() == {
        "classification_change": 8,
        "delta_f_score": 4,
        "kappa_average": 8,
        "overall_uncertainty": 8,
    }
    assert table.attrs["note"] == "delta_f_score is for two classes only"


def test_rules_have_parameters(results: Results) -> None:
    rules = [KappaAverage(window_size=1, kappa=0.5), KappaAverage(window_size=1, kappa=0.9), "kappa_average"]
    labels = results.stopping(rules).groupby("rule", sort=False)["labels"].mean()
    assert labels.index.tolist() == [
        "kappa_average(window_size=1, kappa=0.5)",
        "kappa_average(window_size=1, kappa=0.9)",
        "kappa_average",
    ]
    assert labels.iloc[0] <= labels.iloc[1] <= labels.iloc[2]  # stricter rules stop later


def test_a_budget_ends_runs_before_they_do(results: Results) -> None:
    table = results.stopping(["overall_uncertainty"], budget=10)
    assert (table["labels"] + table["saved"]).eq(10).all()


def test_fits_are_shared_and_those_that_matrices_rule_out_are_not_made(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits: list[bytes] = []
    fit = module._Refits._fit

    def counted(self: Any, is_labeled: Any) -> Any:
        fits.append(is_labeled.tobytes())
        return fit(self, is_labeled)

    monkeypatch.setattr(module._Refits, "_fit", counted)
    never = OverallUncertainty(threshold=0.0)  # of it no matrix says anything: every point is needed
    results.stopping([never], where="dataset = 'iris'")
    all_points = len({(r, c) for r, c in results.curves(where="dataset = 'iris'")[["run_id", "cycle"]].to_numpy()})
    assert all_points // 2 < len(fits) < all_points
    assert len(set(fits)) == len(fits)
    uncertain = len(fits)
    fits.clear()
    results.stopping([ClassificationChange()], where="dataset = 'iris'")
    assert 0 < len(fits) < uncertain


def test_mistakes_are_explained(results: Results) -> None:
    with pytest.raises(PluginError, match="kappa_average"):
        results.stopping(["kappa"])
    with pytest.raises(AlgridError, match="no run has ended"):
        results.stopping(budget=500)


def made_up(values: dict[str, list[float]], *, higher_is_better: bool = True) -> pd.DataFrame:
    """Curves of runs named dataset/replicate, five labels a point."""
    rows = [
        {
            "run_id": name,
            "dataset": name.partition("/")[0],
            "split": int(name.partition("/")[2]),
            "cycle": t,
            "n_labeled": 3 + 5 * t,
            "n_bought": 5 * t,
            "value": value,
        }
        for name, curve in values.items()
        for t, value in enumerate(curve)
    ]
    frame = pd.DataFrame(rows)
    frame.attrs["higher_is_better"] = higher_is_better
    return frame


def test_outcomes_by_hand() -> None:
    curves = made_up({"a/0": [0.5, 0.7, 0.8], "b/0": [0.6, 0.9, 0.85]})
    table = outcomes(curves, {("a/0", "one"): 1, ("b/0", "one"): 1, ("b/0", "two"): -1}, ["one", "two"])
    assert table["rule"].tolist() == ["one", "one", "two"]
    assert table["labels"].tolist() == [5, 5, 10]
    assert table["saved_share"].tolist() == [0.5, 0.5, 0.0]
    np.testing.assert_allclose(table["lost"], [0.1, -0.05, 0.0])
    losses = made_up({"a/0": [0.5, 0.3, 0.2]}, higher_is_better=False)
    assert outcomes(losses, {("a/0", "one"): 1}, ["one"])["lost"].tolist() == pytest.approx([0.1])


def test_the_leaderboard_averages_datasets_of_averages() -> None:
    curves = made_up({"a/0": [0.5, 0.8], "a/1": [0.5, 0.6], "b/0": [0.5, 0.5]})
    stops = {(run, "one"): 0 for run in ("a/0", "a/1", "b/0")} | {("b/0", "two"): -1}
    board = rule_leaderboard(outcomes(curves, stops, ["one", "two"])).set_index("rule")
    assert board.loc["one", "lost"] == pytest.approx(((0.3 + 0.1) / 2 + 0.0) / 2)
    assert board.loc["one", ["stopped", "saved_share", "labels"]].tolist() == [1.0, 1.0, 0.0]
    assert board.loc["two", ["stopped", "saved_share", "lost", "n_runs", "n_datasets"]].tolist() == [0, 0, 0, 1, 1]
    assert np.isnan(board.loc["one", "lost_low"])
    assert "datasets are too few" in board.attrs["note"]


def test_the_leaderboard_has_intervals_from_six_datasets_on() -> None:
    rng = np.random.default_rng(0)
    curves = made_up({f"{d}/{r}": [0.5, 0.5 + 0.1 * rng.random()] for d in "abcdef" for r in range(3)})
    stops = {(run, "one"): 0 for run in curves["run_id"].unique()}
    (row,) = rule_leaderboard(outcomes(curves, stops, ["one"]), resamples=300).to_dict("records")
    assert 0 < row["lost_low"] < row["lost"] < row["lost_high"] < 0.1
    assert row["saved_share_low"] == row["saved_share_high"] == 1.0


def test_the_command_shows_the_leaderboard(results: Results) -> None:
    from algrid.cli import app

    done = CliRunner().invoke(app, ["stopping", str(results.path)])
    assert done.exit_code == 0, done.output
    assert "classification_change" in done.output
    assert "labels saved" in done.output
