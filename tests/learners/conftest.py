"""A transformer that is small enough for tests."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a BERT of two layers with random weights; 0 is the padding."""
    from algrid.pretrained.tiny import build_tiny

    folder = tmp_path_factory.mktemp("model")
    build_tiny(folder, ["one two three four five six seven", "abcdefghijklmnopqrstuvwxyz 0123456789"], hidden=32)
    return str(folder)
