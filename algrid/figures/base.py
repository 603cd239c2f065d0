"""What a figure is: the drawing, the numbers in it, and the caption that says what they are."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.errors import StoreError
from algrid.store.durable import write_durably
from algrid.style import style

if TYPE_CHECKING:
    import matplotlib.figure

__all__ = ["SUFFIXES", "Figure", "file_name", "rounded"]

#: Files that a figure is saved as: for print, for the screen, and the numbers.
SUFFIXES = (".pdf", ".png", ".csv")

_DIGITS = 6
_SCREEN_DPI = 120


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure. In Jupyter it shows itself, with its caption.

    Parameters
    ----------
    name : str
        Name of its files.
    figure : matplotlib.figure.Figure
        The drawing.
    numbers : DataFrame
        What is drawn, in a fixed order, rounded to six significant digits: exactly these numbers are plotted.
    caption : str
        What is shown, over what it is averaged, what the intervals are, and what is missing.
    """

    name: str
    figure: matplotlib.figure.Figure
    numbers: pd.DataFrame
    caption: str

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``NAME.pdf``, ``NAME.png`` (with the caption as its description) and ``NAME.csv``.

        Each file appears whole or not at all. Equal figures give equal bytes.

        Parameters
        ----------
        folder : str or Path
            Made where there is none.

        Returns
        -------
        list of Path
            The three files.

        Raises
        ------
        StoreError
            If they can't be written.
        """
        contents = (self._pdf(), self._png(), self.numbers.to_csv(index=False, lineterminator="\n").encode())
        paths = [Path(folder) / f"{self.name}{suffix}" for suffix in SUFFIXES]
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            for path, content in zip(paths, contents, strict=True):
                write_durably(path, content)
        except OSError as error:
            raise StoreError(f"can't write the figure {self.name!r} to {str(folder)!r}: {error}.") from error
        return paths

    def _pdf(self) -> bytes:
        return self._bytes("pdf", metadata={"Title": self.name, "Subject": self.caption, "CreationDate": None})

    def _png(self, **options: Any) -> bytes:
        return self._bytes("png", metadata={"Software": "algrid", "Description": self.caption}, **options)

    def _bytes(self, kind: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        with style():
            self.figure.savefig(buffer, format=kind, **options)
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self._png(dpi=_SCREEN_DPI)

    def _ipython_display_(self) -> None:
        jupyter: Any = import_module("IPython.display")
        # two outputs: one page of HTML with both would leave no picture in other formats
        jupyter.display(jupyter.Image(data=self._repr_png_(), format="png"))
        jupyter.display(jupyter.Markdown(self.caption))


def rounded(numbers: pd.DataFrame) -> pd.DataFrame:
    """The same with all fractions at six significant digits: what is plotted, and written."""
    result = numbers.copy()
    for column in result.columns[result.dtypes == np.float64]:
        result[column] = [float(f"{value:.{_DIGITS}g}") for value in result[column]]
    return result


def file_name(*parts: str) -> str:
    """A name of a file made of names that may hold anything, such as ``log_loss(clip=0.1)``."""
    return "_".join(re.sub(r"[^0-9A-Za-z.-]+", "_", part).strip("_") for part in parts)
