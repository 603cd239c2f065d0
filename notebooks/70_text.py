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
# # Is text different?
#
# What to put between documents and predictions (words counted, a frozen embedding, a model that is fine-tuned), what
# that costs in seconds and labels, and whether strategies that are good on tables are good on texts. With the model
# `tiny`, whose weights are random, this shows how to ask; the answers need a real one.

# %% tags=["parameters"]
results = "results/text_small"  # a folder that `make grid GRID=text_small` or `algrid run` left
tables = "results/quickstart"  # results on tables to compare with
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.figures.runtime import trade_off_figure
from algrid.findings import best_level, cheapest_best, rankings_agree
from algrid.leaderboard import leaderboard
from algrid.routes import ranking_agreement, routes
from algrid.runtime import runtime, trade_off

opened, other = (ag.open(p if Path(p).exists() else Path("..") / p) for p in (results, tables))

# %% [markdown]
# ## Representation and learner
#
# Frozen embeddings against fine-tuning, at equal strategies, batch sizes, splits and start sets.

# %%
scores = routes(opened.scores(metric, budgets=opened.largest_budget))
board = leaderboard(scores, "learner")
board.round(3)

# %% [markdown]
# ## Seconds and labels against score

# %%
seconds = runtime(routes(opened.seconds), ["learner"])
table = trade_off(scores, opened.seconds, "learner")
trade_off_figure(table, seconds, board)

# %% [markdown]
# ## Strategies on texts and on tables

# %%
agreement = ranking_agreement(
    opened.scores(metric, budgets=opened.largest_budget), other.scores(metric, budgets=other.largest_budget)
)
agreement.round(3)

# %%
said = [best_level(board), cheapest_best(table, seconds), rankings_agree(agreement)]
Markdown("## The finding\n\n" + "\n\n".join(said))
