"""Names of strategies: families, implementations, and what the plain name means."""

from __future__ import annotations

import pytest

from algrid.errors import PluginError
from algrid.strategies import STRATEGIES


def test_a_plain_name_is_our_own_or_the_only_library_that_has_the_family() -> None:
    assert STRATEGIES.build("margin").implementation() == "own"
    assert STRATEGIES.build("clue").name == "clue@skactiveml"
    families = {name.partition("@")[0] for name in STRATEGIES.names()}
    assert {STRATEGIES.build(f).family() for f in families - {"epsilon_random", "subsampled"}} == families - {
        "epsilon_random",
        "subsampled",
    }
    with pytest.raises(PluginError, match="unknown strategy 'marg'"):
        STRATEGIES.get("marg")


def test_there_are_more_than_45_implementations_with_source_and_needs() -> None:
    classes = STRATEGIES.classes()
    assert len(classes) >= 45
    assert all(cls.source for cls in classes)
    allowed = {"predict_proba", "decision_function", "embed", "binary", "dense", "true_labels"}
    assert all(cls.needs <= allowed for cls in classes)
