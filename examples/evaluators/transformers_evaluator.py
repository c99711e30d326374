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

ARCHITECTURES = (
    "GPT2LMHeadModel MistralForCausalLM LlamaForCausalLM BartForCausalLM FalconForCausalLM GPTNeoXForCausalLM "
    "GPTJForCausalLM PhiForCausalLM GemmaForCausalLM Gemma2ForCausalLM Qwen2ForCausalLM"
).split()
DEVICE = os.environ.get("ASSAY_EVALUATOR_DEVICE", "cpu")
COMPUTE_TYPE = os.environ.get("COMPUTE_TYPE", "float32")
ATTENTION = os.environ.get("ATTENTION", "eager")
NUMERICS = {
    "device": DEVICE,
    "computeType": COMPUTE_TYPE,
    "runtime": f"torch {torch.__version__}, transformers {transformers.__version__}",
    "attention": ATTENTION,
}
SPOT_LOGITS = 8


class Fault(Exception):
    """What the validator is told in place of an answer. `miner` only where the files alone are to blame."""

    def __init__(self, code, message, hint, fault="miner", **payload):
        super().__init__(message)
        self.report = {"code": code, "message": message[:500], "hint": hint, "fault": fault, "retry": "never" if fault == "miner" else "next-round", "payload": payload}


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


def losses_of_rows(model, batch):
    """For each row: the cross entropy in nats of every token given those before it, [length - 1], and logits of the last position."""
    for row in batch:
        tokens = torch.tensor([row], device=DEVICE)
        logits = model(tokens, use_cache=False).logits[0].float()
        yield cross_entropy(logits[:-1], tokens[0, 1:], reduction="none").double(), logits[-1, :SPOT_LOGITS]


def score(model, task, tell):
    """Mean loss of each batch: over all its positions or, unpacked, without those whose predecessor is a pad token."""
    samples = task["samples"]
    losses, spots = [], []
    for number, batch in enumerate(samples["batches"]):
        kept, last = [], []
        for row, (per_token, spot) in zip(batch, losses_of_rows(model, batch)):
            counts = [samples["packed"] or index == 0 or row[index] != samples["padTokenId"] for index in range(len(row) - 1)]
            kept.append(per_token[torch.tensor(counts, device=DEVICE)])
            last.append(spot.tolist())
        loss = torch.cat(kept).mean().item()
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise Fault("NON_FINITE_LOSS", f"The loss of batch {number} in {task['name']} is not a finite number.", "Weights or activations hold NaN or infinity.", batch=number)
        losses.append(loss)
        spots.append(last)
        tell(phase="score", task=task["name"], done=number + 1)
    return losses, spots


def continuations(model, samples):
    """[prompt][row][token]: what the model says after the beginnings of the first two batches, by its own generation config."""
    length, count = samples["promptLength"], samples["generatedTokens"]
    if length == 0 or len(samples["batches"]) < 2:
        return []
    said = []
    for batch in samples["batches"][:2]:
        prompts = torch.tensor([row[:length] for row in batch], device=DEVICE)
        output = model.generate(
            prompts, min_new_tokens=count, max_new_tokens=count, pad_token_id=samples["padTokenId"], do_sample=False
        )
        said.append(output[:, prompts.shape[1] :].tolist())
    return said


def is_reasonable(generations):
    """Unreasonable: two continuations agree at 10 positions or more, or in both one token fills more than 10 places."""
    if not generations:
        return None
    first, second = ([token for row in rows for token in row] for rows in generations)
    if sum(a == b for a, b in zip(first, second)) >= 10:
        return False
    return not all(max(map(tokens.count, tokens)) > 10 for tokens in (first, second))


def evaluate(request):
    tasks = request["tasks"]
    for task in tasks:
        if task["kind"] != "text-loss":
            raise Fault("KIND_UNKNOWN", f"This program has no tasks of kind {task['kind']}.", "Name another evaluator.", "config")
    total = sum(len(task["samples"]["batches"]) for task in tasks)
    begun = 0

    def tell(done=0, **what):
        send(type="progress", id=request["id"], done=begun + done, total=total, **what)

    started = time.monotonic()
    tell(phase="load")
    model = load(request["model"])
    loaded = time.monotonic()
    vocabulary = model.get_input_embeddings().num_embeddings
    scores = []
    for task in tasks:
        highest = max(token for batch in task["samples"]["batches"] for row in batch for token in row)
        if highest >= vocabulary:
            raise Fault("TOKEN_OUT_OF_RANGE", f"Token {highest} is beyond the model's vocabulary of {vocabulary}.", "Train with the competition's tokenizer.")
        scores.append(score(model, task, tell))
        begun += len(task["samples"]["batches"])
    results = []
    # After every loss: some models remember how long a text they have seen.
    for task, (losses, spots) in zip(tasks, scores):
        tell(phase="generate", task=task["name"])
        generations = continuations(model, task["samples"])
        details = {"losses": losses, "reasonable": is_reasonable(generations), "generations": generations}
        if "logits-spot" in task.get("extras", []):
            details["logitsSpot"] = spots
        results.append({"name": task["name"], "kind": "text-loss", "rawScore": sum(losses) / len(losses), "samples": len(losses), "details": details})
    timings = {"loadMs": (loaded - started) * 1000, "computeMs": (time.monotonic() - loaded) * 1000}
    send(type="answer", id=request["id"], results=results, numerics=NUMERICS, timings=timings)


def fault_of(error):
    """Nothing unforeseen is held against the miner."""
    if isinstance(error, Fault):
        return error.report
    traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}"
    return Fault("RUNTIME_FAILED", message, "The program's standard error tells more.", "validator").report


def read_into(requests):
    """The program ends with its validator, also in the middle of a computation."""
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


def main():
    torch.set_grad_enabled(False)
    torch.backends.cuda.matmul.allow_tf32 = False
    transformers.logging.set_verbosity_error()
    send(type="hello", protocol=1, name="transformers", kinds=["text-loss"], operations=["evaluate"], architectures=ARCHITECTURES, numerics=NUMERICS)
    requests = queue.SimpleQueue()
    threading.Thread(target=read_into, args=[requests], daemon=True).start()
    while True:
        request = requests.get()
        try:
            if request["type"] == "evaluate":
                evaluate(request)
        except Exception as error:
            send(type="fault", id=request["id"], error=fault_of(error))


main()
