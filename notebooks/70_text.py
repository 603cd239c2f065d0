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
# `tiny`, whose weights are random, this shows how to ask; the answers need a real one. Results without texts are
# shown in the same way, and the finding says that they have none.

# %% tags=["parameters"]
results = "results/text_small"  # a folder that `make grid` (of the grid text_small) or `algrid run` left
tables = "results/quickstart"  # results on tables to compare with; if there are none, those among the results
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.figures.runtime import trade_off_figure
from algrid.findings import best_level, best_with_each_representation, cheapest_best, rankings_agree
from algrid.leaderboard import leaderboard
from algrid.routes import ranking_agreement, routes
from algrid.runtime import runtime, trade_off

# %%
opened, other = (Path(p) if Path(p).exists() else Path("..") / p for p in (results, tables))  # from root, or from here
opened = ag.open(opened)
scores = opened.scores(metric, budgets=opened.largest_budget)
of_texts = scores["preprocessing"].isin([p.label for p in opened.grid.preprocessing if p.of_texts])
texts, on_tables = scores[of_texts], scores[~of_texts]
if tables and other.exists():
    second = ag.open(other)
    on_tables = second.scores(metric, budgets=second.largest_budget)

# %% [markdown]
# ## Representation and learner
#
# Frozen embeddings against fine-tuning, at equal strategies, batch sizes, splits and start sets. Each of these learners
# is a representation with what learns from it, as few learners fit all representations.

# %%
shown = texts if len(texts) else scores
board = leaderboard(routes(shown), "learner")
board.round(3)

# %% [markdown]
# ## Seconds and labels against score

# %%
seconds = opened.seconds
seconds = runtime(routes(seconds[seconds["run_id"].isin(shown["run_id"])]), ["learner"])
table = trade_off(routes(shown), opened.seconds, "learner")
trade_off_figure(table, seconds, board)

# %% [markdown]
# ## Strategies on texts and on tables

# %%
agreement = ranking_agreement(texts, on_tables)
agreement.round(3)

# %%
untrained = any(getattr(level, "model", "") == "tiny" for level in opened.grid.preprocessing)
said = [
    "The model `tiny` has random weights: what is said of it holds for no real model." if untrained else "",
    f"{best_with_each_representation(board)} {best_level(board)}",
    cheapest_best(table, seconds),
    rankings_agree(agreement),
]
Markdown("## The finding\n\n" + "\n\n".join(filter(None, said)))
