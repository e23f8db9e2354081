"""PyTorch in turns with ours: pytorch.py <threads> answers each line of JSON on stdin with one on stdout.

{"gemm": size}      -> {"gflops": ...}: the median of some products
{"train": true}     -> {"seconds": ...}: one step of the Llama that bench/src/measured/training-workload.ts trains
{"attention": {"batch", "T", "heads", "kvHeads", "D"}} -> {"forward": ..., "backward": ...}: seconds of causal attention
{"decoding": {"keys", "heads", "kvHeads", "D"}} -> {"seconds": ...}: one query over a cache
{"ask": "memory"}   -> {"addedMiB": ..., "peakMiB": ...}: peak resident memory beyond that after importing, and in all
"""
import ctypes
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

V, C, LAYERS, H, FFN, T, B = 4096, 256, 6, 8, 688, 256, 8
D = C // H


def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":"))


def openblas():
    """The library behind torch, and the kernel that it chose for this processor."""
    with open("/proc/self/maps") as lines:
        paths = sorted({line.split()[-1] for line in lines if "openblas" in line and "/" in line})
    for path in paths:
        name = getattr(ctypes.CDLL(path), "openblas_get_corename", None)
        if name is not None:
            name.restype = ctypes.c_char_p
            return name().decode()
    return "no OpenBLAS"


class RMSNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(C))

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5) * self.weight


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.mlp_norm = RMSNorm(), RMSNorm()
        self.query, self.key, self.value, self.output = (nn.Linear(C, C, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(C, FFN, bias=False) for _ in range(2))
        self.down = nn.Linear(FFN, C, bias=False)

    def forward(self, x, cosine, sine, mask):
        h = self.attention_norm(x)

        def heads(linear):
            return linear(h).view(B, T, H, D).transpose(1, 2)

        def rotated(y):
            left, right = y[..., : D // 2], y[..., D // 2 :]
            return torch.cat([left * cosine - right * sine, right * cosine + left * sine], -1)

        q, k, v = rotated(heads(self.query)), rotated(heads(self.key)), heads(self.value)
        weights = torch.softmax(q @ k.transpose(-2, -1) / D**0.5 + mask, -1)
        x = x + self.output((weights @ v).transpose(1, 2).reshape(B, T, C))
        h = self.mlp_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, C)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = RMSNorm()
        frequencies = 10000.0 ** (-torch.arange(0, D, 2) / D)
        angles = torch.arange(T)[:, None] * frequencies[None, :]
        self.cosine, self.sine = torch.cos(angles), torch.sin(angles)
        self.mask = torch.full((T, T), float("-inf")).triu(1)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, self.cosine, self.sine, self.mask)
        return self.norm(x) @ self.embedding.weight.t()


def gemm(size):
    a, b = torch.rand(size, size) - 0.5, torch.rand(size, size) - 0.5
    many = max(1, (1024 // size) ** 2)
    times = []
    torch.mm(a, b)
    end = time.perf_counter() + 0.08
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(many):
            torch.mm(a, b)
        times.append((time.perf_counter() - start) / many)
    return {"gflops": 2 * size**3 / statistics.median(times) / 1e9}


def training():
    torch.manual_seed(0)
    model = Llama()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    x, y = torch.randint(0, V, (B, T)), torch.randint(0, V, (B, T))

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).view(-1, V), y.view(-1))
        loss.backward()
        optimizer.step()
        loss.item()
        return {"seconds": time.perf_counter() - start}

    step()
    step()
    return step


def attend(q, k, v, mask):
    """[B, H, T, D] over [B, KV, S, D]: PyTorch 1.13 has no fused kernel for it on a CPU."""
    group = q.shape[1] // k.shape[1]
    if group > 1:
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return torch.softmax(scores if mask is None else scores + mask, -1) @ v


def attention(shape):
    batch, length, heads, kv_heads, d = (shape[name] for name in ("batch", "T", "heads", "kvHeads", "D"))
    make = lambda count: torch.randn(batch, count, length, d, requires_grad=True)
    q, k, v = make(heads), make(kv_heads), make(kv_heads)
    mask = torch.full((length, length), float("-inf")).triu(1)
    start = time.perf_counter()
    y = attend(q, k, v, mask)
    middle = time.perf_counter()
    y.backward(torch.ones_like(y))
    return {"forward": middle - start, "backward": time.perf_counter() - middle}


def decoding(shape):
    keys, heads, kv_heads, d = (shape[name] for name in ("keys", "heads", "kvHeads", "D"))
    q = torch.randn(1, heads, 1, d)
    k, v = torch.randn(1, kv_heads, keys, d), torch.randn(1, kv_heads, keys, d)
    times = []
    with torch.no_grad():
        for _ in range(20):
            start = time.perf_counter()
            attend(q, k, v, None)
            times.append(time.perf_counter() - start)
    return {"seconds": statistics.median(times)}


imported = status("VmRSS")
torch.set_num_threads(int(sys.argv[1]))
torch.mm(torch.ones(8, 8), torch.ones(8, 8))
step = None
print(json.dumps({"version": torch.__version__, "core": openblas()}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "gemm" in request:
        answer = gemm(request["gemm"])
    elif "train" in request:
        step = step or training()
        answer = step()
    elif "attention" in request:
        answer = attention(request["attention"])
    elif "decoding" in request:
        answer = decoding(request["decoding"])
    else:
        peak = status("VmHWM")
        answer = {"addedMiB": peak - imported, "peakMiB": peak}
    print(json.dumps(answer), flush=True)
