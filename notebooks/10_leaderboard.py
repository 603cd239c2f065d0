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
# # Which strategy ranks best, and which differences are real?
#
# Mean ranks over datasets, wins in the same setting, and tests of each pair over datasets (Wilcoxon, corrected by
# Holm). Below six datasets there is no interval and no test, which the notes say.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown, display

import algrid as ag
from algrid.figures import leaderboard_figure
from algrid.findings import best_level, hangs_on_others, missing_matters

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
board = opened.leaderboard(metric)
board.round(3)

# %%
leaderboard_figure(board)

# %% [markdown]
# ## Which differences are real
#
# Bars join neighbours that no test tells apart.

# %%
from algrid.figures.critical_difference import critical_difference_figure
from algrid.influence.critical_difference import critical_groups
from algrid.influence.pairwise import wilcoxon_holm

scores = opened.scores(metric, budgets=opened.largest_budget)
tests = wilcoxon_holm(scores)
critical_difference_figure(board, critical_groups(tests, board))

# %% [markdown]
# ## What the ranking hangs on
#
# On who else takes part: the places of all others when one strategy is left out. And on what is done about missing
# values: only settings in which all have one, the worst rank for a missing one, or each strategy's own mean.

# %%
from algrid.influence.competitors import leave_one_out, treatments

others, missing = leave_one_out(scores), treatments(scores)
display(others.sort_values("moved", key=abs, ascending=False).head(8).round(2), missing.round(2))

# %%
opened.learning_curves(metric)

# %%
finding = " ".join([best_level(board), hangs_on_others(others), missing_matters(missing)])
Markdown(f"## The finding\n\n{finding}")
