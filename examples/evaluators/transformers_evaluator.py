"""An evaluator on torch and transformers, for the validator's `process` evaluator (docs/build/evaluator-protocol.md).

For subnets that agreed on bfloat16 and flash attention, and as a program to start yours from. Needs torch, transformers
and safetensors; flash attention needs flash-attn as well. The library's version moves digits (docs/run/numerics.md).

    evaluator:
      use: process
      command: [python3, ./transformers_evaluator.py]
      device: cuda
      environment: { COMPUTE_TYPE: bfloat16, ATTENTION: flash_attention_2 }
      processPerModel: true
      network: deny-if-possible
"""

import array
import hashlib
import json
import os
import queue
import sys
import threading
import time
import traceback

# The folder holds all that is needed, and nobody is asked for more.
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # what libraries print is for people, not for the validator

import torch
import transformers
from safetensors import SafetensorError, safe_open
from torch.nn.functional import cross_entropy

KNOWN = (
    "GPT2LMHeadModel MistralForCausalLM LlamaForCausalLM BartForCausalLM FalconForCausalLM GPTNeoXForCausalLM "
    "GPTJForCausalLM PhiForCausalLM GemmaForCausalLM Gemma2ForCausalLM Qwen2ForCausalLM Qwen3ForCausalLM "
    "Phi3ForCausalLM Gemma3ForCausalLM Qwen3MoeForCausalLM Olmo2ForCausalLM MixtralForCausalLM"
).split()
ARCHITECTURES = [name for name in KNOWN if hasattr(transformers, name)]
DEVICE = os.environ.get("ASSAY_EVALUATOR_DEVICE", "cpu")
COMPUTE_TYPE = os.environ.get("COMPUTE_TYPE", "float32")
ATTENTION = os.environ.get("ATTENTION", "eager")
NUMERICS = {
    "device": DEVICE,
    "computeType": COMPUTE_TYPE,
    "runtime": f"torch {torch.__version__}, transformers {transformers.__version__}",
    "attention": ATTENTION,
    "library": f"transformers {transformers.__version__}",
}
SPOT_LOGITS = 8
MAX_KEPT = 2  # models that stay loaded between two parts: as many as a match has


class Fault(Exception):
    """What the validator is told in place of an answer. `miner` only where the files alone are to blame."""

    def __init__(self, code, message, hint, fault="miner", **payload):
        super().__init__(message)
        self.report = {"code": code, "message": message[:500], "hint": hint, "fault": fault, "retry": "never" if fault == "miner" else "next-round", "payload": payload}


class Cancelled(Exception):
    """The validator has given the request up."""


def send(**message):
    messages.write(json.dumps(message, allow_nan=False) + "\n")
    messages.flush()


def load(wanted):
    """A model with every weight from its files. The library fills what is missing with random numbers, and only warns."""
    if wanted["architecture"] not in ARCHITECTURES:
        raise Fault("ARCHITECTURE_UNKNOWN", f"{wanted['architecture']} is not among {', '.join(ARCHITECTURES)}.", "Add it to this program.", "config")
    folder = wanted["directory"]
    for name in (file["path"] for file in wanted["files"] if file["path"].endswith(".safetensors")):
        try:
            safe_open(os.path.join(folder, name), framework="pt").keys()
        except SafetensorError as error:
            raise Fault("WEIGHTS_UNREADABLE", f"{name} is no valid safetensors file: {error}", "Save the model again, with save_pretrained.") from error
    model, found = getattr(transformers, wanted["architecture"]).from_pretrained(
        folder,
        torch_dtype=getattr(torch, COMPUTE_TYPE),
        attn_implementation=ATTENTION,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    lacking = sorted(found["missing_keys"]) + [str(key) for key, *_shapes in found["mismatched_keys"]]
    if lacking:
        raise Fault("WEIGHTS_MISSING", f"The weights lack {len(lacking)} tensors, {lacking[0]} first.", "Save the model again, with save_pretrained.")
    return model.to(DEVICE).eval()


class Samples:
    """The samples of a task: 32-bit ids in a file that is named by its digest, and their shapes beside it."""

    def __init__(self, task):
        self.name, self.told = task["name"], task["parameters"]
        path, digest = task["samples"]["path"], task["samples"]["digest"]
        self.shapes = [(one["rows"], one["length"]) for one in task["samples"]["shapes"] for _ in range(one["samples"])]
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise Fault("SAMPLES_UNREADABLE", f"The samples in {path} can't be read: {error}", "Let the program read the scratch folder.", "validator") from error
        if hashlib.sha256(content).hexdigest() != digest or len(content) != 4 * sum(rows * length for rows, length in self.shapes):
            raise Fault("SAMPLES_DIFFER", f"The samples in {path} are not those that were drawn.", "Check the disk.", "validator")
        self.ids = array.array("I", content)
        if sys.byteorder == "big":
            self.ids.byteswap()
        wanted = task.get("range", {"from": 0, "to": len(self.shapes)})
        self.range = range(wanted["from"], wanted["to"])

    def __iter__(self):
        """Number and rows, [row][token], of every sample that is asked for."""
        start = 0
        for number, (rows, length) in enumerate(self.shapes):
            if number in self.range:
                yield number, self.rows_at(start, rows, length)
            start += rows * length

    def rows_at(self, start, rows, length):
        return [self.ids[start + row * length : start + (row + 1) * length].tolist() for row in range(rows)]

    def prompts(self):
        """Beginnings of the first two samples, where the model is asked to continue them."""
        length = self.told["promptLength"]
        if length == 0 or self.range.start > 0 or len(self.shapes) < 2:
            return []
        (rows, row_length), second = self.shapes[:2]
        firsts = [self.rows_at(0, rows, row_length), self.rows_at(rows * row_length, *second)]
        return [[row[:length] for row in rows] for rows in firsts]


def losses_of_rows(model, rows):
    """For each row: the cross entropy in nats of every token given those before it, [length - 1], and logits of the last position."""
    for row in rows:
        tokens = torch.tensor([row], device=DEVICE)
        logits = model(tokens, use_cache=False).logits[0].float()
        yield cross_entropy(logits[:-1], tokens[0, 1:], reduction="none").double(), logits[-1, :SPOT_LOGITS]


def loss_of(model, rows, told):
    """Mean loss of a sample over all its positions or, unpacked, without those whose predecessor is a pad token; and spot logits."""
    kept, last = [], []
    for row, (per_token, spot) in zip(rows, losses_of_rows(model, rows)):
        counts = [told["packed"] or index == 0 or row[index] != told["padTokenId"] for index in range(len(row) - 1)]
        kept.append(per_token[torch.tensor(counts, device=DEVICE)])
        last.append(spot.tolist())
    return torch.cat(kept).mean().item(), last


def score(model, samples, send_loss, requests, id):
    """Sends the loss of every sample as soon as it is known. Returns the spot logits."""
    spots = []
    for number, rows in samples:
        if requests.is_cancelled(id):
            raise Cancelled
        loss, last = loss_of(model, rows, samples.told)
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise Fault("NON_FINITE_LOSS", f"The loss of sample {number} in {samples.name} is not a finite number.", "Weights or activations hold NaN or infinity.", batch=number)
        send_loss(number, loss)
        spots.append(last)
    return spots


def continuations(model, samples):
    """[prompt][row][token]: what the model says after the beginnings of the first two samples, by its own generation config."""
    count, said = samples.told["generatedTokens"], []
    for rows in samples.prompts():
        prompts = torch.tensor(rows, device=DEVICE)
        output = model.generate(
            prompts, min_new_tokens=count, max_new_tokens=count, pad_token_id=samples.told["padTokenId"], do_sample=False
        )
        said.append(output[:, prompts.shape[1] :].tolist())
    return said


class Models:
    """Loaded models by digest: the one that is asked for, and those of which another part comes."""

    def __init__(self):
        self.kept = {}

    def take(self, wanted):
        return self.kept.pop(wanted["digest"], None) or load(wanted)

    def keep(self, wanted, model):
        self.kept[wanted["digest"]] = model
        while len(self.kept) > MAX_KEPT:
            del self.kept[next(iter(self.kept))]

    def release(self, digest):
        self.kept.pop(digest, None)


def evaluate(request, models, requests):
    id, tasks = request["id"], request["tasks"]
    for task in tasks:
        if task["kind"] != "text-loss":
            raise Fault("KIND_UNKNOWN", f"This program has no tasks of kind {task['kind']}.", "Name another evaluator.", "config")
    started = time.monotonic()
    send(type="progress", id=id, phase="load")
    all_samples = [Samples(task) for task in tasks]
    model = models.take(request["model"])
    loaded = time.monotonic()
    vocabulary = model.get_input_embeddings().num_embeddings
    spots = []
    for samples in all_samples:
        highest = max(samples.ids)
        if highest >= vocabulary:
            raise Fault("TOKEN_OUT_OF_RANGE", f"Token {highest} is beyond the model's vocabulary of {vocabulary}.", "Train with the competition's tokenizer.")
        send_loss = lambda number, loss: send(type="losses", id=id, task=samples.name, losses=[loss], **{"from": number})
        spots.append(score(model, samples, send_loss, requests, id))
    results = []
    # After every loss: some models remember how long a text they have seen.
    for task, samples, last in zip(tasks, all_samples, spots):
        send(type="progress", id=id, phase="generate", task=task["name"])
        details = {"generations": continuations(model, samples)}
        if "logits-spot" in task.get("extras", []):
            details["logitsSpot"] = last
        results.append({"name": task["name"], "kind": "text-loss", "details": details})
    if request["keep"]:
        models.keep(request["model"], model)
    timings = {"loadMs": (loaded - started) * 1000, "computeMs": (time.monotonic() - loaded) * 1000}
    send(type="answer", id=id, results=results, numerics=NUMERICS, timings=timings)


def fault_of(error):
    """Nothing unforeseen is held against the miner."""
    if isinstance(error, Fault):
        return error.report
    traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}"
    return Fault("RUNTIME_FAILED", message, "The program's standard error tells more.", "validator").report


class Requests:
    """What the validator writes: requests in their order, and which of them are given up."""

    def __init__(self):
        self.waiting = queue.SimpleQueue()
        self.cancelled = set()

    def read(self):
        """The program ends with its validator, also in the middle of a computation."""
        for line in sys.stdin:
            message = json.loads(line)
            if message["type"] == "cancel":
                self.cancelled.add(message["id"])
            else:
                self.cancelled.discard(message.get("id"))  # the same id may be asked for again
                self.waiting.put(message)
        os._exit(0)

    def is_cancelled(self, id):
        return id in self.cancelled


def main():
    torch.set_grad_enabled(False)
    torch.backends.cuda.matmul.allow_tf32 = False
    transformers.logging.set_verbosity_error()
    operations = ["evaluate", "cancel", "release"]
    send(type="hello", protocol=2, name="transformers", kinds=["text-loss"], operations=operations, architectures=ARCHITECTURES, numerics=NUMERICS, capacity=1)
    models, requests = Models(), Requests()
    threading.Thread(target=requests.read, daemon=True).start()
    while True:
        request = requests.waiting.get()
        try:
            if request["type"] == "evaluate":
                evaluate(request, models, requests)
            elif request["type"] == "release":
                models.release(request["digest"])
        except Cancelled:
            send(type="cancelled", id=request["id"])
        except Exception as error:
            send(type="fault", id=request["id"], error=fault_of(error))


main()
