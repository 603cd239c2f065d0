"""Catalogue files: found, read and validated as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from os.path import expanduser
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from algrid.catalogues.entry import KINDS, Entry
from algrid.datasets.folders import data_folder
from algrid.errors import GridError, nearest, unknown_name
from algrid.yaml_lines import KeyPath, Problems, load_yaml

__all__ = ["OWN", "Catalogue", "catalogue_file", "catalogues", "entry_named", "shipped"]

#: Name of the user's own catalogue in the data folder.
OWN = "catalogue.yaml"

_Text = Annotated[str, Field(min_length=1)]
_Texts = list[_Text]
_Count = Annotated[int, Field(ge=1)]
#: What the value of each key of an entry has to be; null is allowed where it means unknown.
_KEYS: Mapping[str, Any] = {
    "openml": _Count,
    "file": _Text,
    "local": _Text,
    "plugin": _Text | dict[str, Any],
    "target": _Text | None,
    "drop": _Texts,
    "categorical": _Texts,
    "rows": _Count | None,
    "features": _Count | None,
    "classes": Annotated[int, Field(ge=2)] | None,
    "licence": _Text | None,
    "source": _Text | None,
    "url": Annotated[str, Field(pattern=r"^https?://\S+$")] | None,
    "note": _Text | None,
    "same_as": _Text,
    "encoding": _Text,
}


def shipped() -> list[str]:
    """Names of the catalogues that come with algrid, sorted."""
    return sorted(path.stem for path in _shipped_folder().glob("*.yaml"))


def catalogue_file(name_or_path: str | Path, folders: Sequence[Path] = ()) -> Path:
    """The file of a catalogue: an existing path, else one of that name in the data folder, else a shipped one.

    Parameters
    ----------
    name_or_path : str or Path
    folders : sequence of Path
        Where a relative path is looked for before the working directory.

    Raises
    ------
    GridError
        If there is none; the message has the nearest match.
    """
    name = str(name_or_path)
    for folder in (*folders, Path()):
        if (path := folder / expanduser(name)).is_file():
            return path
    own = data_folder()
    if (path := own / f"{name}.yaml").is_file():
        return path
    if name in shipped():
        return _shipped_folder() / f"{name}.yaml"
    if Path(name).suffix in {".yaml", ".yml"} or len(Path(name).parts) > 1:
        raise GridError(f"no catalogue file {name!r}. Shipped catalogues are known by name: {', '.join(shipped())}.")
    known = {*shipped(), *(path.stem for path in own.glob("*.yaml"))}
    raise GridError(f"{unknown_name('catalogue', name, known)} The path of a catalogue file is fine too.")


@dataclass(frozen=True)
class Catalogue:
    """Datasets by name.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    title : str
    entries : tuple of Entry
        In the order of the file.
    """

    name: str
    title: str
    entries: tuple[Entry, ...]

    @classmethod
    def from_yaml(cls, text: str, source: str = "catalogue", folder: Path | None = None) -> Catalogue:
        """A catalogue of a YAML text; paths in it are relative to `folder`.

        Raises
        ------
        GridError
            For mistakes: one error that lists all of them with their lines.
        """
        name = Path(source).name.removesuffix(".yaml").removesuffix(".yml")
        title, entries = _parsed(text, source, folder)
        return cls(name, title or name, entries)

    @classmethod
    def open(cls, name_or_path: str | Path, folders: Sequence[Path] = ()) -> Catalogue:
        """The catalogue of a file, or the one of this name; see `catalogue_file`.

        Raises
        ------
        GridError
            If there is none, or for mistakes in it.
        """
        path = catalogue_file(name_or_path, folders)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise GridError(f"catalogue {str(path)!r} can't be read as UTF-8 text: {error}.") from error
        return cls.from_yaml(text, path.name, path.parent)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, name: str) -> Entry:
        """The entry of this name.

        Raises
        ------
        GridError
            If there is none.
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = [entry.name for entry in self.entries]
        raise GridError(f"catalogue {self.name!r} has no dataset {name!r}.{nearest(name, known)}")


def catalogues() -> list[Catalogue]:
    """The catalogues that are known by name: the user's own, in the data folder, then the shipped ones.

    Other YAML files in the data folder, such as grids, are passed over.

    Raises
    ------
    GridError
        For mistakes in one of them.
    """
    own = [path for path in sorted(data_folder().glob("*.yaml")) if path.name == OWN or _looks_like_one(path)]
    return [Catalogue.open(path) for path in (*own, *(_shipped_folder() / f"{name}.yaml" for name in shipped()))]


def _looks_like_one(path: Path) -> bool:
    try:
        data = load_yaml(path.read_text(encoding="utf-8-sig"), path.name).data
    except (GridError, OSError, UnicodeDecodeError):
        return False
    return isinstance(data, dict) and isinstance(data.get("datasets"), dict) and "strategies" not in data


def entry_named(name: str) -> Entry | None:
    """The entry of that name in the first catalogue that has one.

    Raises
    ------
    GridError
        For mistakes in a catalogue.
    """
    return next((entry for known in catalogues() for entry in known.entries if entry.name == name), None)


@cache
def _adapters() -> Mapping[str, TypeAdapter[Any]]:
    return {key: TypeAdapter(kind) for key, kind in _KEYS.items()}


def _shipped_folder() -> Path:
    return Path(str(files("algrid"))) / "catalogues"


@lru_cache(maxsize=8)
def _parsed(text: str, source: str, folder: Path | None) -> tuple[str, tuple[Entry, ...]]:
    """Title and entries; remembered, as a grid asks the same catalogue for one dataset after another."""
    document = load_yaml(text, source)
    problems = Problems(source, document.lines)
    found = _read(problems, document.data, folder)
    problems.raise_if_any()
    return found


def _read(problems: Problems, data: Any, folder: Path | None) -> tuple[str, tuple[Entry, ...]]:
    if not isinstance(data, dict) or not isinstance(data.get("datasets"), dict) or not data["datasets"]:
        problems.add((), "a catalogue has the key `datasets:`, a mapping from names to what is known of each.")
        return "", ()
    for key in data:
        if key not in {"title", "datasets"}:
            problems.add((key,), unknown_name("key", key, ("title", "datasets")))
    title = data.get("title", "")
    if not isinstance(title, str):
        problems.add(("title",), f"found {title!r} where text is needed.")
    entries = [
        entry
        for name, fields in data["datasets"].items()
        if (entry := _entry(problems, ("datasets", name), fields, folder)) is not None
    ]
    names = {name: fields for name, fields in data["datasets"].items() if isinstance(fields, dict)}
    for entry in entries:
        if entry.same_as and (entry.same_as not in names or entry.same_as == entry.name):
            others = [name for name in names if name != entry.name]
            problems.add(("datasets", entry.name, "same_as"), unknown_name("dataset", entry.same_as, others))
    return str(title), tuple(entries)


def _entry(problems: Problems, path: KeyPath, fields: Any, folder: Path | None) -> Entry | None:
    if not isinstance(fields, dict):
        problems.add(path, f"found {fields!r} where a mapping is needed, as in {{openml: 31, rows: 1000}}.")
        return None
    before = len(problems)
    for key, value in fields.items():
        if key not in _KEYS:
            problems.add((*path, key), unknown_name("key", key, _KEYS))
        else:
            _check(problems, (*path, key), _adapters()[key], value)
    kinds = [kind for kind in KINDS if kind in fields]
    if len(kinds) != 1:
        found = f"it has {' and '.join(kinds)}" if kinds else "it has none"
        problems.add(path, f"an entry has exactly one of the keys {', '.join(KINDS)}; {found}.")
    if "encoding" in fields and kinds != ["file"]:
        problems.add((*path, "encoding"), "only an entry of a file has an encoding.")
    if len(problems) > before:
        return None
    (kind,) = kinds
    known: dict[str, Any] = {key: value for key, value in fields.items() if value is not None and key != kind}
    drop, categorical = (tuple(known.pop(key, ())) for key in ("drop", "categorical"))
    origin = fields[kind]
    if kind == "file" and folder is not None:
        origin = str(folder.absolute() / expanduser(origin))  # an absolute path stays as it is
    return Entry(name=str(path[-1]), kind=kind, origin=origin, drop=drop, categorical=categorical, **known)


def _check(problems: Problems, path: KeyPath, kind: TypeAdapter[Any], value: Any) -> None:
    try:
        kind.validate_python(value, strict=True)
    except ValidationError as error:
        problems.add(path, f"found {value!r}: {error.errors()[0]['msg'][0].lower()}{error.errors()[0]['msg'][1:]}.")
