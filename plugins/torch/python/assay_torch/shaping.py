"""Operators that move numbers: shapes, parts, places."""

from __future__ import annotations

import math
from typing import List, Optional, Tuple, Union

import torch
import torch.nn.functional as F

from .document import DocumentError, Node
from .registry import Compute, Known, integer, integers, operator, text, together


@operator("Shape")
def _shape(node: Node, _known: Known) -> Compute:
    start, end = integer(node, "start", 0), node.attributes.get("end")
    stop = None if end is None else integer(node, "end", 0)
    return lambda x: torch.tensor(list(x.shape)[start:stop], dtype=torch.int64)


@operator("Size")
def _size(_node: Node, _known: Known) -> Compute:
    return lambda x: torch.tensor(x.numel(), dtype=torch.int64)


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
    return lambda x, places: torch.gather(x, axis, torch.where(places < 0, places + x.shape[axis], places))


@operator("Range")
def _range(_node: Node, _known: Known) -> Compute:
    def run(start: torch.Tensor, end: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype, device=end.device)

    return run
