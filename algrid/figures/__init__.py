"""Figures of stored results: each a drawing, the numbers in it, and a caption. One kind of figure a file."""

from __future__ import annotations

from algrid.figures.base import Figure, file_name
from algrid.figures.folder import Recipe, draw
from algrid.figures.implementations import implementations_figure
from algrid.figures.leaderboard import leaderboard_figure
from algrid.figures.learning_curves import learning_curves

__all__ = ["Figure", "Recipe", "draw", "file_name", "implementations_figure", "leaderboard_figure", "learning_curves"]
