"""Formats of files beside CSV, Parquet and LIBSVM, compression, and encodings."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.externals import _arff

from algrid.datasets import DATASETS, Dataset
from algrid.datasets.formats import format_of, read_file
from algrid.datasets.formats.files import stem_of
from algrid.errors import DatasetError, PluginError


def load(path: Path | str, **options: Any) -> Dataset:
    return DATASETS.build("file", {"path": str(path), **options}).load()


CSV = b"age,colour,y\n30.5,red,no\n,blue,yes\n40.1,?,no\n"
PLAIN_ARFF = """\
@relation plain
@attribute a numeric
@attribute 'b c' {x, y}
@attribute class {0,1,2}
@data
1.5, x, 2
?,y,0
-3e2,?,1
"""


def zipped(content: bytes, *, names: tuple[str, ...] = ("inner.csv",)) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, content)

    return write


# -- compressed ----------------------------------------------------------------------------------------


def test_compressed_files_are_the_same_data(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    plain = load(tmp_path / "a.csv", target="y")
    for ending, compress in {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}.items():
        (tmp_path / f"b.csv{ending}").write_bytes(compress(CSV))
        other = load(tmp_path / f"b.csv{ending}", target="y")
        assert (other.name, other.content_hash) == ("b", plain.content_hash)
    zipped(CSV, names=("readme.md", "folder/inner.csv", "__MACOSX/inner.csv"))(tmp_path / "c.zip")
    other = load(tmp_path / "c.zip", target="y")
    assert (other.name, other.content_hash) == ("c", plain.content_hash)
    (tmp_path / "d.svm.gz").write_bytes(gzip.compress(b"1 1:2\n-1 2:3\n"))
    assert load(tmp_path / "d.svm.gz").n_rows == 2


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("a.csv.gz", lambda p: p.write_bytes(gzip.compress(CSV)[:-12]), r"can't be read as a compressed file \(\.gz\)"),
        ("a.csv.gz", lambda p: p.write_bytes(CSV), r"a compressed file \(\.gz\) \(Not a gzipped file"),
        ("a.csv.xz", lambda p: p.write_bytes(gzip.compress(CSV)), r"\(\.xz\).* first bytes are those of a gzip file"),
        ("a.csv.gz", lambda p: p.write_bytes(gzip.compress(b"")), r"has an empty file in it"),
        ("a.zip", zipped(CSV, names=("a.csv", "b.csv")), r"must hold exactly one file of data.* it holds a.csv, b.csv"),
        ("a.zip", zipped(CSV, names=("a.doc",)), r"must hold exactly one file of data"),
        ("a.csv.zip", lambda p: p.write_bytes(b"PK\x03\x04 no"), r"\(\.zip\).*first bytes are those of a zip archive"),
        ("a.gz", lambda p: p.write_bytes(gzip.compress(CSV)), r"has the ending '.gz'; known are .csv"),
        ("a.csv", lambda p: p.write_bytes(gzip.compress(CSV)), r"first bytes are those of a gzip file|has the byte"),
    ],
)
def test_compressed_files_that_cant_be_used(
    tmp_path: Path, name: str, write: Callable[[Path], Any], message: str
) -> None:
    write(tmp_path / name)
    with pytest.raises(DatasetError, match=message):
        load(tmp_path / name, target="y")


def test_names() -> None:
    assert [stem_of(name) for name in ("d/a.csv.gz", "v1.2.csv", "a.zip", "b.npz")] == ["a", "v1.2", "a", "b"]
    assert format_of("A.CSV.GZ") == format_of("x.tsv")
    assert format_of("a.gz") is None


# -- encodings -----------------------------------------------------------------------------------------


def test_encodings(tmp_path: Path) -> None:
    text = "größe,y\nklein,ja\ngroß,nein\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (tmp_path / "b.csv").write_text(text, encoding="cp1252")
    (tmp_path / "c.csv").write_text(text, encoding="utf-16")
    plain = load(tmp_path / "a.csv", target="y")
    assert load(tmp_path / "b.csv", target="y", encoding="cp1252").content_hash == plain.content_hash
    assert load(tmp_path / "c.csv", target="y").feature_names == ("größe",)
    for name in ("a", "b", "c"):
        assert load(tmp_path / f"{name}.csv", target="y", encoding="auto").content_hash == plain.content_hash
    with pytest.raises(DatasetError, match=r"in UTF-8: line 1 has the byte 0xf6. In Windows-1252 .* 'größe,y'.*cp1252"):
        load(tmp_path / "b.csv", target="y")
    with pytest.raises(DatasetError, match="there is no encoding 'utf-9'"):
        load(tmp_path / "a.csv", target="y", encoding="utf-9")


# -- NumPy ---------------------------------------------------------------------------------------------


def test_npz(tmp_path: Path) -> None:
    X = np.array([[1.5, 0], [0, 2], [np.nan, 3]])
    np.savez(tmp_path / "a.npz", X=X, y=["p", "q", "p"])
    np.savez_compressed(tmp_path / "b.npz", X=X.astype(np.float32), label=["p", "q", "p"], feature_names=["u", "v"])
    a, b = load(tmp_path / "a.npz"), load(tmp_path / "b.npz", target="label")
    np.testing.assert_array_equal(a.X, X)
    assert (a.class_names, a.feature_names, b.feature_names) == (("p", "q"), ("0", "1"), ("u", "v"))
    assert a.content_hash == b.content_hash
    assert load(tmp_path / "b.npz", target="label", drop=["u"], categorical=["v"]).X.tolist() == [[0], [1], [2]]


def test_npz_of_a_sparse_matrix(tmp_path: Path) -> None:
    X = sp.random(300, 20_000, density=0.001, format="csr", random_state=0)
    sp.save_npz(tmp_path / "x.npz", X)
    parts = dict(np.load(tmp_path / "x.npz"))
    y = np.arange(300) % 3
    np.savez(tmp_path / "a.npz", **parts, y=y)
    np.savez(tmp_path / "b.npz", y=y, **{f"X_{part}": parts[part] for part in ("data", "indices", "indptr", "shape")})
    a, b = load(tmp_path / "a.npz"), load(tmp_path / "b.npz")
    assert sp.issparse(a.X)
    assert (a.X != X).nnz == 0
    assert a.content_hash == b.content_hash


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": [[1.0], [2.0]]}, r"has no labels 'y'. Its arrays: X. Save it with np.savez"),
        ({"y": [1, 2]}, r"has no features: an array X, or the parts of a CSR matrix"),
        ({"X": [1.0, 2.0], "y": [1, 2]}, r"features of shape \(2,\); they need two dimensions"),
        ({"X": [[1.0], [2.0]], "y": [1, 2, 1]}, r"2 rows of features but labels of shape"),
        ({"X": [[1.0], [2.0]], "y": [[1], [2]]}, r"labels of shape \(2, 1\)"),
        ({"X": [[1.0], [np.inf]], "y": [1, 2]}, r"infinite values in the columns 0"),
        ({"X": [[1.0], [2.0]], "y": [1, 2], "feature_names": ["a", "b"]}, r"1 columns but 2 feature_names"),
        ({"X": np.array([[object()], [1]]), "y": [1, 2]}, r"can't be read as npz \(Object arrays cannot be loaded"),
        ({"data": [1.0], "indices": [7], "indptr": [0, 1], "shape": [1, 3], "y": [1]}, r"can't be read as npz"),
        ({"data": [1.0], "indices": [0], "indptr": [0, 1], "shape": [1, 1], "format": "csc", "y": [1]}, r"csc matrix"),
    ],
)
def test_npz_that_cant_be_used(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DatasetError, match=message):
        load(tmp_path / "a.npz")


# -- ARFF ----------------------------------------------------------------------------------------------


def arff(tmp_path: Path, text: str | bytes, **options: Any) -> Dataset:
    (tmp_path / "a.arff").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(tmp_path / "a.arff", target="class", **options)


def test_arff_plain_and_quoted_are_the_same_data(tmp_path: Path) -> None:
    plain = arff(tmp_path, PLAIN_ARFF)
    assert plain.feature_names == ("a", "b c")
    assert plain.class_names == ("0", "1", "2")
    assert plain.y.tolist() == [2, 0, 1]
    assert plain.categorical == (1,)
    np.testing.assert_array_equal(plain.X, [[1.5, 0], [np.nan, 1], [-300, np.nan]])
    for other in (
        PLAIN_ARFF.replace(" x, 2", " 'x' ,\"2\"").replace("@data", "@DATA\n% said"),
        PLAIN_ARFF.replace("\n", "\r\n"),
        "\ufeff" + PLAIN_ARFF,
        PLAIN_ARFF.replace("numeric", "REAL").replace("@attribute a", "% c\n\n  @ATTRIBUTE\t'a'"),
        PLAIN_ARFF + "\n\n",
    ):
        assert arff(tmp_path, other).content_hash == plain.content_hash


def test_arff_values_between_quotes(tmp_path: Path) -> None:
    head = "@relation r\n@attribute s string\n@attribute class {'it\\'s','a,b'}\n@data\n"
    text = head + "'x,\"y\"','it\\'s'\n\"p 'q'\",'a,b'\n"
    data = arff(tmp_path, text)
    assert data.class_names == ("a,b", "it's")
    assert data.X[:, 0].tolist() == [1, 0]  # p 'q' before x,"y"
    for encoding in ("utf-8", "auto", "latin-1"):
        data = arff(tmp_path, text.replace("x", "ü").encode("latin-1"), encoding=encoding)
        assert data.class_names == ("a,b", "it's")


def test_arff_numbers_to_the_last_bit(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal(300) * 10.0 ** np.arange(-150, 150)
    lines = "".join(f"{value!r},{row % 2}\n" for row, value in enumerate(values.tolist()))
    data = arff(tmp_path, "@relation r\n@attribute a real\n@attribute class {0,1}\n@data\n" + lines)
    assert data.X[:, 0].tolist() == values.tolist()


def test_wide_sparse_arff_stays_sparse(tmp_path: Path) -> None:
    names = "".join(f"@attribute w{i} numeric\n" for i in range(6000))
    lines = "".join(f"{{{row} 1.5, 5999 2, 6000 {'ab'[row % 2]}}}\n" for row in range(400))
    data = arff(tmp_path, f"@relation r\n{names}@attribute class {{a,b}}\n@data\n{lines}")
    assert sp.issparse(data.X)
    assert data.X.shape == (400, 6000)
    assert data.X[7, 7] == 1.5
    assert data.X.nnz == 800
    assert data.y.tolist() == [0, 1] * 200


# that package does not quote a quote within a name
NAMES = st.text(
    st.characters(codec="ascii", exclude_categories=("Cc",), exclude_characters="'\"\\"), min_size=1, max_size=6
).filter(str.strip)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A table as scikit-learn's copy of the package liac-arff takes it: written by others, read by us."""
    names = draw(st.lists(NAMES.filter(lambda name: name != "class"), min_size=1, max_size=3, unique=True))
    kinds = [draw(st.sampled_from(["REAL", "nominal"])) for _ in names]
    usable = VALUES.filter(lambda text: text.strip() == text and text != "?")
    domains = [draw(st.lists(usable, min_size=1, max_size=3, unique=True)) if k == "nominal" else k for k in kinds]
    cells = [st.sampled_from([*d, None]) if isinstance(d, list) else st.floats(-1e9, 1e9) for d in domains]
    rows = draw(st.lists(st.tuples(*cells), min_size=2, max_size=6))
    data = [[*row, "pq"[i % 2]] for i, row in enumerate(rows)]
    attributes = [*zip(names, domains, strict=True), ("class", ["p", "q"])]
    return {"relation": "made up", "description": "", "attributes": attributes, "data": data}


@settings(max_examples=50, deadline=None)
@given(tables())
def test_arff_written_by_another_package(table: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.arff"
        path.write_text(_arff.dumps(table), encoding="utf-8")
        found = read_file(path, "class")
    assert isinstance(found, pd.DataFrame)
    assert list(found.columns) == [name for name, _ in table["attributes"]]
    values = found.astype(object).where(found.notna(), None).to_numpy().tolist()
    assert values == [list(row) for row in table["data"]]


HEAD = "@relation r\n@attribute a numeric\n@attribute b {x,y}\n@attribute class {0,1}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, r"no whole ARFF: it ends before @data"),
        (HEAD + "@data\n", r"no rows, only the columns a, b, class"),
        ("@relation r\n@data\n1,2\n", r"@data comes before any @attribute"),
        ("a,class\n1,2\n", r"no ARFF: line 1 of its header is 'a,class'"),
        (HEAD.replace("b {", "a {") + "@data\n1,x,0\n", r"two columns called 'a'"),
        (HEAD + "@data\n1,x,0\n2,y\n", r"line 7: 2 values where the header declares 3 columns"),
        (HEAD + "@data\n1,x,0\n2,y,1,5\n", r"can't be read as ARFF"),
        (HEAD + "@data\n1,'x',0\n2,'y'\n", r"line 7: 2 values where the header declares 3 columns"),
        (HEAD + "@data\n1,'x'y,0\n", r"can't be read as ARFF"),
        (HEAD + "@data\nred,x,0\n1,y,1\n", r"can't be read as ARFF .*red"),
        (HEAD + "@data\n'red',x,0\n", r"'red' is no number, as its column 'a' is"),
        (HEAD + "@data\n{0 1, 5 x}\n", r"line 6: there is no column 5 \(from 0\)"),
        (HEAD + "@data\n{0 1, 1 z}\n", r"'z' is no category that its column 'b' declares"),
        (HEAD + "@data\n{0}\n", r"line 6: '0' is no 'index value'"),
        (HEAD + "@data\n{0 1}\n1,x,0\n", r"line 7: '1,x,0' is not sparse"),
        (HEAD + "@data\n?,x,0\n?,y,1\n", r"columns without any value: a"),
        (HEAD.replace("class", "kind") + "@data\n1,x,0\n2,y,1\n", r"no target 'class'"),
        (HEAD + "@data\n1,x,0\n2,y,?\n", r"1 rows without a label"),
    ],
)
def test_arff_that_cant_be_used(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        arff(tmp_path, text)


# -- loaders -------------------------------------------------------------------------------------------


def test_loaders_of_a_library() -> None:
    wine = DATASETS.build("sklearn.datasets:load_wine")
    assert wine.dataset_name == "wine"
    assert wine.load().content_hash == DATASETS.build("wine").load().content_hash
    assert wine.load().feature_names[0] == "alcohol"
    moons = DATASETS.build("sklearn.datasets:make_moons", {"n_samples": 40, "random_state": 3, "title": "moons"})
    assert (moons.dataset_name, moons.load().n_rows, moons.load().name) == ("moons", 40, "moons")
    assert moons.load().content_hash == moons.load().content_hash
    other = DATASETS.build("sklearn.datasets:make_moons", {"n_samples": 40, "random_state": 3})
    assert other.dataset_name == "moons(n_samples=40, random_state=3)"


def own_loader(kind: str = "frame") -> Any:
    """For tests: what users' functions return."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]})
    if kind == "dataset":
        return Dataset.from_frame(frame, target="b", name="inside")
    if kind == "raises":
        raise OSError("no disk")
    return {"frame": frame, "pair": (frame[["a"]], frame["b"])}[kind]


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("sklearn.datasets:make_moons", {"n_samples": 9}, "draws other data every time: give it a random_state"),
        ("sklearn.datasets:load_wines", {}, "can't be imported"),
        ("sklearn.datasets:load_wine", {"as_fram": True}, r"no parameter 'as_fram'. Did you mean 'as_frame'\?"),
        ("sklearn.svm:SVC", {}, "is no function that returns data"),
        ("sklearn.datasets:load_wine", {"title": 3}, "title of .* is 3; text is needed"),
    ],
)
def test_loaders_that_are_none(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        DATASETS.build(name, parameters)


def test_users_own_loaders() -> None:
    path = f"{__name__}:own_loader"
    assert DATASETS.build(path, {"kind": "pair"}).load().class_names == ("x", "y")
    inside = DATASETS.build(path, {"kind": "dataset", "title": "t"}).load()
    assert (inside.name, inside.feature_names) == ("t", ("a",))
    with pytest.raises(DatasetError, match="failed: OSError: no disk"):
        DATASETS.build(path, {"kind": "raises"}).load()
    with pytest.raises(DatasetError, match="returned DataFrame: a Dataset, features and labels, or a mapping"):
        DATASETS.build(path, {"kind": "frame"}).load()
