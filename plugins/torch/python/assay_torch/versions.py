"""The version of torch, as numbers."""

from __future__ import annotations

import re
from typing import Tuple

import torch


def version_of(text: str) -> Tuple[int, int]:
    """Major and minor number of a version such as 2.11.0+cu128 or 1.13.0a0."""
    found = re.match(r"(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


TORCH = version_of(torch.__version__)
