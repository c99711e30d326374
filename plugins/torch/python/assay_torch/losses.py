"""Cross entropy of each token against a vocabulary that is computed in blocks: the logits are never there as a whole."""

from __future__ import annotations

from typing import Optional

import torch

from . import kernels

ROWS = 8192
# Logits of a block, float32.
BLOCK_ELEMENTS_GPU = 1 << 27
BLOCK_ELEMENTS_CPU = 1 << 23


def token_losses(
    hidden: torch.Tensor,
    labels: torch.Tensor,
    weight: torch.Tensor,
    bias: Optional[torch.Tensor],
    batch: int,
    softcap: Optional[float],
    fuses: bool = False,
) -> torch.Tensor:
    """hidden: [batch * sequence, width], labels: [batch * (sequence - 1), 1], weight: [vocabulary, width] -> as labels, float32"""
    rows = hidden.shape[0]
    sequence = rows // batch
    # The last position of each row predicts nothing: it is computed with label 0 and left out.
    padded = torch.zeros((batch, sequence), dtype=torch.int64, device=hidden.device)
    padded[:, :-1] = labels.reshape(batch, sequence - 1)
    flat = padded.reshape(-1)
    reduce = _fused_rows if fuses else _eager_rows
    parts = [
        reduce(hidden[start : start + ROWS], flat[start : start + ROWS], weight, bias, softcap)
        for start in range(0, rows, ROWS)
    ]
    return torch.cat(parts).reshape(batch, sequence)[:, :-1].reshape(-1, 1)


def _entries(rows: int, limit: int) -> int:
    """Entries of the vocabulary in one block, a multiple of 256."""
    return max(256, limit // max(1, rows) // 256 * 256)


def _fused_rows(hidden, labels, weight, bias, softcap) -> torch.Tensor:
    rows = hidden.shape[0]
    highest = torch.full((rows,), float("-inf"), device=hidden.device)
    sums, picked = torch.zeros_like(highest), torch.zeros_like(highest)
    entries = _entries(rows, BLOCK_ELEMENTS_GPU)
    for start in range(0, weight.shape[0], entries):
        logits = _float32_product(hidden, weight[start : start + entries])
        kernels.merge_block(logits, bias, labels, start, softcap, highest, sums, picked)
    return highest + torch.log(sums) - picked


def _eager_rows(hidden, labels, weight, bias, softcap) -> torch.Tensor:
    limit = BLOCK_ELEMENTS_CPU if hidden.device.type == "cpu" else BLOCK_ELEMENTS_GPU
    entries = _entries(hidden.shape[0], limit)
    total = picked = None
    for start in range(0, weight.shape[0], entries):
        logits = _float32_product(hidden, weight[start : start + entries])
        if bias is not None:
            logits = logits + bias[start : start + entries].float()
        if softcap is not None:
            logits = torch.tanh(logits / softcap) * softcap
        sums = torch.logsumexp(logits, dim=1)
        total = sums if total is None else torch.logaddexp(total, sums)
        place = labels - start
        inside = (place >= 0) & (place < logits.shape[1])
        own = logits.gather(1, place.clamp(0, logits.shape[1] - 1).unsqueeze(1)).squeeze(1)
        own = torch.where(inside, own, torch.zeros_like(own))
        picked = own if picked is None else picked + own
    assert total is not None and picked is not None
    return total - picked


_mm_takes_out_dtype: Optional[bool] = None


def _float32_product(hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """hidden @ weight.T, summed and returned in float32."""
    global _mm_takes_out_dtype
    if hidden.dtype == torch.float32:
        return torch.mm(hidden, weight.t())
    if hidden.device.type == "cuda" and _mm_takes_out_dtype is not False:
        try:
            product = torch.mm(hidden, weight.t(), out_dtype=torch.float32)
            _mm_takes_out_dtype = True
            return product
        except (TypeError, RuntimeError):
            if _mm_takes_out_dtype:
                raise
            _mm_takes_out_dtype = False
    # Rounded to the compute type: the sum over the vocabulary evens that out, but a label's logit is one number.
    return torch.mm(hidden, weight.t()).float()
