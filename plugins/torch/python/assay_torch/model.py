"""A model that is computed: its weights, and one program for each shape."""

from __future__ import annotations

from typing import Dict, Optional, Sequence

import torch

from .blocks import Choice
from .document import Document
from .program import Program
from .weights import Weights


class Model:
    def __init__(self, folder: str, device: torch.device, choice: Choice = Choice()) -> None:
        self.device, self._choice = device, choice
        self.weights = Weights(folder, device)

    def program(self, document: Document) -> Program:
        """A program of this model, its weights loaded."""
        program = Program(document, self.device, self._choice)
        program.bind(self.weights)
        return program


def feeds_of(
    ids: torch.Tensor, positions: Optional[torch.Tensor] = None, mask: Optional[torch.Tensor] = None
) -> Dict[str, torch.Tensor]:
    """What every graph is fed with. ids: [batch, sequence] int64"""
    batch, sequence = ids.shape
    places = torch.arange(sequence, device=ids.device).unsqueeze(0).expand(batch, sequence)
    feeds = {
        "ids": ids,
        "positions": places if positions is None else positions,
        "places": places,
        "last_index": torch.full((batch,), sequence - 1, dtype=torch.int32, device=ids.device),
        "length": torch.tensor(sequence, dtype=torch.int32, device=ids.device),
        "labels": ids[:, 1:].reshape(-1, 1),
    }
    if mask is not None:
        feeds["attention_bias"] = mask
    return feeds


def losses_of(program: Program, ids: torch.Tensor) -> torch.Tensor:
    """Cross entropy of each token after the first: [batch, sequence - 1], float32"""
    batch, sequence = ids.shape
    return program.run(feeds_of(ids))["losses"].reshape(batch, sequence - 1)


def rows_as_tensor(rows: Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    return torch.tensor([list(row) for row in rows], dtype=torch.int64, device=device)


