"""Tokens a second of random models, beside transformers on the same weights."""

from __future__ import annotations

import time
from typing import Any, Callable, List, Tuple

import torch

from common import (
    RandomModel, fresh_memory, gibibytes, index, measured_rate, nominal, note, operations, seconds_of, synchronize, table,
)  # fmt: skip
from assay_torch import attention
from assay_torch.blocks import Choice
from assay_torch.model import losses_of
from rival import Rival

# Sequences at a time, the likeliest to be fast first: the time may end.
BATCHES = {"8B": (8, 1, 2, 4, 16)}
OTHER_BATCHES = (8, 1)
RIVAL_BATCHES = (4, 1)


def _entry(name: str, device: torch.device) -> Any:
    return next(one for one in index()["large" if device.type == "cuda" else "small"] if one["name"] == name)


def model(name: str, device: torch.device, ends: float) -> None:
    entry = _entry(name, device)
    rate = measured_rate(device)
    fresh_memory(device)
    started = time.monotonic()
    own = _working(entry, device)
    note(f"{name}: {own.model.weights.bytes / 2**30:.1f} GiB of weights, made in {time.monotonic() - started:.1f} s; "
         f"{operations(entry['config'], entry['sequence']) / 1e9:.2f} GFLOP a token; measured {rate / 1e12:.0f} TFLOP/s")
    batches = [batch for batch in BATCHES.get(name, OTHER_BATCHES) if str(batch) in entry["documents"]]
    middle = time.monotonic() + (ends - time.monotonic()) * 0.45
    rows, losses = _rows("assay", batches, own.ids, lambda ids: losses_of(own.program(ids.shape[0]), ids), entry, rate, device, middle)
    table(COLUMNS, rows)
    if name == "8B":
        other_kernel(own, entry, losses, rate, device)
        profile(own, device)
    del own
    fresh_memory(device)
    try:
        _beside(entry, rate, losses, device, ends)
    except Exception as error:  # the own numbers are there already
        note(f"transformers: {type(error).__name__}: {str(error)[:300]}")


def _working(entry: Any, device: torch.device) -> RandomModel:
    """With Triton's kernels, or without them where these fail."""
    try:
        own = RandomModel(entry, device)
        losses_of(own.program(1), own.ids(1))
        synchronize(device)
        return own
    except Exception as error:
        note(f"with Triton: {type(error).__name__}: {str(error)[:500]}")
    own = RandomModel(entry, device, Choice(triton=False))
    own.program(1)
    return own


COLUMNS = ["", "sequences", "tokens/s", "TFLOP/s", "of nominal", "of measured", "GiB", "first run, s"]


def _beside(entry: Any, rate: float, losses: torch.Tensor, device: torch.device, ends: float) -> None:
    dtype = torch.bfloat16
    rival = Rival(entry["config"], device, dtype)
    generator = torch.Generator().manual_seed(1)

    def ids(batch: int) -> torch.Tensor:
        generator.manual_seed(1)
        shape = (batch, entry["sequence"])
        return torch.randint(0, entry["config"]["vocab_size"], shape, generator=generator).to(device)

    name = f"transformers {rival.version}"
    chunked, theirs = _rows(f"{name}, chunked", RIVAL_BATCHES, ids, rival.chunked, entry, rate, device, ends - 12)
    table(COLUMNS, chunked)
    if losses is not None and theirs is not None:
        apart = (losses.double().mean(dim=1) - theirs.double().mean(dim=1)).abs().max().item()
        note(f"loss of the same sequence: {losses.double().mean():.5f} and {theirs.double().mean():.5f}, apart {apart:.2e}")
    if entry["name"] == "8B" and ends - time.monotonic() > 5:
        whole, _ = _rows(f"{name}, whole logits", (1,), ids, rival.whole, entry, rate, device, ends - 3)
        table(COLUMNS, whole)


def _rows(
    name: str,
    batches: Any,
    ids: Callable[[int], torch.Tensor],
    losses: Callable[[torch.Tensor], torch.Tensor],
    entry: Any,
    rate: float,
    device: torch.device,
    ends: float,
) -> Tuple[List[List[Any]], Any]:
    """One row for each number of sequences, until the time or the memory ends; and the losses of one sequence."""
    rows: List[List[Any]] = []
    first = None
    work = operations(entry["config"], entry["sequence"])
    for batch in batches:
        if time.monotonic() > ends:
            break
        fresh_memory(device)
        try:
            tokens = ids(batch)
            before = time.monotonic()
            result = losses(tokens)
            synchronize(device)
            cold = time.monotonic() - before
            seconds = seconds_of(lambda: losses(tokens), device, least=1.0, most=10, warms=False)
        except RuntimeError as error:
            if "out of memory" not in str(error):
                raise
            rows.append([name, batch] + ["out of memory"] + [""] * 5)
            break
        if batch == 1:
            first = result
        speed = tokens.numel() / seconds
        rows.append([name, batch, speed, speed * work / 1e12, speed * work / nominal(device), speed * work / rate, gibibytes(device), cold])
    return rows, first


def other_kernel(own: RandomModel, entry: Any, losses: torch.Tensor, rate: float, device: torch.device) -> None:
    """The same by torch's flash attention in place of cuDNN's."""
    order = list(attention.KERNELS)
    attention.KERNELS.sort(key=lambda name: name != "FLASH_ATTENTION")
    try:
        ends = time.monotonic() + 8
        name = "assay, flash attention"
        rows, others = _rows(name, (8, 1), own.ids, lambda ids: losses_of(own.program(ids.shape[0]), ids), entry, rate, device, ends)
        table(COLUMNS, rows)
        apart = (losses.double().mean(dim=1) - others.double().mean(dim=1)).abs().max().item()
        note(f"loss of the same sequence by the two kernels, apart: {apart:.2e}")
    finally:
        attention.KERNELS[:] = order


def windows(device: torch.device, ends: float) -> None:
    """Models with windows and with caps on their scores, by the own kernel of attention and by its twins."""
    for name in ("window of 1,024", "Gemma 2, 2.6B"):
        entry = _entry(name, device)
        rate = measured_rate(device)
        found = []
        kinds = (("assay", Choice()), ("assay, without Triton", Choice(triton=False)))
        results = []
        for kind, choice in kinds:
            own = RandomModel(entry, device, choice)
            run = lambda ids: losses_of(own.program(ids.shape[0]), ids)
            try:
                rows, losses = _rows(kind, (4, 1) if choice.triton else (1,), own.ids, run, entry, rate, device, ends - 5)
                found += rows
                results.append(losses)
            except Exception as error:
                note(f"{name}, {kind}: {type(error).__name__}: {str(error)[:300]}")
            del own
            fresh_memory(device)
        print(name)
        table(COLUMNS, found)
        if len(results) == 2 and all(one is not None for one in results):
            apart = (results[0].double().mean(dim=1) - results[1].double().mean(dim=1)).abs().max().item()
            note(f"loss of the same sequence by the two ways, apart: {apart:.2e}")


def profile(own: RandomModel, device: torch.device) -> None:
    """Where the time goes, by kernel."""
    from torch.profiler import ProfilerActivity, profile as profiled

    ids = own.ids(4)
    program = own.program(4)
    losses_of(program, ids)
    synchronize(device)
    on_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CUDA] if on_gpu else [ProfilerActivity.CPU]
    with profiled(activities=activities) as found:
        losses_of(program, ids)
        synchronize(device)
    spent = lambda event: getattr(event, "self_device_time_total", 0) if on_gpu else event.self_cpu_time_total
    events = sorted(found.key_averages(), key=lambda event: -spent(event))
    total = sum(spent(event) for event in events)
    table(
        ["kernel", "calls", "ms", "share"],
        [(event.key[:90], event.count, spent(event) / 1000, spent(event) / total) for event in events[:18]],
    )
    note(f"all: {total / 1000:.1f} ms for {ids.numel()} tokens")
