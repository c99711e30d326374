"""Mixtures of gated MLPs: tokens ordered by their expert, one product for the rows of each expert."""

from __future__ import annotations

from typing import Callable, Optional

import torch

Gated = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def experts(
    x: torch.Tensor,
    router: torch.Tensor,
    gate_up: torch.Tensor,
    down: torch.Tensor,
    chosen: int,
    normalized: bool,
    gated: Gated,
    eager: bool = False,
) -> torch.Tensor:
    """x: [rows, width], router: [count, width], gate_up: [count, 2 * inner, width], down: [count, width, inner] -> as x"""
    rows, width = x.shape
    shares, picked = route(x, router, chosen, normalized)
    flat = picked.reshape(-1)
    order = torch.argsort(flat, stable=True) if hasattr(torch, "float8_e4m3fn") else torch.sort(flat, stable=True)[1]
    counts = torch.bincount(flat, minlength=router.shape[0])
    taken = x[torch.div(order, chosen, rounding_mode="floor")]
    product = _grouped if not eager and _can_group(x, down) else _one_by_one
    both = product(taken, gate_up, counts)
    inner = gate_up.shape[1] // 2
    given = product(gated(both[:, :inner], both[:, inner:]), down, counts)
    # Each token sums its experts in their order: additions in another order would differ from run to run.
    unsorted = torch.empty_like(given)
    unsorted[order] = given
    return (unsorted.reshape(rows, chosen, width) * shares.unsqueeze(2).to(x.dtype)).sum(dim=1)


def route(x: torch.Tensor, router: torch.Tensor, chosen: int, normalized: bool):
    """Shares [rows, chosen], float32, and numbers [rows, chosen] of the experts that score highest; of equal ones the first."""
    probabilities = torch.softmax(torch.mm(x, router.t()).float(), dim=-1)
    # A probability is not negative, so its bits are in its order; the number of the expert decides between equal ones.
    count = router.shape[0]
    numbers = torch.arange(count, device=x.device)
    keys = probabilities.view(torch.int32).to(torch.int64) * count + (count - 1 - numbers)
    picked = torch.topk(keys, chosen, dim=-1).indices
    shares = probabilities.gather(1, picked)
    if normalized:
        shares = shares / shares.sum(dim=-1, keepdim=True)
    return shares, picked


def _can_group(x: torch.Tensor, down: torch.Tensor) -> bool:
    """torch's grouped product takes bfloat16 in rows of whole 16 bytes."""
    whole = down.shape[1] % 8 == 0 and down.shape[2] % 8 == 0
    return whole and x.device.type == "cuda" and x.dtype == torch.bfloat16 and _grouped_mm() is not None


def _grouped_mm() -> Optional[Callable[..., torch.Tensor]]:
    return getattr(torch.nn.functional, "grouped_mm", None) or getattr(torch, "_grouped_mm", None)


def _grouped(x: torch.Tensor, weights: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    multiply = _grouped_mm()
    assert multiply is not None
    ends = torch.cumsum(counts, 0).to(torch.int32)
    return multiply(x, weights.transpose(1, 2), offs=ends)


def _one_by_one(x: torch.Tensor, weights: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    out = x.new_empty((x.shape[0], weights.shape[1]))
    start = 0
    for index, count in enumerate(counts.tolist()):
        if count > 0:
            torch.mm(x[start : start + count], weights[index].t(), out=out[start : start + count])
            start += count
    return out
