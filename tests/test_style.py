"""The house style: distinguishable colours, stable looks, nothing global."""

from __future__ import annotations

import itertools
import subprocess
import sys

import matplotlib
import matplotlib.colors
import numpy as np
import pytest

from algrid.style import BLACK, MAX_LINES, PALETTE, label_of, labels_of, looks, style

#: Machado, Oliveira and Fernandes (2009), severity 1: what the colour-blind see of linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def lab(color: str, deficiency: object) -> np.ndarray:
    rgb = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(deficiency) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ linear / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_can_be_told_apart(deficiency: str) -> None:
    seen = {color: lab(color, DEFICIENCIES[deficiency]) for color in (*PALETTE, BLACK)}
    closest = min(float(np.linalg.norm(seen[a] - seen[b])) for a, b in itertools.combinations(seen, 2))
    assert closest > 9, closest


def test_colours_are_seen_on_white() -> None:
    assert max(lab(color, np.eye(3))[0] for color in PALETTE) < 75


def test_a_known_name_looks_the_same_in_any_company() -> None:
    alone = looks(["margin"])["margin"]
    names = ["zeta", "margin@modal", "entropy", "alpha", "margin", "random", "qbc(committee_size=3)"]
    assert looks(names)["margin"] == alone
    assert looks(names)["random"].color == BLACK
    assert looks(names)["qbc(committee_size=3)"] == looks(["qbc(committee_size=3)"])["qbc(committee_size=3)"]
    assert looks(names[::-1]) == looks(names)


def test_every_implementation_of_the_baseline_is_black_and_none_is_like_another() -> None:
    found = looks(["random@alipy", "margin", "random", "random@small_text", "random_forest"])
    black = {name: look for name, look in found.items() if look.color == BLACK}
    assert set(black) == {"random@alipy", "random", "random@small_text"}
    assert len({str(look.dash) for look in black.values()}) == 3
    assert found["random"] == looks(["random"])["random"]


def test_every_level_looks_different() -> None:
    names = [f"strategy_{i}" for i in range(30)]
    found = looks(names)
    assert len({(look.color, look.marker, str(look.dash)) for look in found.values()}) == 30
    assert len({look.color for look in looks(names[:MAX_LINES]).values()}) == MAX_LINES


def test_numbers_have_the_order_of_their_colours() -> None:
    lightness = [lab(look.color, np.eye(3))[0] for _, look in sorted(looks([10, 1, 50, 5]).items())]
    assert lightness == sorted(lightness)


def test_labels_are_short() -> None:
    assert (
        label_of("sklearn.ensemble:RandomForestClassifier(n_estimators=10)")
        == "RandomForestClassifier(n_estimators=10)"
    )
    assert label_of("margin@modal") == "margin@modal"
    assert label_of("x" * 50, 10) == "x" * 9 + "…"


def test_the_users_settings_are_neither_used_nor_changed() -> None:
    with matplotlib.rc_context({"font.size": 33.0, "axes.facecolor": "red", "axes.spines.top": True}):
        before = dict(matplotlib.rcParams)
        with style():
            assert matplotlib.rcParams["font.size"] == 8.0
            assert matplotlib.rcParams["axes.facecolor"] == "white"
            assert min(matplotlib.rcParams[f"{axis}tick.labelsize"] for axis in "xy") >= 6
        assert dict(matplotlib.rcParams) == before


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = (
        "import sys, algrid.results, algrid.figures, algrid.style; print('matplotlib' in sys.modules, end=' ');"
        "from algrid.style import style\n"
        "with style(): print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


def test_a_long_name_keeps_what_tells_it_from_others() -> None:
    blobs = ["gaussian(n_rows=250, minority_share=0.1)", "gaussian(n_rows=250, minority_share=0.33)"]
    levels = ["mlp(hidden_layer_sizes=[20, 10], max_iter=50)", "svm_rbf", *blobs]
    assert labels_of(levels, 32) == [
        "mlp(…)",
        "svm_rbf",
        "gaussian(minority_share=0.1, …)",
        "gaussian(minority_share=0.33, …)",
    ]
    assert labels_of(levels, 20)[3] == "gaussian(minority_s…"
    assert labels_of(["kcenter_greedy@small_text"], 20) == ["kcenter_greedy@smal…"]
    assert labels_of(levels, 60) == levels
    assert labels_of([1, 20.0, 0.5]) == ["1", "20", "0.5"]
