"""Texts as weighted counts of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Dataset, Features
from algrid.errors import DatasetError
from algrid.preprocessing._texts import TextRepresentation, documents_of
from algrid.preprocessing.base import Described

__all__ = ["Tfidf"]


@dataclass(frozen=True)
class Tfidf(TextRepresentation):
    """Term frequency times inverse document frequency, rows of length 1, sparse; words are those of the pool.

    Formula: ``tf(t, d) * (1 + ln((1 + n) / (1 + df(t))))`` for the n documents of the pool; words are runs of two or
    more letters, digits or underscores, in lower case. A document without any known word is a row of zeros.

    Parameters
    ----------
    min_ngram, max_ngram : int
        Terms are runs of so many words; of `min_ngram` where `max_ngram` is less.
    min_df : int
        Documents of the pool that a term has to be in.
    max_features : int, optional
        The most frequent terms only.
    sublinear : bool
        ``1 + ln(tf)`` instead of ``tf``.
    """

    name: ClassVar[str] = "tfidf"
    source: ClassVar[str] = "Salton & Buckley, Information Processing & Management 24, 1988; scikit-learn"

    min_ngram: Annotated[int, Field(ge=1)] = 1
    max_ngram: Annotated[int, Field(ge=1)] = 1
    min_df: Annotated[int, Field(ge=1)] = 1
    max_features: Annotated[int, Field(ge=1)] | None = None
    sublinear: bool = False

    def is_sparse(self, dataset: Described) -> bool:  # noqa: ARG002
        """Always."""
        return True

    def width(self, dataset: Described) -> int:  # noqa: ARG002
        """Different words of a short text."""
        return 30 * (max(self.min_ngram, self.max_ngram) - self.min_ngram + 1)

    def prepare(
        self, dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        """CSR matrices.

        Raises
        ------
        DatasetError
            If no term is in `min_df` documents of the pool.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            ngram_range=(self.min_ngram, max(self.min_ngram, self.max_ngram)),
            min_df=self.min_df,
            max_features=self.max_features,
            sublinear_tf=self.sublinear,
        )
        try:
            pool = vectorizer.fit_transform(documents_of(dataset, pool_rows))
        except ValueError as error:
            nothing = (
                f"no document of the pool of {dataset.name!r} has a word of two or more letters, digits or underscores"
            )
            few = f"no term of {dataset.name!r} is in {self.min_df} documents of its pool: lower min_df of tfidf"
            raise DatasetError(f"{nothing if self.min_df == 1 else few}. ({error})") from error
        return sp.csr_matrix(pool), sp.csr_matrix(vectorizer.transform(documents_of(dataset, test_rows)))
