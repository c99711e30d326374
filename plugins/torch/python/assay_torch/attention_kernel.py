"""A Triton kernel for the attention that torch has no fast kernel for: windows, caps on scores, and biases of keys.

Softmax in blocks of keys with running maxima and sums (Dao 2023), scores and sums in float32.
"""

from __future__ import annotations

from typing import Optional

import torch

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

# Elements of a head; wider ones take more shared memory than a multiprocessor has.
WIDEST_HEAD = 256

if triton is not None:

    @triton.jit
    def _attend(
        q, k, v, bias, out, sequence, width, heads, shared, scale, cap, window,
        q_batch, q_row, q_head, k_batch, k_row, k_head, v_batch, v_row, v_head,
        WINDOWED: tl.constexpr, CAPPED: tl.constexpr, BIASED: tl.constexpr, PRECISION: tl.constexpr,
        M: tl.constexpr, N: tl.constexpr, D: tl.constexpr,
    ):  # fmt: skip
        block = tl.program_id(0)
        batch, head = (tl.program_id(1) // heads).to(tl.int64), tl.program_id(1) % heads
        group = head // shared
        row, column, place = block * M + tl.arange(0, M), tl.arange(0, N), tl.arange(0, D)
        row_there, place_there = row < sequence, place < width
        q_start = q + batch * q_batch + head * q_head
        k_start = k + batch * k_batch + group * k_head
        v_start = v + batch * v_batch + group * v_head
        query = tl.load(
            q_start + row[:, None] * q_row + place[None, :], mask=row_there[:, None] & place_there[None, :], other=0.0
        )
        highest = tl.full((M,), float("-inf"), tl.float32)
        total = tl.zeros((M,), tl.float32)
        sums = tl.zeros((M, D), tl.float32)
        first = 0
        if WINDOWED:
            first = tl.maximum(0, block * M - window + 1) // N * N
        last = tl.minimum((block + 1) * M, sequence)
        for start in range(first, last, N):
            other = start + column
            there = other < sequence
            key = tl.load(
                k_start + other[None, :] * k_row + place[:, None], mask=there[None, :] & place_there[:, None], other=0.0
            )
            scores = tl.dot(query, key, input_precision=PRECISION)
            if BIASED:
                added = tl.load(bias + (batch * sequence + other) * heads + head, mask=there, other=0.0)
                scores += added.to(tl.float32)[None, :]
            scores *= scale
            if CAPPED:
                scores = cap * (2.0 * tl.sigmoid(2.0 * scores / cap) - 1.0)
            seen = other[None, :] <= row[:, None]
            if WINDOWED:
                seen = seen & (row[:, None] - other[None, :] < window)
            scores = tl.where(seen, scores, float("-inf"))
            now = tl.maximum(highest, tl.max(scores, axis=1))
            # A query that has seen no key yet has no maximum.
            safe = tl.where(now == float("-inf"), 0.0, now)
            weights = tl.exp(scores - safe[:, None])
            kept = tl.exp(highest - safe)
            value = tl.load(
                v_start + other[:, None] * v_row + place[None, :], mask=there[:, None] & place_there[None, :], other=0.0
            )
            total = total * kept + tl.sum(weights, axis=1)
            sums = sums * kept[:, None] + tl.dot(weights.to(value.dtype), value, input_precision=PRECISION)
            highest = now
        result = (sums / total[:, None]).to(out.dtype.element_ty)
        target = out + ((batch * sequence + row[:, None]) * heads + head) * width + place[None, :]
        tl.store(target, result, mask=row_there[:, None] & place_there[None, :])


def usable(q: torch.Tensor) -> bool:
    return triton is not None and q.device.type == "cuda" and q.shape[-1] <= WIDEST_HEAD


def attend(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    scale: float,
    window: Optional[int],
    softcap: Optional[float],
    key_bias: Optional[torch.Tensor],
) -> torch.Tensor:
    """q: [batch, sequence, heads, width], k and v: with fewer heads, key_bias: [batch, sequence, heads] -> as q"""
    q, k, v = (x if x.stride(3) == 1 else x.contiguous() for x in (q, k, v))
    batch, sequence, heads, width = q.shape
    out = torch.empty((batch, sequence, heads, width), dtype=q.dtype, device=q.device)
    columns = max(16, 1 << (width - 1).bit_length())
    half = q.dtype != torch.float32
    rows, keys = (128, 64) if half and columns <= 128 else (64, 32) if half else (32, 32)
    bias = q if key_bias is None else key_bias.contiguous()
    _attend[((sequence + rows - 1) // rows, batch * heads)](
        q, k, v, bias, out, sequence, width, heads, heads // k.shape[2], scale, 1.0 if softcap is None else softcap,
        0 if window is None else window, q.stride(0), q.stride(1), q.stride(2), k.stride(0), k.stride(1), k.stride(2),
        v.stride(0), v.stride(1), v.stride(2), WINDOWED=window is not None, CAPPED=softcap is not None,
        BIASED=key_bias is not None, PRECISION="tf32" if half else "ieee", M=rows, N=keys, D=columns,
        num_warps=8 if half else 4, num_stages=3 if half and columns <= 128 else 2,
    )  # fmt: skip
    return out
