"""The same LoRA step and the same greedy decoding in PyTorch, for a look side by side.

Optional: nothing in the library needs Python. On Debian 12, either install python3-torch and libopenblas0-pthread, or, to leave the system
as it is, unpack them into a folder (the script beside this file, debian.sh, does that), and run

    python3 benchmarks/pytorch/compare.py --size 25m --threads 1
    dotnet run -c Release --project benchmarks -- all --size 25m --threads 1

one right after the other. On one thread both count the thread's processor time. Prints one JSON object a line.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

# hidden, middle, layers, heads, key/value heads, vocabulary: as in RandomModel.cs
SIZES = {"25m": (512, 1408, 6, 8, 4, 8192), "110m": (768, 2048, 12, 12, 12, 16384)}


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


class Lora(nn.Module):
    def __init__(self, i, o, rank=8, alpha=4.0, dropout=0.1):
        super().__init__()
        self.inner = nn.Linear(i, o, bias=False)
        self.lora_a = nn.Linear(i, rank, bias=False)
        self.lora_b = nn.Linear(rank, o, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.scaling = alpha / rank

    def forward(self, x):
        return self.inner(x) + self.lora_b(self.lora_a(self.dropout(x))) * self.scaling


def rotate(x, start):
    half = x.shape[-1] // 2
    angles = torch.outer(torch.arange(start, start + x.shape[2]).float(), 10000.0 ** (-torch.arange(half).float() / half))
    cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


def attend(q, k, v, causal):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), float("-inf"))
    return scores.softmax(-1) @ v


class Block(nn.Module):
    def __init__(self, d, middle, heads, kv):
        super().__init__()
        self.heads, self.kv = heads, kv
        width = kv * (d // heads)
        self.first, self.second = Norm(d), Norm(d)
        self.q, self.k, self.v = Lora(d, d), nn.Linear(d, width, bias=False), Lora(d, width)
        self.o = nn.Linear(d, d, bias=False)
        self.gate, self.up = nn.Linear(d, middle, bias=False), nn.Linear(d, middle, bias=False)
        self.down = nn.Linear(middle, d, bias=False)

    def forward(self, x, cache=None):
        b, t, _ = x.shape
        start = 0 if cache is None or not cache else cache[0].shape[2]
        n = self.first(x)
        q = rotate(self.q(n).view(b, t, self.heads, -1).transpose(1, 2), start)
        k = rotate(self.k(n).view(b, t, self.kv, -1).transpose(1, 2), start)
        v = self.v(n).view(b, t, self.kv, -1).transpose(1, 2)
        if cache is not None:
            if cache:
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[:] = [k, v]
        group = self.heads // self.kv
        y = attend(q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1), causal=t > 1)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, -1))
        m = self.second(x)
        return x + self.down(F.silu(self.gate(m)) * self.up(m))


class Llama(nn.Module):
    def __init__(self, size):
        super().__init__()
        d, middle, layers, heads, kv, vocabulary = SIZES[size]
        self.embedding = nn.Embedding(vocabulary, d)
        self.blocks = nn.ModuleList(Block(d, middle, heads, kv) for _ in range(layers))
        self.norm, self.head = Norm(d), nn.Linear(d, vocabulary, bias=False)
        for name, p in self.named_parameters():
            p.requires_grad = "lora" in name

    def forward(self, ids, caches=None):
        x = self.embedding(ids)
        for i, block in enumerate(self.blocks):
            x = block(x, None if caches is None else caches[i])
        return self.head(self.norm(x))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="25m", choices=SIZES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=32)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    clock = time.thread_time if a.threads == 1 else time.perf_counter
    model, vocabulary = Llama(a.size), SIZES[a.size][5]
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, 2e-4, weight_decay=0)
    ids = torch.randint(0, vocabulary, (4, 256))
    labels = ids.clone()
    labels[:, :128] = -100

    def step():
        optimizer.zero_grad()
        logits = model(ids)
        F.cross_entropy(logits[:, :-1].reshape(-1, vocabulary), labels[:, 1:].reshape(-1), ignore_index=-100).backward()
        nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()

    @torch.no_grad()
    def decode(batch, tokens):
        caches = [[] for _ in model.blocks]
        x = torch.randint(0, vocabulary, (batch, 32))
        for _ in range(tokens):
            x = model(x, caches)[:, -1:].argmax(-1)

    def seconds(work):
        work()
        times = []
        for _ in range(a.repeats):
            start = clock()
            work()
            times.append(clock() - start)
        return statistics.median(times)

    square = torch.randn(1024, 1024)
    say = lambda name, value: print(json.dumps({"size": a.size, "threads": a.threads, "torch": torch.__version__, "name": name, "value": value}), flush=True)
    say("1024^3 product, GFLOP/s", 2 * 1024**3 / seconds(lambda: square @ square) / 1e9)
    say("LoRA step 4 x 256, s", seconds(step))
    model.eval()
    for batch in (1, 8, 32):
        time_all, time_first = seconds(lambda: decode(batch, a.tokens + 1)), seconds(lambda: decode(batch, 1))
        say(f"decode batch {batch}, tokens/s", batch * a.tokens / (time_all - time_first))


if __name__ == "__main__":
    main()
