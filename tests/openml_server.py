"""A server on this machine that answers as OpenML does, and misbehaves as servers do."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CREDIT = r"""% a comment
@RELATION 'german credit'

@ATTRIBUTE 'checking status' {'<0', '0<=X<200', 'no checking'}
@ATTRIBUTE duration NUMERIC
@attribute "purpose" {radio/tv, 'it\'s a car', education}
@attribute row_id integer
@attribute comments string
@attribute Class {good,bad}
@DATA
'<0', 6, radio/tv, 1, 'a, b', good
'0<=X<200',48.5,'it\'s a car',2,"said \"x\"",bad
% another
?,12,?,3,?,good
'no checking',?,education,4,'50 %',bad
"""
SPARSE = """\
@relation words
@attribute w0 numeric
@attribute w1 numeric
@attribute 'w 2' {no,yes}
@attribute label {ham,spam}
@data
{0 1.5, 3 spam}
{1 2}
{2 yes, 3 spam}
{0 ?}
"""


@dataclass
class Answer:
    """One answer: status, body and headers; `cut` sends so many bytes of the body only."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class FakeServer:
    """Answers by path; the last one of a path's list is given again and again."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []

    def give(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        known = self.answers.get(path)
        if known is None:
            return Answer(b"nothing here", 404)
        return known.pop(0) if len(known) > 1 else known[0]

    def dataset(self, data_id: int, content: bytes | str, **fields: Any) -> None:
        """A dataset: its description and its file."""
        body = content.encode() if isinstance(content, str) else content
        described = {
            "id": str(data_id),
            "name": f"dataset{data_id}",
            "version": "1",
            "format": "ARFF",
            "licence": "Public",
            "url": f"{self.address}/data/v1/download/{data_id}/file.arff",
            "default_target_attribute": "Class",
            "md5_checksum": hashlib.md5(body).hexdigest(),
            **fields,
        }
        description = {"data_set_description": {k: v for k, v in described.items() if v is not None}}
        self.give(f"/api/v1/json/data/{data_id}", Answer(json.dumps(description).encode()))
        self.give(f"/data/v1/download/{data_id}/file.arff", Answer(body))

    def refusal(self, path: str, code: int, message: str) -> None:
        """As OpenML refuses: status 412, the reason as JSON."""
        error = {"error": {"code": str(code), "message": message}}
        self.give(path, Answer(json.dumps(error).encode(), 412, {"Content-Type": "application/json"}))


@contextmanager
def serving() -> Iterator[FakeServer]:
    """A fake server that runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = fake.answer(self.path)
            body = answer.body
            if answer.headers.get("Content-Encoding") == "gzip":
                body = gzip.compress(body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in answer.headers and answer.headers.get("Transfer") != "close":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if answer.cut is None else body[: answer.cut])

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
