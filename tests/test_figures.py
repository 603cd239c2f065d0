"""Figures: what is drawn is what is written, bytes are equal, captions tell what is missing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from runs import make_runs
from small_store import make_store

from algrid.curves import curves as curves_of
from algrid.curves import scores
from algrid.errors import AlgridError, StoreError
from algrid.figures import Figure, Recipe, draw, file_name, leaderboard_figure, learning_curves
from algrid.leaderboard import leaderboard
from algrid.results import Results
from algrid.store import Snapshot
from algrid.style import GREY, MAX_LINES, style


def table(
    strategies: tuple[str, ...] = ("margin", "random"), datasets: int = 2, replicates: int = 3, **changes: Any
) -> pd.DataFrame:
    return curves_of(make_runs(rows(strategies, datasets, replicates, **changes)), "accuracy")


def rows(strategies: tuple[str, ...], datasets: int, replicates: int, **changes: Any) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [
        {
            "dataset": f"data_{d}",
            "strategy": s,
            "start_set": r,
            "accuracy": np.sort(rng.uniform(0.2, 1.0, 4)),
            **changes,
        }
        for d in range(datasets)
        for s in strategies
        for r in range(replicates)
    ]


def panels(figure: Figure) -> Iterator[tuple[str, list[Any]]]:
    for axes in figure.figure.axes:
        yield axes.get_title(loc="left"), [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_the_numbers_are_those_that_are_plotted(tmp_path: Path) -> None:
    figure = learning_curves(table())
    pdf, png, csv = figure.save(tmp_path)
    assert [p.name for p in (pdf, png, csv)] == [f"learning_curves_accuracy{end}" for end in (".pdf", ".png", ".csv")]
    written = pd.read_csv(csv)
    pd.testing.assert_frame_equal(written, figure.numbers, check_dtype=False)
    assert [title for title, _ in panels(figure)] == ["data_0", "data_1"]
    for dataset, lines in panels(figure):
        mine = written[written["dataset"] == dataset]
        assert len(lines) == 2
        drawn = {tuple(line.get_ydata()) for line in lines}
        assert drawn == {tuple(part["mean"]) for _, part in mine.groupby("strategy")}
        bands = next(axes for axes in figure.figure.axes if axes.get_title(loc="left") == dataset).collections
        ends = {tuple(sorted(set(band.get_paths()[0].vertices[:, 1]))) for band in bands}
        assert ends == {tuple(sorted({*part["low"], *part["high"]})) for _, part in mine.groupby("strategy")}


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    learning_curves(table()).save(tmp_path / "here")
    figure = learning_curves(table())
    figure.save(tmp_path / "here again")
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_figures import *;"
        f"learning_curves(table()).save({str(tmp_path / 'elsewhere')!r})"
    )
    elsewhere = {**os.environ, "PYTHONHASHSEED": "5", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code], check=True, env=elsewhere)
    once = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    figure.save(tmp_path / "twice")
    assert {path.name: path.read_bytes() for path in figure.save(tmp_path / "twice")} == once  # drawing changes nothing
    for folder in ("here again", "elsewhere"):
        assert {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} == once


def test_files_hold_no_date_and_tell_what_they_show(tmp_path: Path) -> None:
    from PIL import Image

    figure = learning_curves(table())
    pdf, png, _ = figure.save(tmp_path)
    assert b"CreationDate" not in pdf.read_bytes()
    with Image.open(png) as image:
        assert image.info["Software"] == "algrid"
        assert image.info["Description"] == figure.caption


def test_nothing_is_left_beside_the_files(tmp_path: Path) -> None:
    learning_curves(table()).save(tmp_path / "new" / "folder")
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 3


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't write the figure"):
        learning_curves(table()).save(tmp_path / "file")


def test_the_caption_says_what_counts_and_what_is_missing() -> None:
    whole = rows(("margin", "random"), 2, 3)
    caption = learning_curves(curves_of(make_runs(whole[:-1]), "accuracy"), budget=12).caption
    assert "2 strategies on 2 datasets: accuracy on the test part" in caption
    assert "5 of 6 settings, 10 runs" in caption
    assert "Missing: random in 1 settings." in caption
    assert "No bands on data_1: fewer than 3 replicates" in caption
    assert "of the 3 replicates" in caption
    assert "Cut at the budget" in caption


def test_without_enough_replicates_there_are_no_bands_and_the_caption_says_why() -> None:
    figure = learning_curves(table(replicates=2))
    assert "No bands here: fewer than 3 replicates" in figure.caption
    assert figure.numbers["low"].isna().all()


def test_of_many_levels_the_best_and_random_have_a_colour() -> None:
    names = (*(f"strategy_{i:02d}" for i in range(27)), "random")
    made = table(names)
    place = made["strategy"].map({name: i for i, name in enumerate(names)}).astype(float)
    made["value"] = 0.1 * made["cycle"] + np.where(made["strategy"] == "random", 0.0, place / 100)
    figure = learning_curves(made)
    for _, lines in panels(figure):
        assert len(lines) == 28
        assert sum(line.get_color() == GREY for line in lines) == 21
    shown = [text.get_text() for text in figure.figure.legends[0].get_texts()]
    assert shown == [*(f"strategy_{i:02d}" for i in range(26, 20, -1)), "random", "21 others"]
    assert "21 other strategies" in figure.caption
    assert figure.numbers["strategy"].nunique() == 28


def test_levels_can_be_chosen() -> None:
    names = tuple(f"strategy_{i:02d}" for i in range(12))
    figure = learning_curves(table(names), highlight=["strategy_03"])
    assert [text.get_text() for text in figure.figure.legends[0].get_texts()] == ["strategy_03", "11 others"]
    with pytest.raises(AlgridError, match="can't highlight"):
        learning_curves(table(names), highlight=["nobody"])
    with pytest.raises(AlgridError, match=f"at most {MAX_LINES}"):
        learning_curves(table(names), highlight=names[:9])


@pytest.mark.parametrize("datasets", [1, 2, 3, 7, 20, 30])
def test_nothing_overlaps_or_leaves_the_page(datasets: int) -> None:
    figure = learning_curves(table(datasets=datasets, replicates=1)).figure
    with style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    renderer = canvas.get_renderer()
    assert len(figure.axes) == min(datasets, 28)
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
    boxes += [figure._supxlabel.get_window_extent(renderer), figure._supylabel.get_window_extent(renderer)]
    page = figure.bbox
    for i, box in enumerate(boxes):
        assert box.x0 >= -1, (i, box)
        assert box.y0 >= -1, (i, box)
        assert box.x1 <= page.x1 + 1, (i, box)
        assert box.y1 <= page.y1 + 1, (i, box)
        assert not any(box.padded(-1.5).overlaps(other) for other in boxes[i + 1 :]), i


def test_a_single_panel_names_its_lines_without_overlap() -> None:
    figure = learning_curves(table(tuple(f"strategy_{i}" for i in range(8)), datasets=1)).figure
    assert len(figure.axes[0].texts) == 8
    heights = sorted(text.xyann[1] for text in figure.axes[0].texts)
    assert np.diff(heights).min() > 0.06


def test_more_datasets_than_there_is_room_for_are_named_in_the_caption() -> None:
    figure = learning_curves(table(datasets=30, replicates=1))
    assert "2 further datasets found no room" in figure.caption
    assert figure.numbers["dataset"].nunique() == 28


def test_numbers_as_levels_are_named_and_keep_their_order() -> None:
    runs = [{**row, "batch_size": size} for row in rows(("margin",), 2, 3) for size in (10, 1, 5)]
    figure = learning_curves(curves_of(make_runs(runs), "accuracy"), "batch_size")
    shown = [text.get_text() for text in figure.figure.legends[0].get_texts()]
    assert shown == ["batch size 1", "batch size 5", "batch size 10"]
    assert figure.name == "learning_curves_accuracy_batch_size"


def test_a_dataset_without_common_settings_says_so() -> None:
    runs = [row for row in rows(("margin", "random"), 2, 2) if row["dataset"] == "data_0"]
    runs += [
        {"dataset": "data_1", "strategy": s, "start_set": r, "accuracy": [0.1, 0.2, 0.3, 0.4]}
        for s, r in (("margin", 0), ("random", 1))
    ]
    figure = learning_curves(curves_of(make_runs(runs), "accuracy"))
    assert "no setting has" in figure.figure.axes[1].texts[0].get_text()


def test_no_runs_are_a_figure_too(tmp_path: Path) -> None:
    figure = learning_curves(curves_of(make_runs([]), "accuracy"))
    assert figure.caption == "No run has a learning curve yet."
    assert len(figure.save(tmp_path)) == 3


def test_lower_is_better_reverses_the_order() -> None:
    made = table(("margin", "random"), datasets=2)
    made.loc[made["strategy"] == "random", "value"] += 1
    names = {}
    for better in (True, False):
        made.attrs["higher_is_better"] = better
        names[better] = [text.get_text() for text in learning_curves(made).figure.legends[0].get_texts()]
    assert names == {True: ["random", "margin"], False: ["margin", "random"]}


def test_a_leaderboard_is_drawn_as_it_is_written() -> None:
    scored = scores(make_runs(rows(("margin", "random", "qbc"), 6, 3)), metric="accuracy", budgets=[15])
    board = leaderboard(scored, resamples=100)
    figure = leaderboard_figure(board)
    ranks, means = figure.figure.axes
    for axes, column in ((ranks, "rank"), (means, "mean")):
        segments, dots = axes.collections
        assert dots.get_offsets().tolist() == [[x, y] for y, x in enumerate(figure.numbers[column])]
        ends = [[part[0][0], part[1][0]] for part in segments.get_segments()]
        assert ends == figure.numbers[[f"{column}_low", f"{column}_high"]].to_numpy().tolist()
    assert [label.get_text() for label in ranks.get_yticklabels()] == board["strategy"].tolist()
    assert "18 of 18 settings on 6 datasets" in figure.caption
    assert "100 resamples" in figure.caption


def test_a_leaderboard_without_intervals_says_why() -> None:
    scored = scores(make_runs(rows(("margin", "random"), 2, 3)), metric="accuracy", budgets=[15])
    assert "No intervals: 2 datasets are too few" in leaderboard_figure(leaderboard(scored)).caption


def test_jupyter_gets_a_picture_and_the_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("IPython", reason="needs the notebook extra")
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    figure = learning_curves(table())
    figure._ipython_display_()
    assert shown[0].data == figure._repr_png_()
    assert shown[0].data.startswith(b"\x89PNG")
    assert shown[1].data == figure.caption


def test_file_names_hold_nothing_odd() -> None:
    assert file_name("learning_curves", "log_loss(clip=1e-05)") == "learning_curves_log_loss_clip_1e-05"


class Recipes:
    """Recipes that count how often they are cooked."""

    def __init__(self) -> None:
        self.cooked: list[str] = []

    def __call__(self, name: str, **parameters: Any) -> Recipe:
        def make() -> Figure:
            self.cooked.append(name)
            return learning_curves(table(datasets=1, replicates=1), name=name)

        return Recipe(name, "learning_curves", parameters, make)


def test_figures_are_drawn_again_only_when_something_changed(tmp_path: Path) -> None:
    recipe = Recipes()
    paths = draw([recipe("a"), recipe("b")], tmp_path, "v1")
    assert [p.name for p in paths] == ["a.pdf", "a.png", "a.csv", "b.pdf", "b.png", "b.csv"]
    assert draw([recipe("a"), recipe("b")], tmp_path, "v1") == paths
    assert recipe.cooked == ["a", "b"]
    (tmp_path / "b.csv").unlink()
    draw([recipe("a"), recipe("b")], tmp_path, "v1")
    assert recipe.cooked == ["a", "b", "b"]
    draw([recipe("a")], tmp_path, "v2")
    draw([recipe("a", budget=5)], tmp_path, "v2")
    assert recipe.cooked == ["a", "b", "b", "a", "a"]
    assert sorted(json.loads((tmp_path / "manifest.json").read_text())) == ["a", "b"]


def test_a_damaged_manifest_only_costs_time(tmp_path: Path) -> None:
    recipe = Recipes()
    draw([recipe("a")], tmp_path, "v1")
    (tmp_path / "manifest.json").write_text("[1, 2")
    draw([recipe("a")], tmp_path, "v1")
    assert recipe.cooked == ["a", "a"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results(make_store(tmp_path_factory.mktemp("tiny")))


def test_results_draw_their_figures_from_the_store(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = results.figures()
    assert [p.name for p in paths if p.suffix == ".png"] == ["learning_curves_accuracy.png", "leaderboard_accuracy.png"]
    assert all(path.parent == results.path / "figures" for path in paths)
    entry = json.loads((results.path / "figures" / "manifest.json").read_text())["learning_curves_accuracy"]
    assert entry["made_of"]["store"] == results.snapshot.version
    assert entry["made_of"]["parameters"] == {"metric": "accuracy", "budget": 10}
    assert entry["made_by"]["algrid"]
    before = [path.stat().st_mtime_ns for path in paths]
    monkeypatch.setattr(Results, "learning_curves", None)  # neither of them is asked for again
    monkeypatch.setattr(Results, "leaderboard", None)
    assert results.figures() == paths
    assert [path.stat().st_mtime_ns for path in paths] == before


def test_the_figure_of_results_agrees_with_their_curves(results: Results) -> None:
    figure = results.learning_curves(where="dataset = 'iris' and batch_size = 5", resamples=0)
    curves = results.curves(where="dataset = 'iris' and batch_size = 5")
    means = curves.groupby(["strategy", "n_bought"], observed=True)["value"].mean()
    drawn = figure.numbers.set_index(["strategy", "n_bought"])["mean"]
    assert drawn.to_dict() == pytest.approx(means.to_dict(), rel=1e-5)
    assert 0.8 < figure.numbers["skyline"].iloc[0] <= 1
    assert "Dotted: the skyline" in figure.caption


def test_datasets_without_room_are_not_read(monkeypatch: pytest.MonkeyPatch, results: Results) -> None:
    monkeypatch.setattr(sys.modules["algrid.figures.learning_curves"], "MAX_PANELS", 1)
    read: list[str] = []
    whole = Snapshot.of_dataset
    monkeypatch.setattr(Snapshot, "of_dataset", lambda *a, **k: read.append(a[1]) or whole(*a, **k))
    figure = results.learning_curves(resamples=0)
    assert read == figure.numbers["dataset"].unique().tolist() == ["iris"]
    assert "1 further dataset found no room" in figure.caption


def test_conditions_are_kept_dataset_by_dataset(results: Results) -> None:
    sql = results.learning_curves(where="batch_size = 5 or batch_size = 3", resamples=0)
    same = results.learning_curves(where=pc.field("batch_size") == 5, resamples=0)
    pd.testing.assert_frame_equal(sql.numbers, same.numbers)
    assert sql.numbers["n_bought"].unique().tolist() == [0, 5, 10]


def test_results_can_be_looked_at_by_any_hyperparameter(results: Results) -> None:
    figure = results.learning_curves("f1_macro", by="batch_size")
    assert figure.numbers["batch_size"].unique().tolist() == [2, 5]
    assert results.learning_curves(part="pool").numbers["skyline"].isna().all()


def test_numbers_survive_a_round_trip(results: Results) -> None:
    numbers = results.learning_curves().numbers
    text = numbers.to_csv(index=False)
    assert pd.read_csv(io.StringIO(text)).to_csv(index=False) == text
