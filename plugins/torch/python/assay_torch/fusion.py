"""Nodes that are computed together: what reads and writes memory once in place of several times."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

from .document import Node, Tensor

DOMAIN = "fused"


def _uses(nodes: Sequence[Node], kept: Set[str]) -> Dict[str, int]:
    """How often each value is used; what is returned counts as well."""
    counts: Dict[str, int] = {name: 1 for name in kept}
    for node in nodes:
        for name in node.inputs:
            counts[name] = counts.get(name, 0) + 1
    return counts


def fused(nodes: Sequence[Node], outputs: Set[str], tensors: Mapping[str, Tensor], packs: bool) -> List[Node]:
    """The same computation in fewer nodes. `packs` lets projections of one input share one matrix."""
    found = _with_gates(list(nodes), outputs)
    found = _with_added_norms(found)
    return _with_packed_linears(found, tensors) if packs else found


def _with_gates(nodes: List[Node], outputs: Set[str]) -> List[Node]:
    """x * sigmoid(x) is silu; activation(x) * y is one node."""
    uses = _uses(nodes, outputs)
    makers = {name: node for node in nodes for name in node.outputs}
    dropped: Set[int] = set()
    result: List[Node] = []
    for node in nodes:
        if node.op == "Mul" and node.domain == "":
            a, b = node.inputs
            for x, other in ((a, b), (b, a)):
                maker = makers.get(other)
                if maker is None or uses[other] != 1 or id(maker) in dropped:
                    continue
                if maker.op == "Sigmoid" and maker.inputs == (x,):
                    dropped.add(id(maker))
                    node = Node("Silu", DOMAIN, (x,), node.outputs, {})
                    break
                kind = _activation_of(maker)
                if kind is not None:
                    dropped.add(id(maker))
                    node = Node("Gated", DOMAIN, (maker.inputs[0], x), node.outputs, {"kind": kind})
                    break
            makers.update({name: node for name in node.outputs})
        result.append(node)
    return [node for node in result if id(node) not in dropped]


def _activation_of(node: Node) -> Optional[str]:
    if node.op == "Silu" and node.domain == DOMAIN:
        return "silu"
    if node.op == "Gelu" and node.domain == "":
        return "gelu_tanh" if node.attributes.get("approximate") == "tanh" else "gelu"
    return None


def _with_added_norms(nodes: List[Node]) -> List[Node]:
    """x + y and the norm of the sum are one node where the norm follows."""
    norms: Dict[str, Node] = {}
    for node in nodes:
        if node.op == "RmsNorm":
            norms.setdefault(node.inputs[0], node)
    taken: Set[int] = set()
    result: List[Node] = []
    for node in nodes:
        norm = norms.get(node.outputs[0]) if node.op == "Add" and node.domain == "" else None
        if norm is None:
            result.append(node)
            continue
        taken.add(id(norm))
        inputs = node.inputs + (norm.inputs[1],)
        result.append(Node("AddRmsNorm", DOMAIN, inputs, node.outputs + norm.outputs, norm.attributes))
    return [node for node in result if id(node) not in taken]


def _with_packed_linears(nodes: List[Node], tensors: Mapping[str, Tensor]) -> List[Node]:
    """Projections of one input whose matrices nothing else uses are one product."""
    uses = _uses(nodes, set())
    groups: Dict[Tuple[str, int], List[Node]] = {}
    for node in nodes:
        if _packable(node, uses, tensors):
            groups.setdefault((node.inputs[0], len(node.inputs)), []).append(node)
    first: Dict[int, List[Node]] = {id(group[0]): group for group in groups.values() if len(group) > 1}
    others = {id(node) for group in first.values() for node in group[1:]}
    result: List[Node] = []
    for node in nodes:
        if id(node) in first:
            result.append(_packed(first[id(node)]))
        elif id(node) not in others:
            result.append(node)
    return result


def _packable(node: Node, uses: Mapping[str, int], tensors: Mapping[str, Tensor]) -> bool:
    if node.op != "Gemm" or node.domain != "" or dict(node.attributes) != {"transB": 1}:
        return False
    return all(name in tensors and tensors[name].file is not None and uses[name] == 1 for name in node.inputs[1:])


def _packed(group: Sequence[Node]) -> Node:
    """Inputs: the one of all, then the matrices, then the biases."""
    matrices = tuple(node.inputs[1] for node in group)
    biases = tuple(node.inputs[2] for node in group if len(node.inputs) > 2)
    outputs = tuple(name for node in group for name in node.outputs)
    return Node("Linears", DOMAIN, (group[0].inputs[0],) + matrices + biases, outputs, {"count": len(group)})
