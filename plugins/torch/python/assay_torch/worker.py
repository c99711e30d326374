"""The process that computes for the evaluator's program: requests as lines of JSON on stdin, answers on stdout.

The first answer says what torch and the device are, or why nothing can be computed. A request has an id, which its answer
repeats; models and programs are named by the other side.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import queue
import sys
import threading
import time
import traceback
from typing import Any, Dict, List, Optional, Tuple

import torch

from . import kernels
from .blocks import Choice
from .document import DocumentError, parse_document, require_files
from .model import Model, feeds_of
from .priming import prime
from .program import Program
from .settings import apply_settings

# Bytes of the device that a model which is loaded beside another one leaves free for activations.
SPARE_BYTES = 6 * 2**30


class RequestError(Exception):
    """The other side asks for what is not there."""


class Worker:
    def __init__(self, device: torch.device, choice: Choice) -> None:
        self._device, self._choice = device, choice
        self._models: Dict[str, Model] = {}
        self._programs: Dict[Tuple[str, str], Program] = {}
        # A model is loaded beside the computation of another one: what is asked of it waits.
        self._gates: Dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def _gate(self, name: str) -> threading.Lock:
        with self._lock:
            return self._gates.setdefault(name, threading.Lock())

    def load(self, given: Dict[str, Any]) -> Dict[str, Any]:
        """Makes a program of a document, and loads the weights that its model does not have yet."""
        started = time.monotonic()
        document = parse_document(given["document"], "/")
        require_files(document)
        name = given["model"]
        with self._gate(name):
            model = self._models.get(name)
            if given.get("beside") and model is None and not self._fits(document):
                return {"skipped": True}
            model = model or Model(document.folder, self._device, self._choice)
            self._programs[(name, given["program"])] = model.program(document)
            self._models[name] = model
        return {"seconds": time.monotonic() - started, "bytes": model.weights.bytes}

    def _fits(self, document: Any) -> bool:
        if self._device.type != "cuda":
            return True
        free, _ = torch.cuda.mem_get_info(self._device)
        return sum(tensor.bytes for tensor in document.tensors.values()) + SPARE_BYTES < free

    def losses(self, given: Dict[str, Any]) -> Dict[str, Any]:
        """For each row: the sum of the cross entropy of its counted labels, and their number."""
        ids = self._ids(given)
        batch, sequence = ids.shape
        losses = self._program(given).run(feeds_of(ids))["losses"].reshape(batch, sequence - 1).double()
        pad = given.get("pad")
        if pad is not None:
            counted = ids[:, :-1] != pad
            counted[:, 0] = True
            losses = torch.where(counted, losses, torch.zeros_like(losses))
            counts = counted.sum(dim=1)
        else:
            counts = torch.full((batch,), sequence - 1, device=ids.device)
        return {"sums": [_number(value) for value in losses.sum(dim=1).tolist()], "counts": counts.tolist()}

    def logits(self, given: Dict[str, Any]) -> Dict[str, Any]:
        """Logits of the last position of each row, as base64 of float32."""
        ids = self._ids(given)
        batch, sequence = ids.shape
        positions = mask = None
        if "positions" in given:
            positions = _decoded(given["positions"], torch.int64, (batch, sequence)).to(self._device)
            mask = _decoded(given["mask"], torch.float32, (batch, 1, sequence, sequence)).to(self._device)
        logits = self._program(given).run(feeds_of(ids, positions, mask))["logits"].float().cpu().contiguous()
        return {"logits": base64.b64encode(_bytes_of(logits)).decode()}

    def forget(self, given: Dict[str, Any]) -> Dict[str, Any]:
        self._programs.pop((given["model"], given["program"]), None)
        return {}

    def release(self, given: Dict[str, Any]) -> Dict[str, Any]:
        name = given["model"]
        self._models.pop(name, None)
        for key in [key for key in self._programs if key[0] == name]:
            del self._programs[key]
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return {}

    def _program(self, given: Dict[str, Any]) -> Program:
        with self._gate(given["model"]):
            program = self._programs.get((given["model"], given["program"]))
        if program is None:
            raise RequestError(f"no program {given['program']} of model {given['model']} is loaded")
        return program

    def _ids(self, given: Dict[str, Any]) -> torch.Tensor:
        shape = (given["rows"], given["length"])
        return _decoded(given["ids"], torch.int32, shape).to(self._device).to(torch.int64)


def _number(value: float) -> Optional[float]:
    """JSON has no NaN and no infinity."""
    return value if value == value and abs(value) != float("inf") else None


def _decoded(text: str, dtype: torch.dtype, shape: Tuple[int, ...]) -> torch.Tensor:
    try:
        values = torch.frombuffer(bytearray(base64.b64decode(text, validate=True)), dtype=dtype)
        return values.reshape(shape)
    except (binascii.Error, ValueError, RuntimeError) as error:
        raise RequestError(f"values of another shape than {shape}: {error}") from error


def _bytes_of(values: torch.Tensor) -> bytes:
    try:
        return values.numpy().tobytes()
    except RuntimeError:  # a torch without numpy
        return bytes(values.view(torch.uint8).reshape(-1).tolist())


def describe(device: torch.device, choice: Choice) -> Dict[str, Any]:
    facts: Dict[str, Any] = {"torch": torch.__version__, "device": device.type, "kernels": "torch"}
    if device.type == "cuda":
        facts["device"] = f"{device} {torch.cuda.get_device_name(device)}"
        facts["cuda"] = torch.version.cuda
        facts["memory"] = torch.cuda.get_device_properties(device).total_memory
        if choice.triton and kernels.triton is not None:
            facts["kernels"] = f"triton {kernels.triton.__version__}"
    return facts


def usable_choice(device: torch.device) -> Choice:
    """With Triton's kernels where they can be compiled and run: they need a C compiler."""
    if not kernels.usable(device):
        return Choice(triton=False)
    try:
        x = torch.ones((2, 64), device=device)
        kernels.rms_norm(x, x[0], 1e-6, 0.0)
        torch.cuda.synchronize(device)
        return Choice()
    except Exception as error:
        print(f"Triton's kernels can't be used: {error}", file=sys.stderr)
        return Choice(triton=False)


def fault_of(error: BaseException) -> Dict[str, str]:
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, (DocumentError, RequestError)):
        return {"kind": "document", "message": str(error)}
    traceback.print_exception(type(error), error, error.__traceback__)
    return {"kind": "memory" if "out of memory" in text else "failed", "message": text[:1000]}


def _requests(lines: "queue.SimpleQueue[Dict[str, Any]]") -> None:
    """The process ends with the one that asks, also in the middle of a computation."""
    for line in sys.stdin.buffer:
        if line.strip():
            lines.put(json.loads(line))
    os._exit(0)


class Answers:
    def __init__(self) -> None:
        # What libraries print is for people.
        self._output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, message: Dict[str, Any]) -> None:
        with self._lock:
            self._output.write(json.dumps(message, allow_nan=False) + "\n")
            self._output.flush()


def serve(worker: Worker, answers: Answers) -> None:
    waiting: "queue.SimpleQueue[Dict[str, Any]]" = queue.SimpleQueue()
    threading.Thread(target=_requests, args=(waiting,), daemon=True).start()
    operations = {
        "load": worker.load,
        "losses": worker.losses,
        "logits": worker.logits,
        "forget": worker.forget,
        "release": worker.release,
    }

    def answer(given: Dict[str, Any]) -> None:
        torch.set_grad_enabled(False)  # by thread
        try:
            answers.send({"id": given["id"], "result": operations[given["op"]](given)})
        except Exception as error:
            answers.send({"id": given["id"], "fault": fault_of(error)})

    while True:
        given = waiting.get()
        if given.get("beside"):
            threading.Thread(target=answer, args=(given,), daemon=True).start()
        else:
            answer(given)


def main(arguments: List[str]) -> None:
    answers = Answers()
    name, threads = arguments[0], int(arguments[1])
    try:
        if threads > 0:
            torch.set_num_threads(threads)
        apply_settings()
        device = torch.device(name)
        if device.type == "cuda" and device.index is None:
            device = torch.device("cuda", torch.cuda.current_device())
        prime(device)
        choice = usable_choice(device)
    except Exception as error:
        answers.send({"refused": f"{type(error).__name__}: {error}"[:500], "torch": torch.__version__})
        return
    answers.send({"ready": describe(device, choice)})
    serve(Worker(device, choice), answers)
