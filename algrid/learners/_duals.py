"""Support vector machines in their dual form: fits on a kernel matrix, and decision values from one.

scikit-learn's `SVC` spends most of a small fit on checking its input. Calibration fits up to five more
machines on parts of data that has been checked already, so that it calls libsvm on slices of one kernel
matrix. A test holds fits and decision values to those of `SVC`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Machine", "fit_machine", "machine_of"]

_BLOCK = 2**21  # pairwise decision values held at a time (16 MiB of float64)


@dataclass(frozen=True)
class Machine:
    """A fitted machine of all pairs of classes.

    Parameters
    ----------
    support : (n_support,) int array
        Training rows that are support vectors, ordered by class.
    counts : (n_classes,) int array
        How many of them each class has.
    coefficients : (n_classes - 1, n_support) array
        libsvm's dual coefficients, each times its sign; of two classes so that the second is positive.
    intercepts : (n_pairs,) array
        In the order (0, 1), (0, 2), ... (1, 2), ...
    """

    support: NDArray[np.intp]
    counts: NDArray[np.intp]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    def decision(self, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision values from the (n, n_support) kernel between rows and support vectors.

        Returns
        -------
        (n,) for two classes, positive for the second; else (n, n_classes): the pairs that the class wins, plus
        the sum of its values s against the others as s / 3(|s| + 1), as `SVC.decision_function` has it.
        """
        if len(self.counts) == 2:
            return np.asarray(kernel @ self.coefficients[0] + self.intercepts[0], dtype=np.float64)
        step = max(1, _BLOCK // len(self.counts) ** 2)
        blocks = [self._votes(kernel[i : i + step]) for i in range(0, max(1, len(kernel)), step)]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _votes(self, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
        pairs = self._pairs(kernel)
        first = _layout(len(self.counts))[0][:, :, None]
        # equal rows must vote alike, but a matrix product may give them different noise around 0
        noise = 1e-12 * (1 + np.abs(self.coefficients).sum())
        won = ((pairs >= -noise) == first).sum(axis=1)
        sums = np.where(first, pairs, -pairs).sum(axis=1)
        return np.asarray((won + sums / (3 * (np.abs(sums) + 1))).T, dtype=np.float64)

    def _pairs(self, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n_classes, n_classes, n) symmetric: values of the pairs, positive for the lower class; diagonal 0."""
        k = len(self.counts)
        pairs = np.zeros((k, k, len(kernel)))
        pairs[_layout(k)[1]] = self.intercepts[:, None]
        end = 0
        for i, count in enumerate(self.counts):
            begin, end = end, end + count
            against = self.coefficients[:, begin:end] @ kernel[:, begin:end].T  # the k - 1 others, ascending
            pairs[i, :i] += against[:i]
            pairs[i, i + 1 :] += against[i:]
        return pairs + pairs.transpose(1, 0, 2)


@lru_cache(maxsize=4)
def _layout(k: int) -> tuple[NDArray[np.bool_], tuple[NDArray[np.intp], ...]]:
    """Of a (k, k) matrix of pairs: where the row is the pair's first class, and the positions of these entries."""
    first: NDArray[np.bool_] = np.triu(np.ones((k, k), dtype=bool), 1)
    return first, np.nonzero(first)


def machine_of(model: Any) -> Machine:
    """The machine of a fitted `SVC`."""
    dual: Any = model.dual_coef_
    coefficients = dual.toarray() if hasattr(dual, "toarray") else dual  # sparse where the features are
    return Machine(model.support_, model.n_support_, coefficients, model.intercept_)


def fit_machine(
    kernel: NDArray[np.float64], y: NDArray[np.intp], C: float, class_weight: NDArray[np.float64]
) -> Machine:
    """Fit on an (n, n) kernel matrix, with the other settings of `SVC`.

    Parameters
    ----------
    kernel : (n, n) C-contiguous array
    y : (n,) int array
        Classes 0 ... n_classes - 1, each at least once.
    C : float
        Weight of the errors.
    class_weight : (n_classes,) array
        Factor of `C` for each class.
    """
    from sklearn.svm import _libsvm

    support, _, counts, coefficients, intercepts, *_ = _libsvm.fit(
        kernel,
        y.astype(np.float64),
        svm_type=0,
        kernel="precomputed",
        C=C,
        class_weight=class_weight,
        cache_size=200.0,
    )
    if len(counts) == 2:  # libsvm's positive class is the first one
        coefficients, intercepts = -coefficients, -intercepts
    return Machine(support, counts, coefficients, intercepts)
