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
# # Does the ranking hang on the metric, or on how curves are summarised?
#
# The same runs, evaluated in several ways: Kendall's tau between the rankings of strategies (1 is the same ranking).
# Every way of summarising a curve of the first metric, and the other metrics by the first aggregate.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metrics = ["accuracy", "f1_macro", "f1_weighted", "balanced_accuracy", "precision_macro", "recall_macro"]
aggregates = ["aubc", "mean", "ramp_up", "plateau", "first_5", "last_5", "final", "learning_stability"]
aggregates += ["first_difference", "biggest_drop", "drops"]

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.figures.heatmap import agreement_figure
from algrid.findings import evaluations_agree
from algrid.influence.evaluation import agreement
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
asked = [*((metrics[0], a) for a in aggregates), *((m, aggregates[0]) for m in metrics[1:])]
table = agreement({(m, a): opened.scores(m, a, opened.largest_budget) for m, a in asked})
agreement_figure(table)

# %%
Markdown(to_markdown(table.sort_values("tau").head(10)))

# %% [markdown]
# ## Test part against pool
#
# What a learner knows beyond what it was shown: the final score on the test part less that on the whole pool, which
# holds the rows that were labelled.

# %%
from algrid.influence.evaluation import mismatch
from algrid.leaderboard import leaderboard

final = {part: opened.scores(metrics[0], "final", opened.largest_budget, part=part) for part in ("test", "pool")}
gap = leaderboard(mismatch(**final), missing="own_mean").sort_values("mean")
Markdown(to_markdown(gap[["strategy", "mean", "mean_low", "mean_high", "n_settings"]]))

# %%
Markdown(f"## The finding\n\n{evaluations_agree(table)}")
