"""One file over HTTP, whole or not at all: retried where that can help, checked, put in place at once."""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from algrid.datasets.folders import replacing
from algrid.errors import DatasetError

__all__ = ["Http", "RefusedError", "UnreachableError"]

_BLOCK = 1 << 16
#: Answers after which another try can succeed.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class UnreachableError(DatasetError):
    """No answer: there is no network, or no server."""


class RefusedError(DatasetError):
    """An answer that is a refusal, such as 404.

    Parameters
    ----------
    message : str
    status : int
        The HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _AgainError(Exception):
    """What another try may cure, and the seconds that the server asks to wait."""

    def __init__(self, error: DatasetError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.wait = error, wait


@dataclass(frozen=True)
class Http:
    """How files are fetched.

    Parameters
    ----------
    tries : int
        For each file.
    timeout : float
        Seconds without a byte after which a connection counts as lost.
    longest_wait : float
        Seconds between two tries, at most; a server that asks for more is given up.
    sleep : callable
        Waits so many seconds.
    """

    tries: int = 4
    timeout: float = 30.0
    longest_wait: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def json(self, url: str) -> Any:
        """The JSON at an address.

        Raises
        ------
        UnreachableError, RefusedError
            Where it can't be had.
        DatasetError
            If it is no JSON.
        """
        text = self._tried(url, lambda: b"".join(_blocks(url, self.timeout)))
        try:
            return json.loads(text)
        except ValueError as error:
            raise DatasetError(f"{url} is no JSON ({error}): it begins with {text[:60]!r}.") from error

    def file(self, url: str, path: Path, *, md5: str = "", progress: Callable[[int], None] | None = None) -> None:
        """Put the file at an address in place, replacing what was there.

        Parameters
        ----------
        url : str
        path : Path
        md5 : str
            What its checksum has to be; empty where that is not known.
        progress : callable, optional
            Told the bytes of every block.

        Raises
        ------
        UnreachableError, RefusedError
            Where it can't be had.
        DatasetError
            If its checksum is wrong, also after another try.
        """

        def download(temporary: Path) -> None:
            with temporary.open("wb") as file:
                found = _copy(url, file, self.timeout, progress)
            if md5 and found != md5.lower():
                raise _AgainError(
                    DatasetError(f"{url} has the checksum (MD5) {found} instead of {md5}: it is damaged.")
                )

        with replacing(path) as temporary:
            self._tried(url, lambda: download(temporary))

    def _tried(self, url: str, action: Callable[[], Any]) -> Any:
        for attempt in range(1, self.tries + 1):
            try:
                return action()
            except _AgainError as failed:
                wait = 2.0 ** (attempt - 1) if failed.wait is None else failed.wait
                if attempt == self.tries or wait > self.longest_wait:
                    raise failed.error from failed.__cause__
            self.sleep(wait)
        raise AssertionError(url)  # pragma: no cover - the last try returns or raises


def _copy(url: str, file: IO[bytes], timeout: float, progress: Callable[[int], None] | None) -> str:
    """The MD5 of what was copied."""
    digest = hashlib.md5(usedforsecurity=False)
    for block in _blocks(url, timeout):
        file.write(block)
        digest.update(block)
        if progress is not None:
            progress(len(block))
    return digest.hexdigest()


def _blocks(url: str, timeout: float) -> Iterator[bytes]:
    """What an address holds, decompressed.

    Raises
    ------
    _AgainError, RefusedError
        Where it can't be had.
    """
    if not url.startswith(("http://", "https://")):
        raise DatasetError(f"{url!r} is no address of the web (http or https).")
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip", "User-Agent": "algrid"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            yield from _decoded(response, url)
    except urllib.error.HTTPError as error:
        with error:
            said = _said(error)
        refused = RefusedError(f"{url} answers {error.code} {error.reason}{said}.", error.code)
        if error.code in _PASSING:
            raise _AgainError(refused, _retry_after(error.headers.get("Retry-After"))) from error
        raise refused from error
    except (OSError, http.client.HTTPException) as error:  # URLError, a timeout, a lost connection
        reason = getattr(error, "reason", None) or error
        raise _AgainError(UnreachableError(f"{url} can't be reached ({reason}).")) from error


def _decoded(response: Any, url: str) -> Iterator[bytes]:
    is_gzip = response.headers.get("Content-Encoding", "").lower() == "gzip"
    decoder = zlib.decompressobj(wbits=31) if is_gzip else None
    expected = response.headers.get("Content-Length")
    received = 0
    while block := response.read(_BLOCK):
        received += len(block)
        try:
            yield block if decoder is None else decoder.decompress(block)
        except zlib.error as error:
            raise _AgainError(DatasetError(f"{url} is no whole gzip ({error}).")) from error
    cut = expected is not None and received < int(expected)
    if cut or (decoder is not None and not decoder.eof):
        raise _AgainError(
            DatasetError(f"{url} ended after {received:,} bytes{f' of {int(expected):,}' if cut else ''}.")
        )


def _said(error: urllib.error.HTTPError) -> str:
    """What OpenML's JSON says about a refusal: its message and more."""
    try:
        found = json.loads(error.read(_BLOCK))["error"]
        parts = [str(found[key]) for key in ("message", "additional_information") if found.get(key)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, http.client.HTTPException):
        return ""
    return f" ({': '.join(parts)})" if parts else ""


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header: a number, or a date."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
