"""What the machine is, what its matrix products reach, and which of torch's attention kernels is the fastest."""

from __future__ import annotations

import os
import platform

import torch
import torch.nn.functional as F

from common import measured_rate, nominal, note, seconds_of, table
from assay_torch import attention, attention_kernel, kernels, losses, operators


def machine(device: torch.device, _ends: float) -> None:
    facts = [("python", platform.python_version()), ("torch", torch.__version__), ("cores", os.cpu_count())]
    facts.append(("triton", kernels.triton.__version__ if kernels.triton is not None else "none"))
    try:
        import transformers

        facts.append(("transformers", transformers.__version__))
    except ImportError:
        facts.append(("transformers", "none"))
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts += [
            ("device", properties.name),
            ("memory", f"{properties.total_memory / 2**30:.1f} GiB"),
            ("CUDA", torch.version.cuda),
            ("cuDNN", torch.backends.cudnn.version()),
        ]
    table(["", "value"], facts)
    note("")
    products(device)
    note("")
    attention_kernels(device)
    if kernels.usable(device):
        note("")
        twins(device)


def twins(device: torch.device) -> None:
    """Largest difference of each Triton kernel to its eager twin, relative to the largest number, in bf16."""
    rows, found = 1000, []
    x = torch.randn(rows, 4096 + 64, device=device, dtype=torch.bfloat16)[:, :4096]
    other = torch.randn(rows, 4096, device=device, dtype=torch.bfloat16)
    weight = torch.randn(4096, device=device)
    positions = torch.arange(rows, device=device).unsqueeze(0)
    angles = torch.rand(rows, 64, device=device) * 6
    tables = (torch.cos(angles), torch.sin(angles))
    words = torch.randn(5000, 4096, device=device, dtype=torch.bfloat16) * 0.02
    labels = torch.randint(0, 5000, (rows,), device=device)
    heads = x.unflatten(1, (32, 128))
    pairs = {
        "rms norm": lambda: (kernels.rms_norm(x, weight, 1e-6, 0.0), operators.rms_norm(x, weight, 1e-6, 0.0)),
        "rms norm of heads": lambda: (
            kernels.rms_norm(heads, weight[:128], 1e-6, 1.0),
            operators.rms_norm(heads, weight[:128], 1e-6, 1.0),
        ),
        "sum and norm": lambda: (
            kernels.add_rms_norm(x, other, weight, 1e-6, 0.0)[1],
            operators.rms_norm(x + other, weight, 1e-6, 0.0),
        ),
        "rotary": lambda: (
            kernels.rotary(x.unsqueeze(0), positions, *tables, 32, 64, False),
            operators.rotary(x.unsqueeze(0), positions, *tables, 32, False),
        ),
        "gated silu": lambda: (kernels.gated("silu", x, other), F.silu(x) * other),
        "attention, window 300, cap 20": lambda: (
            attention_kernel.attend(heads.unsqueeze(0), heads[:, :8].unsqueeze(0), heads[:, 8:16].unsqueeze(0), 0.1, 300, 20.0, None),
            attention.attention(
                x.unsqueeze(0), heads[:, :8].reshape(1, rows, -1), heads[:, 8:16].reshape(1, rows, -1),
                attention.AttentionShape(32, 8, 128, 0.1, 300, 20.0), eager=True,
            ).reshape(1, rows, 32, 128),
        ),
        "losses": lambda: (
            losses._fused_rows(x, labels, words, None, 30.0),
            losses._eager_rows(x, labels, words, None, 30.0),
        ),
    }
    for name, run in pairs.items():
        try:
            own, twin = run()
            found.append((name, ((own.float() - twin.float()).abs().max() / twin.float().abs().max()).item()))
        except Exception as error:
            found.append((name, f"{type(error).__name__}: {str(error)[:200]}"))
    table(["kernel", "apart"], found)


def products(device: torch.device) -> None:
    """Matrix products of the shapes of an 8B model, bf16, and the head's product into float32."""
    large = device.type == "cuda"
    rows = 32_768 if large else 256
    shapes = [(6144, 4096), (4096, 4096), (28_672, 4096), (4096, 14_336)] if large else [(512, 256)]
    dtype = torch.bfloat16 if large else torch.float32
    rate = measured_rate(device)
    found = [("8192 x 8192 x 8192" if large else "512", rate / 1e12, rate / nominal(device))]
    for out, into in shapes:
        for count in (rows,):
            x = torch.randn(count, into, device=device, dtype=dtype)
            weight = torch.randn(out, into, device=device, dtype=dtype)
            own = 2.0 * count * out * into / seconds_of(lambda: torch.mm(x, weight.t()), device, 0.3, 100)
            found.append((f"{count} x {into} x {out}", own / 1e12, own / nominal(device)))
    if large:
        hidden = torch.randn(8192, 4096, device=device, dtype=dtype)
        words = torch.randn(16_384, 4096, device=device, dtype=dtype)
        try:
            own = seconds_of(lambda: torch.mm(hidden, words.t(), out_dtype=torch.float32), device, 0.3, 100)
            rate = 2.0 * 8192 * 4096 * 16_384 / own
            found.append(("head, 8192 x 4096 x 16384 into float32", rate / 1e12, rate / nominal(device)))
        except (TypeError, RuntimeError) as error:
            note(f"no product into float32: {error}")
    table(["product", "TFLOP/s", "of nominal"], found)


def attention_kernels(device: torch.device) -> None:
    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:
        note("this torch has no choice of attention kernels")
        return
    batch, heads, groups, width = (4, 32, 8, 128) if device.type == "cuda" else (1, 4, 2, 32)
    sequence = 4096 if device.type == "cuda" else 128
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    q, k, v = (
        torch.randn(batch, sequence, count, width, device=device, dtype=dtype).transpose(1, 2)
        for count in (heads, groups, groups)
    )
    wide = [x.repeat_interleave(heads // groups, dim=1) for x in (k, v)]
    work = 2.0 * batch * heads * sequence * sequence * width
    found = []
    for name in ("FLASH_ATTENTION", "CUDNN_ATTENTION", "EFFICIENT_ATTENTION", "MATH"):
        if not hasattr(SDPBackend, name) or (name == "MATH" and device.type == "cuda"):
            continue
        for grouped in (True, False):
            keys, values = (k, v) if grouped else wide

            def run() -> torch.Tensor:
                with sdpa_kernel([getattr(SDPBackend, name)]):
                    return F.scaled_dot_product_attention(q, keys, values, is_causal=True, enable_gqa=grouped)

            try:
                seconds = seconds_of(run, device, 0.3, 100)
                found.append((name, "grouped" if grouped else "repeated", work / seconds / 1e12, seconds * 1000))
            except RuntimeError as error:
                found.append((name, "grouped" if grouped else "repeated", float("nan"), str(error).splitlines()[0][:60]))
    table(["attention", "keys", "TFLOP/s, causal", "ms"], found)
