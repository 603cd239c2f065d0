# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: jupytext,-jupytext.text_representation.jupytext_version,kernelspec
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Explore a grid
#
# Pick what is compared, the metric and the aggregate, and see curves and leaderboard change. Executed without a
# browser, it shows the first choice, as a page without scripts.

# %% tags=["parameters"]
results = "results/quickstart"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them
by = "strategy"

# %%
from pathlib import Path

import ipywidgets as widgets
from IPython.display import Markdown, display

import algrid as ag
from algrid.findings import best_level
from algrid.paper import hyperparameters

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)


# %%
def show(by, metric, aggregate, levels=()):
    """The leaderboard and the curves of a choice; of some levels, or of all."""
    names = ", ".join("'" + level.replace("'", "''") + "'" for level in levels)
    where = f"CAST({by} AS VARCHAR) IN ({names})" if levels else None
    display(opened.leaderboard(metric, aggregate, by=by, where=where, resamples=200).round(3))
    display(opened.learning_curves(metric, by=by, where=where, resamples=200))


show(by, metric, "aubc")

# %% [markdown]
# ## Another choice
#
# In JupyterLab: pick, and press the button. With no level picked, all are shown.


# %%
def levels_of(axis):
    """The levels of a hyperparameter, as text."""
    return [str(level) for level in sorted(opened.runs[axis].unique())]


# %%
from algrid.aggregates import AGGREGATES
from algrid.metrics import METRICS

axes = [by, *(axis for axis in hyperparameters(opened) if axis not in (by, "budget"))]
axis = widgets.Dropdown(options=axes, description="by")
levels = widgets.SelectMultiple(options=levels_of(by), description="levels", rows=8)
axis.observe(lambda change: setattr(levels, "options", levels_of(change["new"])), "value")
picker = widgets.interact_manual(show, by=axis, metric=METRICS.names(), aggregate=AGGREGATES.names(), levels=levels)

# %%
Markdown(f"## The finding\n\n{best_level(opened.leaderboard(metric, by=by))}")
