"""A run's history: its points so far, how it ended, and its form as a stored row and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.schema import FAILED

__all__ = ["DENSE_CLASSES", "Confusion", "History", "Point", "confusion"]

#: What is kept of a failed attempt.
_ATTEMPT = (
    "stop_reason",
    "error",
    "traceback",
    "reach",
    "limit_seconds",
    "limit_run_seconds",
    "limit_memory",
    "provenance",
)

#: Up to this many classes a confusion matrix is stored with all its counts.
DENSE_CLASSES = 50


@dataclass(frozen=True)
class Confusion:
    """Counts of one confusion matrix, flat; `at` are the positions of the non-zero ones, or None if dense."""

    counts: NDArray[np.int32]
    at: NDArray[np.int64] | None


def confusion(y_scaled: NDArray[np.intp], predicted: NDArray[np.intp], n_classes: int) -> Confusion:
    """The confusion matrix of predictions; rows are true classes.

    Parameters
    ----------
    y_scaled : (n,) int array
        True class codes times `n_classes` (computed once per cell).
    predicted : (n,) int array
        Predicted class codes.
    """
    flat = y_scaled + predicted
    if n_classes <= DENSE_CLASSES:
        return Confusion(np.bincount(flat, minlength=n_classes * n_classes).astype(np.int32), None)
    at, counts = np.unique(flat, return_counts=True)
    return Confusion(counts.astype(np.int32), at.astype(np.int64))


@dataclass(frozen=True)
class Point:
    """A run after one cycle: what was queried, how well the refitted learner does, what it cost.

    Parameters
    ----------
    batch : (batch_size,) int array
        Pool indices that were queried to get here, in order; empty at point 0.
    n_labeled : int
        Number of labels, start set included.
    test, pool : Confusion
        On the test part and on the whole pool.
    probability : dict
        Recorded probability metrics on the test part.
    query, fit, predict : (float, float)
        Wall and CPU seconds.
    fit_shared : bool
        Whether other runs used the same fit.
    """

    batch: NDArray[np.intp]
    n_labeled: int
    test: Confusion
    pool: Confusion
    probability: dict[str, float]
    query: tuple[float, float]
    fit: tuple[float, float]
    predict: tuple[float, float]
    fit_shared: bool

    @property
    def seconds(self) -> float:
        """Wall seconds of the whole cycle, as if the run were alone."""
        return self.query[0] + self.fit[0] + self.predict[0]

    def packed(self) -> tuple[Any, ...]:
        """The point as plain values and bytes, which are pickled several times as fast."""
        matrices = [(m.counts.tobytes(), None if m.at is None else m.at.tobytes()) for m in (self.test, self.pool)]
        rest = self.probability, self.query, self.fit, self.predict, self.fit_shared
        return (self.batch.tobytes(), self.n_labeled, *matrices, *rest)

    @classmethod
    def unpacked(cls, packed: tuple[Any, ...]) -> Point:
        """The point that was packed."""
        batch, n_labeled, *matrices = packed[:4]
        test, pool = (
            Confusion(np.frombuffer(counts, np.int32), None if at is None else np.frombuffer(at, np.int64))
            for counts, at in matrices
        )
        return cls(np.frombuffer(batch, np.intp), n_labeled, test, pool, *packed[4:])


@dataclass
class History:
    """The points of a run in order, why it ended (None while it goes on), how it had failed before, and its memory.

    `memory` is the most bytes that the process which computed it was resident with; 0 where nobody looked.
    """

    points: list[Point] = field(default_factory=list)
    stop_reason: str | None = None
    error: str | None = None
    traceback: str | None = None
    attempts: tuple[dict[str, Any], ...] = ()
    memory: int = 0

    def stop(self, reason: str, error: str | None = None, traceback: str | None = None) -> None:
        """End the run for a reason of `schema.STOP_REASONS`."""
        self.stop_reason, self.error, self.traceback = reason, error, traceback

    def reopened(self) -> History:
        """The run as it goes on from its last point; the points are shared, their list is not."""
        return History(list(self.points), attempts=self.attempts, memory=self.memory)

    @property
    def queried(self) -> NDArray[np.intp]:
        """Pool indices in the order in which they were asked for."""
        return np.concatenate([np.empty(0, np.intp), *(p.batch for p in self.points)])

    def to_row(self, n_start: int, n_classes: int) -> dict[str, Any]:
        """The outcome and the list columns of a stored row (see `algrid.schema.RUNS`)."""
        points = self.points
        seconds = {
            f"{what}_{clock}seconds": [np.float32(getattr(p, what)[i]) for p in points]
            for what in ("query", "fit", "predict")
            for i, clock in enumerate(("", "cpu_"))
        }
        # what is recorded may change between a run and its extension
        names = dict.fromkeys(name for p in points for name in p.probability)
        return {
            "stop_reason": self.stop_reason,
            "error": self.error,
            "traceback": self.traceback,
            "reach": points[-1].n_labeled - n_start if points else -1,
            "attempts": json.dumps(self.attempts) if self.attempts else None,
            "queried": self.queried,
            "n_labeled": [p.n_labeled for p in points],
            **_flatten("confusion_test", [p.test for p in points], n_classes),
            **_flatten("confusion_pool", [p.pool for p in points], n_classes),
            "probability_metrics": [(name, [p.probability.get(name, np.nan) for p in points]) for name in names],
            **seconds,
            "fit_shared": [p.fit_shared for p in points],
            "peak_memory": self.memory or None,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> History:
        """The history of a stored row, reopened."""
        labels = np.asarray(row["n_labeled"], dtype=np.intp)
        attempts = tuple(json.loads(row["attempts"] or "[]"))
        if len(labels) == 0:
            return cls(attempts=attempts)  # of data that could not be had not even the number of classes is known
        batches = np.split(np.asarray(row["queried"], dtype=np.intp), np.cumsum(np.diff(labels))[:-1])
        batches = [np.empty(0, np.intp), *batches][: len(labels)]
        test = _unflatten(row, "confusion_test", len(labels), row["n_classes"])
        pool = _unflatten(row, "confusion_pool", len(labels), row["n_classes"])
        metrics = dict(row["probability_metrics"] or ())
        points = [
            Point(
                batch=batches[i],
                n_labeled=int(labels[i]),
                test=test[i],
                pool=pool[i],
                probability={name: values[i] for name, values in metrics.items()},
                query=(row["query_seconds"][i], row["query_cpu_seconds"][i]),
                fit=(row["fit_seconds"][i], row["fit_cpu_seconds"][i]),
                predict=(row["predict_seconds"][i], row["predict_cpu_seconds"][i]),
                fit_shared=row["fit_shared"][i],
            )
            for i in range(len(labels))
        ]
        return cls(points, attempts=attempts, memory=row["peak_memory"] or 0)

    @classmethod
    def again(cls, row: Mapping[str, Any], said: Mapping[str, Any], *, anew: bool) -> History:
        """The history of a stored row that is to go on, or to begin anew; a failure stays among its attempts.

        Parameters
        ----------
        row : mapping
        said : mapping
            What the attempt says beside the row's own: when it was retried, with which version it was made.
        anew : bool
            Whether the points are given up.
        """
        before = cls.from_row(row)
        attempts = before.attempts
        if row["stop_reason"] in FAILED:
            attempts += ({**{name: row[name] for name in _ATTEMPT}, **said},)
        return cls(attempts=attempts) if anew else replace(before, attempts=attempts)


def _flatten(column: str, matrices: list[Confusion], n_classes: int) -> dict[str, Any]:
    counts = np.concatenate([np.empty(0, np.int32), *(m.counts for m in matrices)])
    at = None
    if n_classes > DENSE_CLASSES:
        offsets = [np.empty(0, np.int64)]
        offsets += [m.at + i * n_classes**2 for i, m in enumerate(matrices) if m.at is not None]
        at = np.concatenate(offsets)
    return {column: counts, f"{column}_at": at}


def _unflatten(row: Mapping[str, Any], column: str, n_points: int, n_classes: int) -> list[Confusion]:
    counts = np.asarray(row[column], dtype=np.int32)
    if row[f"{column}_at"] is None:
        return [Confusion(part, None) for part in counts.reshape(n_points, n_classes**2)]
    at = np.asarray(row[f"{column}_at"], dtype=np.int64)
    borders = np.searchsorted(at, np.arange(1, n_points) * n_classes**2)
    pairs = zip(np.split(counts, borders), np.split(at, borders), strict=True)
    return [Confusion(c, a - i * n_classes**2) for i, (c, a) in enumerate(pairs)][:n_points]
