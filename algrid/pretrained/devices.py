"""What computing with torch needs: a device, and generators and threads that nothing outside changes or notices.

Imported in calls only: it imports torch (seconds, and some hundred MiB).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from algrid.errors import ModelError
from algrid.sandbox import sandboxed
from algrid.threads import one_thread

__all__ = ["device_name", "device_of", "mixed", "seeded"]


def device_of(wanted: str) -> str:
    """``cpu`` or ``cuda``, for ``auto`` whichever there is.

    Raises
    ------
    ModelError
        For ``cuda`` where there is none.
    """
    has_gpu = torch.cuda.is_available()
    if wanted == "cuda" and not has_gpu:
        raise ModelError(
            "the device is cuda, and torch finds no GPU here: run it on workers that have one (a pool `gpu` "
            "of the cluster file), or take `device: cpu` or `auto`."
        )
    return "cuda" if has_gpu and wanted != "cpu" else "cpu"


@contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """All generators seeded, deterministic algorithms, one thread; afterwards all is as it was.

    On the CPU the same fit has the same bits every time. On a GPU torch is asked for the same, but an operation
    that has no deterministic implementation there is used all the same.
    """
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    if device == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it is first used
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with sandboxed(np.random.default_rng(seed)), torch.random.fork_rng(devices), one_thread("torch"):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=device == "cuda")
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict, warn_only=warn_only)


def mixed(device: str, precision: str) -> torch.autocast:
    """A context of mixed precision, if that is asked for: products in ``bfloat16``, sums and weights in 32 bits."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bfloat16")


def device_name(wanted: str) -> str:
    """``cpu``, or ``cuda`` with the name of the GPU, of what `device_of` chooses."""
    device = device_of(wanted)
    return device if device == "cpu" else f"{device}: {torch.cuda.get_device_name()}"
