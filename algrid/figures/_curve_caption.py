"""The caption of a figure of learning curves."""

from __future__ import annotations

from collections.abc import Sequence

from algrid.mean_curves import MIN_REPLICATES, DatasetCurves, MeanCurves
from algrid.style import label_of
from algrid.wording import enumerated, plural, spoken

__all__ = ["caption"]


def caption(
    curves: MeanCurves,
    *,
    left_out: int,
    shown: str,
    n_levels: int,
    n_background: int,
    has_skyline: bool,
) -> str:
    """What the figure shows, over what it is averaged, what the bands are, and what is missing.

    Parameters
    ----------
    curves : MeanCurves
    left_out : int
        Datasets that found no room.
    shown : str
        The metric and its part.
    n_levels, n_background : int
        Levels that have a curve, and those of them that are grey.
    has_skyline : bool
    """
    panels = curves.datasets
    if not panels:
        return "No run has a learning curve yet."
    settings, whole = sum(p.n_settings_all for p in panels), sum(p.n_settings for p in panels)
    over = enumerated([spoken(axis) for axis in (*curves.axes, "replicates")])
    noun = spoken(curves.by)
    sentences = [
        f"Mean learning curves of {plural(n_levels, noun)} on {plural(len(panels), 'dataset')}: {shown} "
        f"against the labels bought after the start set{'; the axes of the panels differ' * (len(panels) > 1)}.",
        f"Each is the mean over the settings ({over}) in which every {noun} of the panel has a curve: {whole:,} of "
        f"{settings:,} settings, {sum(p.n_runs for p in panels):,} runs.",
        *_missing(panels),
        *_intervals(curves.resamples, panels),
        *_background(n_background, noun),
        *_skylines(panels, has_skyline),
        *_range(panels),
    ]
    if left_out:
        sentences.append(f"{plural(left_out, 'further dataset')} found no room: choose with `where`.")
    return " ".join(sentences)


def _missing(panels: Sequence[DatasetCurves]) -> list[str]:
    lacking: dict[str, int] = {}
    for panel in panels:
        for level, n in panel.lacking.items():
            lacking[label_of(level)] = lacking.get(label_of(level), 0) + n
    parts = [f"{level} in {n:,}" for level, n in sorted(lacking.items())]
    sentences = [f"Missing: {enumerated(parts)} settings."] if parts else []
    absent: dict[str, list[str]] = {}
    for panel in panels:
        for level in panel.absent:
            absent.setdefault(label_of(level), []).append(panel.dataset)
    parts = [f"{level} on {enumerated(datasets, 3)}" for level, datasets in sorted(absent.items())]
    return sentences + ([f"No complete curve: {enumerated(parts)}."] if parts else [])


def _intervals(resamples: int, panels: Sequence[DatasetCurves]) -> list[str]:
    if not resamples:
        return ["No intervals: no resamples were asked for."]
    counts = sorted({p.n_replicates for p in panels if p.n_settings})
    few = [p.dataset for p in panels if p.n_settings and p.n_replicates < MIN_REPLICATES]
    enough = [n for n in counts if n >= MIN_REPLICATES]
    sentences = []
    if enough:
        span = f"{enough[0]:,}" if len(enough) == 1 else f"{enough[0]:,} to {enough[-1]:,}"
        sentences.append(
            f"Bands: 95 % intervals at each point, from {resamples:,} resamples of the {span} replicates (split, start "
            "set, seed) of the dataset."
        )
    if few:
        which = "on " + enumerated(few, 3) if enough else "here"
        sentences.append(f"No bands {which}: fewer than {MIN_REPLICATES} replicates can't be resampled.")
    return sentences


def _background(n: int, noun: str) -> list[str]:
    return [f"Grey, without bands: {plural(n, f'other {noun}')}. The legend is in the order of mean rank."] if n else []


def _skylines(panels: Sequence[DatasetCurves], has_skyline: bool) -> list[str]:
    sentences = []
    if has_skyline:
        sentences.append("Dotted: the skyline, which is the learner fitted on the whole pool, over the same settings.")
    without = [p.dataset for p in panels if p.no_skyline]
    return sentences + ([f"Not all skylines are stored: {enumerated(without, 3)}."] if without else [])


def _range(panels: Sequence[DatasetCurves]) -> list[str]:
    sentences = ["Between its points a run's curve is interpolated linearly, and never extrapolated."]
    cut = [p for p in panels if p.longest > p.end]
    if cut:
        longest = max(p.longest for p in cut)
        sentences.append(f"Cut at the budget that is common: some runs go on, to at most {longest:,} labels.")
    return sentences
