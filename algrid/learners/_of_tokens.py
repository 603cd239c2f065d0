"""Learners that read token ids with a pretrained model: what they have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from algrid.errors import LearnerError
from algrid.learners.base import Learner
from algrid.pretrained import Pretrained, resolve

if TYPE_CHECKING:
    from algrid.preprocessing import Described, Preprocessing

__all__ = ["TokenLearner"]


@dataclass(frozen=True)
class TokenLearner(Learner):
    """Base of learners that fine-tune a pretrained model. Its content is part of a run's identity, not its place.

    Class variables
    ---------------
    packages : tuple of str
        Import names of what has to be installed.
    extra : str
        The extra of algrid that brings them.

    Parameters
    ----------
    model : str
        As of the preprocessing `tokens`, whose model has to have the same tokenizer.
    revision : str
        Commit, tag or branch on the hub.
    device : {"auto", "cpu", "cuda"}
        Where it is computed; ``auto`` is a GPU if there is one. Not a part of a run's identity: the results'
        provenance says where it was.
    """

    provides: ClassVar[frozenset[str]] = frozenset({"predict_proba", "embed"})
    predicts_argmax: ClassVar[bool] = True
    sparse: ClassVar[bool] = False
    takes: ClassVar[str] = "tokens"
    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers")
    extra: ClassVar[str] = "text"

    model: Annotated[str, Field(min_length=1)]
    revision: str = ""
    device: Literal["auto", "cpu", "cuda"] = field(default="auto", repr=False)

    @property
    def wants_gpu(self) -> bool:
        """Unless it is for the CPU."""
        return self.device != "cpu"

    @property
    def pretrained(self) -> Pretrained:
        """The model.

        Raises
        ------
        ModelError
            If it is not there.
        """
        return resolve(self.model, self.revision)

    def identity(self) -> dict[str, Any]:
        """With the hash of the model's content instead of its name and revision, and without the device."""
        identity = super().identity()
        parameters = {**identity["parameters"], "model": self.pretrained.content_hash}
        del parameters["revision"], parameters["device"]
        return {**identity, "parameters": parameters}

    def lacks(self) -> str | None:
        """Which package is not installed, and how to get it; None where all are."""
        lacking = next((package for package in self.packages if find_spec(package) is None), None)
        if lacking is None:
            return None
        return f"{self.name} needs {lacking}, which is not installed (pip install 'algrid[{self.extra}]')"

    def unsupported(self, preprocessing: Preprocessing, dataset: Described) -> str | None:
        """As the base says; and the tokens have to be those that the model reads."""
        if (reason := super().unsupported(preprocessing, dataset) or self.lacks()) is not None:
            return reason
        tokens = getattr(preprocessing, "pretrained", None)
        if tokens is not None and tokens.tokenizer_hash != self.pretrained.tokenizer_hash:
            return f"{self.name}: {self.model} has another tokenizer than {tokens.name}, whose tokens it would be given"
        return None

    def build(self, seed: int) -> Any:
        """The classifier, not fitted.

        Raises
        ------
        LearnerError
            If a package is not installed.
        """
        if (reason := self.lacks()) is not None:
            raise LearnerError(f"{reason}.")
        return self.classifier(seed)

    def classifier(self, seed: int) -> Any:
        """The same, where all packages are there."""
        raise NotImplementedError

    def size_factor(self) -> float:
        """By how much the encoder is dearer than that of `tiny`, most of whose seconds are not products."""
        model = self.pretrained
        layers = int(model.config.get("num_hidden_layers") or model.config.get("n_layers") or 2)
        return max(1.0, model.dimensions**2 * layers / (64**2 * 2) / 5)
