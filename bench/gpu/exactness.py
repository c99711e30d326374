"""How near losses on the device are to float32 on the CPU, to other compute types and to other batches."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from typing import Any, Dict, List

import torch

from common import DATA, RandomModel, document, index, note, seconds_of, table
from assay_torch.blocks import Choice
from assay_torch.model import Model, losses_of, rows_as_tensor
from speed import _entry

CPU = torch.device("cpu")
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


def invariance(device: torch.device, _ends: float) -> None:
    """The same sequence in batches of several sizes, and what it costs to compute one sequence at a time."""
    for name in ("3.3B", "mixture, 2 of 8"):
        entry = _entry(name, device)
        own = RandomModel(entry, device)
        ids = own.ids(8)
        alone = torch.cat([losses_of(own.program(1), ids[row : row + 1]) for row in range(8)])
        again = torch.cat([losses_of(own.program(1), ids[row : row + 1]) for row in range(8)])
        rows = [(name, 1, (alone - again).abs().max().item(), _apart(alone, again), _speed(own, 1, device))]
        for batch in (2, 4, 8):
            parts = [losses_of(own.program(batch), ids[row : row + batch]) for row in range(0, 8, batch)]
            together = torch.cat(parts)
            rows.append((name, batch, (alone - together).abs().max().item(), _apart(alone, together), _speed(own, batch, device)))
        table(["model", "sequences at a time", "a token's loss, worst", "a sequence's loss, worst", "tokens/s"], rows)
        del own
        if device.type == "cuda":
            torch.cuda.empty_cache()


def _apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a.double().mean(dim=1) - b.double().mean(dim=1)).abs().max().item()


def _speed(own: RandomModel, batch: int, device: torch.device) -> float:
    ids = own.ids(batch)
    return ids.numel() / seconds_of(lambda: losses_of(own.program(batch), ids), device, least=0.7, most=10)
