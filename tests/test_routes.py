"""Ways from documents to predictions, and two studies' rankings of strategies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from algrid.findings import best_with_each_representation, rankings_agree
from algrid.leaderboard import leaderboard
from algrid.routes import ranking_agreement, routes


def scored(values: dict[str, list[float]], **more: Any) -> pd.DataFrame:
    """Scores of families on as many splits of one dataset."""
    rows = [
        {"dataset": "d", "split": i, "strategy": f"{family}@x", "strategy_family": family, "value": value, **more}
        for family, column in values.items()
        for i, value in enumerate(column)
    ]
    frame = pd.DataFrame(rows)
    frame.attrs["higher_is_better"] = True
    return frame


def test_a_route_is_a_level_that_can_be_compared() -> None:
    words = scored({"random": [0.6, 0.7]}, preprocessing="tfidf", learner="svm")
    tokens = scored({"random": [0.5, 0.8]}, preprocessing="tokens", learner="transformer")
    frame = pd.concat([words, tokens], ignore_index=True)
    frame.attrs["higher_is_better"] = True
    assert leaderboard(frame, "learner")["mean"].isna().all()  # no setting has both
    joined = routes(frame)
    board = leaderboard(joined, "learner").set_index("learner")
    assert board["mean"].to_dict() == pytest.approx({"tfidf + svm": 0.65, "tokens + transformer": 0.65})
    assert joined.attrs["higher_is_better"]
    assert frame["learner"].iloc[0] == "svm"  # the table itself is as it was


def test_the_best_with_each_representation_is_said() -> None:
    means = {
        ("tfidf", "svm"): 0.5,
        ("tfidf", "mlp"): 0.75,
        ("embedding", "mlp"): 0.25,
        ("tokens", "transformer"): 0.375,
    }
    parts = [scored({"random": [mean]}, preprocessing=p, learner=name) for (p, name), mean in means.items()]
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs.update(higher_is_better=True, metric="accuracy", aggregate="aubc")
    assert best_with_each_representation(leaderboard(routes(frame), "learner")) == (
        "The best with each representation, and its mean aubc of accuracy: tfidf + mlp (0.750), tokens + transformer "
        "(0.375) and embedding + mlp (0.250)."
    )
    one = pd.concat(parts[:2], ignore_index=True)
    one.attrs["higher_is_better"] = True
    assert best_with_each_representation(leaderboard(routes(one), "learner")) == ""


def test_agreement_of_rankings_by_hand() -> None:
    text = scored({"random": [0.1, 0.1], "margin": [0.3, 0.3], "entropy": [0.2, 0.2], "badge": [0.9, 0.9]})
    tables = scored({"random": [0.1, 0.1], "margin": [0.2, 0.2], "entropy": [0.3, 0.3], "qbc": [0.9, 0.9]})
    table = ranking_agreement(text, tables)
    assert table["strategy_family"].tolist() == ["margin", "entropy", "random"]  # those that both have
    assert table["win_rate_text"].tolist() == [1.0, 0.5, 0.0]
    assert table["win_rate_tables"].tolist() == [0.5, 1.0, 0.0]
    assert table.attrs["tau"] == pytest.approx(1 / 3)  # two pairs agree, one does not
    said = rankings_agree(table)
    assert "Of 3 families of strategies that both have, margin is first on text, entropy on tables." in said
    assert table.attrs["p"] == pytest.approx(1)  # no ranking of three is nearer to 0
    assert "Kendall's tau of the two rankings is 0.33" in said
    assert "unrelated ones are as far from 0 in 100% of all cases" in said


def test_equal_and_reversed_rankings() -> None:
    values = {name: [i / 10] for i, name in enumerate("abcde")}
    assert ranking_agreement(scored(values), scored(values)).attrs["tau"] == pytest.approx(1)
    assert ranking_agreement(scored(values), scored(values)).attrs["p"] == pytest.approx(2 / 120)  # of 5! orders
    turned = {name: [-v[0]] for name, v in values.items()}
    assert ranking_agreement(scored(values), scored(turned)).attrs["tau"] == pytest.approx(-1)
    assert "is first on text and on tables" in rankings_agree(ranking_agreement(scored(values), scored(values)))


def test_two_families_have_no_tau() -> None:
    two = scored({"random": [0.1], "margin": [0.2]})
    assert np.isnan(ranking_agreement(two, two).attrs["tau"])


def test_what_cannot_be_compared_is_said() -> None:
    two = scored({"random": [0.1], "margin": [0.2]})
    table = ranking_agreement(two, scored({"random": [0.1], "qbc": [0.3]}))
    assert len(table) == 0
    assert rankings_agree(table) == (
        "Strategies on text and on tables can't be compared. 1 family of strategies in both; two at least are needed."
    )
    said = rankings_agree(ranking_agreement(two.iloc[:0], two))
    assert said == "Strategies on text and on tables can't be compared. There are no results on text."
    assert "no results on text or tables" in rankings_agree(ranking_agreement(two.iloc[:0], two.iloc[:0]))


def test_parameters_are_named_where_they_tell_levels_apart() -> None:
    pairs = [("embedding(model=tiny)", "mlp(max_iter=5)"), ("embedding(model=tiny)", "mlp"), ("tfidf", "mlp")]
    frame = pd.DataFrame(pairs, columns=["preprocessing", "learner"])
    assert routes(frame)["learner"].tolist() == ["embedding + mlp(max_iter=5)", "embedding + mlp", "tfidf + mlp"]
