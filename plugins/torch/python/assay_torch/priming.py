"""What torch does once in a process, done before a model is computed: else its first layer could take other kernels than the rest."""

from __future__ import annotations

import torch

from .attention import HAS_SDPA, causal


def prime(device: torch.device) -> None:
    """Multiplies, so that there is working memory, and attends: torch sets its own order of kernels at the first call."""
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.ones((64, 64), dtype=dtype, device=device)
        torch.nn.functional.linear(x, x)
        if HAS_SDPA:
            heads = x.reshape(1, 1, 64, 64)
            causal(heads, heads, heads, 0.125)
