"""The operators of ONNX that graphs of models use, on torch: products, reductions, norms and rotation here, the others beside."""

from __future__ import annotations

from typing import Callable, Optional, Sequence

import torch
import torch.nn.functional as F

from . import elementwise, shaping
from .document import DocumentError, Node
from .registry import BUILDERS, Builder, Compute, Known, integer, integers, operator, real

# Importing the modules fills the table.
MODULES = (elementwise, shaping)


@operator("Gemm")
def _gemm(node: Node, _known: Known) -> Compute:
    turn_a, turn_b = integer(node, "transA", 0) == 1, integer(node, "transB", 0) == 1
    alpha, beta = real(node, "alpha", 1.0), real(node, "beta", 1.0)

    def run(a: torch.Tensor, b: torch.Tensor, c: Optional[torch.Tensor] = None) -> torch.Tensor:
        left, right = (a.t() if turn_a else a), (b.t() if turn_b else b)
        if c is None:
            product = torch.mm(left, right)
            return product if alpha == 1.0 else product * alpha
        return torch.addmm(c.to(left.dtype), left, right, beta=beta, alpha=alpha)

    return run


@operator("Softmax", "LogSoftmax")
def _softmax(node: Node, _known: Known) -> Compute:
    axis = integer(node, "axis", -1)
    compute = torch.softmax if node.op == "Softmax" else torch.log_softmax
    return lambda x: compute(x, dim=axis)


def _reduction(compute: Callable[[torch.Tensor, Sequence[int], bool], torch.Tensor]) -> Builder:
    def build(node: Node, known: Known) -> Compute:
        keeps, places = integer(node, "keepdims", 1) == 1, known(1)

        def run(x: torch.Tensor, axes: Optional[torch.Tensor] = None) -> torch.Tensor:
            wanted = integers(places, axes)
            return compute(x, wanted if wanted else list(range(x.dim())), keeps)

        return run

    return build


BUILDERS["ReduceSum"] = _reduction(lambda x, axes, keeps: x.sum(dim=axes, keepdim=keeps))
BUILDERS["ReduceMean"] = _reduction(lambda x, axes, keeps: x.mean(dim=axes, keepdim=keeps))
BUILDERS["ReduceMax"] = _reduction(lambda x, axes, keeps: torch.amax(x, dim=tuple(axes), keepdim=keeps))
BUILDERS["ReduceMin"] = _reduction(lambda x, axes, keeps: torch.amin(x, dim=tuple(axes), keepdim=keeps))


@operator("LayerNormalization")
def _layer_norm(node: Node, _known: Known) -> Compute:
    epsilon = real(node, "epsilon", 1e-5)
    if integer(node, "axis", -1) != -1:
        raise DocumentError("LayerNormalization over more than the last dimension")

    def run(x: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor] = None) -> torch.Tensor:
        shift = None if bias is None else bias.to(x.dtype)
        return F.layer_norm(x, weight.shape, weight.to(x.dtype), shift, epsilon)

    return run


@operator("SimplifiedLayerNormalization", "RMSNormalization")
def _simplified_norm(node: Node, _known: Known) -> Compute:
    epsilon = real(node, "epsilon", 1e-5)
    return lambda x, weight: rms_norm(x, weight, epsilon, 0.0)


def rms_norm(x: torch.Tensor, weight: torch.Tensor, epsilon: float, offset: float) -> torch.Tensor:
    """x / sqrt(mean(x^2) + epsilon) * (offset + weight), computed in float32."""
    values = x.float()
    scaled = values * torch.rsqrt(values.pow(2).mean(dim=-1, keepdim=True) + epsilon)
    return (scaled * (weight.float() + offset if offset != 0.0 else weight.float())).to(x.dtype)


@operator("RotaryEmbedding")
def _rotary(node: Node, _known: Known) -> Compute:
    heads, interleaved = integer(node, "num_heads", 0), integer(node, "interleaved", 0) == 1

    def run(x: torch.Tensor, positions: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
        return rotary(x, positions, cosines, sines, heads, interleaved)

    return run


def rotary(
    x: torch.Tensor, positions: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor, heads: int, interleaved: bool
) -> torch.Tensor:
    """x: [batch, sequence, heads * width], positions: [batch, sequence], tables: [positions, half]; computed in float32."""
    batch, sequence, _ = x.shape
    half = cosines.shape[1]
    split = x.reshape(batch, sequence, heads, -1)
    turned, rest = split[..., : 2 * half].float(), split[..., 2 * half :]
    a, b = (turned[..., 0::2], turned[..., 1::2]) if interleaved else (turned[..., :half], turned[..., half:])
    cosine, sine = cosines[positions].unsqueeze(2).float(), sines[positions].unsqueeze(2).float()
    first, second = a * cosine - b * sine, b * cosine + a * sine
    both = torch.stack((first, second), dim=-1).flatten(-2) if interleaved else torch.cat((first, second), dim=-1)
    return torch.cat((both.to(x.dtype), rest), dim=-1).reshape(x.shape)
