"""Sample measures against brute force, and what they must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from cells import NAIVE_BAYES, make_cell, pool_of, variant

from algrid.learners import LEARNERS
from algrid.loop import run_cell
from algrid.replay import replay
from algrid.sample_measures import n_neighbours, of_data, of_replays
from algrid.sample_measures.hardness import COMMITTEE, boundary_distance, confidence, folds_of
from algrid.sample_measures.neighbours import neighbour_measures
from algrid.sample_measures.structure import cluster_distance, outlierness


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1, 2, 0], [20, 15, 4, 3]).astype(np.intp)
    return rng.normal(size=(len(y), 3)) + y[:, None], y


def test_the_number_of_neighbours_is_the_studys():
    assert [n_neighbours(n) for n in (1, 15, 16, 35, 36, 100, 10_000)] == [1, 1, 2, 2, 3, 5, 50]


@pytest.mark.parametrize("k", [1, 3, 4, 60])
def test_neighbours_are_those_of_brute_force(data, k):
    X, y = data
    found = neighbour_measures(X, y, k)
    for i in range(len(y)):
        away = np.array([np.sqrt(((X[i] - X[j]) ** 2).sum()) for j in range(len(y))])
        others = [j for j in np.argsort(away) if j != i]
        own = [j for j in others if y[j] == y[i]]
        other = [j for j in others if y[j] != y[i]]
        expected = {
            "neighbour_distance": away[others[:k]].mean(),
            "label_purity": np.mean(y[others[:k]] == y[i]),
            "own_class_near": away[own[:k]].mean(),
            "own_class_distance": away[own].mean(),
            "other_class_near": away[other[:k]].mean(),
            "other_class_distance": away[other].mean(),
        }
        assert {name: values[i] for name, values in found.items()} == pytest.approx(expected)


def test_the_only_row_of_a_class_has_no_distance_to_its_own():
    found = neighbour_measures(np.array([[0.0], [1.0], [3.0]]), np.array([0, 0, 1]), 1)
    assert np.isnan([found["own_class_near"][2], found["own_class_distance"][2]]).all()
    assert found["other_class_distance"].tolist() == [3.0, 2.0, 2.5]
    assert found["label_purity"].tolist() == [1.0, 1.0, 0.0]


def test_a_large_offset_and_sparse_features_change_no_distance(data):
    X, y = data
    plain = neighbour_measures(X, y)
    for other in (neighbour_measures(X + 1e6, y), neighbour_measures(sp.csr_matrix(X), y)):
        for name, values in plain.items():
            assert other[name] == pytest.approx(values, rel=1e-6)


def test_the_label_is_no_feature(data):
    X, y = data
    plain, other = (neighbour_measures(X, labels)["neighbour_distance"] for labels in (y, np.roll(y, 7)))
    assert plain.tolist() == other.tolist()


def test_all_measures_have_a_value_for_every_row(data):
    X, y = data
    found = of_data(X[:30], y[:30], 3)
    assert {len(values) for values in found.values()} == {30}
    assert np.isfinite(list(found.values())).all()


def test_cluster_distances_are_to_the_nearest_centre(data):
    X, _ = data
    from sklearn.cluster import MiniBatchKMeans

    centres = MiniBatchKMeans(4, n_init=3, random_state=5).fit(X).cluster_centers_
    brute = [min(np.sqrt(((x - c) ** 2).sum()) for c in centres) for x in X]
    assert cluster_distance(X, 4, 5) == pytest.approx(brute)
    assert len(cluster_distance(X[:3], 4, 5)) == 3  # no more clusters than rows


def test_outliers_are_outlying(data):
    X, _ = data
    far = np.vstack([X, [[40.0, -40.0, 40.0]]])
    values = outlierness(far)
    assert values.argmax() == len(X)
    assert ((values > 0) & (values < 1)).all()


def test_the_distance_to_the_boundary_is_that_of_the_decision_function(data):
    X, y = data
    two = y < 2
    fitted = LEARNERS.build("svm_rbf").fit(X[two], y[two], 2, 0)
    assert boundary_distance(X[two], y[two], 2).tolist() == np.abs(fitted.decision_function(X[two])).tolist()
    values = LEARNERS.build("svm_rbf").fit(X, y, 3, 0).decision_function(X)
    brute = [sorted(row)[-1] - sorted(row)[-2] for row in values]
    assert boundary_distance(X, y, 3).tolist() == brute
    assert boundary_distance(X[:5], y[:5], 3).tolist() == [0.0] * 5  # one class


def test_folds_deal_every_class_out(data):
    _, y = data
    fold = folds_of(y)
    for c in range(3):
        sizes = np.bincount(fold[y == c], minlength=5)
        assert sizes.max() - sizes.min() <= 1
    assert folds_of(y).tolist() == fold.tolist() != folds_of(y, 1).tolist()


def test_confidence_is_that_of_learners_that_have_not_seen_the_row(data):
    X, y = data
    fold = folds_of(y)
    row = 17
    seen = fold != fold[row]
    brute = []
    for name, parameters in COMMITTEE:
        fitted = LEARNERS.build(name, parameters).fit(X[seen], y[seen], 3, 0)
        rest = np.flatnonzero(~seen)
        brute.append(fitted.predict_proba(X[rest])[rest.tolist().index(row), y[row]])
    assert confidence(X, y, 3)[row] == pytest.approx(np.mean(brute))


def test_replays_count_what_was_unlabelled():
    cell = make_cell("iris", NAIVE_BAYES)
    pool = pool_of(cell)
    histories = run_cell(cell, pool, [variant("margin", 7), variant("random", 4)], [21, 12])
    found = of_replays([replay(cell, history) for history in histories], pool.n_pool)
    wrong, asked, changed, steps, unsure = np.zeros((5, pool.n_pool))
    for history in histories:
        points = list(replay(cell, history))
        predicted = [p.fitted.predict(pool.X) for p in points]
        for t, point in enumerate(points):
            for i in set(range(pool.n_pool)) - set(point.labeled.tolist()):
                asked[i] += 1
                wrong[i] += predicted[t][i] != pool.y[i]
                unsure[i] += 1 - point.fitted.predict_proba(pool.X)[i].max()
                if t:
                    steps[i] += 1
                    changed[i] += predicted[t][i] != predicted[t - 1][i]
    some, stepped = asked > 0, steps > 0
    assert found["misclassified"][some] == pytest.approx(wrong[some] / asked[some])
    assert found["uncertainty"][some] == pytest.approx(unsure[some] / asked[some])
    assert found["switching"][stepped] == pytest.approx(changed[stepped] / steps[stepped])
    assert np.isnan(found["misclassified"][pool.start]).all()
    assert np.isnan(found["switching"]).sum() >= np.isnan(found["misclassified"]).sum() > 0


def test_nothing_is_known_without_replays():
    found = of_replays([], 3)
    assert all(np.isnan(values).all() for values in found.values())
    assert list(found) == ["misclassified", "switching", "uncertainty"]
