"""One section of the GPU bench: python3 section.py NAME cuda|cpu SECONDS"""

from __future__ import annotations

import sys
import time
from typing import Callable, Dict

import torch

import engine
import exactness
import loading
import machine
import speed

# The random models of the sections that measure speed.
MODELS = {"8B": "8B", "3.3B": "3.3B", "14B": "14B", "words": "3.3B, 262,144 words", "mixture": "mixture, 2 of 8"}

Section = Callable[[torch.device, float], None]
SECTIONS: Dict[str, Section] = {
    "machine": machine.machine,
    "engine": engine.engine,
    "goldens": exactness.goldens,
    "types": exactness.types,
    "invariance": exactness.invariance,
    "first": exactness.first,
    "windows": speed.windows,
    "loading": loading.loading,
}


def main() -> None:
    name, device, seconds = sys.argv[1], torch.device(sys.argv[2]), float(sys.argv[3])
    ends = time.monotonic() + seconds
    if name in MODELS:
        speed.model(MODELS[name], device, ends)
    else:
        SECTIONS[name](device, ends)


main()
