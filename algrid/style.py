"""House style of every figure: sizes, fonts, colours, and what a level looks like.

Figures are made with matplotlib's object-oriented interface inside ``with style():``; nothing global is changed, and
matplotlib is imported only then. Sizes are those of print: drawn at their natural size, no text is below 6 points.

A level is told apart by three channels: its colour, its marker, and, where the eight colours are used up, its dashes.
The colours are those of Okabe and Ito ("Color Universal Design", 2008) without yellow, which is lost on white, and
with Paul Tol's wine and indigo ("Colour Schemes", SRON technical note, 2021) instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import matplotlib.axis

__all__ = [
    "BASELINE",
    "BLACK",
    "GREY",
    "MAX_LINES",
    "PALETTE",
    "WIDTH",
    "WIDTH_NARROW",
    "Look",
    "is_baseline",
    "label_of",
    "labels_of",
    "looks",
    "plain_ticks",
    "style",
]

#: Inches: across a page of text, and the least that a single panel needs (a column and its labels).
WIDTH, WIDTH_NARROW = 7.0, 4.5

#: Colours in their fixed order.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#882255", "#332288")
#: What is there for comparison: the baseline, and levels in the background.
BLACK, GREY = "#000000", "#B5B5B5"

#: Lines that can be told apart in one panel; what is more goes to the background.
MAX_LINES = 8

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
#: Solid first; then for levels that share a colour.
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1.2, 1.2)), (0, (5, 1, 1, 1)))
#: Of the baseline, and of further implementations of it.
_BASELINE_DASHES: tuple[Any, ...] = ((0, (5, 1.5)), (0, (5, 1, 1, 1)), (0, (2, 1)))

#: Slots of names that occur often, so that they look the same in every figure; others take a free one.
_SLOTS = {
    "margin": 0,
    "entropy": 1,
    "kcenter_greedy": 2,
    "qbc": 3,
    "least_confident": 4,
    "typiclust": 5,
    "density_weighted": 6,
    "distance_to_boundary": 7,
    "random_forest": 0,
    "logistic_regression": 1,
    "gaussian_nb": 2,
    "svm_rbf": 3,
    "mlp": 4,
    "knn": 5,
    "decision_tree": 6,
    "hist_gradient_boosting": 7,
}
#: The level that others are held against.
BASELINE = "random"

_SETTINGS: dict[str, Any] = {
    "font.size": 8.0,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
    "axes.titlesize": 8.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 4.0,
    "axes.labelsize": 8.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.0,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "figure.titlesize": 9.0,
    "figure.constrained_layout.h_pad": 0.04,
    "figure.constrained_layout.w_pad": 0.04,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,  # text stays text for editors and screen readers
    "pdf.compression": 6,
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw and save in the house style, whatever the user's own settings are; they are back afterwards."""
    import matplotlib

    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_SETTINGS}
    for name in ("backend", "backend_fallback", "interactive"):  # these are of the process, not of a figure
        settings.pop(name, None)
    with matplotlib.rc_context(settings):
        yield


@dataclass(frozen=True)
class Look:
    """What a level looks like in a line plot.

    Parameters
    ----------
    color : str
    marker : str
    dash : str or tuple
        matplotlib's ``linestyle``.
    """

    color: str
    marker: str
    dash: Any


def looks(levels: Sequence[Any]) -> dict[Any, Look]:
    """The look of each level.

    Names that are known have their own colour, in every figure. Other names prefer a colour that follows from the
    name, and take the next free one where it is taken; numbers are ordered, and so are their colours.

    Parameters
    ----------
    levels : sequence
        In any order; the result depends on which they are only.
    """
    if levels and all(isinstance(level, Real) for level in levels):
        return _ordered(sorted(levels))
    taken = [0] * len(PALETTE)
    result: dict[Any, Look] = {}
    baselines = 0
    for name in sorted(levels, key=_turn):
        if is_baseline(name):
            result[name] = Look(BLACK, "", _BASELINE_DASHES[baselines % len(_BASELINE_DASHES)])
            baselines += 1
            continue
        preferred = _preferred(str(name))
        slot = min(range(len(PALETTE)), key=lambda i: (taken[i], (i - preferred) % len(PALETTE)))
        result[name] = Look(PALETTE[slot], _MARKERS[slot], _DASHES[taken[slot] % len(_DASHES)])
        taken[slot] += 1
    return {level: result[level] for level in levels}


def plain_ticks(axis: matplotlib.axis.Axis) -> None:
    """Plain numbers at 1, 2 and 5 times powers of ten along a logarithmic axis: ``0.05``, ``2,000``."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axis.set_minor_formatter(NullFormatter())


def is_baseline(level: Any) -> bool:
    """Whether a level is what others are held against, whoever implements it: ``random``, ``random@alipy``."""
    return _family(str(level)) == BASELINE


def label_of(level: Any, width: int = 40) -> str:
    """A level's name as figures show it: without the modules of a class, and with an ellipsis where it is long."""
    whole = isinstance(level, float) and level.is_integer()
    text = re.sub(r"\b(?:\w+\.)*\w+:(?=[A-Za-z_])", "", str(int(level) if whole else level))
    return text if len(text) <= width else text[: width - 1] + "…"


def labels_of(levels: Sequence[Any], width: int = 40) -> list[str]:
    """Levels' names as figures show them; a name that is too long keeps the parameters only that tell it from others.

    Parameters
    ----------
    levels : sequence
    width : int
        Letters.
    """
    names = [label_of(level, 10**6) for level in levels]
    own = {name: _parameters(name) for name in names}
    short = {}
    for name, (stem, parameters) in own.items():
        others = [set(p) for s, p in own.values() if s == stem]
        telling = [p for p in parameters if len(others) > 1 and any(p not in other for other in others)]
        short[name] = f"{stem}({', '.join([*telling, '…'])})" if parameters else name
    return [label_of(name if len(name) <= width else short[name], width) for name in names]


def _parameters(name: str) -> tuple[str, list[str]]:
    """``("mlp", ["alpha=1", "sizes=[2, 3]"])`` of ``mlp(alpha=1, sizes=[2, 3])``."""
    stem, _, rest = name.partition("(")
    return stem, re.split(r", (?=\w+=)", rest.removesuffix(")")) if rest else []


def _turn(level: Any) -> tuple[int, str]:
    """Who chooses first: a known name, then it with parameters, then all others."""
    name = str(level)
    known = _family(name) in _SLOTS and "@" not in name
    return (0 if name in _SLOTS else 1 if known else 2), name


def _preferred(name: str) -> int:
    return _SLOTS.get(_family(name), hashlib.sha256(name.encode()).digest()[0] % len(PALETTE))


def _family(name: str) -> str:
    return re.split(r"[@(]", name, maxsplit=1)[0]


def _ordered(levels: list[Any]) -> dict[Any, Look]:
    """Dark to light along one ramp (the dark part of viridis), so that more is lighter."""
    ramp = ((0x44, 0x01, 0x54), (0x31, 0x68, 0x8E), (0x35, 0xB7, 0x79), (0xB5, 0xC9, 0x2A))
    result = {}
    for i, level in enumerate(levels):
        place = (len(ramp) - 1) * i / max(len(levels) - 1, 1)
        low = min(int(place), len(ramp) - 2)
        mixed = (round(a + (b - a) * (place - low)) for a, b in zip(ramp[low], ramp[low + 1], strict=True))
        color = "#" + "".join(f"{part:02X}" for part in mixed)
        result[level] = Look(color, _MARKERS[i % len(_MARKERS)], _DASHES[i // len(_MARKERS) % len(_DASHES)])
    return result
