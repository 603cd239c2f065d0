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
# # How much do datasets matter?
#
# Datasets differ in difficulty, which is no news; what counts is whether they change which strategy is best. Rankings
# of single datasets are compared, and changes of strategy that help on one dataset and harm on another are listed.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.figures.heatmap import heatmap
from algrid.findings import datasets_differ, flipped
from algrid.influence import sign_flips
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
table = opened.ranking_influence("dataset", metric)
pairs = table[table["level_b"] != "all others"].sort_values("tau")
Markdown(to_markdown(pairs[["level_a", "level_b", "tau", "ceiling", "halves", "lost"]].head(12)))

# %%
heatmap(table, "tau")

# %% [markdown]
# ## Changes of strategy that help on one dataset and harm on another

# %%
flips = sign_flips(opened.scores(metric, budgets=opened.largest_budget), "strategy", "dataset")
Markdown(to_markdown(flips.head(12)))

# %%
Markdown(f"## The finding\n\n{datasets_differ(table)} {flipped(flips)}")
