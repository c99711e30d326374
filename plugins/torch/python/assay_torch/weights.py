"""Weights on the device: mapped on a CPU, read by several threads through pinned memory for a GPU."""

from __future__ import annotations

import ctypes
import mmap
import os
import threading
from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

import torch

from .document import BYTES_OF_TYPE, DocumentError, Tensor

TYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32, "I64": torch.int64,
    "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64,
}  # fmt: skip

READERS = 8
# Bytes that a reader takes from a file at a time, into one of two buffers.
CHUNK = 16 * 1024 * 1024


@dataclass(frozen=True)
class Parameter:
    """Tensors of the files, one below the other as one tensor, in the type in which it is used."""

    tensors: Tuple[Tensor, ...]
    dtype: torch.dtype
    # The shape where it is not that of the rows one below the other: experts are stacked.
    shape: Optional[Tuple[int, ...]] = None

    @property
    def whole_shape(self) -> Tuple[int, ...]:
        if self.shape is not None:
            return self.shape
        first = self.tensors[0].shape
        if len(self.tensors) == 1:
            return first
        return (sum(tensor.shape[0] for tensor in self.tensors),) + first[1:]

    @property
    def key(self) -> Tuple[object, ...]:
        places = tuple((tensor.file, tensor.offset, tensor.dtype, tensor.shape) for tensor in self.tensors)
        return (places, self.dtype, self.shape)


def inline(tensor: Tensor, device: torch.device) -> torch.Tensor:
    """A constant whose bytes are in the document."""
    if tensor.elements == 0:
        return torch.empty(tensor.shape, dtype=TYPES[tensor.dtype], device=device)
    values = torch.frombuffer(bytearray(tensor.data or b""), dtype=TYPES[tensor.dtype])
    return values.reshape(tensor.shape).to(device)


class Weights:
    """The parameters of one model. The graphs of several shapes share them."""

    def __init__(self, folder: str, device: torch.device) -> None:
        self.folder, self.device = folder, device
        self._loaded: Dict[Tuple[object, ...], torch.Tensor] = {}
        self.bytes = 0

    def get(self, parameter: Parameter) -> torch.Tensor:
        return self._loaded[parameter.key]

    def load(self, parameters: Iterable[Parameter]) -> None:
        """Loads those that are not there yet. Raises DocumentError where a file ends too early."""
        missing = {one.key: one for one in parameters if one.key not in self._loaded}
        made = {key: torch.empty(one.whole_shape, dtype=one.dtype, device=self.device) for key, one in missing.items()} if self.device.type != "cpu" else {}
        if self.device.type == "cpu":
            mapped = _Mapped(self.folder)
            made = {key: mapped.parameter(one) for key, one in missing.items()}
        else:
            _read_all(self.folder, [(missing[key], tensor) for key, tensor in made.items()], self.device)
        self._loaded.update(made)
        self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in made.values())


class _Mapped:
    """Files of a folder, mapped: a tensor whose type is wanted is no copy."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._maps: Dict[str, mmap.mmap] = {}

    def parameter(self, parameter: Parameter) -> torch.Tensor:
        parts = [self._tensor(one).to(parameter.dtype) for one in parameter.tensors]
        whole = parts[0] if len(parts) == 1 else torch.cat([part.reshape(-1) for part in parts])
        return whole.reshape(parameter.whole_shape)

    def _tensor(self, tensor: Tensor) -> torch.Tensor:
        if tensor.file is None:
            return inline(tensor, torch.device("cpu"))
        if tensor.elements == 0:
            return torch.empty(tensor.shape, dtype=TYPES[tensor.dtype])
        content = self._content(tensor.file)
        if tensor.offset + tensor.bytes > len(content):
            raise DocumentError(f"{tensor.name} ends behind the end of {tensor.file}")
        dtype = TYPES[tensor.dtype]
        if tensor.offset % BYTES_OF_TYPE[tensor.dtype] != 0:
            raw = torch.frombuffer(content, dtype=torch.uint8, count=tensor.bytes, offset=tensor.offset)
            return raw.clone().view(dtype).reshape(tensor.shape)
        values = torch.frombuffer(content, dtype=dtype, count=tensor.elements, offset=tensor.offset)
        return values.reshape(tensor.shape)

    def _content(self, name: str) -> mmap.mmap:
        if name not in self._maps:
            with open(os.path.join(self._folder, name), "rb") as file:
                # A private copy of the pages that are written: none is.
                self._maps[name] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        return self._maps[name]


Work = Tuple[Tensor, torch.Tensor]


def _read_all(folder: str, parameters: Sequence[Tuple[Parameter, torch.Tensor]], device: torch.device) -> None:
    work: List[Work] = []
    for parameter, whole in parameters:
        flat, start = whole.reshape(-1), 0
        for tensor in parameter.tensors:
            work.append((tensor, flat[start : start + tensor.elements]))
            start += tensor.elements
    # The largest first, so that no reader is left with one at the end.
    work.sort(key=lambda one: -one[0].bytes)
    lock, errors = threading.Lock(), []  # type: Tuple[threading.Lock, List[BaseException]]

    def take() -> Optional[Work]:
        with lock:
            return work.pop(0) if work and not errors else None

    def read() -> None:
        try:
            with torch.cuda.device(device):
                reader = _Reader(folder, device)
                try:
                    for tensor, target in iter(take, None):
                        reader.read(tensor, target)
                finally:
                    reader.close()
        except BaseException as error:  # handed to the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(min(READERS, max(1, len(work))))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class _Reader:
    """One thread's way from files to the device: while one buffer is copied, the other one is filled."""

    def __init__(self, folder: str, device: torch.device) -> None:
        self._folder, self._device = folder, device
        self._files: Dict[str, int] = {}
        self._stream = torch.cuda.Stream(device)
        self._buffers = [torch.empty(CHUNK, dtype=torch.uint8, pin_memory=True) for _ in range(2)]
        self._views = [memoryview((ctypes.c_char * CHUNK).from_address(one.data_ptr())).cast("B") for one in self._buffers]
        self._events: List[Optional[torch.cuda.Event]] = [None, None]
        self._next = 0

    def read(self, tensor: Tensor, target: torch.Tensor) -> None:
        """target: [elements] on the device"""
        if tensor.file is None:
            target.copy_(inline(tensor, self._device).reshape(-1))
            return
        dtype = TYPES[tensor.dtype]
        with torch.cuda.stream(self._stream):
            raw = target if target.dtype == dtype else torch.empty(tensor.elements, dtype=dtype, device=self._device)
            bytes_there = raw.view(torch.uint8)
            for start in range(0, tensor.bytes, CHUNK):
                self._copy(tensor, start, bytes_there[start : start + CHUNK])
            if raw is not target:
                target.copy_(raw)

    def _copy(self, tensor: Tensor, start: int, target: torch.Tensor) -> None:
        place = self._next
        self._next = 1 - place
        event = self._events[place]
        if event is not None:
            event.synchronize()
        count = target.numel()
        self._fill(tensor, start, self._views[place][:count])
        target.copy_(self._buffers[place][:count], non_blocking=True)
        done = torch.cuda.Event()
        done.record(self._stream)
        self._events[place] = done

    def _fill(self, tensor: Tensor, start: int, view: memoryview) -> None:
        file, filled = self._file(tensor.file or ""), 0
        while filled < len(view):
            count = os.preadv(file, [view[filled:]], tensor.offset + start + filled)
            if count == 0:
                raise DocumentError(f"{tensor.file} ends within {tensor.name}")
            filled += count

    def _file(self, name: str) -> int:
        if name not in self._files:
            self._files[name] = os.open(os.path.join(self._folder, name), os.O_RDONLY)
        return self._files[name]

    def close(self) -> None:
        self._stream.synchronize()
        for file in self._files.values():
            os.close(file)


