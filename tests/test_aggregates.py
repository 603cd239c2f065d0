"""Aggregates: by hand, at budgets, and against a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.aggregates import AGGREGATES, Curves, LabelsToSkyline, switch_points
from algrid.errors import PluginError

#: Those that a curve of one point does not have.
NEED_TWO_POINTS = {"biggest_drop", "drops", "first_difference", "learning_stability", "plateau"}


def ragged(*curves):
    """Curves of (bought, values) pairs."""
    lengths = [len(bought) for bought, _ in curves]
    return Curves(
        np.array([v for _, values in curves for v in values], dtype=float),
        np.array([b for bought, _ in curves for b in bought], dtype=float),
        np.cumsum([0, *lengths]),
    )


#: bought 0 2 6 10, values .2 .4 .8 .6
ONE = ([0, 2, 6, 10], [0.2, 0.4, 0.8, 0.6])


def value(name, curve=ONE, **options):
    return AGGREGATES.build(name).of(ragged(curve), **options)[0]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("aubc", {}, (2 * 0.3 + 4 * 0.6 + 4 * 0.7) / 10),
        ("aubc", {"include_start": False}, (4 * 0.6 + 4 * 0.7) / 8),
        ("mean", {}, 1.8 / 3),
        ("mean", {"include_start": True}, 2.0 / 4),
        ("final", {}, 0.6),
        ("final", {"include_start": False}, 0.6),
        ("first_5", {}, 1.8 / 3),
        ("last_5", {}, 1.8 / 3),
        # at a budget between points: the line from (6, .8) to (10, .6) is .75 at 7
        ("aubc", {"budget": 7}, (2 * 0.3 + 4 * 0.6 + 1 * 0.775) / 7),
        ("final", {"budget": 7}, 0.75),
        ("mean", {"budget": 7}, 0.6),
        ("mean", {"budget": 7, "include_start": True}, 1.4 / 3),
        # at a point: nothing is interpolated
        ("aubc", {"budget": 6}, (2 * 0.3 + 4 * 0.6) / 6),
        ("final", {"budget": 6}, 0.8),
        ("mean", {"budget": 6}, 0.6),
        # within the first batch, and at nothing bought
        ("aubc", {"budget": 1}, 0.25),
        ("aubc", {"budget": 1, "include_start": False}, 0.3),
        ("final", {"budget": 1}, 0.3),
        ("mean", {"budget": 1}, np.nan),
        ("aubc", {"budget": 0}, 0.2),
        ("final", {"budget": 0}, 0.2),
        ("final", {"budget": 0, "include_start": False}, np.nan),
        # beyond the end: the curve as it is
        ("aubc", {"budget": 99}, 0.58),
        ("final", {"budget": 99}, 0.6),
    ],
)
def test_by_hand(name, options, expected):
    assert value(name, **options) == pytest.approx(expected, abs=1e-15, nan_ok=True)


def test_first_and_last_five_of_seven_cycles():
    curve = (range(8), [0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert value("first_5", curve) == pytest.approx(0.3)
    assert value("last_5", curve) == pytest.approx(0.5)
    assert value("first_5", curve, include_start=True) == pytest.approx((0.9 + 0.1 + 0.2 + 0.3 + 0.4) / 5)
    assert value("last_5", curve, budget=6.5) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("skyline", "share", "options", "expected"),
    [
        (0.8, 0.95, {}, 2 + 4 * (0.76 - 0.4) / 0.4),
        (0.8, 1.0, {}, 6.0),
        (0.4, 1.0, {}, 2.0),
        (0.2, 1.0, {}, 0.0),
        (0.1, 0.95, {}, 0.0),
        (0.2, 1.0, {"include_start": False}, 2.0),
        (0.9, 1.0, {}, np.inf),
        (0.8, 1.0, {"budget": 5}, np.inf),
        (0.6, 1.0, {"budget": 5}, 4.0),
        (0.7, 1.0, {"budget": 5}, 5.0),
        (np.nan, 1.0, {}, np.nan),
    ],
)
def test_labels_to_skyline_by_hand(skyline, share, options, expected):
    aggregate = AGGREGATES.build("labels_to_skyline", {"share": share})
    found = aggregate.of(ragged(ONE), skylines=np.array([skyline]), **options)[0]
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_labels_to_skyline_of_a_loss():
    # the skyline's loss is 0.4; half as good is 0.8, between 1.0 and 0.5
    losses = ragged(([0, 10, 20], [2.0, 1.0, 0.5]))
    found = LabelsToSkyline(share=0.5).of(losses, skylines=np.array([0.4]), higher_is_better=False)
    assert found[0] == pytest.approx(14.0)


def test_rounding_does_not_postpone_the_goal():
    curve = ragged(([0, 1, 2], [0.1, 0.95 * 0.8 - 1e-16, 0.7]))
    assert LabelsToSkyline().of(curve, skylines=np.array([0.8]))[0] == pytest.approx(1.0)


def test_what_a_skyline_is_needed_for():
    with pytest.raises(PluginError, match="needs the skylines"):
        AGGREGATES.build("labels_to_skyline").of(ragged(ONE))
    with pytest.raises(PluginError, match="less than or equal to 1"):
        AGGREGATES.build("labels_to_skyline", {"share": 95.0})


def test_unknown_names_have_a_nearest_match():
    with pytest.raises(PluginError, match=r"unknown aggregate 'aubbc'. Did you mean 'aubc'\?"):
        AGGREGATES.build("aubbc")


@pytest.mark.parametrize("cls", AGGREGATES.classes(), ids=lambda cls: cls.name)
def test_empty_curves_and_undefined_values_stay_where_they_are(cls):
    nothing = ([], [])
    curves = ragged(nothing, ONE, nothing, nothing, ([0, 1], [np.nan, np.nan]), ([0], [0.5]), ONE, nothing)
    for budget in (None, 7):
        values = cls().of(curves, budget=budget, include_start=True, skylines=np.full(8, 0.8), switch=np.full(8, 1))
        lone = cls.name in NEED_TWO_POINTS
        assert np.isnan(values).tolist() == [True, False, True, True, True, lone, False, True]
        assert values[1] == values[6]
    assert cls().of(ragged(), skylines=np.empty(0), switch=np.empty(0, int)).shape == (0,)


@pytest.mark.parametrize("cls", AGGREGATES.classes(), ids=lambda cls: cls.name)
def test_what_is_given_is_not_changed(cls):
    curves = ragged(([0, 5, 10], [0.1, 0.5, 0.9]), ([0, 5, 10], [0.2, 0.5, 0.9]))
    before = curves.values.copy(), curves.bought.copy()
    cls().of(curves, budget=7, skylines=np.ones(2), switch=np.ones(2, int))
    assert (curves.values == before[0]).all()
    assert (curves.bought == before[1]).all()


def switches(values, **options):
    return switch_points(ragged((range(len(values)), values)), **options)[0]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        # without cycle 0: .1 .2 .3 .4 .5 .6, mean .35; five from 1: .4
        ([9.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 1),
        # 1 0 0 0 0 0 1 1 1 1, mean .5; five from 4: .6
        ([9.0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1], 4),
        # falls: never above its mean, half of five
        ([9.0, 0.5, 0.4, 0.3, 0.2, 0.1], 2),
        # flat, with a mean that rounding puts below
        ([9.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 3),
        # at the end fewer than five count: 1 0 0 0 0 0 0 0 1, mean 2/9; (0 + 0 + 0 + 1) / 4 from 5
        ([9.0, 1, 0, 0, 0, 0, 0, 0, 0, 1], 5),
        ([9.0, 0.1], 0),
        ([9.0], 0),
        ([], 0),
    ],
)
def test_switch_points_by_hand(reference, expected):
    assert switches(reference) == expected


def test_switch_points_of_what_counts():
    reference = [9.0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1]
    # up to 6 labels: 1 0 0 0 0 0, no window above
    assert switches(reference, budget=6) == 3
    # with cycle 0: 9 1 0 0 0 0 0 1 1 1 1, mean 14/11, no window above
    assert switches(reference, include_start=True) == 5


@given(curves=st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=14), min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_switch_points_are_those_of_a_loop(curves):
    def slow(r):
        found = [i for i in range(1, len(r)) if np.mean(r[i : i + 5]) > np.mean(r) + 1e-12]
        return found[0] if found else len(r) // 2

    found = switch_points(ragged(*((range(len(r)), r) for r in curves)), include_start=True)
    assert found.tolist() == [slow(r) for r in curves]


@pytest.mark.parametrize(
    ("name", "switch", "options", "expected"),
    [
        ("ramp_up", 1, {}, 0.4),
        ("plateau", 1, {}, 0.7),
        ("ramp_up", 2, {"include_start": True}, 0.3),
        ("plateau", 2, {"include_start": True}, 0.7),
        ("ramp_up", 9, {}, 0.6),
        ("plateau", 9, {}, np.nan),
        ("ramp_up", 0, {}, np.nan),
        ("plateau", 0, {}, 0.6),
        ("plateau", 1, {"budget": 7}, 0.8),
        ("ramp_up", -1, {}, np.nan),
        ("plateau", -1, {}, np.nan),
    ],
)
def test_phases_by_hand(name, switch, options, expected):
    assert value(name, switch=np.array([switch]), **options) == pytest.approx(expected, nan_ok=True)


def test_a_phase_does_not_care_for_the_other():
    curve = ([0, 1, 2], [0.1, np.nan, 0.5])
    assert value("plateau", curve, switch=np.array([1])) == 0.5
    assert np.isnan(value("ramp_up", curve, switch=np.array([1])))
    with pytest.raises(PluginError, match="where the ramp-up ends: pass the switch points of 'random'"):
        value("ramp_up")


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        # steps .2 .4 -.2
        ("first_difference", {}, 0.4 / 3),
        ("first_difference", {"include_start": False}, 0.1),
        ("first_difference", {"budget": 7}, 0.3),
        ("biggest_drop", {}, 0.2),
        ("biggest_drop", {"budget": 7}, 0.0),
        ("biggest_drop", {"higher_is_better": False}, 0.4),
        ("drops", {}, 1.0),
        ("drops", {"higher_is_better": False}, 2.0),
        # without cycle 0 the steps are .4 and -.2: all of them are the last five
        ("learning_stability", {}, 1.0),
        ("learning_stability", {"higher_is_better": False}, 0.0),
    ],
)
def test_changes_by_hand(name, options, expected):
    assert value(name, **options) == pytest.approx(expected)


def test_stability_by_hand():
    curve = (range(9), [0.9, 0.0, 0.3, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8])
    # steps .3 .2 .1 0 .1 0 .1: the last five .06 of .8 / 7; the last two .05
    assert value("learning_stability", curve) == pytest.approx(0.06 * 7 / 0.8)
    short = AGGREGATES.build("learning_stability", {"k": 2}).of(ragged(curve))[0]
    assert short == pytest.approx(0.05 * 7 / 0.8)
    falling = (range(4), [0.9, 0.5, 0.3, 0.4])
    assert value("learning_stability", falling) == 0.0
    # .1 + .2 - .3 is not 0 in floating point, and is no improvement
    assert value("learning_stability", (range(5), [9, 0.0, 0.1, 0.1 + 0.2, 0.0])) == 0.0


curve_lists = st.lists(
    st.lists(st.tuples(st.integers(1, 9), st.floats(-1, 1)), min_size=0, max_size=8).map(
        lambda steps: (np.cumsum([0] + [s for s, _ in steps])[:-1].tolist(), [v for _, v in steps])
    ),
    min_size=1,
    max_size=6,
)


def slow(name, curve, budget, include_start):
    """The same, point by point."""
    bought, values = (list(map(float, part)) for part in curve)
    if budget is not None:
        if name in ("aubc", "final") and bought and budget < bought[-1] and budget not in bought:
            values = [
                *[v for b, v in zip(bought, values, strict=True) if b < budget],
                np.interp(budget, bought, values),
            ]
            bought = [*[b for b in bought if b < budget], float(budget)]
        else:
            values = [v for b, v in zip(bought, values, strict=True) if b <= budget]
            bought = [b for b in bought if b <= budget]
    if not include_start:
        bought, values = bought[1:], values[1:]
    if not values:
        return np.nan
    if name == "aubc":
        return np.trapezoid(values, bought) / (bought[-1] - bought[0]) if len(values) > 1 else values[0]
    return np.mean({"mean": values, "first_5": values[:5], "last_5": values[-5:], "final": values[-1:]}[name])


@pytest.mark.parametrize("name", ["aubc", "mean", "first_5", "last_5", "final"])
@given(curves=curve_lists, budget=st.none() | st.integers(0, 40), include_start=st.booleans())
@settings(deadline=None, max_examples=60)
def test_equals_a_loop(name, curves, budget, include_start):
    found = AGGREGATES.build(name).of(ragged(*curves), budget=budget, include_start=include_start)
    expected = [slow(name, curve, budget, include_start) for curve in curves]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(
    at=st.lists(st.integers(1, 60), min_size=2, max_size=8, unique=True).map(sorted),
    budget=st.integers(1, 60),
)
@settings(deadline=None, max_examples=40)
def test_batch_sizes_are_compared_over_the_same_labels(at, budget):
    # points of one straight line, wherever they lie, give one area and one end
    at = [0, *at, 61]
    curve = (at, [0.1 + 0.01 * b for b in at])
    assert value("aubc", curve, budget=budget) == pytest.approx(0.1 + 0.005 * budget)
    assert value("final", curve, budget=budget) == pytest.approx(0.1 + 0.01 * budget)
