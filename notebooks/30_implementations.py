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
# # Does it matter whose implementation of a strategy I use?
#
# All implementations of a family are asked from the same states, and each has a run of its own. Where two batches
# differ, the audit says why: rows that are worth the same, another way to make a batch, another source of
# probabilities, other refits, another seed, or another formula. Nothing of a grid is needed: the runs are made here.

# %% tags=["parameters"]
results = "results/quickstart"  # a folder: the figure goes to its figures/
families = ["margin", "entropy", "kcenter_greedy", "density_weighted", "graph_density", "ranked_batch", "qbc"]
settings = {"cycles": 4, "seeds": 1, "max_pool": 120}

# %%
from pathlib import Path

import pandas as pd
from IPython.display import Markdown

from algrid.audit import audit
from algrid.audit_states import CAUSES
from algrid.figures import implementations_figure
from algrid.findings import implementations_agree

# %% [markdown]
# ## The audit
#
# `algrid.audit.families()` lists all families that have several implementations; `algrid audit` audits all of them.

# %%
groups = {"two classes": ["gaussian_unbalanced", "xor_2x2"], "three classes": ["iris", "wine"]}
audits = {title: [audit(f, datasets=data, **settings) for f in families] for title, data in groups.items()}

# %% [markdown]
# ## How far they agree with algrid's own

# %%
figure = implementations_figure(audits)
figure.save((Path(results) if Path(results).exists() else Path("..") / results) / "figures")
figure

# %% [markdown]
# ## Why they differ, and what it does to the score
#
# `difference` is the mean final accuracy of the implementation less that of algrid's own, in the same settings, with
# the ends of a 95 % bootstrap interval.

# %%
pairs = pd.concat([frame.assign(data=title) for title, frames in audits.items() for frame in frames])
own = pairs[pairs["a"] == "own"].set_index(["data", "family", "b"])
own[["same", *CAUSES, "first_divergence", "difference", "difference_low", "difference_high"]].round(2)

# %%
Markdown(f"## The finding\n\n{implementations_agree(own, CAUSES)}")
