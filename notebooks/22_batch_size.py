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
# # How much does the batch size matter?
#
# Batch sizes are compared over their common range of labels.
#
# Each pair of levels is compared with all other hyperparameters equal: how far scores move (`difference`) and whether
# the same settings stay good (`pearson`; within datasets: `centred`; `matched`: the share that both have), whether the
# same rows are queried (`corrected`: Jaccard index, corrected for chance; `used up`: pools with nothing left), and
# whether strategies rank alike (`tau`, to be held against the noise `ceiling`; `lost` to the level, on these datasets
# and on resampled ones). In brackets: 95 % intervals. The pairs that differ most come first.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Markdown, display

import algrid as ag
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
found = opened.influence("batch_size", metric)
display(*(Markdown(to_markdown(table.head(12))) for table in found.tables.values()))

# %% [markdown]
# ## Heatmaps
#
# Blue: scores. Green: queried rows. Orange: the ranking of strategies. Diverging maps are centred at no difference.

# %%
display(*found.figures)

# %%
Markdown(f"## The finding\n\n{found.finding}")
