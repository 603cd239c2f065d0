"""Fixtures that more than one test file needs."""

from __future__ import annotations
