"""The engine's process as the evaluator's program uses it: started, given documents, asked for losses, ended."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from typing import Any, Dict, List

import torch

from common import DATA, REPOSITORY, index, note, table

SCRIPT = os.path.join(REPOSITORY, "plugins", "torch", "python", "engine.py")


class Engine:
    def __init__(self, device: torch.device) -> None:
        command = [sys.executable, "-u", SCRIPT, device.type, "0"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self._line()
        self._last = 0

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def send(self, op: str, **given: Any) -> None:
        assert self._process.stdin is not None
        self._last += 1
        self._process.stdin.write(json.dumps({**given, "op": op, "id": self._last}) + "\n")
        self._process.stdin.flush()

    def ask(self, op: str, **given: Any) -> Any:
        self.send(op, **given)
        answer = self._line()
        if "fault" in answer:
            raise RuntimeError(str(answer["fault"]))
        return answer["result"]

    def close(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(timeout=20)


def _whole(name: str) -> Dict[str, Any]:
    """A document with its constants in it, and its folder as an absolute path."""
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        given = json.load(file)
    with open(os.path.join(DATA, given.pop("constants")), "rb") as file:
        constants = file.read()
    given["folder"] = os.path.abspath(os.path.join(DATA, given["folder"]))
    sizes = {"F32": 4, "I64": 8, "BF16": 2, "F16": 2, "I32": 4}
    for tensor in given["tensors"]:
        if "at" in tensor:
            count = sizes[tensor["dtype"]]
            for size in tensor["shape"]:
                count *= size
            start = tensor.pop("at")
            tensor["data"] = base64.b64encode(constants[start : start + count]).decode()
    return given


def _ids(rows: List[List[int]]) -> Dict[str, Any]:
    values = torch.tensor(rows, dtype=torch.int32)
    return {"rows": len(rows), "length": len(rows[0]), "ids": base64.b64encode(values.numpy().tobytes()).decode()}


def engine(device: torch.device, _ends: float) -> None:
    before = time.monotonic()
    running = Engine(device)
    note(f"{running.first} after {time.monotonic() - before:.1f} s")
    rows = []
    everything = index()
    for entry in everything["goldens"][::6] + everything["trained"][:2]:
        if "nan" in entry["name"]:
            continue
        batch = entry["batches"][0]
        key = f"{len(batch)}x{len(batch[0])}"
        found = {}
        for kind in ("F32", "BF16"):
            model = f"{entry['name']} {kind}"
            loaded = running.ask("load", model=model, program=key, document=_whole(entry[kind][key]), beside=kind == "BF16")
            result = running.ask("losses", model=model, program=key, **_ids(batch))
            found[kind] = sum(result["sums"]) / sum(result["counts"])
            running.ask("release", model=model)
        golden = float(entry["losses"][0]) if "losses" in entry else float("nan")
        rows.append((entry["name"], found["F32"], found["F32"] - golden, found["BF16"] - found["F32"], loaded["seconds"]))
    table(["model", "float32", "apart from the golden", "bfloat16 apart", "loaded in s"], rows)
    note(f"the process ends with status {running.close()}")
