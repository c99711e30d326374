"""Whole blocks of a graph, and what is fused out of several nodes: by kernels on a GPU, by an eager twin elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch
import torch.nn.functional as F

from . import kernels
from .attention import AttentionShape, attention
from .document import DocumentError, Graph, Node
from .experts import experts
from .losses import token_losses
from .operators import rms_norm, rotary
from .registry import integer, real, text

if TYPE_CHECKING:
    from .program import Program


@dataclass(frozen=True)
class Choice:
    """Which of two ways of computing the same is taken."""

    # The twins of elementary operators everywhere, to hold everything else against.
    eager: bool = False
    # Triton's kernels where the device has them.
    triton: bool = True


# The function of a node, and the names of the values that it takes.
Built = Tuple[Callable[..., Any], Sequence[str]]
Block = Callable[[Node, "Program", Choice], Built]
BLOCKS: Dict[Tuple[str, str], Block] = {}


def block(domain: str, name: str) -> Callable[[Block], Block]:
    def register(build: Block) -> Block:
        BLOCKS[(domain, name)] = build
        return build

    return register


def _optional_int(node: Node, name: str) -> Optional[int]:
    return integer(node, name, 0) if name in node.attributes else None


def _optional_real(node: Node, name: str) -> Optional[float]:
    return real(node, name, 0.0) if name in node.attributes else None


def _fuses(program: "Program", choice: Choice) -> bool:
    return choice.triton and not choice.eager and kernels.usable(program.device)


def _norm_weight(program: "Program", name: str) -> str:
    return program.parameter([name], torch.float32) if program.is_weight(name) else name


@block("assay", "RmsNorm")
def _rms_norm(node: Node, program: "Program", choice: Choice) -> Built:
    epsilon, offset = real(node, "epsilon", 1e-6), real(node, "offset", 0.0)
    norm = kernels.rms_norm if _fuses(program, choice) else rms_norm
    return (lambda x, weight: norm(x, weight, epsilon, offset)), (node.inputs[0], _norm_weight(program, node.inputs[1]))


@block("fused", "AddRmsNorm")
def _add_rms_norm(node: Node, program: "Program", choice: Choice) -> Built:
    epsilon, offset = real(node, "epsilon", 1e-6), real(node, "offset", 0.0)
    a, b, weight = node.inputs

    def eager(x: torch.Tensor, added: torch.Tensor, factor: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        total = x + added
        return total, rms_norm(total, factor, epsilon, offset)

    def fused(x: torch.Tensor, added: torch.Tensor, factor: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        if x.shape != added.shape:
            return eager(x, added, factor)
        return kernels.add_rms_norm(x, added, factor, epsilon, offset)

    return (fused if _fuses(program, choice) else eager), (a, b, _norm_weight(program, weight))


@block("fused", "Silu")
def _silu(node: Node, _program: "Program", _choice: Choice) -> Built:
    return F.silu, node.inputs


@block("fused", "Gated")
def _gated(node: Node, program: "Program", choice: Choice) -> Built:
    kind = text(node, "kind", "silu")
    activations = {
        "silu": F.silu,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    }

    def eager(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        return activations[kind](gate) * up

    def fused(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        if gate.dim() != 2 or gate.shape != up.shape:
            return eager(gate, up)
        return kernels.gated(kind, gate, up)

    return (fused if _fuses(program, choice) else eager), node.inputs


@block("fused", "Linears")
def _linears(node: Node, program: "Program", _choice: Choice) -> Built:
    count = integer(node, "count", 1)
    matrices, biases = node.inputs[1 : 1 + count], node.inputs[1 + count :]
    sizes = [program.shape_of(name)[0] for name in matrices]
    names = [node.inputs[0], program.parameter(matrices, program.dtype)]
    if biases:
        names.append(program.parameter(biases, program.dtype))

    def run(x: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor] = None) -> Tuple[torch.Tensor, ...]:
        return torch.split(F.linear(x, weight, bias), sizes, dim=1)

    return run, names


@block("com.microsoft", "RotaryEmbedding")
def _rotary(node: Node, program: "Program", choice: Choice) -> Built:
    heads, interleaved = integer(node, "num_heads", 0), integer(node, "interleaved", 0) == 1

    def run(x: torch.Tensor, positions: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
        if not fuses or x.dim() != 3:
            return rotary(x, positions, cosines, sines, heads, interleaved)
        return kernels.rotary(x, positions, cosines, sines, heads, cosines.shape[1], interleaved)

    fuses = _fuses(program, choice)
    return run, node.inputs


@block("assay", "Attention")
def _attention(node: Node, program: "Program", choice: Choice) -> Built:
    heads, groups = integer(node, "heads", 1), integer(node, "key_value_heads", 1)
    fuses = _fuses(program, choice)
    if heads < 1 or groups < 1 or heads % groups != 0:
        raise DocumentError(f"Attention of {heads} heads over {groups}")
    shape = AttentionShape(
        heads,
        groups,
        integer(node, "head_dimension", 1),
        real(node, "scale", 1.0),
        _optional_int(node, "window"),
        _optional_real(node, "softcap"),
    )

    def run(q: Any, k: Any, v: Any, key_bias: Any = None, mask: Any = None) -> torch.Tensor:
        return attention(q, k, v, shape, key_bias, mask, choice.eager, fuses)

    return run, node.inputs


@block("assay", "TokenLosses")
def _token_losses(node: Node, program: "Program", choice: Choice) -> Built:
    batch, softcap, fuses = integer(node, "batch", 1), _optional_real(node, "softcap"), _fuses(program, choice)
    names: List[str] = list(node.inputs[:2])
    names += [program.parameter([name], program.dtype) for name in node.inputs[2:]]

    def run(hidden: Any, labels: Any, weight: Any, bias: Any = None) -> torch.Tensor:
        return token_losses(hidden, labels, weight, bias, batch, softcap, fuses)

    return run, names


@block("assay", "Experts")
def _experts(node: Node, program: "Program", choice: Choice) -> Built:
    count, chosen = integer(node, "count", 1), integer(node, "chosen", 1)
    normalized, graph = integer(node, "normalized", 0) == 1, node.attributes.get("gated")
    if not isinstance(graph, Graph) or len(node.inputs) != 2 + 3 * count:
        raise DocumentError(f"Experts of {count} experts with {len(node.inputs)} inputs")
    gated = program.body(graph)
    x, router, *matrices = node.inputs
    gates, ups, downs = matrices[0::3], matrices[1::3], matrices[2::3]
    inner, width = program.shape_of(gates[0])
    pairs = [name for pair in zip(gates, ups) for name in pair]
    names = (
        x,
        program.parameter([router], program.dtype),
        program.parameter(pairs, program.dtype, (count, 2 * inner, width)),
        program.parameter(downs, program.dtype, (count, width, inner)),
    )

    def run(rows: Any, route: Any, gate_up: Any, down: Any) -> torch.Tensor:
        return experts(rows, route, gate_up, down, chosen, normalized, gated, choice.eager)

    return run, names


