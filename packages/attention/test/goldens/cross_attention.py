"""Cross attention as a module, forward and gradient: /usr/bin/python3 cross_attention.py writes cross_attention.json beside it.

Computed in float64 from inputs that are exact in float32, printed to 9 significant digits; values are flat and row-major, x and y [B, T, C], context [B, S, contextSize]. Queries are
of x, keys and values of the context, of which every query of row b sees the first lengths[b] (default all; with 0 attention gives 0). No positions. The gradients are of
sum(y * cotangent) by x, the context, the bias and every parameter.
"""
from attention_definitions import attend, heads, linear, rms_norm, row, seeded
from golden_inputs import meta, write

import torch

floats = seeded(75_000)
B, T, S, C, E, H, D = 2, 3, 5, 8, 6, 4, 4


def case(name, options=None, kv=2, lengths=None, bias=None):
    options = dict(hiddenSize=C, contextSize=E, heads=H, kvHeads=kv, headDim=D, **(options or {}))
    inputs = dict(x=floats([B, T, C]), context=floats([B, S, E]))
    if bias is not None:
        inputs["bias"] = floats(bias, 2.0)
    parameters = {}
    for part, n, channels in (("q", H, C), ("k", kv, E), ("v", kv, E)):
        parameters[f"{part}_proj.weight"] = floats([n * D, channels])
        if options.get("qkvBias"):
            parameters[f"{part}_proj.bias"] = floats([n * D])
    parameters["o_proj.weight"] = floats([C, H * D], 0.5)
    if options.get("outputBias"):
        parameters["o_proj.bias"] = floats([C])
    if options.get("qkNorm"):
        parameters["q_norm.weight"], parameters["k_norm.weight"] = floats([D], 0.5, 1.0), floats([D], 0.5, 1.0)

    def forward(inputs, parameters):
        q = heads(linear(inputs["x"], parameters, "q_proj"), H)
        k, v = (heads(linear(inputs["context"], parameters, f"{part}_proj"), kv) for part in "kv")
        if options.get("qkNorm"):
            eps = options.get("normEps", 1e-6)
            q, k = rms_norm(q, parameters["q_norm.weight"], eps), rms_norm(k, parameters["k_norm.weight"], eps)
        seen = (torch.arange(S)[None, :] < torch.tensor(lengths or [S] * B)[:, None])[:, None].expand(B, T, S)
        return linear(attend(q, k, v, seen, options.get("scale", D**-0.5), None, inputs.get("bias")), parameters, "o_proj")

    return row(name, dict(options=options, **({} if lengths is None else dict(lengths=lengths))), inputs, parameters, floats([B, T, C]), forward)


cases = [
    case("all keys, MHA", kv=4),
    case("all keys, GQA"),
    case("lengths", lengths=[5, 2]),
    case("a row without keys", dict(outputBias=True), lengths=[0, 3]),
    case("norms of queries and keys", dict(qkNorm=True, normEps=1e-5), lengths=[4, 5]),
    case("biases and a scale", dict(qkvBias=True, outputBias=True, scale=0.25), kv=1),
    case("a bias for each head", bias=[B, H, T, S], lengths=[5, 3]),
]
write(__file__, dict(meta=meta(__file__, "in each input", " ".join(__doc__.split())), cases=cases), lists=("cases",))
print(len(cases), "cases")
