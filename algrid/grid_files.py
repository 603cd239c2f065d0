"""Files that a grid names, and the grids that are shipped with algrid."""

from __future__ import annotations

from dataclasses import dataclass
from glob import glob
from importlib.resources import files
from os.path import expanduser
from pathlib import Path
from typing import Any

from algrid.errors import GridError, nearest, unknown_name

__all__ = ["FILE_PARAMETERS", "FileFinder", "grid_file", "shipped"]

#: Parameters of datasets, splits and start sets that name a file.
FILE_PARAMETERS = frozenset({"path", "test_path"})


def shipped() -> list[str]:
    """Names of the grids that come with algrid, sorted."""
    return sorted(path.stem for path in _shipped_folder().glob("*.yaml"))


def grid_file(name_or_path: str | Path) -> Path:
    """The file of a grid: an existing path, else the shipped grid of that name.

    Raises
    ------
    GridError
        If there is neither; the message has the nearest match.
    """
    path = Path(expanduser(name_or_path))
    if path.is_file():
        return path
    if str(name_or_path) in shipped():
        return _shipped_folder() / f"{name_or_path}.yaml"
    if path.is_dir():
        raise GridError(f"{str(path)!r} is a folder; give the path of a grid file, such as {str(path / 'my.yaml')!r}.")
    if path.suffix or len(path.parts) > 1:
        raise GridError(
            f"no grid file {str(path)!r}.{_neighbour(path)} Shipped grids are known by name: {', '.join(shipped())}."
        )
    raise GridError(
        f"{unknown_name('grid', str(path), shipped())} The path of a grid file, as in my.yaml, is fine too."
    )


@dataclass(frozen=True)
class FileFinder:
    """Finds the files that a grid names: relative to the grid file's folder, else to the working directory.

    Parameters
    ----------
    folder : Path, optional
        The folder of the grid file.
    """

    folder: Path | None = None

    @property
    def folders(self) -> list[Path]:
        """Where files are looked for, in this order."""
        return list(dict.fromkeys(base.resolve() for base in (self.folder, Path.cwd()) if base is not None))

    def find(self, path: str) -> str:
        """The absolute path of a file.

        Raises
        ------
        GridError
            If it is not there, or no file.
        """
        candidates = [base / expanduser(path) for base in self.folders]
        for candidate in candidates:
            if candidate.is_file():
                return str(candidate.resolve())
        for candidate in candidates:
            if candidate.is_dir():
                raise GridError(f"{path!r} is a folder, not a file. Take all of its files with files: '{path}/*.csv'.")
        near = next(filter(None, map(_neighbour, candidates)), "")
        raise GridError(f"no file {path!r}.{near} Looked for it in {self._looked()}.")

    def parameter(self, key: str, value: Any) -> Any:
        """The value of a parameter: where it names a file, its absolute path."""
        return self.find(value) if key in FILE_PARAMETERS and isinstance(value, str) else value

    def match(self, pattern: str) -> list[str]:
        """The absolute paths of the files that match a glob pattern, sorted.

        Raises
        ------
        GridError
            If none does.
        """
        for base in self.folders:
            found = sorted(glob(str(base / expanduser(pattern)), recursive=True))
            if matches := [str(Path(path).resolve()) for path in found if Path(path).is_file()]:
                return matches
        raise GridError(f"no file matches {pattern!r}. Looked in {self._looked()}.")

    def _looked(self) -> str:
        return " and ".join(map(str, self.folders))


def _shipped_folder() -> Path:
    return Path(str(files("algrid"))) / "grids"


def _neighbour(path: Path) -> str:
    """The nearest match among the files beside a missing one."""
    if not path.parent.is_dir():
        return f" There is no folder {str(path.parent)!r}."
    return nearest(path.name, (other.name for other in path.parent.iterdir() if other.is_file()))
