"""The operators of ONNX that graphs of models use, on torch.

A builder is given a node and what is known of its inputs before the graph runs, and returns the function that computes it.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import torch
import torch.nn.functional as F

from .document import DocumentError, Node

Compute = Callable[..., Any]
# The integers of a constant input, by its place; None where they are known when the graph runs.
Known = Callable[[int], Optional[List[int]]]
Builder = Callable[[Node, Known], Compute]

# By the numbers of onnx.proto.
ONNX_TYPES = {
    1: torch.float32, 2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool,
    10: torch.float16, 11: torch.float64, 16: torch.bfloat16,
}  # fmt: skip

BUILDERS: Dict[str, Builder] = {}


def operator(*names: str) -> Callable[[Builder], Builder]:
    def register(builder: Builder) -> Builder:
        for name in names:
            BUILDERS[name] = builder
        return builder

    return register


def integers(known: Optional[List[int]], value: Optional[torch.Tensor]) -> List[int]:
    """Of an input that is constant or computed."""
    if known is not None:
        return known
    if value is None:
        return []
    return [int(item) for item in value.reshape(-1).tolist()]


def integer(node: Node, name: str, default: int) -> int:
    value = node.attributes.get(name, default)
    if not isinstance(value, (int, float)):
        raise DocumentError(f"{node.op} has an attribute {name} that is no number")
    return int(value)


def real(node: Node, name: str, default: float) -> float:
    value = node.attributes.get(name, default)
    if not isinstance(value, (int, float)):
        raise DocumentError(f"{node.op} has an attribute {name} that is no number")
    return float(value)


def text(node: Node, name: str, default: str) -> str:
    value = node.attributes.get(name, default)
    if not isinstance(value, str):
        raise DocumentError(f"{node.op} has an attribute {name} that is no text")
    return value


def together(a: torch.Tensor, b: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """Both where the larger one is: sizes are computed on the CPU."""
    if a.device == b.device:
        return a, b
    return (a, b.to(a.device)) if a.device.type != "cpu" else (a.to(b.device), b)


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
        "Shape": lambda node, _known: _shape(node),
        "Size": _simple(lambda x: torch.tensor(x.numel(), dtype=torch.int64)),
    }
)


def _shape(node: Node) -> Compute:
    start, end = integer(node, "start", 0), node.attributes.get("end")
    stop = None if end is None else integer(node, "end", 0)
    return lambda x: torch.tensor(list(x.shape)[start:stop], dtype=torch.int64)


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


@operator("Reshape")
def _reshape(node: Node, known: Known) -> Compute:
    sizes, keeps_zero = known(1), integer(node, "allowzero", 0) == 1

    def run(x: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
        wanted = integers(sizes, shape)
        if not keeps_zero:
            wanted = [x.shape[place] if size == 0 else size for place, size in enumerate(wanted)]
        return x.reshape(wanted)

    return run


@operator("Expand")
def _expand(_node: Node, known: Known) -> Compute:
    sizes = known(1)

    def run(x: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
        return x.expand(torch.broadcast_shapes(x.shape, tuple(integers(sizes, shape))))

    return run


@operator("Unsqueeze")
def _unsqueeze(_node: Node, known: Known) -> Compute:
    places = known(1)

    def run(x: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
        wanted = integers(places, axes)
        dimensions = x.dim() + len(wanted)
        for axis in sorted(axis % dimensions for axis in wanted):
            x = x.unsqueeze(axis)
        return x

    return run


@operator("Squeeze")
def _squeeze(_node: Node, known: Known) -> Compute:
    places = known(1)

    def run(x: torch.Tensor, axes: Optional[torch.Tensor] = None) -> torch.Tensor:
        if axes is None:
            return x.squeeze()
        for axis in sorted((axis % x.dim() for axis in integers(places, axes)), reverse=True):
            x = x.squeeze(axis)
        return x

    return run


@operator("Transpose")
def _transpose(node: Node, _known: Known) -> Compute:
    order = node.attributes.get("perm")
    if order is None:
        return lambda x: x.permute(*reversed(range(x.dim())))
    if not isinstance(order, tuple):
        raise DocumentError("Transpose has a perm that is no list")
    return lambda x: x.permute(*order)


@operator("Concat")
def _concat(node: Node, _known: Known) -> Compute:
    axis = integer(node, "axis", 0)

    def run(*values: torch.Tensor) -> torch.Tensor:
        devices = {value.device for value in values}
        device = next((one for one in devices if one.type != "cpu"), torch.device("cpu"))
        return torch.cat([value.to(device) for value in values], dim=axis)

    return run


@operator("Split")
def _split(node: Node, known: Known) -> Compute:
    axis, sizes, parts = integer(node, "axis", 0), known(1), len(node.outputs)

    def run(x: torch.Tensor, given: Optional[torch.Tensor] = None) -> Tuple[torch.Tensor, ...]:
        if given is not None:
            return torch.split(x, integers(sizes, given), dim=axis)
        return torch.split(x, math.ceil(x.shape[axis] / parts), dim=axis)

    return run


@operator("Slice")
def _slice(_node: Node, known: Known) -> Compute:
    constants = [known(place) for place in range(5)]

    def run(x: torch.Tensor, *given: Optional[torch.Tensor]) -> torch.Tensor:
        bounds = [integers(constants[place + 1], value) for place, value in enumerate(given)]
        starts, ends = bounds[0], bounds[1]
        axes = bounds[2] if len(bounds) > 2 and bounds[2] else list(range(len(starts)))
        steps = bounds[3] if len(bounds) > 3 and bounds[3] else [1] * len(starts)
        for start, end, axis, step in zip(starts, ends, axes, steps):
            x = _sliced(x, start, end, axis % x.dim(), step)
        return x

    return run


def _sliced(x: torch.Tensor, start: int, end: int, axis: int, step: int) -> torch.Tensor:
    places = range(x.shape[axis])[slice(start, None if step < 0 and end < -x.shape[axis] else end, step)]
    if step > 0:
        index: List[Union[slice, int]] = [slice(None)] * axis + [slice(places.start, places.stop, places.step)]
        return x[tuple(index)]
    return x.index_select(axis, torch.tensor(list(places), dtype=torch.int64, device=x.device))


@operator("Pad")
def _pad(node: Node, known: Known) -> Compute:
    if text(node, "mode", "constant") != "constant":
        raise DocumentError("Pad of another mode than constant")
    sizes = known(1)

    def run(x: torch.Tensor, pads: torch.Tensor, value: Optional[torch.Tensor] = None) -> torch.Tensor:
        wanted = integers(sizes, pads)
        half = len(wanted) // 2
        pairs = [size for axis in reversed(range(half)) for size in (wanted[axis], wanted[half + axis])]
        return F.pad(x, pairs, value=0.0 if value is None else float(value))

    return run


@operator("Gather")
def _gather(node: Node, _known: Known) -> Compute:
    axis = integer(node, "axis", 0)

    def run(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        x, places = together(x, places)
        size = x.shape[axis]
        places = torch.where(places < 0, places + size, places).to(torch.int64)
        if axis == 0 and x.dim() == 2:
            return F.embedding(places, x)
        taken = x.index_select(axis, places.reshape(-1))
        at = axis % x.dim()
        return taken.reshape(tuple(x.shape[:at]) + tuple(places.shape) + tuple(x.shape[at + 1 :]))

    return run


@operator("GatherElements")
def _gather_elements(node: Node, _known: Known) -> Compute:
    axis = integer(node, "axis", 0)
    return lambda x, places: torch.gather(*_first_axis(x, axis), torch.where(places < 0, places + x.shape[axis], places))


def _first_axis(x: torch.Tensor, axis: int) -> Tuple[torch.Tensor, int]:
    return x, axis


@operator("Range")
def _range(_node: Node, _known: Known) -> Compute:
    def run(start: torch.Tensor, end: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype, device=end.device)

    return run


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
