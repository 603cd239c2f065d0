"""Pretrained language models: found by name, made where they are tiny, and known by their content."""

from algrid.pretrained.finding import Pretrained, resolve

__all__ = ["Pretrained", "resolve"]
