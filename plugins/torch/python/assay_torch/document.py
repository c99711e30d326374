"""A model document: the graph of a validated model as JSON, with the places of its weights in files."""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

VERSION = 1

BYTES_OF_TYPE = {
    "BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "F16": 2, "BF16": 2, "I32": 4, "F32": 4, "F64": 8, "I64": 8,
}  # fmt: skip

Attribute = Union[int, float, str, Sequence[int], "Graph"]


class DocumentError(Exception):
    """The document contradicts itself or the files, so that nothing can be computed from it."""


@dataclass(frozen=True)
class Value:
    name: str
    dtype: str
    # A name stands for a size that is known when the graph runs.
    shape: Tuple[Union[int, str], ...]


@dataclass(frozen=True)
class Tensor:
    """A constant of the graph: bytes in a file of the folder, or inline."""

    name: str
    dtype: str
    shape: Tuple[int, ...]
    file: Optional[str] = None
    offset: int = 0
    data: Optional[bytes] = None

    @property
    def elements(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def bytes(self) -> int:
        return self.elements * BYTES_OF_TYPE[self.dtype]


@dataclass(frozen=True)
class Node:
    op: str
    domain: str
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True)
class Graph:
    inputs: Tuple[Value, ...]
    outputs: Tuple[Value, ...]
    nodes: Tuple[Node, ...]


@dataclass(frozen=True)
class Document:
    compute_type: str
    folder: str
    tensors: Mapping[str, Tensor]
    graph: Graph


def read_document(path: str) -> Document:
    """Raises DocumentError for a document that is malformed."""
    try:
        with open(path, encoding="utf-8") as file:
            given = json.load(file)
        return parse_document(given, os.path.dirname(os.path.abspath(path)))
    except (OSError, ValueError, RecursionError) as error:
        raise DocumentError(f"{path} can't be read: {error}") from error


def parse_document(given: Any, beside: str) -> Document:
    """beside: the folder of the document, as seen from which it names others."""
    if not isinstance(given, dict) or given.get("version") != VERSION:
        raise DocumentError(f"the document is not of version {VERSION}")
    compute_type = _text(given, "computeType")
    if compute_type not in ("F32", "F16", "BF16"):
        raise DocumentError(f"the document computes in {compute_type}")
    constants = _constants(given, beside)
    tensors: Dict[str, Tensor] = {}
    for entry in _items(given, "tensors"):
        tensor = _tensor(entry, constants)
        if tensor.name in tensors:
            raise DocumentError(f"the document has tensor {tensor.name} twice")
        tensors[tensor.name] = tensor
    graph = _graph(given)
    _require_defined(graph, set(tensors))
    return Document(compute_type, os.path.join(beside, _text(given, "folder")), tensors, graph)


def _constants(given: Any, beside: str) -> bytes:
    if not any("at" in entry for entry in _items(given, "tensors") if isinstance(entry, dict)):
        return b""
    with open(os.path.join(beside, _file_name(_text(given, "constants"))), "rb") as file:
        return file.read()


def _file_name(name: str) -> str:
    if name in ("", ".", "..") or any(character in name for character in "/\\\0"):
        raise DocumentError(f"{name!r} is no plain file name")
    return name


def require_files(document: Document) -> None:
    """Every tensor lies within its file. Raises DocumentError."""
    sizes: Dict[str, int] = {}
    for tensor in document.tensors.values():
        if tensor.file is None:
            continue
        path = os.path.join(document.folder, tensor.file)
        if path not in sizes:
            try:
                sizes[path] = os.stat(path).st_size
            except OSError as error:
                raise DocumentError(f"{path} can't be read: {error}") from error
        if tensor.offset + tensor.bytes > sizes[path]:
            raise DocumentError(f"{tensor.name} ends behind the end of {path}")


def _items(given: Any, key: str) -> List[Any]:
    items = given.get(key) if isinstance(given, dict) else None
    if not isinstance(items, list):
        raise DocumentError(f"the document has no list {key}")
    return items


def _text(given: Any, key: str) -> str:
    text = given.get(key) if isinstance(given, dict) else None
    if not isinstance(text, str):
        raise DocumentError(f"the document has no text {key}")
    return text


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _tensor(given: Any, constants: bytes) -> Tensor:
    name, dtype, shape = _text(given, "name"), _text(given, "dtype"), _items(given, "shape")
    if dtype not in BYTES_OF_TYPE:
        raise DocumentError(f"{name} has the type {dtype}")
    if not all(_is_count(size) for size in shape):
        raise DocumentError(f"{name} has no valid shape")
    if "data" in given or "at" in given:
        return _constant(given, Tensor(name, dtype, tuple(shape)), constants)
    file = _file_name(_text(given, "file"))
    if not _is_count(given.get("offset")) or not _is_count(given.get("bytes")):
        raise DocumentError(f"{name} has no valid place")
    tensor = Tensor(name, dtype, tuple(shape), file, given["offset"])
    if tensor.bytes != given["bytes"]:
        raise DocumentError(f"{name} has {given['bytes']} bytes where its shape needs {tensor.bytes}")
    return tensor


def _constant(given: Any, empty: Tensor, constants: bytes) -> Tensor:
    if "at" in given:
        start = given["at"]
        data = constants[start : start + empty.bytes] if _is_count(start) else b""
    else:
        try:
            data = base64.b64decode(_text(given, "data"), validate=True)
        except (binascii.Error, ValueError) as error:
            raise DocumentError(f"{empty.name} has no valid data: {error}") from error
    if len(data) != empty.bytes:
        raise DocumentError(f"{empty.name} has {len(data)} bytes where its shape needs {empty.bytes}")
    return Tensor(empty.name, empty.dtype, empty.shape, data=data)


def _graph(given: Any) -> Graph:
    return Graph(
        tuple(_value(one) for one in _items(given, "inputs")),
        tuple(_value(one) for one in _items(given, "outputs")),
        tuple(_node(one) for one in _items(given, "nodes")),
    )


def _value(given: Any) -> Value:
    shape = tuple(_items(given, "shape"))
    if not all(_is_count(size) or isinstance(size, str) for size in shape):
        raise DocumentError("a value has no valid shape")
    return Value(_text(given, "name"), _text(given, "dtype"), shape)


def _node(given: Any) -> Node:
    inputs, outputs = tuple(_items(given, "inputs")), tuple(_items(given, "outputs"))
    if not all(isinstance(name, str) for name in inputs + outputs):
        raise DocumentError("a node has an input or output that is no name")
    attributes = given.get("attributes", {})
    if not isinstance(attributes, dict):
        raise DocumentError("a node has attributes that are no object")
    parsed = {name: _attribute(name, value) for name, value in attributes.items()}
    return Node(_text(given, "op"), given.get("domain", ""), inputs, outputs, parsed)


def _attribute(name: str, value: Any) -> Attribute:
    if isinstance(value, dict):
        return _graph(value.get("graph"))
    if isinstance(value, (int, float, str)):
        return value
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return tuple(value)
    raise DocumentError(f"attribute {name} is of no known type")


def _require_defined(graph: Graph, outer: set) -> None:
    """Every value is defined once, and before it is used."""
    defined = set(outer)
    for value in graph.inputs:
        _define(defined, value.name)
    for node in graph.nodes:
        for name in node.inputs:
            if name != "" and name not in defined:
                raise DocumentError(f"{node.op} uses {name}, which nothing defines before it")
        for attribute in node.attributes.values():
            if isinstance(attribute, Graph):
                _require_defined(attribute, defined)
        for name in node.outputs:
            _define(defined, name)
    for value in graph.outputs:
        if value.name not in defined:
            raise DocumentError(f"nothing defines the output {value.name}")


def _define(defined: set, name: str) -> None:
    if name == "" or name in defined:
        raise DocumentError(f"the graph defines {name!r} twice")
    defined.add(name)
