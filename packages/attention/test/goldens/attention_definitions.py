"""What the goldens of attention's modules share: masks, softmax and rotary positions in float64, from the papers and Hugging Face's definitions."""
import math
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tensor-core/test/goldens"))

import torch
from golden_inputs import rounded, values
from rope import frequencies

torch.set_num_threads(1)


def seeded(first):
    """A maker of input descriptions with seeds of their own."""
    seeds = iter(range(first, first + 10_000))
    return lambda shape, scale=1.0, offset=0.0: dict(shape=list(shape), seed=next(seeds), scale=scale, offset=offset)


def leaf(spec):
    return values(spec["seed"], spec["shape"], spec["scale"], spec["offset"]).requires_grad_()


def linear(x, parameters, name):
    """torch.nn.functional.linear with the weight and, where there is one, the bias of a projection."""
    return torch.nn.functional.linear(x, parameters[f"{name}.weight"], parameters.get(f"{name}.bias"))


def rms_norm(x, weight, eps):
    """Zhang and Sennrich 2019, eq. 4."""
    return x * (x.pow(2).mean(-1, keepdim=True) + eps).rsqrt() * weight


def rotate_half(x):
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), -1)


def turn(x, rope):
    """Hugging Face's apply_rotary_pos_emb on x [B, H, T, D]: x cos + rotate_half(x) sin, cos and sin of every frequency twice. Interleaved as in
    DeepSeek's files: pairs of neighbours are first brought to halves; here they are brought back afterwards, which no score notices. Channels behind
    `channels` stay (partial_rotary_factor)."""
    if rope is None:
        return x
    channels = rope.get("channels") or x.shape[-1]
    f, factor = frequencies(channels, rope["theta"], rope.get("scaling"))
    angle = torch.tensor(rope["positions"], dtype=torch.float64)[..., None] * f
    angle = torch.cat((angle, angle), -1)
    cos, sin = angle.cos() * factor, angle.sin() * factor
    if angle.dim() == 3:
        cos, sin = cos[:, None], sin[:, None]
    head, rest = x[..., :channels], x[..., channels:]
    if rope.get("interleaved"):
        halves = head.unflatten(-1, (channels // 2, 2)).transpose(-1, -2).flatten(-2)
        turned = halves * cos + rotate_half(halves) * sin
        turned = turned.unflatten(-1, (2, channels // 2)).transpose(-1, -2).flatten(-2)
    else:
        turned = head * cos + rotate_half(head) * sin
    return torch.cat((turned, rest), -1)


def causal_mask(batch, time, keys=None, window=None, sinks=0, firsts=None, starts=0):
    """[B, T, S], key by key: not behind the query, in its document, and either within the window or a sink."""
    keys = keys or time
    seen = torch.zeros(batch, time, keys, dtype=torch.bool)
    for b in range(batch):
        for t in range(time):
            position = starts + t
            for s in range(keys):
                near = window is None or position - s < window
                own = firsts is None or s >= firsts[b][t]
                seen[b, t, s] = s <= position and ((near and own) or s < sinks)
    return seen


def attend(q, k, v, seen, scale, softcap=None, bias=None):
    """q [B, H, T, D], k and v [B, KV, S, .] repeated to H heads, seen [B, T, S] -> [B, T, H Dv]. Rows that see nothing give 0 (Llama 3.2 multiplies such rows by 0)."""
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    scores = q @ k.transpose(-1, -2) * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if bias is not None:
        scores = scores + bias
    seen = seen[:, None]
    weights = torch.softmax(scores.masked_fill(~seen, -1e300), -1) * seen.any(-1, keepdim=True)
    return (weights @ v).transpose(1, 2).flatten(2)


def heads(x, count):
    """[B, T, H D] -> [B, H, T, D]"""
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def row(name, config, inputs, parameters, cotangent, forward):
    """One case: forward from leaves, gradients of sum(y * cotangent) by every input and parameter."""
    leaves = {key: leaf(spec) for key, spec in inputs.items()}
    weights = {key: leaf(spec) for key, spec in parameters.items()}
    y = forward(leaves, weights)
    assert list(y.shape) == cotangent["shape"], (y.shape, cotangent["shape"])
    (y * values(cotangent["seed"], cotangent["shape"], cotangent["scale"], cotangent["offset"])).sum().backward()
    gradients = {key: rounded(tensor.grad.flatten()) for key, tensor in {**leaves, **weights}.items()}
    return dict(name=name, **config, inputs=inputs, parameters=parameters, cotangent=cotangent, y=rounded(y.flatten()), gradients=gradients)
