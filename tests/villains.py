"""Strategies and learners that misbehave; the child process imports them by name."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import threading
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


def _taste() -> None:
    np.ones(2**25)  # 256 MiB


def _print() -> None:
    for stream in (sys.stdout, sys.stderr):
        print("x" * 4_000_000, file=stream, flush=True)


def _stay_forked() -> None:
    if os.fork() == 0:
        time.sleep(0.1)  # and the copy goes on as if it were the original


def _fork_and_segfault() -> None:
    if os.fork() == 0:
        time.sleep(60)  # keeps the pipe to the parent open
    ctypes.string_at(0)


def _fork_and_hang() -> None:
    os.fork()
    time.sleep(60)


def _thread() -> None:
    threading.Thread(target=_spin, daemon=True).start()


def _move() -> None:
    os.chdir("/")
    os.environ["OMP_NUM_THREADS"] = "7"
    os.environ["HOME"] = "/nowhere"


def _kill_parent() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


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
    "taste memory": _taste,
    "print": _print,
    "fork": _fork,
    "fork and stay": _stay_forked,
    "fork and segfault": _fork_and_segfault,
    "fork and hang": _fork_and_hang,
    "leave a thread": _thread,
    "change folder and environment": _move,
    "kill the worker": _kill_parent,
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
