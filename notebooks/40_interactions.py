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
# # Which hyperparameters must be chosen together?
#
# The variance of scores within datasets, split into what hyperparameters do alone and what they add together; and
# changes of strategy that help at one level of another hyperparameter and harm at another. `share_rank` is the share on
# ranks, and `share_worst_rank` a bound: with what is missing as the worst.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them
others = ["learner", "batch_size", "preprocessing", "oracle"]

# %%
from pathlib import Path

from IPython.display import Markdown, display

import algrid as ag
from algrid.figures.overview import decomposition_figure
from algrid.findings import flipped, largest_part
from algrid.paper import hyperparameters
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
parts = opened.decomposition(metric)
shares = ["share_centred", "share_centred_low", "share_centred_high", "share_rank", "share_worst_rank"]
Markdown(to_markdown(parts.sort_values("share_centred", ascending=False).head(15)[["effect", "order", *shares]]))

# %%
decomposition_figure(parts)

# %%
from algrid.influence import sign_flips

scores = opened.scores(metric, budgets=opened.largest_budget)
flips = {across: sign_flips(scores, "strategy", across) for across in hyperparameters(opened) if across in others}
display(*(Markdown(to_markdown(table.head(8))) for table in flips.values()))

# %%
finding = " ".join([largest_part(parts), *(flipped(table) for table in flips.values())])
Markdown(f"## The finding\n\n{finding}")
