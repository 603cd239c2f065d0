"""Networks to be fine-tuned: a new head on a pretrained encoder, and layers frozen.

Imported in calls only: it imports torch and transformers.
"""

from __future__ import annotations

from typing import Any

from algrid.errors import LearnerError
from algrid.pretrained import Pretrained
from algrid.pretrained.encoder import pretrained

__all__ = ["freeze", "sequence_classifier"]


def sequence_classifier(model: Pretrained, n_classes: int) -> Any:
    """The model's encoder with its pretrained weights, and a new head for so many classes.

    The head's weights are drawn from torch's generator.

    Raises
    ------
    LearnerError
        If the model lacks weights that a classifier needs.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    config = AutoConfig.from_pretrained(str(model.folder), num_labels=n_classes, local_files_only=True)
    network: Any = AutoModelForSequenceClassification.from_config(config)
    base = getattr(network, network.base_model_prefix)
    lacking = base.load_state_dict(pretrained(model).state_dict(), strict=False).missing_keys
    if lacking:
        raise LearnerError(f"model {model.name!r} lacks weights of {type(base).__name__}: {', '.join(lacking[:3])}.")
    return network


def freeze(base: Any, layers: int) -> None:
    """Keep the embeddings and the first so many layers of an encoder as they are; all of it where `layers` is -1.

    Raises
    ------
    LearnerError
        If it has fewer.
    """
    if layers == 0:
        return
    stack = getattr(getattr(base, "encoder", None) or getattr(base, "transformer", None), "layer", None)
    if layers == -1:
        frozen = [base]
    elif stack is None or layers > len(stack):
        known = "none that are known" if stack is None else len(stack)
        raise LearnerError(f"frozen_layers is {layers}, and the model {type(base).__name__} has {known}; -1 is all.")
    else:
        frozen = [base.embeddings, *stack[:layers]]
    for part in frozen:
        for parameter in part.parameters():
            parameter.requires_grad = False
