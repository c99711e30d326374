"""A plain torch Llama forward with CrossEntropyLoss over a folder's safetensors, for comparison.

usage: torch_llama.py FOLDER LENGTH SEQUENCES THREADS   ->   one JSON line
"""
import json
import mmap
import resource
import sys
import time

import torch
import torch.nn.functional as F

folder, length, sequences, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.set_grad_enabled(False)
TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def load(path):
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    weights = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = TYPES[entry["dtype"]]
        raw = torch.frombuffer(data, dtype=kind, count=(end - begin) // torch.empty((), dtype=kind).element_size(), offset=8 + size + begin)
        weights[name] = raw.reshape(entry["shape"]).float()
    return weights


def norm(x, weight, epsilon):
    return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon))


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def forward(config, weights, ids):
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    width, count = config["hidden_size"] // heads, ids.shape[1]
    frequencies = 1.0 / (config["rope_theta"] ** (torch.arange(0, width, 2).float() / width))
    angles = torch.outer(torch.arange(count).float(), frequencies)
    cos, sin = torch.cat((angles, angles), -1).cos(), torch.cat((angles, angles), -1).sin()
    mask = torch.full((count, count), torch.finfo(torch.float32).min).triu(1)
    hidden = F.embedding(ids, weights["model.embed_tokens.weight"])
    for index in range(config["num_hidden_layers"]):
        layer = {name[len(prefix) :]: value for prefix in [f"model.layers.{index}."] for name, value in weights.items() if name.startswith(prefix)}
        x = norm(hidden, layer["input_layernorm.weight"], config["rms_norm_eps"])
        split = lambda part, number: F.linear(x, layer[f"self_attn.{part}_proj.weight"]).view(1, count, number, width).transpose(1, 2)
        q, k, v = rotate(split("q", heads), cos, sin), rotate(split("k", groups), cos, sin), split("v", groups)
        k, v = (part.repeat_interleave(heads // groups, 1) for part in (k, v))
        scores = torch.softmax(q @ k.transpose(2, 3) / width**0.5 + mask, -1)
        context = (scores @ v).transpose(1, 2).reshape(1, count, heads * width)
        hidden = hidden + F.linear(context, layer["self_attn.o_proj.weight"])
        x = norm(hidden, layer["post_attention_layernorm.weight"], config["rms_norm_eps"])
        gated = F.silu(F.linear(x, layer["mlp.gate_proj.weight"])) * F.linear(x, layer["mlp.up_proj.weight"])
        hidden = hidden + F.linear(gated, layer["mlp.down_proj.weight"])
    head = weights["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"]
    return F.linear(norm(hidden, weights["model.norm.weight"], config["rms_norm_eps"]), head)


def gemm_rate():
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        best = max(best, 2 * 2048**3 / (time.perf_counter() - start))
    return best / 1e9


with open(f"{folder}/config.json") as file:
    config = json.load(file)
start = time.perf_counter()
weights = load(f"{folder}/model.safetensors")
loaded = time.perf_counter()
batches = json.load(sys.stdin)[:sequences]
losses, used, wall = [], [], []
for row in batches:
    ids = torch.tensor([row[:length]])
    cpu_before, wall_before = time.process_time(), time.perf_counter()
    logits = forward(config, weights, ids)
    loss = torch.nn.CrossEntropyLoss()(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))
    losses.append(loss.item())
    used.append(time.process_time() - cpu_before)
    wall.append(time.perf_counter() - wall_before)
    del logits
print(
    json.dumps(
        {
            "version": torch.__version__,
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
