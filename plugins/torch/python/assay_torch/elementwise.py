"""Operators that compute each number by itself."""

from __future__ import annotations

from typing import Optional

import torch
import torch.nn.functional as F

from .document import DocumentError, Node
from .registry import BUILDERS, ONNX_TYPES, Builder, Compute, Known, integer, operator, real, text, together


def _simple(compute: Compute) -> Builder:
    return lambda _node, _known: compute


def _binary(compute: Compute) -> Builder:
    return _simple(lambda a, b: compute(*together(a, b)))


def _divide(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.div(a, b) if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def _extreme(compute: Compute) -> Builder:
    def build(_node: Node, _known: Known) -> Compute:
        def run(first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
            for other in others:
                first = compute(*together(first, other))
            return first

        return run

    return build


BUILDERS.update(
    {
        "Identity": _simple(lambda x: x),
        "Add": _binary(torch.add),
        "Sub": _binary(torch.sub),
        "Mul": _binary(torch.mul),
        "Div": _binary(_divide),
        "Pow": _binary(torch.pow),
        "Min": _extreme(torch.minimum),
        "Max": _extreme(torch.maximum),
        "Greater": _binary(torch.gt),
        "GreaterOrEqual": _binary(torch.ge),
        "Less": _binary(torch.lt),
        "LessOrEqual": _binary(torch.le),
        "Equal": _binary(torch.eq),
        "And": _binary(torch.logical_and),
        "Or": _binary(torch.logical_or),
        "Not": _simple(torch.logical_not),
        "Neg": _simple(torch.neg),
        "Abs": _simple(torch.abs),
        "Sqrt": _simple(torch.sqrt),
        "Reciprocal": _simple(torch.reciprocal),
        "Exp": _simple(torch.exp),
        "Log": _simple(torch.log),
        "Sin": _simple(torch.sin),
        "Cos": _simple(torch.cos),
        "Erf": _simple(torch.erf),
        "Tanh": _simple(torch.tanh),
        "Sigmoid": _simple(torch.sigmoid),
        "Relu": _simple(torch.relu),
        "Softplus": _simple(F.softplus),
        "Mish": _simple(lambda x: x * torch.tanh(F.softplus(x))),
        "MatMul": _binary(torch.matmul),
        "Where": _simple(lambda condition, a, b: torch.where(condition, a, b)),
    }
)


@operator("Gelu")
def _gelu(node: Node, _known: Known) -> Compute:
    approximate = text(node, "approximate", "none")
    return lambda x: F.gelu(x, approximate=approximate)


@operator("LeakyRelu")
def _leaky_relu(node: Node, _known: Known) -> Compute:
    slope = real(node, "alpha", 0.01)
    return lambda x: F.leaky_relu(x, slope)


@operator("Clip")
def _clip(_node: Node, _known: Known) -> Compute:
    def run(x: torch.Tensor, low: Optional[torch.Tensor] = None, high: Optional[torch.Tensor] = None) -> torch.Tensor:
        x = x if low is None else torch.maximum(x, low.to(x.device, x.dtype))
        return x if high is None else torch.minimum(x, high.to(x.device, x.dtype))

    return run


@operator("Cast")
def _cast(node: Node, _known: Known) -> Compute:
    number = integer(node, "to", 0)
    if number not in ONNX_TYPES:
        raise DocumentError(f"Cast to the type {number}")
    dtype = ONNX_TYPES[number]
    return lambda x: x.to(dtype)
