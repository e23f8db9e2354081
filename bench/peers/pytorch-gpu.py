"""PyTorch on a GPU in turns with ours: pytorch-gpu.py [device] answers each line of JSON on stdin with one on stdout.

The device is cuda, else mps, unless named. Work is timed from before it is queued until the GPU has finished it.

{"gemm": size, "dtype": "float32" | "float16", "tf32": bool, "milliseconds": least}  -> {"tflops": ...}
{"train": {"batch", "time", "layers", "vocabSize", "hiddenSize", "intermediateSize", "heads"}, "tf32": bool, "compiled": bool}
                                                  -> {"seconds": ...}: one step of the Llama that training-workload.ts trains
{"copy": bytes, "milliseconds": least}            -> {"gigabytesPerSecond": ...}: read and written, both counted
{"ask": "free"}                                   -> {}: gives back what the work before took

What fails is answered with {"error": ...}.

Float32 is float32: TF32, which rounds operands to 10 bits of mantissa, only where "tf32" asks for it.
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def chosen_device():
    if len(sys.argv) > 1:
        return sys.argv[1]
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    sys.exit("PyTorch finds no GPU (neither CUDA nor MPS)")


DEVICE = chosen_device()


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    elif DEVICE == "mps":
        torch.mps.synchronize()


def allow_tf32(allowed):
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def timed(work, times):
    wait()
    start = time.perf_counter()
    for _ in range(times):
        work()
    wait()
    return time.perf_counter() - start


def repeated(work, milliseconds):
    """Seconds of one call, over as many as take so long."""
    timed(work, 3)
    times = 1
    while (seconds := timed(work, times)) < milliseconds / 1000:
        times *= 2
    return seconds / times


class RMSNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5) * self.weight


class Layer(nn.Module):
    def __init__(self, channels, ffn, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.mlp_norm = RMSNorm(channels), RMSNorm(channels)
        self.query, self.key, self.value, self.output = (nn.Linear(channels, channels, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(channels, ffn, bias=False) for _ in range(2))
        self.down = nn.Linear(ffn, channels, bias=False)

    def forward(self, x, cosine, sine):
        B, T, C = x.shape
        h = self.attention_norm(x)

        def heads(linear):
            return linear(h).view(B, T, self.heads, C // self.heads).transpose(1, 2)

        def rotated(y):
            left, right = y.chunk(2, -1)
            return torch.cat([left * cosine - right * sine, right * cosine + left * sine], -1)

        q, k, v = rotated(heads(self.query)), rotated(heads(self.key)), heads(self.value)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(y.transpose(1, 2).reshape(B, T, C))
        h = self.mlp_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self, size):
        super().__init__()
        C, heads = size["hiddenSize"], size["heads"]
        self.embedding = nn.Embedding(size["vocabSize"], C)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.layers = nn.ModuleList(Layer(C, size["intermediateSize"], heads) for _ in range(size["layers"]))
        self.norm = RMSNorm(C)
        D = C // heads
        frequencies = 10000.0 ** (-torch.arange(0, D, 2) / D)
        angles = torch.arange(size["time"])[:, None] * frequencies[None, :]
        self.register_buffer("cosine", torch.cos(angles))
        self.register_buffer("sine", torch.sin(angles))

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, self.cosine, self.sine)
        return self.norm(x) @ self.embedding.weight.t()


def gemm(size, dtype, tf32, milliseconds):
    allow_tf32(tf32)
    a, b = (torch.randn(size, size, device=DEVICE).to(getattr(torch, dtype)) for _ in range(2))
    y = torch.empty_like(a)
    return {"tflops": 2 * size**3 / repeated(lambda: torch.mm(a, b, out=y), milliseconds) / 1e12}


def copy(count, milliseconds):
    a = torch.ones(count // 4, device=DEVICE)
    b = torch.empty_like(a)
    return {"gigabytesPerSecond": 2 * count / repeated(lambda: b.copy_(a), milliseconds) / 1e9}


def trainer(size):
    """One model: eager and compiled steps, with TF32 and without, train the same weights."""
    torch.manual_seed(0)
    V = size["vocabSize"]
    model = Llama(size).to(DEVICE)
    compiled_model = torch.compile(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=DEVICE == "cuda")
    x, y = (torch.randint(0, V, (size["batch"], size["time"]), device=DEVICE) for _ in range(2))
    warm = set()

    def run(forward):
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x).view(-1, V), y.view(-1))
        loss.backward()
        optimizer.step()
        return loss.item()

    def step(tf32, compiled):
        allow_tf32(tf32)
        forward = compiled_model if compiled else model
        if (tf32, compiled) not in warm:
            warm.add((tf32, compiled))
            run(forward), run(forward)
        return {"seconds": timed(lambda: run(forward), 1)}

    return step


train, trained = None, None


def answered(request):
    global train, trained
    if "gemm" in request:
        return gemm(request["gemm"], request["dtype"], request["tf32"], request["milliseconds"])
    if "copy" in request:
        return copy(request["copy"], request["milliseconds"])
    if "train" in request and trained == request["train"]:
        return train(request["tf32"], request["compiled"])
    train, trained = None, None
    if DEVICE == "cuda":
        torch.cuda.empty_cache()
    if "train" not in request:
        return {}
    train, trained = trainer(request["train"]), request["train"]
    return train(request["tf32"], request["compiled"])


name = torch.cuda.get_device_name() if DEVICE == "cuda" else DEVICE
print(json.dumps({"version": torch.__version__, "device": name}), flush=True)
for line in sys.stdin:
    try:
        answer = answered(json.loads(line))
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}".split("\n")[0]}
    print(json.dumps(answer), flush=True)
