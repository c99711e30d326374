"""The mean loss of a folder by the library itself, in float32 on the CPU, for comparison.

usage: transformers_loss.py FOLDER LENGTH SEQUENCES THREADS [ATTENTION]   ->   one JSON line
"""
import json
import os
import resource
import sys
import time

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")

import torch
import transformers
from transformers import AutoModelForCausalLM

folder, length, sequences, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
attention = sys.argv[5] if len(sys.argv) > 5 else "sdpa"
torch.set_num_threads(threads)
torch.set_grad_enabled(False)


def gemm_rate():
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        best = max(best, 2 * 2048**3 / (time.perf_counter() - start))
    return best / 1e9


start = time.perf_counter()
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention).eval()
loaded = time.perf_counter()
losses, used, wall = [], [], []
for row in json.load(sys.stdin)[:sequences]:
    ids = torch.tensor([row[:length]])
    cpu_before, wall_before = time.process_time(), time.perf_counter()
    logits = model(ids, use_cache=False).logits
    loss = torch.nn.CrossEntropyLoss()(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))
    losses.append(loss.item())
    used.append(time.process_time() - cpu_before)
    wall.append(time.perf_counter() - wall_before)
    del logits
print(
    json.dumps(
        {
            "version": f"transformers {transformers.__version__}, torch {torch.__version__}, {attention}",
            "threads": torch.get_num_threads(),
            "loadMs": (loaded - start) * 1000,
            "cpuSeconds": used,
            "wallSeconds": wall,
            "losses": losses,
            "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "gemmGflops": gemm_rate(),
        }
    )
)
