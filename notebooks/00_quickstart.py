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
# # Which query strategy is best for my labelling budget?
#
# The results of a grid: every strategy ran with every learner and batch size, on every dataset, from several start
# sets. They are read from Parquet; nothing is run here, and it also works while a grid is still running.
# `make grid` makes the results, `make notebooks RESULTS=results/quickstart` executes this notebook.

# %% tags=["parameters"]
results = "results/quickstart"  # a folder that `make grid` or `algrid run` left

# %%
from pathlib import Path

import pandas as pd
from IPython.display import Markdown

import algrid as ag
from algrid.findings import best_level

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)
opened

# %% [markdown]
# ## Leaderboard
#
# A strategy's score is the area under its learning curve up to the largest budget. Strategies are compared in the same
# settings only; `mean` is over settings, `rank` over datasets (1 is best), `win_rate` over pairs with another strategy.
# `_low` and `_high` are the ends of 95 % intervals.

# %%
board = opened.leaderboard(metric="accuracy")
board.round(3)

# %% [markdown]
# ## Learning curves
#
# The same runs, label by label. `by="learner"` or `by="batch_size"` makes other lines, and `where="dataset = 'iris'"`
# takes some of the runs; `figure.numbers` are the numbers that are drawn, and `figure.save(folder)` writes it.

# %%
opened.learning_curves(metric="accuracy")

# %% [markdown]
# ## One run, looked at closely
#
# `replay` fits the labelled sets of a stored run again, which gives the same learners: whatever else they can tell
# (predictions, probabilities, how sure they are) is there. This run is the first of the best strategy.

# %%
run = opened.runs.query("strategy == @board.strategy[0]").iloc[0]
steps = [
    {
        "labels": len(step.labeled),
        "classes of the batch": " ".join(map(str, step.pool.y[step.batch])),
        "right on the test part": (step.predictions == step.pool.y_test).mean(),
    }
    for step in opened.replay(run["run_id"])
]
print(f"{run['strategy']} on {run['dataset']} with {run['learner']}, batches of {run['batch_size']}")
pd.DataFrame(steps).round(3)

# %%
Markdown(f"## The finding\n\n{best_level(board)}")

# %% [markdown]
# ## Your own grid
#
# Copy `algrid/grids/quickstart.yaml` to `my.yaml`, change what you like (`{file: {path: my.csv, target: label}}` is a
# dataset of yours), and run `make grid GRID=my.yaml`; or from Python `ag.run("my.yaml", workers=2)`. Then open it here:
# `results = "results/my"`.
