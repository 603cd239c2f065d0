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
# # Every figure of the paper
#
# What `make figures` draws, as PDF, PNG and CSV; what has not changed is not drawn again. `manifest.json` beside them
# ties each figure to its notebook, function, store and commit.

# %% tags=["parameters"]
results = "results/paper_small"  # a folder that `make paper`, `make grid` or `algrid run` left
metric = "accuracy"  # `algrid metrics` lists them

# %%
from pathlib import Path

from IPython.display import Image, Markdown, display

import algrid as ag
from algrid.findings import best_level

path = Path(results) if Path(results).exists() else Path("..") / results  # from the repository's root, or from here
opened = ag.open(path)

# %%
files = opened.figures(metric, everything=True)

# %%
display(*(Image(filename=str(file), width=640) for file in files if file.suffix == ".png"))

# %%
drawn = f"{len(files) // 3} figures of {len(opened.runs):,} runs are in `{files[0].parent.name}/`."
Markdown(f"## The finding\n\n{drawn} {best_level(opened.leaderboard(metric))}")
