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

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them
metrics = ["accuracy", "f1_macro", "balanced_accuracy"]
aggregates = ["aubc", "final", "mean"]

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.findings import evaluations_agree
from algrid.influence.evaluation import agreement

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
evaluations = {(m, a): opened.scores(m, a, opened.largest_budget) for m in metrics for a in aggregates}
table = agreement(evaluations)
table.round(3)

# %%
Markdown(f"## The finding\n\n{evaluations_agree(table)}")
