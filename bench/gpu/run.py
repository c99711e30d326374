"""Runs the sections of the GPU bench one after the other, each in a process of its own with a limit of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# In the order of their importance, with the seconds that each may take at most.
SECTIONS = {
    "machine": 30,
    "8B": 50,
    "first": 35,
    "engine": 30,
    "invariance": 40,
    "loading": 40,
    "14B": 45,
    "3.3B": 30,
    "goldens": 30,
    "windows": 45,
    "mixture": 35,
    "types": 40,
    "words": 35,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sections", nargs="*", default=[])
    parser.add_argument("--cpu", action="store_true", help="small models on the CPU")
    parser.add_argument("--seconds", type=float, default=345, help="for all sections together")
    given = parser.parse_args()
    names = given.sections or list(SECTIONS)
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {unknown[0]}; there are {', '.join(SECTIONS)}")
    started = time.monotonic()
    failed = []
    for name in names:
        left = given.seconds - (time.monotonic() - started)
        if left < 10:
            print(f"\n## {name}\nleft out: the time is used up", flush=True)
            continue
        print(f"\n## {name}", flush=True)
        if not run(name, given.cpu, min(left, SECTIONS[name] * (4 if given.cpu else 1))):
            failed.append(name)
    print(f"\n{time.monotonic() - started:.0f} s; failed: {', '.join(failed) or 'none'}", flush=True)
    sys.exit(1 if failed else 0)


def run(name: str, cpu: bool, seconds: float) -> bool:
    command = [sys.executable, "-u", "-W", "ignore", os.path.join(HERE, "section.py"), name, "cpu" if cpu else "cuda", str(seconds)]
    before = time.monotonic()
    try:
        code = subprocess.run(command, timeout=seconds, check=False).returncode
    except subprocess.TimeoutExpired:
        print(f"{name}: ended after {seconds:.0f} s", flush=True)
        return False
    print(f"{name}: {time.monotonic() - before:.1f} s", flush=True)
    return code == 0


main()
