"""What every operator is built from, and the table of them.

A builder is given a node and what is known of its inputs before the graph runs, and returns the function that computes it.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

import torch

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
