"""Two ways of computing the same, on the CPU: python3 twins.py -> {name: largest difference, or why it is skipped}"""

import json
import os
import sys

os.environ.setdefault("TRITON_INTERPRET", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import torch
import torch.nn.functional as F

from assay_torch import attention, attention_kernel, kernels, losses, operators
from assay_torch.attention import AttentionShape
from assay_torch.experts import experts
from assay_torch.settings import apply_settings

apply_settings()
torch.manual_seed(1)
found = {}


def apart(a, b):
    return float((a.double() - b.double()).abs().max())


def attentions():
    for heads, groups, width, sequence, window in (
        (4, 4, 16, 33, None),
        (6, 2, 16, 33, None),
        (6, 2, 5, 33, None),
        (4, 2, 16, 700, 600),
        (4, 1, 8, 1300, 7),
        (4, 2, 8, 40, 1),
        (4, 2, 8, 40, 40),
    ):
        shape = AttentionShape(heads, groups, width, 0.3, window)
        q = torch.randn(2, sequence, heads * width)
        k, v = torch.randn(2, sequence, groups * width), torch.randn(2, sequence, groups * width)
        own = attention.attention(q, k, v, shape)
        attention.BLOCK_ELEMENTS = 2 * heads * sequence * 100
        twin = attention.attention(q, k, v, shape, eager=True)
        name = f"attention of {heads} heads over {groups}, width {width}, {sequence} tokens, window {window}"
        found[name] = apart(own, twin) if attention.HAS_SDPA else "torch has no attention of its own"


def vocabularies():
    hidden, weight, bias = torch.randn(2 * 9, 16), torch.randn(1000, 16), torch.randn(1000)
    labels = torch.randint(0, 1000, (16, 1))
    losses.BLOCK_ELEMENTS_CPU = 256
    for with_bias in (False, True):
        for cap in (None, 2.0):
            logits = F.linear(hidden, weight, bias if with_bias else None)
            logits = logits if cap is None else cap * torch.tanh(logits / cap)
            rows = logits.reshape(2, 9, -1)[:, :-1].reshape(16, -1)
            whole = F.cross_entropy(rows, labels.reshape(-1), reduction="none").reshape(16, 1)
            own = losses.token_losses(hidden, labels, weight, bias if with_bias else None, 2, cap)
            found[f"losses by blocks, bias {with_bias}, cap {cap}"] = apart(own, whole)


def mixtures():
    x, router = torch.randn(20, 8), torch.randn(5, 8)
    gate_up, down = torch.randn(5, 24, 8), torch.randn(5, 8, 12)
    silu = lambda gate, up: F.silu(gate) * up
    own = experts(x, router, gate_up, down, 2, True, silu)
    probabilities = torch.softmax(x @ router.t(), dim=-1)
    shares, picked = torch.topk(probabilities, 2)
    shares = shares / shares.sum(dim=-1, keepdim=True)
    plain = torch.zeros_like(x)
    for row in range(20):
        for share, one in zip(shares[row], picked[row]):
            inner = silu(gate_up[one][:12] @ x[row], gate_up[one][12:] @ x[row])
            plain[row] += share * (down[one] @ inner)
    found["experts"] = apart(own, plain)
    equal = experts(x, torch.zeros(5, 8), gate_up, down, 2, True, silu)
    firsts = 0.5 * sum(silu(x @ gate_up[one][:12].t(), x @ gate_up[one][12:].t()) @ down[one].t() for one in (0, 1))
    found["experts of equal scores"] = apart(equal, firsts)


def triton_kernels():
    x = torch.randn(6, 300)[:, :200]
    heads = x[:, :192].unflatten(1, (6, 32)) if hasattr(x, "unflatten") else x[:, :192].reshape(6, 6, 32)
    weight, other = torch.randn(200), torch.randn(6, 200)
    found["kernel of norms"] = apart(kernels.rms_norm(x, weight, 1e-6, 1.0), operators.rms_norm(x, weight, 1e-6, 1.0))
    found["kernel of norms of heads"] = apart(
        kernels.rms_norm(heads, weight[:32], 1e-6, 0.0), operators.rms_norm(heads, weight[:32], 1e-6, 0.0)
    )
    total, normed = kernels.add_rms_norm(x, other, weight, 1e-6, 0.0)
    found["kernel of sums"] = apart(total, x + other)
    found["kernel of norms of sums"] = apart(normed, operators.rms_norm(x + other, weight, 1e-6, 0.0))
    positions = torch.arange(5).unsqueeze(0).expand(2, 5)
    for half, interleaved in ((10, False), (10, True), (4, False), (3, True)):
        values, angles = torch.randn(10, 136)[:, :120].unflatten(0, (2, 5)), torch.randn(9, half)
        tables = (torch.cos(angles), torch.sin(angles))
        found[f"kernel of rotation, {half} pairs, interleaved {interleaved}"] = apart(
            kernels.rotary(values, positions, *tables, 6, half, interleaved),
            operators.rotary(values, positions, *tables, 6, interleaved),
        )
    both = torch.randn(7, 100)
    activations = {"silu": F.silu, "gelu": F.gelu, "gelu_tanh": lambda g: F.gelu(g, approximate="tanh")}
    for kind, activate in activations.items():
        gate, up = both[:, :50], both[:, 50:]
        found[f"kernel of {kind}"] = apart(kernels.gated(kind, gate, up), activate(gate) * up)
    for heads, groups, width, sequence, window, cap, biased in (
        (4, 2, 16, 70, 20, None, False),
        (4, 4, 20, 70, None, 3.0, False),
        (6, 2, 8, 70, 9, 3.0, True),
        (2, 1, 16, 5, None, None, True),
    ):
        shape = AttentionShape(heads, groups, width, 0.3, window, cap)
        q, k, v = (torch.randn(2, sequence, count, width) for count in (heads, groups, groups))
        bias = torch.randn(2, sequence, heads) if biased else None
        own = attention_kernel.attend(q, k, v, 0.3, window, cap, bias)
        flat = [x.flatten(2) for x in (q, k, v)]
        twin = attention.attention(*flat, shape, bias, eager=True).reshape(own.shape)
        found[f"kernel of attention, window {window}, cap {cap}, bias {biased}, width {width}"] = apart(own, twin)
    hidden, matrix, bias = torch.randn(9, 16), torch.randn(700, 16), torch.randn(700)
    labels = torch.randint(0, 700, (9,))
    losses.BLOCK_ELEMENTS_GPU = 2048
    for own, cap in ((None, None), (bias, 3.0)):
        found[f"kernel of losses, bias {own is not None}, cap {cap}"] = apart(
            losses._fused_rows(hidden, labels, matrix, own, cap), losses._eager_rows(hidden, labels, matrix, own, cap)
        )


attentions()
vocabularies()
mixtures()
if kernels.triton is None:
    found["kernels"] = "there is no Triton"
else:
    triton_kernels()
json.dump(found, sys.stdout)
