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
from algrid.tables import to_latex, to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
board = opened.leaderboard(metric)
Markdown(to_markdown(board))

# %%
leaderboard_figure(board)

# %% [markdown]
# ## Which differences are real
#
# Bars join neighbours that no test tells apart. Below, the pairs of which tests are surest: how often one wins in the
# same setting, and in how many datasets by its mean.

# %%
from algrid.figures.critical_difference import critical_difference_figure
from algrid.influence.critical_difference import critical_groups
from algrid.influence.pairwise import wilcoxon_holm, win_tie_loss

scores = opened.scores(metric, budgets=opened.largest_budget)
tests, wins = wilcoxon_holm(scores), win_tie_loss(scores)
critical_difference_figure(board, critical_groups(tests, board))

# %%
both = wins.merge(tests, left_on=["level", "other"], right_on=["level_a", "level_b"]).sort_values("p_holm")
won = ["win_rate", "win_rate_low", "win_rate_high", "datasets_won", "datasets_tied", "datasets_lost"]
Markdown(to_markdown(both[["level", "other", *won, "median_difference", "p_holm", "differs"]].head(12)))

# %% [markdown]
# ## What the ranking hangs on
#
# On who else takes part: the places of all others when one strategy is left out. And on what is done about missing
# values: only settings in which all have one, the worst rank for a missing one, or each strategy's own mean.

# %%
from algrid.influence.competitors import leave_one_out, treatments

others, missing = leave_one_out(scores), treatments(scores)
moved = others.sort_values("moved", key=abs, ascending=False).head(8)
ranks = missing[[column for column in missing if not column.startswith(("mean", "n_settings"))]]
display(*(Markdown(to_markdown(table, 2)) for table in (moved, ranks)))

# %%
opened.learning_curves(metric)

# %% [markdown]
# ## For a paper
#
# Every table can be had as LaTeX (booktabs) and as Markdown, with its intervals.

# %%
shown = ["strategy", "rank", "rank_low", "rank_high", "mean", "mean_low", "mean_high"]
print(to_latex(board[shown].head(5), caption="The five best strategies", label="tab:leaderboard"))

# %%
finding = " ".join([best_level(board), hangs_on_others(others), missing_matters(missing)])
Markdown(f"## The finding\n\n{finding}")
