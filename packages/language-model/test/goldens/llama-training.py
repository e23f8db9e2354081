"""Ten AdamW steps of a small Llama: /usr/bin/python3 llama-training.py writes llama-training.json beside it.

Model (names and layout of Hugging Face's Llama): linear weights are [out, in], y = x W^T, no biases. RMSNorm: x * rsqrt(mean(x^2) + eps) * weight.
RoPE in the half-split convention with theta 1e4 and positions 0..T-1: inv_freq[i] = theta^(-2i/D), i < D/2; q' = q cos + rotate_half(q) sin,
rotate_half([a, b]) = [-b, a]; the tables are made in float64 and rounded to the run's dtype. Grouped queries: query head h reads kv head h // (H / KV).
Scores are scaled by D^-0.5. The feed-forward is down(silu(gate(x)) * up(x)). Loss: mean cross-entropy over all B*T positions.

Parameter number p (its place in `parameters`) has seed p: element i is offset + uniform(p, i) / 32768 * scale (golden_inputs.py has the formula).
Tokens of step s (0-based): t[b][j], j = 0..T, element number i = b*(T+1) + j, is element(1000 + s, i) & element(2000 + s, i) & 63: the AND skews the
distribution, so that there is something to learn. Inputs are t[:, :T], targets t[:, 1:].

One step: zero gradients; loss; backward; global L2 norm over all parameters (a tied weight counted once); if the norm is over 1 all gradients are
multiplied by 1 / (norm + 1e-6), as torch.nn.utils.clip_grad_norm_ does; AdamW with the step's lr: w *= 1 - lr * decay; m, v; w -= lr * (m / (1 - b1^t)) /
(sqrt(v / (1 - b2^t)) + eps). Decay 0.1 on the matrices (the embedding too), 0 on the norms.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tensor-core/test/goldens"))

import torch
import torch.nn.functional as F
from golden_inputs import elements, meta, rounded, values, write

torch.set_num_threads(1)
CONFIG = dict(vocab=64, hidden=32, layers=2, heads=4, kvHeads=2, ffn=88, rmsNormEps=1e-5, ropeTheta=1e4, time=16, batch=4)
OPTIMIZER = dict(beta1=0.9, beta2=0.95, eps=1e-8, weightDecay=0.1, decayed="2-D weights, the embedding included", clipNorm=1.0, clipEps=1e-6)
LEARNING_RATES = [0.001, 0.00125, 0.0015, 0.00175, 0.002, 0.00225, 0.0025, 0.00275, 0.003, 0.003]
V, C, LAYERS, H, KV, FFN, T, B = (CONFIG[k] for k in ("vocab", "hidden", "layers", "heads", "kvHeads", "ffn", "time", "batch"))
D = C // H


def parameter_table(tied):
    rows = [("model.embed_tokens.weight", [V, C], 0.25, 0.0)]
    for layer in range(LAYERS):
        name = f"model.layers.{layer}."
        rows += [(name + "input_layernorm.weight", [C], 0.125, 1.0)]
        rows += [(name + f"self_attn.{n}_proj.weight", [out, C], 0.25, 0.0) for n, out in (("q", C), ("k", KV * D), ("v", KV * D), ("o", C))]
        rows += [(name + "post_attention_layernorm.weight", [C], 0.125, 1.0)]
        rows += [(name + f"mlp.{n}_proj.weight", shape, 0.25, 0.0) for n, shape in (("gate", [FFN, C]), ("up", [FFN, C]), ("down", [C, FFN]))]
    rows += [("model.norm.weight", [C], 0.125, 1.0)]
    if not tied:
        rows += [("lm_head.weight", [V, C], 0.25, 0.0)]
    return [dict(p=p, name=n, shape=s, scale=k, offset=o) for p, (n, s, k, o) in enumerate(rows)]


def tokens(step):
    count = B * (T + 1)
    drawn = elements(1000 + step, count) & elements(2000 + step, count)
    return torch.tensor([int(t) & 63 for t in drawn]).reshape(B, T + 1)


def rms_norm(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + CONFIG["rmsNormEps"]) * weight


def rotate_half(x):
    a, b = x.chunk(2, -1)
    return torch.cat([-b, a], -1)


def forward(w, ids):
    dtype = w["model.norm.weight"].dtype
    inv_freq = CONFIG["ropeTheta"] ** (-torch.arange(0, D, 2, dtype=torch.float64) / D)
    angle = torch.arange(T, dtype=torch.float64)[:, None] * inv_freq
    cos, sin = (torch.cat([table, table], -1).to(dtype) for table in (angle.cos(), angle.sin()))
    mask = torch.triu(torch.full((T, T), float("-inf"), dtype=dtype), 1)
    x = w["model.embed_tokens.weight"][ids]
    for layer in range(LAYERS):
        p = lambda name: w[f"model.layers.{layer}.{name}.weight"]
        h = rms_norm(x, p("input_layernorm"))
        heads = lambda name, n: (h @ p(f"self_attn.{name}_proj").T).view(-1, T, n, D).transpose(1, 2)
        q, k, v = heads("q", H), heads("k", KV), heads("v", KV)
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        k, v = k.repeat_interleave(H // KV, 1), v.repeat_interleave(H // KV, 1)
        attended = (q @ k.transpose(-1, -2) * D**-0.5 + mask).softmax(-1) @ v
        x = x + attended.transpose(1, 2).reshape(-1, T, C) @ p("self_attn.o_proj").T
        h = rms_norm(x, p("post_attention_layernorm"))
        x = x + (F.silu(h @ p("mlp.gate_proj").T) * (h @ p("mlp.up_proj").T)) @ p("mlp.down_proj").T
    return rms_norm(x, w["model.norm.weight"]) @ w.get("lm_head.weight", w["model.embed_tokens.weight"]).T


def run(tied, dtype):
    table = parameter_table(tied)
    initial = {row["name"]: values(row["p"], row["shape"], row["scale"], row["offset"], dtype) for row in table}
    w = {name: value.clone().requires_grad_() for name, value in initial.items()}
    optimizer = torch.optim.AdamW(
        [
            dict(params=[p for p in w.values() if p.dim() == 2], weight_decay=OPTIMIZER["weightDecay"]),
            dict(params=[p for p in w.values() if p.dim() == 1], weight_decay=0.0),
        ],
        betas=(OPTIMIZER["beta1"], OPTIMIZER["beta2"]),
        eps=OPTIMIZER["eps"],
    )
    losses, norms, first = [], [], {}
    for step, rate in enumerate(LEARNING_RATES):
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = tokens(step)
        logits = forward(w, batch[:, :T])
        loss = F.cross_entropy(logits.reshape(-1, V), batch[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            row = logits[0, 0].detach()
            last = logits[-1, -1].detach()
            for name, p in w.items():
                first[name] = dict(sum=p.grad.sum().item(), l2=p.grad.norm().item(), first4=p.grad.flatten()[:4])
        norms.append(torch.nn.utils.clip_grad_norm_(list(w.values()), OPTIMIZER["clipNorm"]).item())
        losses.append(loss.item())
        optimizer.step()
    final = {
        name: dict(l2=p.norm().item(), movedL2=(p - initial[name]).norm().item(), first4=p.flatten()[:4], last4=p.flatten()[-4:])
        for name, p in w.items()
    }
    return rounded(
        dict(losses=losses, gradNorms=norms, logitsFirstRow=row, logitsLastRow=last, firstGradients=first, finalParameters=final),
    )


if __name__ == "__main__":
    document = dict(
        meta=meta(__file__, "parameter p: p; tokens of step s: 1000 + s and 2000 + s", " ".join(__doc__.split())),
        config=CONFIG,
        optimizer=OPTIMIZER,
        learningRates=LEARNING_RATES,
        firstTokens=tokens(0).tolist(),
        lastTokens=tokens(9).tolist(),
    )
    for label, tied in (("tied", True), ("untied", False)):
        table = parameter_table(tied)
        document[label] = dict(
            parameters=table,
            parameterCount=sum(torch.Size(row["shape"]).numel() for row in table),
            float32=run(tied, torch.float32),
            float64=run(tied, torch.float64),
        )
        a, b = document[label]["float32"], document[label]["float64"]
        print(label, document[label]["parameterCount"], a["losses"], a["gradNorms"])
        print("  f32 against f64, relative:", *(max(abs(x - y) / abs(y) for x, y in zip(a[k], b[k])) for k in ("losses", "gradNorms")))
        print("  moved:", max(abs(a["finalParameters"][n]["movedL2"] / b["finalParameters"][n]["movedL2"] - 1) for n in b["finalParameters"]))
        print("  final first4:", max(abs(x - y) for n in b["finalParameters"] for x, y in zip(a["finalParameters"][n]["first4"], b["finalParameters"][n]["first4"])))
    write(__file__, document)
