"""What the sections of the GPU bench share: documents, random weights, clocks and tables."""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from typing import Any, Callable, Dict, Iterable, List, Sequence

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(HERE))
DATA = os.path.join(HERE, "data")
sys.path.insert(0, os.path.join(REPOSITORY, "plugins", "torch", "python"))

import torch

from assay_torch.blocks import Choice
from assay_torch.document import read_document
from assay_torch.model import Model
from assay_torch.program import Program
from assay_torch.priming import prime
from assay_torch.settings import apply_settings
from assay_torch.weights import Parameter, Weights

apply_settings()

# Dense bf16 without sparsity, by NVIDIA's data sheets.
NOMINAL = {"H100": 989e12, "H200": 989e12, "A100": 312e12}


def index() -> Dict[str, Any]:
    with open(os.path.join(DATA, "index.json"), encoding="utf-8") as file:
        return json.load(file)


def document(name: str) -> Any:
    return read_document(os.path.join(DATA, name))


def fill(target: torch.Tensor, name: str, shape: Sequence[int]) -> None:
    """Repeatable numbers by the name of a tensor: normal around 0, and ones where it is a vector, such as a norm."""
    if len(shape) < 2:
        target.fill_(1.0)
        return
    generator = torch.Generator(device=target.device)
    generator.manual_seed(zlib.crc32(name.encode()))
    target.normal_(0.0, 0.02, generator=generator)


class RandomWeights(Weights):
    """Weights that are made on the device, in place of files."""

    def load(self, parameters: Iterable[Parameter]) -> None:
        for parameter in parameters:
            if parameter.key in self._loaded:
                continue
            whole = torch.empty(parameter.whole_shape, dtype=parameter.dtype, device=self.device)
            flat, start = whole.reshape(-1), 0
            for tensor in parameter.tensors:
                part = flat[start : start + tensor.elements].reshape(tensor.shape)
                fill(part, tensor.name.replace("weight:", ""), tensor.shape)
                start += tensor.elements
            self._loaded[parameter.key] = whole
            self.bytes += whole.numel() * whole.element_size()


class RandomModel:
    """One of the random models: a program for each number of sequences."""

    def __init__(self, entry: Dict[str, Any], device: torch.device, choice: Choice = Choice()) -> None:
        self.entry, self.device = entry, device
        if os.environ.get("BENCH_UNPRIMED") is None:
            prime(device)
        self.model = Model(DATA, device, choice)
        self.model.weights = RandomWeights(DATA, device)
        self._programs: Dict[int, Program] = {}

    def program(self, batch: int) -> Program:
        if batch not in self._programs:
            self._programs[batch] = self.model.program(document(self.entry["documents"][str(batch)]))
        return self._programs[batch]

    def ids(self, batch: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(1)
        shape = (batch, self.entry["sequence"])
        return torch.randint(0, self.entry["config"]["vocab_size"], shape, generator=generator).to(self.device)


def operations(config: Dict[str, Any], sequence: int) -> float:
    """Floating point operations of a token: two for each weight that it goes through, and causal attention."""
    width, layers = config["hidden_size"], config["num_hidden_layers"]
    head = config.get("head_dim") or width // config["num_attention_heads"]
    query, key_value = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    experts = config.get("num_experts_per_tok", 1)
    layer = width * (query + 2 * key_value) + query * width + 3 * width * config["intermediate_size"] * experts
    if "num_local_experts" in config:
        layer += width * config["num_local_experts"]
    return 2.0 * (layers * layer + width * config["vocab_size"]) + 2.0 * sequence * query * layers


def nominal(device: torch.device) -> float:
    if device.type != "cuda":
        return float("nan")
    name = torch.cuda.get_device_name(device)
    return next((rate for card, rate in NOMINAL.items() if card in name), float("nan"))


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_of(
    run: Callable[[], Any], device: torch.device, least: float = 1.0, most: int = 20, warms: bool = True
) -> float:
    """Seconds of one run, after one that warms up."""
    if warms:
        run()
        synchronize(device)
    started, runs = time.monotonic(), 0
    while True:
        run()
        synchronize(device)
        runs += 1
        if time.monotonic() - started >= least or runs >= most:
            return (time.monotonic() - started) / runs


def gibibytes(device: torch.device) -> float:
    return torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else float("nan")


def fresh_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def measured_rate(device: torch.device) -> float:
    """Operations a second of a large bf16 product."""
    size = 8192 if device.type == "cuda" else 512
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    a = torch.randn(size, size, device=device).to(dtype)
    b = torch.randn(size, size, device=device).to(dtype)
    return 2.0 * size**3 / seconds_of(lambda: torch.mm(a, b.t()), device, least=0.7, most=500)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints at once, in Markdown."""
    cells: List[List[str]] = [[_cell(item) for item in row] for row in rows]
    widths = [max(len(name), *(len(row[place]) for row in cells)) if cells else len(name) for place, name in enumerate(columns)]
    line = lambda row: "| " + " | ".join(item.ljust(width) for item, width in zip(row, widths)) + " |"
    print(line(columns))
    print(line(["-" * width for width in widths]))
    for row in cells:
        print(line(row))
    sys.stdout.flush()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def note(text: str) -> None:
    print(text, flush=True)
