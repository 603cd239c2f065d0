"""Datasets of texts: from memory, from users' files, from what is installed, and from a hub."""

from __future__ import annotations

import gzip
import json
import lzma
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algrid.datasets import DATASETS, Dataset, docstrings
from algrid.datasets._encodings import decoded
from algrid.errors import AlgridWarning, DatasetError, GridError
from algrid.grid import GridSpec
from algrid.splits import SPLITS

SHARED = Path(__file__).parents[3] / "shared" / "datasets" / "text"

ROWS = [("Où est-ce ?", "place"), ("Who, then?", "human"), ('"Which" one?', "human"), ("Wie groß?", "number")]


def load(path: Path, **options: Any) -> Dataset:
    return DATASETS.build("text_file", {"path": str(path), **options}).load()


def lines(encoding: str = "utf-8", rows: list[tuple[str, str]] = ROWS) -> bytes:
    return "".join(f"{label} {text}\n" for text, label in rows).encode(encoding)


def spellings() -> dict[str, bytes]:
    """The same documents in every kind of file."""
    frame = pd.DataFrame(ROWS, columns=["text", "label"])
    records = [{"label": label, "text": text, "id": row} for row, (text, label) in enumerate(ROWS)]
    return {
        "a.txt": lines(),
        "latin.txt": lines("latin-1"),
        "marked.txt": lines("utf-8-sig"),
        "wide.txt": lines("utf-16"),
        "windows.txt": lines().replace(b"\n", b"\r\n"),
        "tabs.text": "".join(f"{label}\t{text}\n\n" for text, label in ROWS).encode(),
        "a.csv": frame.to_csv(index=False).encode(),
        "latin.csv": frame.to_csv(index=False).encode("latin-1"),
        "a.tsv": frame.to_csv(index=False, sep="\t").encode("utf-8-sig"),
        "a.jsonl": "\n".join(map(json.dumps, records)).encode(),
        "a.parquet": frame.assign(more=1.5).to_parquet(),
    }


@pytest.mark.parametrize("name", spellings())
def test_every_kind_of_file_gives_the_same_data(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(spellings()[name])
    data = load(path, title="questions")
    assert data.is_text
    assert data.documents == tuple(text for text, _ in ROWS)
    assert data.class_names == ("human", "number", "place")
    assert data.y.tolist() == [2, 0, 0, 1]
    assert data.X.shape == (4, 0)
    assert data.content_hash == Dataset.from_texts(*zip(*ROWS, strict=True)).content_hash
    assert data.name == "questions"


def test_compressed_files_are_the_same_data(tmp_path: Path) -> None:
    jsonl = spellings()["a.jsonl"]
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(lines()))
    (tmp_path / "a.JSONL.xz").write_bytes(lzma.compress(jsonl))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.md", "no data")
        archive.writestr("reviews.jsonl", jsonl)
    for name in ("a.txt.gz", "a.JSONL.xz", "a.zip"):
        data = load(tmp_path / name)
        assert (data.name, data.content_hash) == ("a", Dataset.from_texts(*zip(*ROWS, strict=True)).content_hash)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a", "label": 1}\n{'))
    with pytest.raises(DatasetError, match=r"line 2 of file '.*b\.jsonl\.gz' is no JSON"):
        load(tmp_path / "b.jsonl.gz")


def test_documents_with_line_breaks_and_of_any_length(tmp_path: Path) -> None:
    texts = ["two\nlines", "x" * 200_000]
    pd.DataFrame({"body": texts, "y": [0, 1]}).to_csv(tmp_path / "a.csv", index=False)
    data = load(tmp_path / "a.csv", text="body", target="y")
    assert data.documents == tuple(texts)


def test_identity_is_the_content(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(lines())
    (tmp_path / "c.txt").write_bytes(lines(rows=[*ROWS[:3], ("Wie groß!", "number")]))
    a, b, c = (DATASETS.build("text_file", {"path": str(tmp_path / f"{name}.txt")}).identity() for name in "abc")
    assert a == b != c


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=5), st.data())
def test_hash_tells_texts_and_their_borders_apart(texts: list[str], draw: Any) -> None:
    y = [row % 2 for row in range(len(texts))]
    first = Dataset.from_texts(texts, y).content_hash
    other = draw.draw(st.lists(st.text(min_size=1).filter(str.strip), min_size=len(texts), max_size=len(texts)))
    assert (Dataset.from_texts(other, y).content_hash == first) == (other == texts)
    assert Dataset.from_texts(["".join(texts), "x"], [0, 1]).content_hash != first
    assert Dataset.from_texts(texts, y, test_rows=np.array([1])).content_hash != first


# --- encodings ---


def test_encodings_that_are_found_out() -> None:
    text = "Größe ðñ"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"):
        assert decoded(text.encode(encoding), "auto", "f") == text, encoding
    assert decoded("naïve".encode("utf-8-sig"), "utf-8", "f") == "naïve"
    assert decoded("“so”".encode("cp1252"), "cp1252", "f") == "“so”"


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (
            "a\nb “so”".encode("cp1252"),
            "auto",
            r"byte 0x93 in line 2 is in neither UTF-8 nor Latin-1.*encoding: cp1252",
        ),
        (b"\x89PNG\r\n\x1a\n\0", "auto", "byte 0x89 in line 1"),
        (b"PK\3\4\0\0", "auto", "byte 0x00 in line 1 .* first bytes are those of a zip archive"),
        ("a\né".encode("latin-1"), "utf-8", r"in UTF-8: line 2 has the byte 0xe9. In Windows-1252 .* 'é'.*cp1252"),
        (b"\x1f\x8b\xff", "utf-8", "line 1 has the byte 0x8b. Its first bytes are those of a gzip file"),
        (b"ab\0", "utf-32", "not in the encoding 'utf-32'|can't be read as text in UTF-32"),
        (b"a", "utf-9", "no encoding 'utf-9'.*latin-1"),
    ],
)
def test_encodings_that_are_not(data: bytes, encoding: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        decoded(data, encoding, "f")


# --- what can't be used ---


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "0 yes\n1\n", "line 2 of file .*a.txt' is '1': it has to be `label text`"),
        ("a.txt", "\n \n", "has no documents"),
        ("a.txt", "0 a\n0 b\n", "has 1 class "),
        ("a.csv", "text,label\na,0\n ,1\n", "1 documents without text, the first being row 1"),
        ("a.csv", "text,label\na,b,0\n", "line 2 .* 2 values"),
        ("a.csv", "txt,label\na,0\n", "no column of texts 'text'. Did you mean 'txt'.* Name it with `text: ...`"),
        ("a.csv", "text,y\na,0\n", "no target 'label'.* Name it with `target: ...`"),
        ("a.csv", "text,text,label\na,b,0\n", "two columns called 'text'"),
        ("a.csv", "text,label\n", "has no documents"),
        ("a.jsonl", '{"text": "a", "label": 0}\n{"text"', "line 2 .* is no JSON"),
        ("a.jsonl", "[1]", "no JSON object"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "label": "1"}', "mixed types, such as '1' .* and 1 "),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "label": null}', "1 rows without a label"),
        ("a.jsonl", '{"text": 5, "label": 1}\n{"text": "b", "label": 2}', "type int in row 0"),
        ("a.jsonl", '{"text": null, "label": 1}\n{"text": "b", "label": 2}', "1 documents without text"),
        ("a.parquet", "PAR1", "can't be read as Parquet"),
        ("a.pdf", "x", "ending '.pdf'; known are .csv, .tsv, .jsonl.* also followed by .gz"),
        ("a.txt.gz", "0 a", r"can't be read as a compressed file \(.gz\)"),
        ("a.txt", "", "is empty"),
    ],
)
def test_what_cannot_be_used_is_said(name: str, content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DatasetError, match=message):
        load(tmp_path / name)


def test_texts_in_memory() -> None:
    with pytest.raises(DatasetError, match="one text for documents"):
        Dataset.from_texts("abc", [0, 1, 0])
    with pytest.raises(DatasetError, match="2 documents but 3 labels"):
        Dataset.from_texts(["a", "b"], [0, 1, 1])
    with pytest.raises(DatasetError, match="no documents"):
        Dataset.from_texts([], [])
    with pytest.raises(DatasetError, match="mixed types"):
        Dataset.from_texts(["a", "b"], np.array([1, "x"], dtype=object))
    with pytest.raises(DatasetError, match="1 documents without text"):
        Dataset.from_texts(["a", float("nan")], [0, 1])  # type: ignore[list-item]
    with pytest.raises(DatasetError, match="3 documents for 2 rows"):
        Dataset("d", np.empty((2, 0)), np.array([0, 1]), ("a", "b"), documents=("a", "b", "c"))


def test_empty_documents_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,0\n ,1\nb,1\n,0\n")
    (tmp_path / "b.csv").write_text("text,label\n,0\nc,1\n")
    data = load(tmp_path / "a.csv", test_path=str(tmp_path / "b.csv"), empty="drop")
    assert data.documents == ("a", "b", "c")
    assert data.test_rows is not None
    assert data.test_rows.tolist() == [2]


# --- published splits ---


def test_a_published_split(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("0 a\n1 b\n0 c\n")
    (tmp_path / "test.txt").write_text("1 d\n0 e\n")
    data = load(tmp_path / "train.txt", test_path=str(tmp_path / "test.txt"))
    split = SPLITS.build("published")
    split.check(data, 1)
    pool, test = split.make(data, 0, np.random.default_rng(0))
    assert (pool.tolist(), test.tolist()) == ([0, 1, 2], [3, 4])
    assert split.unsupported(data) is None
    assert split.unsupported(load(tmp_path / "train.txt")) == "it was published with no split"
    with pytest.raises(GridError, match="one published split, not 2"):
        split.check(data, 2)


def test_published_splits_that_lack_classes() -> None:
    def data(y: list[int], test: list[int]) -> Dataset:
        return Dataset.from_texts(list("abcd"), y, test_rows=np.array(test, dtype=np.intp))

    split = SPLITS.build("published")
    assert (
        split.unsupported(data([0, 0, 1, 1], [2, 3])) == "its published split has 1 classes in the pool and 2 test rows"
    )
    assert split.unsupported(data([0, 0, 1, 1], [])) == "its published split has 2 classes in the pool and 0 test rows"
    with pytest.warns(AlgridWarning, match="test of the published split lacks classes of 'data': '1'"):
        split.check(Dataset.from_texts(list("abcd"), [0, 1, 1, 0], test_rows=np.array([0])), 1)


def test_a_grid_finds_both_files_beside_itself(tmp_path: Path) -> None:
    for name in ("train.txt", "test.txt"):
        (tmp_path / name).write_bytes(lines())
    text = """
        datasets: {text_file: {path: train.txt, test_path: test.txt}}
        splits: {kind: published, count: 1}
        strategies: random
    """
    spec = GridSpec.from_yaml(text, folder=tmp_path)
    assert spec.datasets[0].load().n_rows == 8
    assert GridSpec.from_yaml(spec.to_yaml()) == spec


# --- docstrings ---


def test_docstrings_name_no_package() -> None:
    data = DATASETS.build("docstrings", {"per_package": 200}).load()
    assert data.class_names == ("matplotlib", "numpy", "pandas", "scikit-learn", "scipy")
    assert data.class_counts.tolist() == [200] * 5
    assert data.documents is not None
    assert len(set(data.documents)) == 1000
    names = re.compile(r"numpy|scipy|pandas|matplotlib|sklearn|scikit|\b(np|pd|plt|mpl)\b", re.IGNORECASE)
    assert [text for text in data.documents if names.search(text)] == []
    assert sum("package" in text for text in data.documents) > 20
    assert min(len(text.split()) for text in data.documents) >= 8
    assert not any(re.search(r">>>|\n", text) for text in data.documents)


def test_fewer_docstrings_are_a_part_of_more() -> None:
    few, more = (DATASETS.build("docstrings", {"per_package": n}).load() for n in (100, 200))
    label = dict(zip(more.documents or (), more.y.tolist(), strict=True))
    kept = [text for text in more.documents or () if text in set(few.documents or ())]
    assert kept == list(few.documents or ())
    assert [label[text] for text in few.documents or ()] == few.y.tolist()


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The packages whose sources are read, with a cache of its own and two documents in place of the sources."""
    read: list[str] = []

    def documents(name: str, package: str) -> list[str]:
        read.append(package)
        return [f"all about {name}", f"more of {name}", "what two have"]

    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(docstrings, "_documents", documents)
    docstrings._corpus.cache_clear()
    yield read
    docstrings._corpus.cache_clear()


def loaded_anew() -> tuple[str, ...]:
    """As a process does that has just started."""
    docstrings._corpus.cache_clear()
    return DATASETS.build("docstrings").load().documents or ()


def test_sources_are_read_once_for_all_processes(reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    first = loaded_anew()
    assert len(first) == 10  # without what two have
    assert reads == ["matplotlib", "numpy", "pandas", "sklearn", "scipy"]
    assert loaded_anew() == first
    assert len(reads) == 5
    monkeypatch.setattr(docstrings, "version", lambda package: "another")
    assert loaded_anew() == first
    assert len(reads) == 10
    monkeypatch.setattr(docstrings, "source_hash", lambda plugin: "another")
    assert loaded_anew() == first
    assert len(reads) == 15


@pytest.mark.parametrize("harm", ["damaged", "no folder"])
def test_a_bad_cache_costs_only_time(reads: list[str], tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "cache"
    if harm == "no folder":
        folder.write_text("a file where the folder should be")
    first = loaded_anew()
    for path in folder.rglob("*.json"):
        path.write_text(path.read_text().replace("all", "none"))
    assert loaded_anew() == first
    assert len(reads) == 10


# --- the hub ---


@pytest.mark.text
def test_a_folder_with_a_hubs_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    for split in ("train", "test"):
        (tmp_path / "q" / split).mkdir(parents=True)
        pd.DataFrame(ROWS, columns=["text", "label"]).to_json(
            tmp_path / "q" / split / "a.jsonl", lines=True, orient="records"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the hub's client, about itself
        data = DATASETS.build("huggingface", {"repository": str(tmp_path / "q")}).load()
        pool = DATASETS.build("huggingface", {"repository": str(tmp_path / "q"), "test": ""}).load()
        with pytest.raises(
            DatasetError, match=r"unknown split of .*'tset'. Did you mean 'test'.*`test: ''` takes none"
        ):
            DATASETS.build("huggingface", {"repository": str(tmp_path / "q"), "test": "tset"}).load()
        (tmp_path / "empty").mkdir()
        with pytest.raises(DatasetError, match=r"the folder '.*empty' can't be loaded: it needs CSV.*train.csv"):
            DATASETS.build("huggingface", {"repository": str(tmp_path / "empty")}).load()
    assert data.name == "q"
    assert data.documents == tuple(text for text, _ in ROWS) * 2
    assert data.test_rows is not None
    assert data.test_rows.tolist() == [4, 5, 6, 7]
    assert pool.content_hash == Dataset.from_texts(*zip(*ROWS, strict=True)).content_hash


@pytest.mark.text
def test_without_a_hub_the_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DatasetError, match=r"switched off \(HF_HUB_OFFLINE.*folder.*text_file.*HF_HOME.*network"):
        DATASETS.build("huggingface", {"repository": "somebody/surely-not-there"}).load()


# --- real files of a user ---


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/datasets/text here")
def test_published_questions() -> None:
    data = load(SHARED / "trec_train.txt", test_path=str(SHARED / "trec_test.txt"), title="trec")
    assert (data.n_rows, data.n_classes) == (5952, 6)
    assert data.test_rows is not None
    assert len(data.test_rows) == 500
    assert any("sisterðcity" in text for text in data.documents or ())  # a byte of Latin-1
    with pytest.raises(DatasetError, match=r"line 769 .* \(`empty: drop`"):
        load(SHARED / "customer_reviews.txt")
    assert load(SHARED / "customer_reviews.txt", empty="drop").n_rows == 3771
