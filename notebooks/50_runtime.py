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
# # What does a better score cost?
#
# Seconds of queries and of fits (shared fits are charged in full), and who is beaten by nobody in score, seconds and
# labels at once.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.figures.runtime import trade_off_figure
from algrid.findings import cheapest_best
from algrid.runtime import trade_off
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
seconds = opened.runtime()
Markdown(to_markdown(seconds, 4))

# %% [markdown]
# ## By learner and size of the pool

# %%
Markdown(to_markdown(opened.runtime(["learner", "n_pool"]), 4))

# %%
scores = opened.scores(metric, budgets=opened.largest_budget)
table = trade_off(scores, opened.seconds)
trade_off_figure(table, seconds, opened.leaderboard(metric))

# %%
Markdown(f"## The finding\n\n{cheapest_best(table, seconds)}")
