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
# # What should I take if I can tune nothing?
#
# One setting of all hyperparameters for every dataset. `regret` is what it loses against the best setting of each
# dataset; `held_out_regret` is that on datasets that had no part in choosing it.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.findings import good_default, most_robust
from algrid.influence.defaults import defaults, distance_to_best
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)
scores = opened.scores(metric, budgets=opened.largest_budget)

# %%
table = defaults(scores)
Markdown(to_markdown(table.head(10), 4))

# %% [markdown]
# ## Where the default is far from the best

# %%
default = table.loc[0, table.attrs["axes"]].to_dict()
Markdown(to_markdown(distance_to_best(scores, default), 4))

# %% [markdown]
# ## Strategies by their best, their median and their bad settings
#
# A strategy that is best when everything else is tuned need not be a safe one.

# %%
from algrid.influence.robustness import robustness

robust = robustness(scores)
ranks = [f"rank_{name}{end}" for name in ("best", "median", "lower", "regret") for end in ("", "_low", "_high")]
Markdown(to_markdown(robust[["strategy", *ranks, "regret", "regret_low", "regret_high", "worst_regret"]], 2))

# %%
Markdown(f"## The finding\n\n{good_default(table)} {most_robust(robust)}")
