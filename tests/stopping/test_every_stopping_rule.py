"""Stopping rules: by hand, against small-text's classes, and their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.stopping import STOPPING_RULES, Point, StoppingRule
from algrid.stopping.classification_change import ClassificationChange
from algrid.stopping.delta_f_score import DeltaFScore
from algrid.stopping.kappa_average import KappaAverage
from algrid.stopping.overall_uncertainty import OverallUncertainty

#: Rules that stop now and then on sequences of twenty rows.
LOOSE: list[StoppingRule] = [
    KappaAverage(window_size=2, kappa=0.7),
    KappaAverage(window_size=3, kappa=0.9),
    DeltaFScore(window_size=2, threshold=0.2),
    ClassificationChange(),
    ClassificationChange(threshold=0.15),
    OverallUncertainty(threshold=0.35),
]


def point(predicted: Any, *, entropy: Any = None, unlabeled: Any = None, n_classes: int = 2) -> Point:
    predicted = np.asarray(predicted, dtype=np.intp)
    entropy = np.full(len(predicted), np.nan) if entropy is None else np.asarray(entropy, dtype=float)
    unlabeled = np.ones(len(predicted), dtype=bool) if unlabeled is None else np.asarray(unlabeled, dtype=bool)
    return Point(predicted, entropy, unlabeled, n_classes)


def sequence(seed: int, n_classes: int, n_points: int = 14, n: int = 20) -> tuple[Any, list[Any], list[Point]]:
    """True classes, probabilities that settle down, and what a rule sees of them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=n)
    logits, probabilities, points = rng.normal(size=(n, n_classes)), [], []
    unlabeled = np.ones(n, dtype=bool)
    for t in range(n_points):
        logits = logits + rng.normal(size=logits.shape) * (3.0 / (t + 1)) + 0.2 * np.eye(n_classes)[y]
        proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        unlabeled = unlabeled.copy()
        unlabeled[t % n] = False
        entropy = -(proba * np.log(proba)).sum(axis=1)
        probabilities.append(proba)
        points.append(point(proba.argmax(axis=1), entropy=entropy, unlabeled=unlabeled, n_classes=n_classes))
    return y, probabilities, points


def matrices(y: Any, points: list[Point]) -> list[Any]:
    k = points[0].n_classes
    return [np.bincount(y * k + p.predicted, minlength=k * k).reshape(k, k) for p in points]


def library(rule: StoppingRule, n_classes: int) -> Any:
    """The same rule of small-text."""
    from small_text import stopping_criteria as theirs

    named = {
        "kappa_average": theirs.KappaAverage,
        "delta_f_score": theirs.DeltaFScore,
        "classification_change": theirs.ClassificationChange,
        "overall_uncertainty": theirs.OverallUncertainty,
    }
    return named[rule.name](n_classes, **rule.parameters())


def measured(rule: StoppingRule, points: list[Point]) -> list[float]:
    return [rule.measure(points[t - 1] if t else None, now) for t, now in enumerate(points)]


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # small-text divides by 0
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("rule", LOOSE, ids=lambda rule: rule.label)
def test_it_stops_where_small_text_does(rule: StoppingRule, n_classes: int) -> None:
    if rule.unsupported(n_classes, frozenset({"predict_proba"})):
        pytest.skip("for two classes only")
    where = []
    for seed in range(30):
        y, probabilities, points = sequence(seed, n_classes)
        where.append(first_of_library(rule, probabilities, points))
        numbers, counts = measured(rule, points), matrices(y, points)
        bounds = [rule.bound(counts[t - 1] if t else None, counts[t]) for t in range(len(points))]
        assert rule.first_stop(len(points), lambda t: None, numbers.__getitem__) == where[-1]
        assert rule.first_stop(len(points), bounds.__getitem__, numbers.__getitem__) == where[-1]
    assert len(set(where)) > 2  # early, late or never: the comparison says something


def first_of_library(rule: StoppingRule, probabilities: list[Any], points: list[Point]) -> int | None:
    theirs = library(rule, points[0].n_classes)
    for t, (proba, now) in enumerate(zip(probabilities, points, strict=True)):
        if theirs.stop(predictions=now.predicted, proba=proba, indices_stopping=np.flatnonzero(now.unlabeled)):
            return t
    return None


@given(seed=st.integers(0, 10**6), n_classes=st.integers(2, 5), rule=st.sampled_from(LOOSE))
@settings(max_examples=60, deadline=None)
def test_a_bound_is_never_less_in_favour_of_stopping_than_the_number(
    seed: int, n_classes: int, rule: StoppingRule
) -> None:
    if rule.unsupported(n_classes, frozenset({"predict_proba"})):
        return
    y, _, points = sequence(seed, n_classes, n_points=4)
    counts = matrices(y, points)
    for t in range(1, len(points)):
        bound, number = rule.bound(counts[t - 1], counts[t]), rule.measure(points[t - 1], points[t])
        if bound is None:
            assert rule.needs_proba
        elif isinstance(rule, DeltaFScore):
            assert np.isnan(number) == np.isnan(bound)
            assert np.isnan(number) or bound <= number + 1e-12
        else:
            assert bound >= number - 1e-12


def test_numbers_by_hand() -> None:
    old, new = point([0, 0, 1, 1, 1, 0, 1, 0]), point([0, 0, 1, 1, 0, 0, 1, 1])
    # six of eight agree; both predict four positives, so that chance is a half
    assert KappaAverage().measure(old, new) == pytest.approx((6 / 8 - 0.5) / 0.5)
    assert ClassificationChange().measure(old, new) == 6 / 8
    # positive in both: 3; in one of the two: 2
    assert DeltaFScore().measure(old, new) == pytest.approx(1 - 6 / 8)
    sure = point([0, 1, 0], entropy=[0.0, np.log(2), np.log(2) / 2], unlabeled=[True, False, True])
    assert OverallUncertainty().measure(None, sure) == pytest.approx(0.25)


def test_bounds_by_hand() -> None:
    # true class 0: predictions 3 and 1, then 2 and 2; true class 1: 1 and 3, then 0 and 4. At most 3 + 3 agree
    old, new = np.array([[3, 1], [1, 3]]), np.array([[2, 2], [0, 4]])
    assert ClassificationChange().bound(old, new) == 6 / 8
    chance = (4 * 2 + 4 * 6) / 64
    assert KappaAverage().bound(old, new) == pytest.approx((6 / 8 - chance) / (1 - chance))
    assert DeltaFScore().bound(old, new) == pytest.approx(1 - 2 * 4 / 10)
    assert OverallUncertainty().bound(old, new) is None


def test_equal_predictions_of_one_class_agree_fully() -> None:
    same = point([1, 1, 1])
    assert KappaAverage().measure(same, same) == 1.0
    nothing = point([0, 0, 0])
    assert np.isnan(DeltaFScore().measure(nothing, nothing))


def test_nothing_is_uncertain_where_all_is_labelled() -> None:
    number = OverallUncertainty().measure(None, point([0, 1], entropy=[0.0, 0.0], unlabeled=[False, False]))
    assert np.isnan(number)
    assert not OverallUncertainty().stops(np.array([number]))[0]


def test_what_bounds_decide_is_not_measured() -> None:
    asked: list[int] = []

    def measure(t: int) -> float:
        asked.append(t)
        return 1.0

    bounds = [float("nan"), 0.2, 1.0, 0.3, 1.0, 1.0, 1.0]
    rule = KappaAverage(window_size=2, kappa=0.9)
    assert rule.first_stop(len(bounds), lambda t: bounds[t], measure) == 5
    assert sorted(asked) == [4, 5]


def test_windows_are_full_before_anything_stops() -> None:
    numbers = np.array([np.nan, 1.0, 1.0, 1.0])
    assert KappaAverage(window_size=3).stops(numbers).tolist() == [False, False, False, True]
    assert DeltaFScore(window_size=3).stops(1 - numbers).tolist() == [False, False, False, True]
    assert KappaAverage(window_size=5).stops(numbers).tolist() == [False] * 4
    assert ClassificationChange().stops(numbers).tolist() == [False, True, True, True]


def test_what_a_rule_can_not_serve() -> None:
    assert DeltaFScore().unsupported(3, frozenset()) == "delta_f_score is for two classes only"
    assert "predict_proba" in str(OverallUncertainty().unsupported(3, frozenset()))
    assert KappaAverage().unsupported(3, frozenset()) is None


@pytest.mark.parametrize("name", STOPPING_RULES.names())
def test_it_says_what_it_is(name: str) -> None:
    cls = STOPPING_RULES.get(name)
    assert cls.source
    assert cls.summary().endswith(".")
    doc = cls.__doc__ or ""
    assert all(text in doc for text in ("Formula:", "Source:", *STOPPING_RULES.build(name).parameters()))
