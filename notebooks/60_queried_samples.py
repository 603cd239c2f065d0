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
# # What does each strategy like to pick?
#
# The rows that were queried, held against what random sampling would pick: dense or sparse surroundings, near to a
# boundary or far from it, hard or easy, pure or mixed neighbourhoods. `difference` is in standard deviations of the
# candidates (random: 0), `superiority` the chance that a queried row has a higher value than a random candidate
# (random: 0.5), `lowest` and `highest` the share of queried rows among the quarter of lowest and highest values
# (random: 0.25); `change` is the second half of the labels less the first. Labels are no features in any measure.
# `p_holm`: Wilcoxon's signed ranks over datasets, corrected for all strategies and measures.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
by = "strategy"  # or learner, batch_size, ...

# %%
from pathlib import Path

from IPython.display import Markdown

import algrid as ag
from algrid.figures.profiles import profiles_figure
from algrid.findings import tastes
from algrid.pool_measures import MEASURES
from algrid.tables import to_markdown

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %% [markdown]
# ## What is measured
#
# Of every row of every pool. Some runs, drawn evenly over strategies and learners, are replayed for it.

# %%
measures = opened.sample_measures()
described = measures[list(MEASURES)].describe().T.rename_axis("measure").reset_index()
described = described.assign(high=list(MEASURES.values()))
Markdown(to_markdown(described[["measure", "high", "count", "mean", "std", "min", "max"]]))

# %%
profiles = opened.sample_profiles(by, measures)
furthest = profiles[profiles["phase"] == "all"].sort_values("difference", key=abs, ascending=False).head(12)
shown = [f"{name}{end}" for name in ("difference", "superiority", "highest") for end in ("", "_low", "_high")]
Markdown(to_markdown(furthest[[by, "measure", *shown, "p_holm"]], 2))

# %%
profiles_figure(profiles)

# %% [markdown]
# ## What changes as labels are bought

# %%
profiles_figure(profiles, "change")

# %% [markdown]
# ## How batches are made
#
# `class_gap`: how far the classes of the queried rows are from those of the pool; mean cosine distances `within` a
# batch, `to_labeled` and `to_unlabeled` rows.

# %%
from algrid.influence.queried_rows import shape_means

Markdown(to_markdown(shape_means(opened.query_shapes(most=40), by), 2))

# %%
Markdown(f"## The finding\n\n{tastes(profiles)}")
