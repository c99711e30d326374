"""A graph as a list of steps on registers: what runs, and which weights it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import torch

from .blocks import BLOCKS, Choice
from .document import Document, DocumentError, Graph, Node, Tensor
from .fusion import fused
from .operators import BUILDERS
from .weights import TYPES, Parameter, Weights, inline

# Elements of a result that is computed once, before any run.
FOLDED_ELEMENTS = 1 << 24
# Elements of an integer constant that is known as a list.
KNOWN_ELEMENTS = 1 << 16


@dataclass
class Step:
    node: Node
    compute: Callable[..., Any]
    inputs: Tuple[Optional[int], ...]
    outputs: Tuple[int, ...]
    # Registers that nothing reads after this step.
    freed: Tuple[int, ...] = ()


class Program:
    """Runs one graph. Weights are bound once; every run begins with its own inputs."""

    def __init__(self, document: Document, device: torch.device, choice: Choice) -> None:
        self.document, self.device, self._choice = document, device, choice
        self.dtype = TYPES[document.compute_type]
        self._registers: Dict[str, int] = {}
        self._constants: Dict[int, torch.Tensor] = {}
        self._known: Dict[str, List[int]] = {}
        self._parameters: Dict[int, Parameter] = {}
        self._steps: List[Step] = []
        for tensor in document.tensors.values():
            if tensor.file is None:
                self._constant(tensor)
        for value in document.graph.inputs:
            self._register(value.name)
        packs = device.type != "cpu"
        outputs = {value.name for value in document.graph.outputs}
        for node in fused(document.graph.nodes, outputs, document.tensors, packs):
            self._add(node)
        self._outputs = {value.name: self._register(value.name) for value in document.graph.outputs}
        self._free_early()

    def parameters(self) -> List[Parameter]:
        return list(self._parameters.values())

    def bind(self, weights: Weights) -> None:
        weights.load(self.parameters())
        for register, parameter in self._parameters.items():
            self._constants[register] = weights.get(parameter)

    def run(self, feeds: Mapping[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        registers: List[Any] = [None] * len(self._registers)
        for register, value in self._constants.items():
            registers[register] = value
        for value in self.document.graph.inputs:
            if value.name not in feeds:
                raise DocumentError(f"the run lacks the input {value.name}")
            registers[self._registers[value.name]] = feeds[value.name]
        for step in self._steps:
            given = step.compute(*[None if place is None else registers[place] for place in step.inputs])
            if len(step.outputs) == 1:
                registers[step.outputs[0]] = given
            else:
                for place, one in zip(step.outputs, given):
                    registers[place] = one
            del given
            for place in step.freed:
                registers[place] = None
        return {name: registers[place] for name, place in self._outputs.items()}

    def _register(self, name: str) -> int:
        return self._registers.setdefault(name, len(self._registers))

    def _constant(self, tensor: Tensor) -> None:
        value = inline(tensor, self.device)
        self._constants[self._register(tensor.name)] = value
        if not value.is_floating_point() and tensor.elements <= KNOWN_ELEMENTS:
            self._known[tensor.name] = [int(item) for item in value.reshape(-1).tolist()]

    def parameter(self, names: Sequence[str], dtype: torch.dtype, shape: Optional[Tuple[int, ...]] = None) -> str:
        """The name of the value that holds these tensors in this type."""
        name = f"{dtype}:{shape}:{'+'.join(names)}"
        if name not in self._registers:
            tensors = tuple(self.document.tensors[one] for one in names)
            self._parameters[self._register(name)] = Parameter(tensors, dtype, shape)
        return name

    def is_weight(self, name: str) -> bool:
        tensor = self.document.tensors.get(name)
        return tensor is not None and tensor.file is not None

    def shape_of(self, name: str) -> Tuple[int, ...]:
        return self.document.tensors[name].shape

    def body(self, graph: Graph) -> Callable[..., torch.Tensor]:
        """A subgraph of elementary operators as a function."""
        inner = Document(self.document.compute_type, self.document.folder, self.document.tensors, graph)
        program = Program(inner, self.device, self._choice)
        if program.parameters():
            raise DocumentError("the body of a node uses weights")
        names = [value.name for value in graph.inputs]
        output = graph.outputs[0].name
        return lambda *values: program.run(dict(zip(names, values)))[output]

    def _add(self, node: Node) -> None:
        builder = BLOCKS.get((node.domain, node.op))
        if builder is not None:
            compute, names = builder(node, self, self._choice)
        else:
            compute, names = self._elementary(node)
        inputs = tuple(None if name == "" else self._register(name) for name in names)
        outputs = tuple(self._register(name) for name in node.outputs)
        if not self._folded(node, compute, names, outputs):
            self._steps.append(Step(node, compute, inputs, outputs))

    def _elementary(self, node: Node) -> Tuple[Callable[..., Any], Sequence[str]]:
        build = BUILDERS.get(node.op) if node.domain in ("", "com.microsoft") else None
        if build is None:
            raise DocumentError(f"no operator {node.domain}{'.' if node.domain else ''}{node.op} is known")

        def known(place: int) -> Optional[List[int]]:
            return self._known.get(node.inputs[place]) if place < len(node.inputs) else None

        names = [self.parameter([one], self.dtype) if self.is_weight(one) else one for one in node.inputs]
        return build(node, known), names

    def _folded(self, node: Node, compute: Callable[..., Any], names: Sequence[str], outputs: Tuple[int, ...]) -> bool:
        """Whether all inputs are constants: then the result is one as well."""
        places = [None if name == "" else self._registers[name] for name in names]
        if len(outputs) != 1 or not all(place is None or place in self._constants for place in places) or not places:
            return False
        if sum(0 if place is None else self._constants[place].numel() for place in places) > FOLDED_ELEMENTS:
            return False
        value = compute(*[None if place is None else self._constants[place] for place in places])
        self._constants[outputs[0]] = value
        if isinstance(value, torch.Tensor) and not value.is_floating_point() and value.numel() <= KNOWN_ELEMENTS:
            self._known[node.outputs[0]] = [int(item) for item in value.reshape(-1).tolist()]
        return True

    def _free_early(self) -> None:
        kept = set(self._outputs.values()) | set(self._constants) | set(self._parameters)
        seen = set(kept)
        for step in reversed(self._steps):
            used = {place for place in step.inputs if place is not None} | set(step.outputs)
            step.freed = tuple(used - seen)
            seen |= used
