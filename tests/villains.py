"""Strategies and learners that misbehave; the child process imports them by name."""

from __future__ import annotations

import ctypes
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.learners.base import Learner
from algrid.strategies.base import QueryState, Strategy

_hoard: list[Any] = []


def _eat() -> None:
    while True:
        _hoard.append(np.ones(2**21))
        time.sleep(0.005)


def _fork() -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _poison() -> None:
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)


def _spin() -> None:
    while True:
        pass


def _raise() -> None:
    raise ValueError("on purpose")


_DEEDS: dict[str, Callable[[], Any]] = {
    "raise": _raise,
    "exit": lambda: os._exit(3),
    "segfault": lambda: ctypes.string_at(0),
    "sleep": lambda: time.sleep(60),
    "spin": _spin,
    "hang in C": lambda: ctypes.PyDLL(None).sleep(60),  # holds the GIL
    "eat memory": _eat,
    "print": lambda: print("x" * 2_000_000, file=random.choice([sys.stdout, sys.stderr])),
    "fork": _fork,
    "poison": _poison,
    "slow": lambda: time.sleep(0.15),
    "garbage": lambda: None,
}


@dataclass(frozen=True)
class Villain(Strategy):
    """Does its deed, then answers like `random`."""

    name: ClassVar[str] = "villain"
    deed: str

    def query(self, state: QueryState) -> Any:
        _DEEDS[self.deed]()
        if self.deed == "garbage":
            return "garbage"
        return state.unlabeled[np.argsort(state.random_order[state.unlabeled])[: state.batch_size]]


@dataclass(frozen=True)
class Killer(Learner):
    """Kills its process when it is fitted on more than so many labels."""

    name: ClassVar[str] = "killer"
    most: int = 8

    def build(self, seed: int) -> Any:
        from sklearn.naive_bayes import GaussianNB

        most = self.most

        class Model(GaussianNB):  # type: ignore[misc]
            def fit(self, X: Any, y: Any) -> Any:
                if len(y) > most:
                    os._exit(9)
                return super().fit(X, y)

        return Model()
