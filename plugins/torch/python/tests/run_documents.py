"""Runs documents on the CPU: python3 run_documents.py < CASES, a JSON list of {document, feeds: {name: {dtype, shape, data}}}.

Writes a list with the float32 values of each document's first output, or with the error of a document.
"""

import base64
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import torch

from assay_torch.blocks import Choice
from assay_torch.document import DocumentError, Tensor, parse_document, require_files
from assay_torch.model import Model
from assay_torch.settings import apply_settings
from assay_torch.weights import inline


def run(case, choice):
    try:
        document = parse_document(case["document"], "/")
        require_files(document)
        feeds = {
            name: inline(
                Tensor(name, given["dtype"], tuple(given["shape"]), data=base64.b64decode(given["data"])),
                torch.device("cpu"),
            )
            for name, given in case["feeds"].items()
        }
        model = Model(document.folder, torch.device("cpu"), choice)
        outputs = model.program(document).run(feeds)
        first = outputs[document.graph.outputs[0].name]
        return {"shape": list(first.shape), "values": first.double().reshape(-1).tolist()}
    except DocumentError as error:
        return {"error": str(error)}


apply_settings()
cases = json.load(sys.stdin)
eager = "eager" in sys.argv[1:]
json.dump([run(case, Choice(eager=eager)) for case in cases], sys.stdout)
