"""How near losses on the device are to float32 on the CPU, to other compute types and to other batches."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any, Dict, List

import torch

from common import RandomModel, document, index, note, seconds_of, table
from assay_torch.blocks import Choice
from assay_torch.model import Model, losses_of, rows_as_tensor
from assay_torch.priming import prime
from speed import _entry

CPU = torch.device("cpu")
# Steps whose outputs are compared between two runs: those of the first layers.
TRACED = 60
# Sequences of each random model in the comparison of types, on a GPU and on a CPU.
SEQUENCES = {"cuda": 32, "cpu": 3}


def _losses(entry: Any, kind: str, batches: Any, device: torch.device, choice: Choice = Choice()) -> List[float]:
    """Mean loss of each batch of rows."""
    programs: Dict[str, Any] = {}
    model = None
    found = []
    for rows in batches:
        key = f"{len(rows)}x{len(rows[0])}"
        if key not in programs:
            described = document(entry[kind][key])
            model = model or Model(described.folder, device, choice)
            programs[key] = model.program(described)
        found.append(losses_of(programs[key], rows_as_tensor(rows, device)).double().mean().item())
    return found


def goldens(device: torch.device, ends: float) -> None:
    """Losses that transformers computed on a CPU in float32, and those of this device in float32 without TF32."""
    rows, over = [], 0
    for choice, name in ((Choice(), "kernels"), (Choice(eager=True), "eager twins")):
        worst: Dict[str, float] = defaultdict(float)
        for entry in index()["goldens"]:
            if time.monotonic() > ends - 3:
                note("goldens: the time is used up")
                break
            try:
                ours = _losses(entry, "F32", entry["batches"], device, choice)
            except Exception as error:
                note(f"{entry['name']} ({name}): {type(error).__name__}: {str(error)[:200]}")
                over += 1
                continue
            for own, theirs in zip(ours, entry["losses"]):
                if theirs in ("NaN", "nan") or theirs is None:
                    continue
                apart = abs(own - float(theirs))
                worst[entry["className"]] = max(worst[entry["className"]], apart)
                if not apart < 1e-5:
                    over += 1
                    note(f"{entry['name']} ({name}): {own} for {theirs}")
        rows += [(name, own, apart) for own, apart in sorted(worst.items())]
    table(["computed by", "class", "worst difference, nats"], rows)
    note(f"beyond 1e-5 or failed: {over}")


def types(device: torch.device, ends: float) -> None:
    """Differences of the loss of one sequence between bfloat16 and float32 on this device, by class."""
    found: Dict[str, List[float]] = defaultdict(list)
    everything = index()
    generator = torch.Generator().manual_seed(3)
    for entry in everything["trained"] + everything["goldens"]:
        if time.monotonic() > ends - 3:
            note("types: the time is used up")
            break
        if "nan" in entry["name"]:
            continue
        trained = entry in everything["trained"]
        count = SEQUENCES[device.type]
        batches = entry["batches"][: 16 * count] if trained else _random_batches(entry, generator, count)
        name = f"{entry['className']}, {'trained' if trained else 'random'}, {len(batches[0][0])} tokens"
        try:
            half = _losses(entry, "BF16", batches, device)
            full = _losses(entry, "F32", batches, device)
        except Exception as error:
            note(f"{entry['name']}: {type(error).__name__}: {str(error)[:200]}")
            continue
        found[name] += [own - other for own, other in zip(half, full)]
    table(
        ["class, weights, length", "sequences", "mean", "spread", "worst"],
        [
            (name, len(values), statistics.fmean(values), statistics.pstdev(values), max(map(abs, values)))
            for name, values in sorted(found.items())
        ],
    )


def _random_batches(entry: Any, generator: torch.Generator, count: int) -> List[List[List[int]]]:
    rows, length = len(entry["batches"][0]), len(entry["batches"][0][0])
    highest = max(token for batch in entry["batches"] for row in batch for token in row)
    drawn = torch.randint(0, highest + 1, (count, rows, length), generator=generator)
    return drawn.tolist()


def first(device: torch.device, _ends: float) -> None:
    """Whether the first computation of a process gives what later ones give: before and after the matrix products are primed."""
    if os.environ.get("BENCH_UNPRIMED") is None:
        subprocess.run([sys.executable, "-W", "ignore", *sys.argv], env={**os.environ, "BENCH_UNPRIMED": "1"}, check=False)
    primed = os.environ.get("BENCH_UNPRIMED") is None
    if primed:
        prime(device)
    own = RandomModel(_entry("3.3B", device), device)
    ids = own.ids(2)
    traced = [_traced(own.program(1), ids[:1]) for _ in range(2)]
    runs = [losses for losses, _ in traced] + [losses_of(own.program(1), ids[:1])]
    other = losses_of(own.program(1), ids[1:])
    again = losses_of(own.program(1), ids[1:])
    name = "primed" if primed else "not primed"
    rows = [
        (name, "a sequence, first and second run", (runs[0] - runs[1]).abs().max().item(), _apart(runs[0], runs[1])),
        (name, "a sequence, second and third run", (runs[1] - runs[2]).abs().max().item(), _apart(runs[1], runs[2])),
        (name, "another sequence, twice", (other - again).abs().max().item(), _apart(other, again)),
    ]
    table(["process", "compared", "worst number", "a sequence's loss"], rows)
    for place, ((op, one), (_, other)) in enumerate(zip(traced[0][1], traced[1][1])):
        if not torch.equal(one, other):
            note(f"step {place}, {op}, is the first whose output differs between the first and the second run: "
                 f"{(one != other).sum().item()} of {one.numel()} numbers, shape {list(one.shape)}")
            break
    else:
        note("no output of the first steps differs between the first and the second run")


def _traced(program: Any, ids: torch.Tensor) -> Any:
    """The losses, and what the first steps gave."""
    outputs: List[Any] = []
    steps = program._steps[:TRACED]
    computes = [step.compute for step in steps]

    def watched(op: str, compute: Any) -> Any:
        def run(*given: Any) -> Any:
            result = compute(*given)
            for one in result if isinstance(result, tuple) else (result,):
                outputs.append((op, one.clone()))
            return result

        return run

    for step, compute in zip(steps, computes):
        step.compute = watched(step.node.op, compute)
    try:
        return losses_of(program, ids), outputs
    finally:
        for step, compute in zip(steps, computes):
            step.compute = compute


def invariance(device: torch.device, _ends: float) -> None:
    """One sequence computed alone against the same one beside others, and what it costs to compute one at a time."""
    for name in ("3.3B", "mixture, 2 of 8"):
        entry = _entry(name, device)
        own = RandomModel(entry, device)
        ids = own.ids(8)
        losses_of(own.program(1), ids[:1])
        alone = torch.cat([losses_of(own.program(1), ids[row : row + 1]) for row in range(8)])
        again = torch.cat([losses_of(own.program(1), ids[row : row + 1]) for row in range(8)])
        speed = _speed(own, 1, device)
        rows = [(name, "alone, twice", (alone - again).abs().max().item(), _apart(alone, again), speed, "")]
        for batch in (2, 4, 8):
            parts = [losses_of(own.program(batch), ids[row : row + batch]) for row in range(0, 8, batch)]
            together = torch.cat(parts)
            worst, faster = (alone - together).abs().max().item(), _speed(own, batch, device)
            rows.append((name, f"alone and {batch} at a time", worst, _apart(alone, together), faster, faster / speed))
        columns = ["model", "compared", "a token's loss, worst", "a sequence's loss, worst", "tokens/s", "times alone"]
        table(columns, rows)
        del own
        if device.type == "cuda":
            torch.cuda.empty_cache()


def _apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a.double().mean(dim=1) - b.double().mean(dim=1)).abs().max().item()


def _speed(own: RandomModel, batch: int, device: torch.device) -> float:
    ids = own.ids(batch)
    return ids.numel() / seconds_of(lambda: losses_of(own.program(batch), ids), device, least=0.7, most=10)
