"""Causal attention: torch's own where it has one for the case, and else an eager twin in blocks of queries."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, ContextManager, Optional

import torch
import torch.nn.functional as F

from . import attention_kernel
from .versions import TORCH

# Scores that are in memory at a time.
BLOCK_ELEMENTS = 1 << 26
# Queries of a block of windowed attention: shorter ones would be many small products.
WINDOW_BLOCK = 512

HAS_SDPA = hasattr(F, "scaled_dot_product_attention")


@dataclass(frozen=True)
class AttentionShape:
    heads: int
    key_value_heads: int
    head_dimension: int
    scale: float
    # Keys that a query sees, itself included.
    window: Optional[int] = None
    # Scores become cap * tanh(score / cap).
    softcap: Optional[float] = None


def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    shape: AttentionShape,
    key_bias: Optional[torch.Tensor] = None,
    mask: Optional[torch.Tensor] = None,
    eager: bool = False,
    fuses: bool = False,
) -> torch.Tensor:
    """q: [batch, sequence, heads * width], k and v: [batch, sequence, key_value_heads * width] -> as q.

    key_bias: [batch, sequence, heads], added to the scores of a key before they are scaled.
    mask: [batch, 1, sequence, sequence], added to the scores, where it is lower than the causal mask.
    """
    batch, sequence, _ = q.shape
    width = shape.head_dimension
    by_head = (
        q.reshape(batch, sequence, shape.heads, width),
        k.reshape(batch, sequence, shape.key_value_heads, width),
        v.reshape(batch, sequence, shape.key_value_heads, width),
    )
    queries, keys, values = (x.transpose(1, 2) for x in by_head)
    window = None if shape.window is None or shape.window >= sequence else shape.window
    plain = HAS_SDPA and not eager and shape.softcap is None and key_bias is None and mask is None
    if plain and window is None:
        context = causal(queries, keys, values, shape.scale)
    elif fuses and not eager and mask is None and attention_kernel.usable(by_head[0]):
        return attention_kernel.attend(*by_head, shape.scale, window, shape.softcap, key_bias).reshape(q.shape)
    elif plain and window is not None:
        context = windowed(queries, keys, values, shape.scale, window)
    else:
        context = eager_attention(queries, keys, values, shape, window, key_bias, mask)
    return context.transpose(1, 2).reshape(batch, sequence, shape.heads * width)


def causal(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float) -> torch.Tensor:
    """[batch, heads, sequence, width] each, k and v with fewer heads -> as q"""
    grouped = q.shape[1] != k.shape[1]
    if grouped and TORCH < (2, 5):
        k, v = _repeated(k, q.shape[1]), _repeated(v, q.shape[1])
        grouped = False
    options: Any = {"enable_gqa": True} if grouped else {}
    with _kernels(q):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, **options)


def windowed(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float, window: int) -> torch.Tensor:
    """The same where a query sees `window` keys: each block of queries with the keys that it can see."""
    sequence, heads = q.shape[2], q.shape[1]
    k, v = _repeated(k, heads), _repeated(v, heads)
    out = torch.empty_like(q)
    block = max(window, WINDOW_BLOCK)
    for start in range(0, sequence, block):
        end, first = min(start + block, sequence), max(0, start - window + 1)
        distance = _distance(q.device, start, end, first, end)
        seen = (distance >= 0) & (distance < window)
        out[:, :, start:end] = F.scaled_dot_product_attention(
            q[:, :, start:end], k[:, :, first:end], v[:, :, first:end], attn_mask=seen, scale=scale
        )
    return out


def eager_attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    shape: AttentionShape,
    window: Optional[int],
    key_bias: Optional[torch.Tensor],
    mask: Optional[torch.Tensor],
) -> torch.Tensor:
    """From elementary operators, scores in float32."""
    batch, heads, sequence, width = q.shape
    groups = k.shape[1]
    lowest = torch.finfo(torch.float32).min
    out = torch.empty_like(q)
    # [batch, groups, queries of a group, sequence, width] against [batch, groups, 1, sequence, width]
    grouped = q.reshape(batch, groups, heads // groups, sequence, width)
    keys, values = k.unsqueeze(2).float(), v.unsqueeze(2).float()
    bias = None if key_bias is None else key_bias.permute(0, 2, 1).reshape(batch, groups, heads // groups, 1, sequence)
    block = max(1, BLOCK_ELEMENTS // max(1, batch * heads * sequence))
    for start in range(0, sequence, block):
        end = min(start + block, sequence)
        # Without a mask no query sees a key behind it.
        last = end if mask is None else sequence
        scores = torch.matmul(grouped[..., start:end, :].float(), keys[..., :last, :].transpose(-1, -2))
        if bias is not None:
            scores = scores + bias[..., :last].float()
        scores = scores * shape.scale
        if shape.softcap is not None:
            scores = torch.tanh(scores / shape.softcap) * shape.softcap
        distance = _distance(q.device, start, end, 0, last)
        seen = distance >= 0 if window is None else (distance >= 0) & (distance < window)
        added = torch.where(seen, 0.0, lowest) if mask is None else _lower(seen, mask[:, :, start:end], lowest)
        weights = torch.softmax(scores + added, dim=-1)
        context = torch.matmul(weights, values[..., :last, :])
        out[:, :, start:end] = context.reshape(batch, heads, end - start, width).to(q.dtype)
    return out


def _lower(seen: torch.Tensor, mask: torch.Tensor, lowest: float) -> torch.Tensor:
    """The lower of the causal mask and another one: [batch, 1, 1, queries, keys]"""
    own = torch.zeros(seen.shape, dtype=torch.float32, device=seen.device).masked_fill(~seen, lowest)
    return torch.minimum(own, mask.float()).unsqueeze(2)


def _distance(device: torch.device, start: int, end: int, first: int, last: int) -> torch.Tensor:
    queries = torch.arange(start, end, device=device)
    return queries.unsqueeze(1) - torch.arange(first, last, device=device).unsqueeze(0)


def _repeated(x: torch.Tensor, heads: int) -> torch.Tensor:
    """Each head of a key or value once for every query head that shares it."""
    return x if x.shape[1] == heads else x.repeat_interleave(heads // x.shape[1], dim=1)


# Order in which torch's kernels are tried on a GPU: on Hopper cuDNN's takes half the time of the second one.
KERNELS = ["CUDNN_ATTENTION", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "MATH"]


def _kernels(q: torch.Tensor) -> ContextManager[Any]:
    if q.device.type != "cuda":
        return contextlib.nullcontext()
    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:
        return contextlib.nullcontext()
    backends = [getattr(SDPBackend, name) for name in KERNELS if hasattr(SDPBackend, name)]
    try:
        return sdpa_kernel(backends, set_priority=True)
    except TypeError:
        return sdpa_kernel(backends)
