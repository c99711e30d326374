"""How fast weights come from a file to the device."""

from __future__ import annotations

import os
import tempfile
import threading
import time

import torch

from common import RandomModel, document, note, synchronize, table
from assay_torch.document import Document
from assay_torch.model import Model, losses_of
from assay_torch.weights import CHUNK, READERS
from speed import _entry

GIB = 2**30


def loading(device: torch.device, ends: float) -> None:
    entry = _entry("3.3B", device)
    described = document(entry["documents"]["1"])
    rows = [("pinned memory to the device", *_bus(device))] if device.type == "cuda" else []
    with tempfile.TemporaryDirectory() as folder:
        random = RandomModel(entry, device)
        ids = random.ids(1)
        expected = losses_of(random.program(1), ids)
        total, seconds = _write(random, os.path.join(folder, "model.safetensors"))
        rows.append(("written to the disk", total / GIB, total / GIB / seconds))
        moved = Document(described.compute_type, folder, described.tensors, described.graph)
        del random
        if device.type == "cuda":
            torch.cuda.empty_cache()
        for name, cold in (("file to device, cached by the system", False), ("file to device, from the disk", True)):
            if time.monotonic() > ends - 5:
                break
            if cold:
                path = os.path.join(folder, "model.safetensors")
                _forget(path)
                rows.append(("the disk alone, read into memory", total / GIB, total / GIB / _read(path)))
                _forget(path)
            before = time.monotonic()
            program = Model(folder, device).program(moved)
            synchronize(device)
            seconds = time.monotonic() - before
            rows.append((name, total / GIB, total / GIB / seconds))
            same = torch.equal(losses_of(program, ids), expected)
            note(f"{name}: {seconds:.2f} s; losses {'equal' if same else 'DIFFER'}")
            del program
    table(["", "GiB", "GiB/s"], rows)


def _bus(device: torch.device) -> tuple:
    pinned = torch.empty(GIB, dtype=torch.uint8, pin_memory=True)
    target = torch.empty(GIB, dtype=torch.uint8, device=device)
    target.copy_(pinned, non_blocking=True)
    synchronize(device)
    before = time.monotonic()
    for _ in range(4):
        target.copy_(pinned, non_blocking=True)
    synchronize(device)
    return 4.0, 4.0 / (time.monotonic() - before)


def _write(random: RandomModel, path: str) -> tuple:
    """The random weights as the file that the document names: its places are those of a file without a header."""
    written, before = 0, time.monotonic()
    with open(path, "wb") as file:
        for parameter, whole in _parts(random):
            start = 0
            for tensor in parameter.tensors:
                part = whole.reshape(-1)[start : start + tensor.elements].to(torch.bfloat16)
                file.seek(tensor.offset)
                file.write(part.cpu().view(torch.uint8).numpy().data)
                start += tensor.elements
                written += tensor.bytes
        file.flush()
        os.fsync(file.fileno())
    return written, time.monotonic() - before


def _parts(random: RandomModel):
    return [(one, random.model.weights.get(one)) for one in random.program(1).parameters()]


def _read(path: str) -> float:
    """Seconds in which as many threads as the loader has read a file, and do nothing with it."""
    size, before = os.path.getsize(path), time.monotonic()
    share = -(-size // READERS)

    def read(start: int) -> None:
        buffer = bytearray(CHUNK)
        file = os.open(path, os.O_RDONLY)
        for place in range(start, min(start + share, size), CHUNK):
            os.preadv(file, [buffer], place)
        os.close(file)

    threads = [threading.Thread(target=read, args=(start,)) for start in range(0, size, share)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - before


def _forget(path: str) -> None:
    """Asks the system to drop the file from its memory."""
    file = os.open(path, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


