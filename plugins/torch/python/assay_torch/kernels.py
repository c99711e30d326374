"""Triton kernels for what torch computes in several passes over memory. Every one has an eager twin that computes the same."""

from __future__ import annotations

import torch

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

ACTIVATIONS = {"silu": 0, "gelu_tanh": 1, "gelu": 2}
# Elements of a row that a program keeps in registers.
WIDEST_NORM = 32_768


def usable(device: torch.device) -> bool:
    return triton is not None and device.type == "cuda"


if triton is not None:

    @triton.jit
    def _rms_norm(
        x, added, weight, out, total, rows, inner, x_outer, x_inner, a_outer, a_inner, width, epsilon, offset,
        ADDS: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
        column = tl.arange(0, BLOCK)
        seen = (row < rows)[:, None] & (column < width)[None, :]
        start = (row // inner) * x_outer + (row % inner) * x_inner
        values = tl.load(x + start[:, None] + column[None, :], mask=seen, other=0.0).to(tl.float32)
        if ADDS:
            second = (row // inner) * a_outer + (row % inner) * a_inner
            other = tl.load(added + second[:, None] + column[None, :], mask=seen, other=0.0).to(tl.float32)
            # The sum is rounded before it is normed, as if it had been stored.
            rounded = (values + other).to(total.dtype.element_ty)
            tl.store(total + row[:, None] * width + column[None, :], rounded, mask=seen)
            values = rounded.to(tl.float32)
        scale = 1.0 / tl.sqrt(tl.sum(values * values, axis=1) / width + epsilon)
        factor = tl.load(weight + column, mask=column < width, other=0.0).to(tl.float32) + offset
        normed = values * scale[:, None] * factor[None, :]
        tl.store(out + row[:, None] * width + column[None, :], normed.to(out.dtype.element_ty), mask=seen)

    @triton.jit
    def _rotary(
        x, positions, cosines, sines, out, heads, head_width, half, x_row,
        INTERLEAVED: tl.constexpr, HEADS: tl.constexpr, HALF: tl.constexpr, WIDTH: tl.constexpr,
    ):  # fmt: skip
        row = tl.program_id(0).to(tl.int64)
        head = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
        pair = tl.arange(0, HALF)
        position = tl.load(positions + row)
        cosine = tl.load(cosines + position * half + pair, mask=pair < half, other=0.0)[None, :]
        sine = tl.load(sines + position * half + pair, mask=pair < half, other=0.0)[None, :]
        first = 2 * pair if INTERLEAVED else pair
        second = first + 1 if INTERLEAVED else pair + half
        seen = (head < heads)[:, None] & (pair < half)[None, :]
        source = x + row * x_row + head[:, None] * head_width
        target = out + row * heads * head_width + head[:, None] * head_width
        a = tl.load(source + first[None, :], mask=seen, other=0.0).to(tl.float32)
        b = tl.load(source + second[None, :], mask=seen, other=0.0).to(tl.float32)
        tl.store(target + first[None, :], (a * cosine - b * sine).to(out.dtype.element_ty), mask=seen)
        tl.store(target + second[None, :], (b * cosine + a * sine).to(out.dtype.element_ty), mask=seen)
        if WIDTH > 0:
            # What is not rotated stays.
            column = 2 * half + tl.arange(0, WIDTH)
            rest = (head < heads)[:, None] & (column < head_width)[None, :]
            kept = tl.load(source + column[None, :], mask=rest, other=0.0)
            tl.store(target + column[None, :], kept, mask=rest)

    @triton.jit
    def _gated(gate, up, out, width, gate_row, up_row, KIND: tl.constexpr, BLOCK: tl.constexpr):
        row = tl.program_id(0).to(tl.int64)
        column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        seen = column < width
        g = tl.load(gate + row * gate_row + column, mask=seen, other=0.0).to(tl.float32)
        u = tl.load(up + row * up_row + column, mask=seen, other=0.0).to(tl.float32)
        if KIND == 0:
            active = g * tl.sigmoid(g)
        elif KIND == 1:
            inner = 0.7978845608028654 * (g + 0.044715 * g * g * g)
            active = 0.5 * g * (2.0 * tl.sigmoid(2.0 * inner))
        else:
            active = 0.5 * g * (1.0 + tl.erf(g * 0.7071067811865476))
        tl.store(out + row * width + column, (active * u).to(out.dtype.element_ty), mask=seen)

    @triton.jit
    def _merge_block(
        logits, bias, labels, highest, sums, picked, width, start, cap, rows_apart,
        BIASED: tl.constexpr, CAPPED: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        row = tl.program_id(0).to(tl.int64)
        label = tl.load(labels + row) - start
        before, total = tl.load(highest + row), tl.load(sums + row)
        own = tl.load(picked + row)
        column = tl.arange(0, BLOCK)
        for begin in range(0, width, BLOCK):
            place = begin + column
            seen = place < width
            value = tl.load(logits + row * rows_apart + place, mask=seen, other=float("-inf")).to(tl.float32)
            if BIASED:
                value += tl.load(bias + start + place, mask=seen, other=0.0).to(tl.float32)
            if CAPPED:
                # tanh by the sigmoid; the places behind the width stay at minus infinity.
                value = tl.where(seen, cap * (2.0 * tl.sigmoid(2.0 * value / cap) - 1.0), float("-inf"))
            own += tl.sum(tl.where(place == label, value, 0.0), axis=0)
            now = tl.maximum(before, tl.max(value, axis=0))
            total = total * tl.exp(before - now) + tl.sum(tl.exp(value - now), axis=0)
            before = now
        tl.store(highest + row, before)
        tl.store(sums + row, total)
        tl.store(picked + row, own)


def _power_of_two(count: int) -> int:
    return 1 << max(0, count - 1).bit_length()


def _rows_of(x: torch.Tensor):
    """Rows of the last dimension: their number, how many lie side by side, and the two strides between them."""
    if x.dim() == 3:
        return x.shape[0] * x.shape[1], x.shape[1], x.stride(0), x.stride(1)
    flat = x if x.dim() == 2 else x.reshape(-1, x.shape[-1])
    return flat.shape[0], 1, flat.stride(0), 0


def rms_norm(x: torch.Tensor, weight: torch.Tensor, epsilon: float, offset: float) -> torch.Tensor:
    return _normed(x, None, weight, epsilon, offset)[1]


def add_rms_norm(x: torch.Tensor, added: torch.Tensor, weight: torch.Tensor, epsilon: float, offset: float):
    """x + added, and its norm."""
    return _normed(x, added, weight, epsilon, offset)


def _normed(x, added, weight, epsilon, offset):
    if x.stride(-1) != 1:
        x = x.contiguous()
    if added is not None and added.stride(-1) != 1:
        added = added.contiguous()
    width = x.shape[-1]
    rows, inner, outer_stride, inner_stride = _rows_of(x)
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    total = torch.empty_like(out) if added is not None else out
    _, _, added_outer, added_inner = (0, 0, 0, 0) if added is None else _rows_of(added)
    block = _power_of_two(width)
    rows_at_once = max(1, 2048 // block)
    warps = 4 if block * rows_at_once <= 4096 else 8 if block <= 8192 else 16
    _rms_norm[((rows + rows_at_once - 1) // rows_at_once,)](
        x, x if added is None else added, weight, out, total, rows, inner, outer_stride, inner_stride, added_outer,
        added_inner, width, epsilon, offset, ADDS=added is not None, ROWS=rows_at_once, BLOCK=block, num_warps=warps,
    )  # fmt: skip
    return total, out


def rotary(x, positions, cosines, sines, heads: int, half: int, interleaved: bool) -> torch.Tensor:
    """x: [batch, sequence, heads * width], rows may lie apart; positions: [batch, sequence]"""
    batch, sequence, width = x.shape
    if x.stride(2) != 1 or x.stride(0) != sequence * x.stride(1):
        x = x.contiguous()
    head_width = width // heads
    out = torch.empty((batch, sequence, width), dtype=x.dtype, device=x.device)
    heads_at_once = min(_power_of_two(heads), max(1, 2048 // _power_of_two(half)))
    rest = head_width - 2 * half
    _rotary[(batch * sequence, (heads + heads_at_once - 1) // heads_at_once)](
        x, positions.contiguous(), cosines, sines, out, heads, head_width, half, x.stride(1), INTERLEAVED=interleaved,
        HEADS=heads_at_once, HALF=_power_of_two(half), WIDTH=_power_of_two(rest) if rest > 0 else 0,
    )  # fmt: skip
    return out


def gated(kind: str, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """activation(gate) * up: [rows, width] each, rows may lie apart."""
    gate = gate if gate.stride(1) == 1 else gate.contiguous()
    up = up if up.stride(1) == 1 else up.contiguous()
    rows, width = gate.shape
    out = torch.empty((rows, width), dtype=gate.dtype, device=gate.device)
    if rows == 0:
        return out
    block = min(2048, _power_of_two(width))
    _gated[(rows, (width + block - 1) // block)](
        gate, up, out, width, gate.stride(0), up.stride(0), KIND=ACTIVATIONS[kind], BLOCK=block, num_warps=4
    )
    return out


def merge_block(logits, bias, labels, start: int, cap, highest, sums, picked) -> None:
    """Takes a block of logits [rows, entries], which begins at entry `start`, into the running sums of the rows."""
    rows, width = logits.shape
    _merge_block[(rows,)](
        logits, labels if bias is None else bias, labels, highest, sums, picked, width, start,
        1.0 if cap is None else cap, logits.stride(0), BIASED=bias is not None, CAPPED=cap is not None,
        BLOCK=min(4096, _power_of_two(width)), num_warps=8,
    )  # fmt: skip
