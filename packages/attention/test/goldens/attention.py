"""RoPE and causal attention, forward and gradient: /usr/bin/python3 attention.py writes attention.json beside it.

Computed in float64 from inputs that are exact in float32 (tensor-core's golden_inputs.py has the formula), printed to 9 significant digits. All values are
flat and row-major. Layouts: q and y [B, T, H, D], k and v [B, S, KV, D], lse [B, T, H]; query head h reads kv head h // (H / KV).

RoPE: angle[p, i] = p * theta^(-2i/D), i < D/2; a pair (a, b) turns into (a cos - b sin, a sin + b cos). Convention `half-split` (Hugging Face) pairs elements i and
i + D/2; `interleaved` (Meta, llama2.c, GGUF) pairs 2i and 2i + 1. `none` turns nothing.

Attention: score[t, s] = scale * q[t] . k[s] after RoPE, scale = D^-0.5 where not given; key s is seen by query t where positionK[s] <= positionQ[t];
lse = logsumexp of a query's seen scores; y = sum of softmax(score) v. Positions: queries positionQ[t] = queryStart + t, keys positionK[s] = keyStart + s. With `lengths`, row b has
lengths[b] keys (the rest of S is padding, neither seen nor given a gradient) at 0, 1, ..., and its T queries are the last T positions: positionQ[t] = lengths[b] - T + t.

The gradients are of sum(y * cotangent), with respect to q, k and v before RoPE.

`decoding`: the same q, k, v fed in `chunks` of tokens through a cache of rotated keys; the rows of `y` must equal the one-pass result (the script asserts it
to 1e-12): after the chunk ending at token n, rows up to n are final.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tensor-core/test/goldens"))

import torch
from golden_inputs import meta, rounded, values, write

torch.set_num_threads(1)
THETA = 1e4
next_seed = iter(range(30_000, 40_000))
materialise = lambda spec: values(spec["seed"], spec["shape"], spec["scale"], spec["offset"])


def floats(shape, scale=1.0):
    return dict(shape=list(shape), seed=next(next_seed), scale=scale, offset=0.0)


def rope(x, positions, convention, theta=THETA):
    """x [B, T, heads, D], positions [T] or [B, T]."""
    if convention == "none":
        return x
    d = x.shape[-1]
    angle = positions.double()[..., None, None] * theta ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    cos, sin = angle.cos(), angle.sin()
    if convention == "half-split":
        a, b = x[..., : d // 2], x[..., d // 2 :]
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


def attend(q, k, v, seen, scale=None):
    """q, k rotated; seen [T, S] or [B, T, S]. Returns y and lse."""
    group = q.shape[2] // k.shape[2]
    k, v = k.repeat_interleave(group, 2), v.repeat_interleave(group, 2)
    scores = torch.einsum("bthd,bshd->bhts", q, k) * (q.shape[-1] ** -0.5 if scale is None else scale)
    scores = scores.masked_fill(~(seen if seen.dim() == 2 else seen[:, None]), float("-inf"))
    return torch.einsum("bhts,bshd->bthd", scores.softmax(-1), v), scores.logsumexp(-1).transpose(1, 2)


def rope_case(name, shape, convention, positions, theta=THETA):
    x, cotangent = floats(shape), floats(shape)
    leaf = materialise(x).requires_grad_()
    y = rope(leaf, torch.tensor(positions), convention, theta)
    (y * materialise(cotangent)).sum().backward()
    return dict(name=name, convention=convention, theta=theta, positions=positions, x=x, cotangent=cotangent, y=rounded(y.flatten()), gradient=rounded(leaf.grad.flatten()))


def attention_case(name, convention, heads, kv_heads, t, s, query_start=0, key_start=0, lengths=None, scale=None, batch=2, d=6, spread=2.0):
    inputs = dict(q=floats([batch, t, heads, d], spread), k=floats([batch, s, kv_heads, d], spread), v=floats([batch, s, kv_heads, d]))
    cotangent = floats([batch, t, heads, d])
    q, k, v = (materialise(spec).requires_grad_() for spec in inputs.values())
    if lengths is None:
        position_q, position_k = query_start + torch.arange(t), key_start + torch.arange(s)
        seen = position_k[None, :] <= position_q[:, None]
        where = dict(queryStart=query_start, keyStart=key_start)
    else:
        position_q, position_k = torch.tensor(lengths)[:, None] - t + torch.arange(t), torch.arange(s)
        seen = position_k[None, None, :] <= position_q[:, :, None]
        where = dict(lengths=lengths)
    turned_q, turned_k = rope(q, position_q, convention), rope(k, position_k, convention)
    y, lse = attend(turned_q, turned_k, v, seen, scale)
    (y * materialise(cotangent)).sum().backward()
    row = dict(name=name, convention=convention, theta=THETA, heads=heads, kvHeads=kv_heads, headDim=d, **where)
    if scale is not None:
        row["scale"] = scale
    row.update(inputs=inputs, cotangent=cotangent, y=y, lse=lse, gradients=dict(q=q.grad, k=k.grad, v=v.grad))
    return {key: rounded(value.flatten() if isinstance(value, torch.Tensor) else {n: g.flatten() for n, g in value.items()} if key == "gradients" else value) for key, value in row.items()}


def decoding_case(name, convention, heads, kv_heads, chunks, start, batch=2, d=6):
    t = sum(chunks)
    inputs = dict(q=floats([batch, t, heads, d], 2.0), k=floats([batch, t, kv_heads, d], 2.0), v=floats([batch, t, kv_heads, d]))
    q, k, v = (materialise(spec) for spec in inputs.values())
    positions = start + torch.arange(t)
    whole_k = rope(k, positions, convention)
    whole, _ = attend(rope(q, positions, convention), whole_k, v, torch.ones(t, t).tril().bool())
    cache_k, cache_v, parts, done = k[:, :0], v[:, :0], [], 0
    for size in chunks:
        rows = slice(done, done + size)
        cache_k = torch.cat([cache_k, rope(k[:, rows], positions[rows], convention)], 1)
        cache_v = torch.cat([cache_v, v[:, rows]], 1)
        seen = torch.arange(done + size)[None, :] <= torch.arange(done, done + size)[:, None]
        parts.append(attend(rope(q[:, rows], positions[rows], convention), cache_k, cache_v, seen)[0])
        done += size
    assert (torch.cat(parts, 1) - whole).abs().max() < 1e-12
    row = dict(name=name, convention=convention, theta=THETA, heads=heads, kvHeads=kv_heads, headDim=d, start=start, chunks=chunks, inputs=inputs)
    return dict(**row, rotatedKeys=rounded(whole_k.flatten()), y=rounded(whole.flatten()))


ROPE, ATTENTION, DECODING = [], [], []
for convention in ("half-split", "interleaved"):
    ROPE += [
        rope_case(f"{convention} from 0", [2, 7, 3, 6], convention, list(range(7))),
        rope_case(f"{convention} from 5", [2, 7, 3, 6], convention, list(range(5, 12))),
        rope_case(f"{convention} positions by row", [2, 3, 1, 6], convention, [[0, 1, 2], [9, 4, 4]]),
        rope_case(f"{convention} far", [1, 4, 1, 8], convention, [0, 100, 1000, 8191]),
        rope_case(f"{convention} theta 500000", [1, 5, 2, 4], convention, list(range(5)), 5e5),
    ]
for convention in ("none", "half-split", "interleaved"):
    for label, heads, kv_heads in (("MHA", 3, 3), ("GQA", 4, 2), ("MQA", 3, 1)):
        ATTENTION.append(attention_case(f"{label} {convention}", convention, heads, kv_heads, 7, 7))
    ATTENTION += [
        attention_case(f"GQA {convention} from 5", convention, 4, 2, 7, 7, 5, 5),
        attention_case(f"GQA {convention} 7 queries from 5 over 12 keys from 0", convention, 4, 2, 7, 12, 5, 0),
        attention_case(f"GQA {convention} one query over 9 keys", convention, 4, 2, 1, 9, 8, 0),
        attention_case(f"GQA {convention} lengths", convention, 4, 2, 3, 8, lengths=[8, 5]),
    ]
ATTENTION += [
    attention_case("MHA scale 0.25", "none", 2, 2, 5, 5, scale=0.25),
    attention_case("MHA large scores", "none", 2, 2, 5, 5, spread=32.0),
    attention_case("MHA odd head of 5, batch 1", "none", 3, 3, 7, 7, batch=1, d=5),
]
for convention in ("half-split", "interleaved"):
    DECODING += [
        decoding_case(f"GQA {convention} prefill 4 then one by one", convention, 4, 2, [4, 1, 1, 1], 0),
        decoding_case(f"GQA {convention} from 5 in chunks", convention, 4, 2, [3, 1, 2, 1], 5),
        decoding_case(f"MHA {convention} one by one", convention, 3, 3, [1] * 7, 0),
    ]

write(
    __file__,
    dict(meta=meta(__file__, "in each input", " ".join(__doc__.split())), rope=ROPE, attention=ATTENTION, decoding=DECODING),
    lists=("rope", "attention", "decoding"),
)
print(len(ROPE), len(ATTENTION), len(DECODING), "cases")
