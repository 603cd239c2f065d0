"""How far something is that takes long: told to whoever listens, if anybody does.

The analysis knows nothing of terminals and notebooks; it only says where it is. A listener is of the context (thread or
task) that sets it, so that nothing is global.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["Listener", "listened", "ticking"]

T = TypeVar("T")

#: Told what is going on, how many steps of it are done, and of how many.
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listened(listener: Listener) -> Iterator[None]:
    """Have a listener told of all steps inside."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def ticking(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The same items; each is told once it has been worked on.

    Parameters
    ----------
    items : iterable
    total : int
        How many they are.
    what : str
        What is done with them.
    """
    tell = _listener.get()
    for done, item in enumerate(items, 1):
        yield item
        if tell is not None:
            tell(what, done, total)
