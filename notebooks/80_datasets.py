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
# # Which data were these, what is wrong with them, and which kind wants which strategy?
#
# Three looks at the datasets of a grid: how much of the space of data they cover, beside the reference study's
# catalogue; what the checks find in them; and whether meta-features (rows, classes, noise ...) tell the best strategy
# of a dataset that was left out. `gain` is what choosing by a meta-feature wins over one strategy for all, in units of
# the score; `p` is how often meta-features that are dealt to the wrong datasets do as well.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them
by = "strategy"  # whose best level is to be told

# %%
from pathlib import Path

from IPython.display import Markdown, display

import algrid as ag
from algrid.catalogues.selection import catalogue_table
from algrid.checks import check_datasets
from algrid.figures.datasets import associations_figure, coverage_figure
from algrid.findings import best_by_data

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
meta = opened.meta_features()
display(meta.round(3))
display(coverage_figure(meta, name="coverage_results"))
coverage_figure(catalogue_table("paper", representative=12), name="coverage_catalogue")

# %%
check_datasets(opened.grid.datasets)

# %%
enough = len(meta) >= 3  # each is left out in turn
if enough:
    table = opened.best_by_meta_features(by, metric, meta=meta)
    display(table.round(4))
    display(associations_figure(opened.meta_associations(by, metric, meta=meta)))

# %%
finding = best_by_data(table) if enough else f"Which kind of data wants which {by} takes three datasets to tell."
Markdown(f"## The finding\n\n{finding}")
