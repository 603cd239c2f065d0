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
# # How many splits and start sets are enough?
#
# Splits and start sets are replicates: chance, not hyperparameters of interest. The decomposition says how much of
# the variance they are; from that follows how many a study needs for an interval of a given width.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them
width = 0.02  # of the 95 % interval of a difference between two levels, from end to end

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.figures.overview import decomposition_figure
from algrid.findings import replicates_matter
from algrid.influence import replicates_needed
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
parts = opened.decomposition(metric)
replicates = parts[parts["effect"].str.contains("split|start_set|replicate|seed", regex=True)]
shares = ["component", "component_low", "component_high", "share_centred", "share_centred_low", "share_centred_high"]
Markdown(to_markdown(replicates.sort_values("share_centred", ascending=False).head(12)[["effect", *shares]], 4))

# %%
decomposition_figure(parts)

# %%
try:
    needed = replicates_needed(parts, width).groupby("by").head(3)
except ag.AlgridError as error:
    needed = error
needed

# %%
Markdown(f"## The finding\n\n{replicates_matter(parts, needed, width)}")
