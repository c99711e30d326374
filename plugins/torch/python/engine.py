"""Starts the engine: python3 engine.py DEVICE THREADS. Says in JSON on stdout where there is no torch."""

import json
import sys

try:
    import torch
except Exception as error:  # a torch that is there may fail as well, for want of a library
    missing = isinstance(error, ModuleNotFoundError) and error.name == "torch"
    print(json.dumps({"missing" if missing else "refused": "%s: %s" % (type(error).__name__, error)}), flush=True)
    sys.exit(1)

OLDEST = (1, 13)
found = tuple(int(part) for part in torch.__version__.split(".")[:2])
if found < OLDEST or sys.version_info < (3, 9):
    version = "Python %d.%d" % sys.version_info[:2]
    print(json.dumps({"old": "torch %s, %s" % (torch.__version__, version)}), flush=True)
    sys.exit(1)

from assay_torch.worker import main

main(sys.argv[1:])
