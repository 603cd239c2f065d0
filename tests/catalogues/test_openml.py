"""Fetching from OpenML, against a server that serves its formats and its errors."""

from __future__ import annotations

import io
import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openml_server import CREDIT, SPARSE, Answer, FakeServer, serving

import algrid as ag
from algrid.catalogues._http import Http, RefusedError, UnreachableError
from algrid.catalogues.fetching import FETCHED, HERE, LACKING, fetch
from algrid.catalogues.openml_server import fetch_dataset, fetch_task
from algrid.datasets import DATASETS
from algrid.errors import AlgridError, AlgridWarning, DatasetError
from algrid.grid import GridSpec
from algrid.splits import SPLITS

FILE = "/data/v1/download/31/file.arff"
PAGE = "/api/v1/json/data/31"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("ALGRID_DATA", str(tmp_path / "data"))
    with serving() as fake:
        monkeypatch.setenv("ALGRID_OPENML", f"{fake.address}/api/v1/")
        yield fake


class Clock:
    def __init__(self) -> None:
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def http(self, **options: Any) -> Http:
        return Http(sleep=self.sleep, timeout=5, **options)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def openml(data_id: int = 31, **options: Any) -> Any:
    return DATASETS.build("openml", {"data_id": data_id, **options})


def test_a_dataset_with_quotes_comments_and_missing_values(server: FakeServer) -> None:
    server.dataset(
        31, CREDIT, row_id_attribute="row_id", ignore_attribute=["comments"], default_target_attribute="Class"
    )
    assert fetch_dataset(31)
    data = openml(title="credit", rows=4, features=3, classes=2).load()
    assert data.name == "credit"
    assert data.feature_names == ("checking status", "duration", "purpose")
    assert data.class_names == ("bad", "good")
    assert data.y.tolist() == [1, 0, 1, 0]
    assert data.categorical == (0, 2)
    # categories in the order of their texts: '0<=X<200', '<0', 'no checking'; education, it's a car, radio/tv
    np.testing.assert_array_equal(data.X, [[1, 6, 2], [0, 48.5, 1], [np.nan, 12, np.nan], [2, np.nan, 0]])


def test_what_is_there_is_not_fetched_again(server: FakeServer) -> None:
    server.dataset(31, CREDIT)
    assert fetch_dataset(31)
    assert not fetch_dataset(31)
    assert server.asked == [PAGE, FILE]
    assert fetch_dataset(31, again=True)
    assert server.asked == [PAGE, FILE] * 2


def test_sparse_data(server: FakeServer) -> None:
    server.dataset(31, SPARSE, format="Sparse_ARFF", default_target_attribute="label")
    fetch_dataset(31)
    data = openml().load()
    assert data.name == "openml_31"
    assert data.class_names == ("ham", "spam")
    assert data.y.tolist() == [1, 0, 1, 0]
    assert data.categorical == (2,)
    np.testing.assert_array_equal(data.X, [[1.5, 0, 0], [0, 2, 0], [0, 0, 1], [np.nan, 0, 0]])


def test_gzip_and_blocks_are_told(server: FakeServer) -> None:
    server.dataset(31, CREDIT)
    server.give(FILE, Answer(CREDIT.encode(), headers={"Content-Encoding": "gzip"}))
    told: list[int] = []
    fetch_dataset(31, progress=told.append)
    assert sum(told) == len(CREDIT.encode())
    assert openml(drop=["row_id", "comments"]).load().n_rows == 4


def parquet() -> bytes:
    frame = pd.DataFrame({"x": [1.5, 2.5, np.nan, 4.0], "c": pd.Categorical(list("abab")), "Class": list("pqpq")})
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def test_parquet_where_there_is_no_arff(server: FakeServer) -> None:
    server.dataset(31, "", url=None, parquet_url="/data/31.pq", md5_checksum=None)
    server.give("/data/31.pq", Answer(parquet()))
    fetch_dataset(31)
    data = openml().load()
    assert (data.n_rows, data.feature_names, data.categorical) == (4, ("x", "c"), (1,))
    # named, but not to be had
    server.dataset(32, "", minio_url=f"{server.address}/data/31.pq")
    server.give("/data/v1/download/32/file.arff", Answer(status=404))
    fetch_dataset(32)
    assert openml(32).load().content_hash == data.content_hash


def test_the_wait_that_is_asked_for(server: FakeServer, clock: Clock) -> None:
    server.dataset(31, CREDIT)
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    server.give(
        FILE,
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=429, headers={"Retry-After": later}),
        Answer(status=503),
        Answer(CREDIT.encode()),
    )
    fetch_dataset(31, http=clock.http())
    first, second, third = clock.waits
    assert (first, third) == (7, 4)
    assert 40 < second <= 50


def test_a_wait_that_is_too_long_and_one_try_too_many(server: FakeServer, clock: Clock) -> None:
    server.dataset(31, CREDIT)
    server.give(FILE, Answer(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(RefusedError, match="answers 429 Too Many Requests"):
        fetch_dataset(31, http=clock.http())
    assert clock.waits == []
    server.give(FILE, Answer(status=502))
    with pytest.raises(RefusedError, match="answers 502 Bad Gateway"):
        fetch_dataset(31, http=clock.http())
    assert clock.waits == [1, 2, 4]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Answer(CREDIT.encode(), cut=100), r"file.arff ended after 100 bytes of 424"),
        (Answer(CREDIT.encode(), headers={"Content-Encoding": "gzip"}, cut=100), r"ended after 100 bytes of \d+"),
        (
            Answer(CREDIT.encode(), headers={"Content-Encoding": "gzip", "Transfer": "until closed"}, cut=100),
            "100 bytes.",
        ),
        (
            Answer(CREDIT.replace("48.5", "48.6").encode()),
            r"the checksum \(MD5\) [0-9a-f]{32} instead of [0-9a-f]{32}: it is damaged",
        ),
    ],
)
def test_a_damaged_file_is_fetched_again_and_never_kept(
    server: FakeServer, clock: Clock, tmp_path: Path, bad: Answer, message: str
) -> None:
    server.dataset(31, CREDIT)
    good = server.answers[FILE][0]
    server.give(FILE, bad, good)
    fetch_dataset(31, http=clock.http())
    assert clock.waits == [1]
    before = openml().load().content_hash
    server.give(FILE, bad)
    with pytest.raises(DatasetError, match=message):
        fetch_dataset(31, http=clock.http(tries=2), again=True)
    assert openml().load().content_hash == before
    assert sorted(path.name for path in (tmp_path / "data" / "openml" / "31").iterdir()) == [
        "dataset.arff",
        "description.json",
    ]


def test_refusals_are_not_tried_again(server: FakeServer, clock: Clock) -> None:
    server.refusal(PAGE, 111, "Unknown dataset")
    with pytest.raises(RefusedError, match=r"/json/data/31 answers 412 Precondition Failed \(Unknown dataset\)\."):
        fetch_dataset(31, http=clock.http())
    server.dataset(31, CREDIT)
    server.give(FILE, Answer(status=404))
    with pytest.raises(RefusedError, match="answers 404 Not Found"):
        fetch_dataset(31, http=clock.http())
    assert clock.waits == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>maintenance</html>", r"is no JSON .* it begins with b'<html>maintenance"),
        (b"[1]", r"no description of a dataset: \[1\]"),
        (b'{"data_set_description": {"name": "x"}}', r"OpenML 31 names no file"),
        (b'{"data_set_description": {"url": "ftp://x/y"}}', r"'ftp://x/y' is no address of the web"),
    ],
)
def test_descriptions_that_are_none(server: FakeServer, body: bytes, message: str) -> None:
    server.give(PAGE, Answer(body))
    with pytest.raises(DatasetError, match=message):
        fetch_dataset(31)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_without_a_network(server: FakeServer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_OPENML", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(UnreachableError, match=r"/json/data/31 can't be reached \(.*refused"):
        fetch_dataset(31, http=clock.http(tries=2))
    wanted = [openml(31), DATASETS.build("iris"), openml(32)]
    first, iris, second = fetch(wanted, http=clock.http(tries=1))
    assert (first.state, iris.state, second.state) == (LACKING, HERE, LACKING)
    assert re.search(r"refused.*\. Without a network: copy .*data/openml from a machine that has it", first.reason)
    assert second.reason.startswith("not tried: http://127.0.0.1")
    with pytest.raises(
        DatasetError, match=r"was not fetched.*algrid datasets fetch openml:31.*copy the folder.*file: \{"
    ):
        openml(31).load()


def test_a_task_without_a_network(server: FakeServer, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setenv("ALGRID_OPENML", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match=r"can't be reached .*Without a network: .*kind: explicit"):
        fetch_task(59, http=clock.http(tries=1))


def test_data_put_there_by_hand(server: FakeServer, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "openml" / "31"
    folder.mkdir(parents=True)
    (folder / "dataset.arff").write_text(CREDIT)
    with pytest.raises(DatasetError, match="needs a target, the column of the class labels: one of checking status"):
        openml().load()
    assert openml(target="Class", drop=["row_id", "comments"]).load().n_rows == 4
    (folder / "description.json").write_text("{")
    with pytest.raises(DatasetError, match=r"description.json' is damaged .*: remove it, and fetch"):
        openml().load()


def test_a_target_that_is_not_there(server: FakeServer) -> None:
    server.dataset(31, CREDIT, default_target_attribute="Kind")
    fetch_dataset(31)
    with pytest.raises(DatasetError, match=r"no target 'Kind'.*Its columns: checking status"):
        openml().load()
    server.dataset(32, CREDIT, default_target_attribute=None)
    fetch_dataset(32)
    with pytest.raises(DatasetError, match="needs a target"):
        openml(32).load()
    with pytest.raises(DatasetError, match=r"no target 'class'. Did you mean 'Class'\?"):
        openml(32, target="class").load()


def test_other_data_than_expected(server: FakeServer) -> None:
    server.dataset(31, CREDIT, ignore_attribute="row_id, comments")
    fetch_dataset(31)
    with pytest.raises(DatasetError, match=r"is not as expected: it has 4 rows instead of 5, 2 classes instead of 3"):
        openml(rows=5, classes=3).load()
    with pytest.warns(AlgridWarning, match="it has 3 features instead of 7"):
        openml(rows=4, features=7).load()


def test_facts_before_and_after(server: FakeServer) -> None:
    server.dataset(31, CREDIT, ignore_attribute="row_id, comments")
    plugin = openml(rows=5, features=3, classes=2, title="credit")
    expected = plugin.facts()
    assert expected.content_hash is None
    assert (expected.name, expected.class_counts, expected.n_features) == ("credit", (3, 2), 3)
    fetch_dataset(31)
    plugin = openml(rows=4, features=3, classes=2, title="credit")
    assert plugin.facts().class_counts == (2, 2)
    assert plugin.identity()["content"] == plugin.facts().content_hash == plugin.load().content_hash
    with pytest.raises(DatasetError, match="was not fetched"):
        openml(77, rows=4).facts()


def test_a_catalogue_is_fetched_and_resumed(server: FakeServer, tmp_path: Path, clock: Clock) -> None:
    catalogue = tmp_path / "c.yaml"
    catalogue.write_text(
        "datasets:\n  a: {openml: 31, drop: [row_id, comments]}\n  b: {openml: 32, rows: 9, classes: 2}\n"
        "  c: {openml: 33}\n  d: {local: d}\n  e: {plugin: iris}\n  f: {openml: 31, drop: [row_id, comments]}\n"
    )
    server.dataset(31, CREDIT)
    server.dataset(32, CREDIT)
    spec = GridSpec.from_dict({"datasets": {"catalogue": str(catalogue)}, "strategies": ["random"]})
    told: list[str] = []
    outcomes = list(fetch(spec.datasets, http=clock.http(), progress=lambda name, n_bytes: told.append(name)))
    assert [(o.name, o.state) for o in outcomes] == [
        ("a", FETCHED),
        ("b", LACKING),
        ("c", LACKING),
        ("d", LACKING),
        ("iris", HERE),
        ("f", HERE),
    ]
    assert "4 rows instead of 9" in outcomes[1].reason
    assert outcomes[0].notes == ()
    assert "404" in outcomes[2].reason
    assert "has no file: algrid can't download it. Put it into" in outcomes[3].reason
    assert outcomes[0].facts is not None
    assert outcomes[5].facts is not None
    assert outcomes[0].facts.content_hash == outcomes[5].facts.content_hash
    assert set(told) == {"a", "b"}
    server.dataset(33, CREDIT)
    (tmp_path / "data" / "d.csv").write_text("x,y\n1,a\n2,b\n")
    server.asked.clear()
    again = [o.state for o in fetch(spec.datasets, http=clock.http())]
    assert again == [HERE, LACKING, FETCHED, LACKING, HERE, HERE]  # a CSV needs a target
    assert server.asked == ["/api/v1/json/data/33", "/data/v1/download/33/file.arff"]


SPLITS_ARFF = """\
@RELATION 'anneal_splits'
@ATTRIBUTE type {TRAIN,TEST}
@ATTRIBUTE rowid INTEGER
@ATTRIBUTE repeat INTEGER
@ATTRIBUTE fold INTEGER
@DATA
TRAIN,2,0,1
TRAIN,3,0,1
TEST,0,0,1
TEST,1,0,1
TRAIN,1,0,0
TRAIN,0,0,0
TEST,2,0,0
TEST,3,0,0
"""


def task(server: FakeServer, url: str = "/splits/59.arff") -> dict[str, Any]:
    procedure = {"type": "crossvalidation", "data_splits_url": url}
    inputs = [
        {"name": "source_data", "data_set": {"data_set_id": "31", "target_feature": "Class"}},
        {"name": "estimation_procedure", "estimation_procedure": procedure},
    ]
    return {"task": {"task_id": "59", "task_type_id": "1", "input": inputs}}


def test_a_tasks_published_splits(server: FakeServer) -> None:
    server.dataset(31, CREDIT)
    server.give("/api/v1/json/task/59", Answer(json.dumps(task(server)).encode()))
    server.give("/splits/59.arff", Answer(SPLITS_ARFF.encode()))
    found = fetch_task(59)
    assert (found.data_id, found.target, found.count) == (31, "Class", 2)
    split = SPLITS.build("explicit", {"path": str(found.splits)})
    data = openml(drop=["row_id", "comments"]).load()
    rng = np.random.default_rng(0)
    parts = [[rows.tolist() for rows in split.make(data, index, rng)] for index in range(2)]
    assert parts == [[[0, 1], [2, 3]], [[2, 3], [0, 1]]]


def test_a_task_without_splits(server: FakeServer) -> None:
    server.give("/api/v1/json/task/59", Answer(b'{"task": {"input": []}}'))
    with pytest.raises(DatasetError, match="task 59 has no dataset, target and published splits"):
        fetch_task(59)
    server.dataset(31, CREDIT)
    server.give("/api/v1/json/task/59", Answer(json.dumps(task(server)).encode()))
    server.give("/splits/59.arff", Answer(SPLITS_ARFF.replace("rowid", "row").encode()))
    with pytest.raises(DatasetError, match="lack the columns rowid"):
        fetch_task(59)


@pytest.mark.slow
def test_a_grid_runs_on_what_was_fetched(server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing to results, with the data folder where it is by default: workers find it too."""
    monkeypatch.delenv("ALGRID_DATA")
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{row % 7}.5,{'xyz'[row % 3]},{'pq'[row % 2]}\n" for row in range(60))
    head = "@relation r\n@attribute a real\n@attribute b {x,y,z}\n@attribute Class {p,q}\n@data\n"
    server.dataset(31, head + rows)
    grid = {
        "datasets": [{"openml": {"data_id": 31, "title": "made", "rows": 60, "features": 2, "classes": 2}}],
        "strategies": ["random", "margin"],
        "learners": ["gaussian_nb"],
        "budgets": [10],
    }
    plan = ag.make_plan(grid)
    assert plan.n_runs == 2
    with pytest.raises(AlgridError, match="are not here: made"):
        ag.run(grid, workers=1, progress=False)
    assert [outcome.state for outcome in fetch(plan.spec.datasets)] == [FETCHED]
    results = ag.run(grid, workers=1, progress=False)
    assert results.failures.empty
    assert set(results.curves()["dataset"]) == {"made"}
