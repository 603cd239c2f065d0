"""What every registered learner must do, whatever it is."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from algrid.learners import LEARNERS, Learner
from algrid.learners._of_tokens import TokenLearner

SEED = 11


def marks(cls: type[Learner]) -> list[pytest.MarkDecorator]:
    """What a learner of tokens needs, or its tests are skipped with the reason."""
    if not issubclass(cls, TokenLearner):
        return []
    reason = cls("tiny").lacks()
    return [pytest.mark.text, pytest.mark.skipif(reason is not None, reason=str(reason))]


NAMES = [pytest.param(cls.name, marks=marks(cls)) for cls in LEARNERS.classes()]


class OnBlobs:
    """A classifier of token ids, on features: each number is a token."""

    def __init__(self, classifier: Any) -> None:
        self._classifier = classifier

    def fit(self, X: Any, y: Any) -> OnBlobs:
        self._classifier.fit(as_tokens(X), y)
        return self

    def __getattr__(self, method: str) -> Any:
        return lambda X: getattr(self._classifier, method)(as_tokens(X))


def as_tokens(X: Any) -> Any:
    return X if sp.issparse(X) else np.clip(np.rint(X * 4) + 30, 5, 60)


def reading_blobs(cls: type[Learner], **parameters: Any) -> Learner:
    """A learner of tokens that is handed features."""
    instance = cls(**parameters)
    object.__setattr__(instance, "build", partial(build_on_blobs, cls(**parameters)))
    return instance


def build_on_blobs(learner: Learner, seed: int) -> OnBlobs:
    return OnBlobs(learner.build(seed))


def build(name: str, request: pytest.FixtureRequest, **parameters: Any) -> Learner:
    cls = LEARNERS.get(name)
    if cls.takes != "tokens":
        return LEARNERS.build(name, parameters)
    short = {"iterations": 1} if name == "setfit" else {}  # a twentieth of the pairs
    return reading_blobs(cls, model=request.getfixturevalue("tiny_model"), epochs=1, device="cpu", **short)


def blobs(counts: list[int], n_features: int = 3, seed: int = 0) -> tuple[Any, Any]:
    """Overlapping classes with so many rows each, in shuffled order."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.intp)
    X = rng.normal(size=(len(y), n_features)) + y[:, None] * np.linspace(0.3, 1.2, n_features)
    return np.ascontiguousarray(X), y


@pytest.fixture(params=NAMES)
def learner(request: pytest.FixtureRequest) -> Learner:
    return build(request.param, request)


def check(learner: Learner, X: Any, y: Any, n_classes: int, pool: Any) -> None:
    """Fit, and hold every prediction to its contract."""
    fitted = learner.fit(X, y, n_classes, SEED)
    seen = np.unique(y)
    assert fitted.classes.tolist() == seen.tolist()
    predicted = fitted.predict(pool)
    assert predicted.shape == (pool.shape[0],)
    assert predicted.dtype == np.intp
    assert np.isin(predicted, seen).all()
    if "predict_proba" in learner.provides:
        proba = fitted.predict_proba(pool)
        assert proba.shape == (pool.shape[0], n_classes)
        assert np.isfinite(proba).all()
        assert (proba >= 0).all()
        np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=0, atol=1e-9)
        assert (np.delete(proba, seen, axis=1) == 0).all()
        if learner.predicts_argmax:
            assert np.array_equal(predicted, fitted.argmax(proba))
    if "embed" in learner.provides:
        embedded = fitted.embed(pool)
        assert embedded.dtype == np.float64
        assert embedded.ndim == 2
        assert len(embedded) == pool.shape[0]
        assert np.isfinite(embedded).all()
        assert np.array_equal(fitted.embed(pool), embedded)
    if "decision_function" in learner.provides:
        decisions = fitted.decision_function(pool)
        assert decisions.shape == ((pool.shape[0],) if len(seen) <= 2 else (pool.shape[0], len(seen)))
        assert np.isfinite(decisions).all()
        if len(seen) == 2:
            assert np.array_equal(predicted, seen[(decisions > 0).astype(int)])


def test_the_issue_s_learners_are_there() -> None:
    assert set(LEARNERS.names()) >= {
        "decision_tree",
        "gaussian_nb",
        "hist_gradient_boosting",
        "knn",
        "logistic_regression",
        "mlp",
        "random_forest",
        "setfit",
        "svm_linear",
        "svm_rbf",
        "transformer",
    }


def test_it_says_what_it_is(learner: Learner) -> None:
    assert learner.source
    assert learner.summary().endswith(".")
    assert learner.provides <= {"predict_proba", "decision_function", "embed"}
    assert all(seconds > 0 for seconds in learner.cost)
    doc = type(learner).__doc__ or ""
    assert all(name in doc for name in learner.parameters())


def test_one_class_only_is_predicted_with_certainty(learner: Learner) -> None:
    X, _ = blobs([4])
    fitted = learner.fit(X, np.full(4, 2, dtype=np.intp), 3, SEED)
    assert fitted.predict(X).tolist() == [2] * 4
    assert fitted.predict_proba(X).tolist() == [[0.0, 0.0, 1.0]] * 4
    assert fitted.decision_function(X).tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("counts", "n_classes"),
    [
        ([1, 1], 2),
        ([1, 1, 1], 3),
        ([2, 1], 2),
        ([5, 4], 2),
        ([12, 9, 3], 3),
        ([4, 4], 5),
        ([1] * 30, 30),
        ([2] * 30, 31),
    ],
    ids=str,
)
def test_sizes(learner: Learner, counts: list[int], n_classes: int) -> None:
    X, y = blobs(counts)
    check(learner, X, y, n_classes, blobs([20, 20, 20], seed=1)[0])


def test_classes_absent_from_the_labelled_set_have_probability_0(learner: Learner) -> None:
    X, y = blobs([4, 3, 3])
    check(learner, X, np.array([1, 3, 6])[y], 8, X)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_constant_features(learner: Learner, value: float, n_classes: int) -> None:
    y = np.arange(12) % n_classes
    y[-1] = y[0]
    X = np.full((12, 2), value)
    check(learner, X, y, n_classes, np.vstack([X, X + 1]))


def test_one_feature_is_constant(learner: Learner) -> None:
    X, y = blobs([6, 6])
    X[:, 1] = 3.0
    check(learner, X, y, 2, np.vstack([X, X + 1]))


def test_equal_rows_with_different_labels(learner: Learner) -> None:
    X, y = blobs([5, 5, 5])
    X, y = np.vstack([X, X]), np.concatenate([y, (y + 1) % 3])
    check(learner, X, y, 3, X)
    fitted = learner.fit(X, y, 3, SEED)
    np.testing.assert_allclose(fitted.predict_proba(X[:15]), fitted.predict_proba(X)[15:], atol=1e-6)


def test_the_same_seed_gives_the_same_bits(learner: Learner) -> None:
    X, y = blobs([7, 6, 4])
    first, second = (learner.fit(X, y, 3, SEED) for _ in range(2))
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))
    assert np.array_equal(first.predict_proba(X), first.predict_proba(X))
    assert np.array_equal(first.predict(X), second.predict(X))


def test_many_fits_are_single_fits(learner: Learner) -> None:
    X, y = blobs([9, 8, 7])
    sets = [np.array([0, 1, 2, 3, 4, 5]), np.arange(15), np.flatnonzero(y == 1)]
    many = learner.fit_many(X, sets, [y[s] for s in sets], 3, SEED)
    for fitted, labeled in zip(many, sets, strict=True):
        alone = learner.fit(X[labeled], y[labeled], 3, SEED)
        assert np.array_equal(fitted.predict_proba(X), alone.predict_proba(X))
        assert np.array_equal(fitted.predict(X), alone.predict(X))
        assert fitted.fit_seconds > 0
        assert fitted.fit_cpu_seconds >= 0


def test_it_works_on_read_only_arrays_and_leaves_them_alone(learner: Learner) -> None:
    X, y = blobs([6, 6, 6])
    before, labels = X.copy(), y.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    check(learner, X, y, 3, X)
    assert np.array_equal(X, before)
    assert np.array_equal(y, labels)


def test_it_leaves_writeable_arrays_alone(learner: Learner) -> None:
    X, y = blobs([6, 6, 6])
    before, labels = X.copy(), y.copy()
    check(learner, X, y, 3, X)
    assert np.array_equal(X, before)
    assert np.array_equal(y, labels)


def test_it_draws_from_no_global_generator(learner: Learner) -> None:
    X, y = blobs([6, 6])
    before = np.random.get_state()  # noqa: NPY002
    learner.fit(X, y, 2, SEED).predict_proba(X)
    after = np.random.get_state()  # noqa: NPY002
    assert before[2] == after[2]
    assert np.array_equal(before[1], after[1])


@pytest.mark.parametrize("counts", [[1, 1], [6, 6], [6, 5, 4]], ids=str)
def test_sparse_features(learner: Learner, counts: list[int]) -> None:
    X, y = blobs(counts, n_features=4)
    X[np.abs(X) < 0.5] = 0.0
    pool = np.vstack([X, X[::-1] + 1.0])
    if not learner.sparse:
        with pytest.raises(TypeError, match=r"[Dd]ense"):
            learner.fit(sp.csr_matrix(X), y, len(counts), SEED)
        return
    labeled = sp.csr_matrix(X)
    whole = sp.csr_matrix(pool)
    for part in (whole.data, whole.indices, whole.indptr):
        part.setflags(write=False)  # as a pool's are
    check(learner, labeled, y, len(counts), whole)
    assert np.array_equal(labeled.toarray(), X)
    dense = learner.fit(X, y, len(counts), SEED).predict_proba(pool)
    sparse = learner.fit(labeled, y, len(counts), SEED).predict_proba(sp.csr_matrix(pool))
    np.testing.assert_allclose(sparse, dense, atol=1e-3)


def test_it_survives_pickling(learner: Learner) -> None:
    again = pickle.loads(pickle.dumps(learner))
    assert again == learner
    assert again.identity() == learner.identity()
    assert (again.provides, again.predicts_argmax) == (learner.provides, learner.predicts_argmax)


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_the_argmax_also_at_ties(name: str, request: pytest.FixtureRequest) -> None:
    if not LEARNERS.get(name).predicts_argmax:
        pytest.skip("its predictions are its own")
    # an MLP of this size costs a tenth; what it predicts with is the same
    small = {"random_forest": {"n_estimators": 4}, "mlp": {"hidden_layer_sizes": [5], "max_iter": 20}}
    learner = build(name, request, **small.get(name, {}))
    rng = np.random.default_rng(5)
    for trial in range(30):
        n_classes = int(rng.integers(2, 6))
        X = rng.integers(0, 3, size=(int(rng.integers(4, 25)), 2)).astype(float)  # duplicates, many with other labels
        y = rng.integers(0, n_classes, size=len(X)).astype(np.intp)
        fitted = learner.fit(X, y, n_classes, trial)
        pool = np.vstack([X, np.zeros((1, 2)), rng.normal(size=(30, 2))])
        assert np.array_equal(fitted.predict(pool), fitted.argmax(fitted.predict_proba(pool)))
