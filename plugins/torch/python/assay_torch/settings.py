"""Settings of torch by which a result depends on nothing but model, tokens, device and compute type."""

from __future__ import annotations

import torch

from .versions import TORCH


def apply_settings() -> None:
    torch.set_grad_enabled(False)
    # TF32 has the range of float32 and the precision of float16.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    # Partial sums of a product stay float32.
    if TORCH >= (1, 10):
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    if TORCH >= (2, 0):
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
