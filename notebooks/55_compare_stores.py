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
# # Do two stores of one grid agree?
#
# Two versions, or two machines: runs are matched by their ids. Equal configurations should give equal bits; where they
# don't, the question is whether scores moved in one direction or only about.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
other = ""  # another folder of the same grid; without, the results are held against themselves
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.findings import same_results
from algrid.store_comparison import compare_stores

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
budget = opened.largest_budget[0]
found = compare_stores(opened.snapshot, ag.open(other or path).snapshot, metric=metric, budget=budget)
found.columns.round(4)

# %%
found.scores.round(5)

# %%
Markdown(f"## The finding\n\n{same_results(found.columns, found.scores)}")
