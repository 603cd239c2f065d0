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
# # What should I care about?
#
# Every hyperparameter of the grid, by how far it moves scores, the queried rows, and the ranking of strategies.
# `score` is the share of the variance within datasets in which it has a part; `queries` is 0 where its levels query
# the same rows, and 1 where they share no more than chance would have it; `ranking` is what tau between rankings of
# strategies loses beyond noise. In brackets: 95 % intervals. Empty is what does not apply: strategies are what is
# ranked, other datasets, splits and start sets have other rows, and budget, metric and aggregate are chosen when
# results are read.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.advice import advice
from algrid.figures.overview import overview_figure
from algrid.findings import largest_influence
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
table = opened.overview(metric)
Markdown(to_markdown(advice(table), 2))

# %%
overview_figure(table)

# %%
Markdown(f"## The finding\n\n{largest_influence(table)}")
