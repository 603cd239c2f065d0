"""Texts as weighted counts of words, and what does not fit texts."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import scipy.sparse as sp

import algrid as ag
from algrid.datasets import DATASETS, Dataset
from algrid.errors import AlgridError, DatasetError
from algrid.grid import GridSpec
from algrid.learners import LEARNERS
from algrid.planner import make_plan
from algrid.preprocessing import PREPROCESSINGS

DOCUMENTS = ["Cats chase mice", "dogs chase cats", "cats", "mice fly", "--"]
DATA = Dataset.from_texts(DOCUMENTS, [0, 1, 0, 1, 0])
POOL, TEST = np.arange(3), np.arange(3, 5)


def test_values_by_hand() -> None:
    pool, test = PREPROCESSINGS.build("tfidf").prepare(DATA, POOL, TEST)
    assert isinstance(pool, sp.csr_matrix)
    # cats is in 3 of 3 documents, chase in 2, dogs and mice in 1
    cats, chase, mice = (1 + log(4 / (1 + df)) for df in (3, 2, 1))
    first = np.array([cats, chase, 0, mice])
    np.testing.assert_allclose(pool.toarray()[0], first / np.linalg.norm(first), rtol=1e-12)
    np.testing.assert_allclose(test.toarray(), [[0, 0, 0, 1], [0, 0, 0, 0]])  # "fly" is unknown, "--" no word


def test_terms_that_are_kept() -> None:
    def columns(**parameters: int) -> int:
        return PREPROCESSINGS.build("tfidf", parameters).prepare(DATA, POOL, TEST)[0].shape[1]

    assert columns() == 4
    assert columns(max_ngram=2) == 4 + 4  # cats chase, chase mice, dogs chase, chase cats
    assert columns(min_ngram=2) == 4
    assert columns(min_df=2) == 2
    assert columns(max_features=1) == 1
    with pytest.raises(DatasetError, match=r"no term of 'data' is in 9 documents of its pool: lower min_df"):
        columns(min_df=9)
    letters = Dataset.from_texts(["a", "b"], [0, 1])
    with pytest.raises(DatasetError, match=r"no document of the pool of 'data' has a word of two or more letters"):
        PREPROCESSINGS.build("tfidf").prepare(letters, np.arange(2), np.arange(1))


def test_long_documents_and_repeated_words() -> None:
    data = Dataset.from_texts(["a long " * 20_000 + "one", "short one"], [0, 1])
    plain, sublinear = (
        PREPROCESSINGS.build("tfidf", {"sublinear": value}).prepare(data, np.arange(2), np.arange(1))[0]
        for value in (False, True)
    )
    assert plain[0, 0] > 0.9999 > sublinear[0, 0] > 0.9


def test_tables_and_texts_in_one_grid_skip_what_does_not_fit() -> None:
    spec = GridSpec.from_dict(
        {
            "datasets": ["iris", {"docstrings": {"per_package": 10}}],
            "preprocessing": ["standard", "tfidf"],
            "learners": ["logistic_regression", "gaussian_nb"],
            "strategies": "margin",
            "budgets": [5],
        }
    )
    plan = make_plan(spec)
    skipped = {
        (cell.dataset.name, cell.preprocessing.name, cell.learner.name): plan.reasons[plan.skip[row, 0]]
        for row, cell in enumerate(plan.cells)
        if plan.skip[row, 0]
    }
    reasons = {key: reason.partition(": ")[2] for key, reason in skipped.items()}
    assert reasons.pop(("docstrings", "tfidf", "gaussian_nb")) == "gaussian_nb can't use sparse features"
    assert reasons.pop(("iris", "tfidf", "gaussian_nb")) == "it is a table, and tfidf represents texts"
    assert reasons.pop(("iris", "tfidf", "logistic_regression")) == "it is a table, and tfidf represents texts"
    for learner in ("logistic_regression", "gaussian_nb"):
        assert reasons.pop(("docstrings", "standard", learner)) == (
            "texts need a representation (tfidf, embedding, tokens): standard prepares columns of tables"
        )
    assert reasons == {}


def test_learners_take_what_they_say() -> None:
    class Tokens(type(PREPROCESSINGS.build("tfidf"))):  # type: ignore[misc]
        name = "ids"
        gives = "tokens"

    learner = LEARNERS.build("logistic_regression")
    assert learner.unsupported(Tokens(), DATA) == "logistic_regression takes features, and ids gives tokens"
    assert learner.unsupported(PREPROCESSINGS.build("tfidf"), DATA) is None


def test_texts_of_a_notebook() -> None:
    data = DATASETS.build("docstrings", {"per_package": 40}).load()
    names = np.array(data.class_names)[data.y]
    curve = ag.simulate(list(data.documents or ()), names, preprocessing={"tfidf": {"sublinear": True}}, budget=50)
    assert curve["accuracy"].iloc[-1] > curve["accuracy"].iloc[0]
    with pytest.raises(DatasetError, match="1 documents without text, the first being row 1"):
        ag.simulate(["one text", None, "another"], ["a", "b", "a"], preprocessing="tfidf", budget=1)
    assert ag.simulate(np.array(data.documents), names, preprocessing="tfidf", budget=5)["n_bought"].tolist() == [0, 5]
    with pytest.raises(AlgridError, match="texts need a representation"):
        ag.simulate(list(data.documents or ()), names, budget=5)
