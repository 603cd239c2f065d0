"""Meta-features against the best level: a made-up law is found, luck is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from algrid.errors import AlgridError
from algrid.influence.meta_features import best_by_meta_features, meta_associations


def made(n: int, law: Any, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of three strategies in n datasets, two replicates each, and two meta-features of which `size` counts."""
    rng = np.random.default_rng(seed)
    size, luck = np.arange(n, dtype=float), rng.random(n)
    rows = [
        {"dataset": f"d{i:02}", "split": 0, "start_set": j, "seed": 0, "strategy": strategy, "value": value + j / 100}
        for i in range(n)
        for j in range(2)
        for strategy, value in law(size[i], rng).items()
    ]
    scores = pd.DataFrame(rows)
    scores.attrs["higher_is_better"] = True
    return scores, pd.DataFrame({"dataset": [f"d{i:02}" for i in range(n)], "size": size, "luck": luck})


def by_size(size: float, rng: np.random.Generator) -> dict[str, float]:
    return {"small": 0.8 if size < 6 else 0.6, "large": 0.6 if size < 6 else 0.8, "never": 0.5}


def by_luck(size: float, rng: np.random.Generator) -> dict[str, float]:
    return dict(zip(("a", "b", "c"), rng.random(3), strict=True))


def test_a_law_is_found_by_hand() -> None:
    scores, meta = made(12, by_size)
    table = best_by_meta_features(scores, meta, neighbours=2, permutations=99).set_index("predictor")
    assert table.index.tolist() == ["one for all", "most often best", "all", "size", "luck"]
    # each half of the datasets is ruled by the other half's best: 6 against 5, always wrong
    assert table.loc["one for all", ["regret", "right"]].tolist() == pytest.approx([0.2, 0])
    assert table.loc["most often best", "right"] == 0
    # the two nearest by size, at the border too, are of the same half (d05: d04, d06 tie, and the first level wins)
    assert table.loc["size", "regret"] == pytest.approx(0.2 * (1 - table.loc["size", "right"]))
    assert table.loc["size", "right"] >= 11 / 12
    assert table.loc["size", "gain"] == pytest.approx(0.2 - table.loc["size", "regret"])
    assert table.loc["size", "p"] == table.loc["size", "p_family"] == 0.01
    assert table.loc["size", "gain_low"] > 0
    assert table.loc["luck", "p"] > 0.05
    assert np.isnan(table.loc["all", "p_family"])


def test_luck_is_not_taken_for_a_law() -> None:
    small = [
        best_by_meta_features(*made(10, by_luck, seed), permutations=99, resamples=0).set_index("predictor")["p_family"]
        for seed in range(12)
    ]
    assert np.mean([(p.dropna() <= 0.1).any() for p in small]) <= 0.35  # 0.1 is expected; 12 draws


def test_associations_by_hand() -> None:
    scores, meta = made(12, by_size)
    table = meta_associations(scores, meta, permutations=99)
    found = table.set_index(["level", "meta_feature"])
    # the lead of `small` is 0.167 in six datasets and -0.033 in six: ranks 8.5 and 2.5 against 0 ... 11
    assert found.loc[("small", "size"), "rho"] == pytest.approx(-np.sqrt(3 * 36 / 143), abs=1e-9)
    assert found.loc[("large", "size"), "rho"] == pytest.approx(-found.loc[("small", "size"), "rho"])
    assert np.isnan(found.loc[("never", "size"), "rho"])  # always as far behind
    assert found.loc[("small", "size"), "p"] <= 0.05
    assert found.loc[("small", "luck"), "p"] > 0.05
    assert table["meta_feature"].iloc[0] == "size"


def test_a_score_that_is_better_when_low() -> None:
    scores, meta = made(12, by_size)
    low = scores.assign(value=1 - scores["value"])
    low.attrs["higher_is_better"] = False
    for ask in (best_by_meta_features, meta_associations):
        pd.testing.assert_frame_equal(ask(low, meta, permutations=19), ask(scores, meta, permutations=19))


def test_few_datasets_have_no_test() -> None:
    scores, meta = made(5, by_size)
    table = best_by_meta_features(scores, meta)
    assert table["p"].isna().all()
    assert table["gain_low"].isna().all()
    assert "5 datasets are too few" in table.attrs["note"]
    assert meta_associations(scores, meta)["p"].isna().all()


def test_what_does_not_vary_is_not_looked_at() -> None:
    scores, meta = made(12, by_size)
    with_constant = meta.assign(missing=0.0)
    for ask in (best_by_meta_features, meta_associations):
        found = ask(scores, with_constant, permutations=19)
        assert found.attrs["constant"] == ["missing"]
        pd.testing.assert_frame_equal(found, ask(scores, meta, permutations=19))
    with pytest.raises(AlgridError, match=r"no meta-feature varies over the 12 datasets \(missing\)"):
        meta_associations(scores, with_constant[["dataset", "missing"]])


def test_datasets_without_meta_features_are_named() -> None:
    scores, meta = made(12, by_size)
    assert best_by_meta_features(scores, meta.iloc[2:], permutations=9).attrs["left_out"] == ["d00", "d01"]
    with pytest.raises(AlgridError, match="2 of 12 datasets of the scores have meta-features"):
        best_by_meta_features(scores, meta.head(2))
    with pytest.raises(AlgridError, match="need a column `dataset`"):
        meta_associations(scores, meta[["dataset"]])
