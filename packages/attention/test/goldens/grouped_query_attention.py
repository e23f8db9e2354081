"""Grouped-query attention as a module, forward and gradient: /usr/bin/python3 grouped_query_attention.py writes grouped_query_attention.json beside it.

Computed in float64 from inputs that are exact in float32, printed to 9 significant digits; values are flat and row-major, x and y [B, T, C]. `options` are those
of the module; a key is seen where it is not behind the query, at `firsts` or later (documents), within the window, or one of the first `sinks`; with `starts` query t
stands at starts + t (below 0 it sees nothing), with `lengths` every query sees all of the first lengths[b] keys. `rope` has positions [T] or [B, T], theta, channels, interleaved, scaling.
Order: projections, norms of each head, rotation, scores times scale, cap, bias, softmax. The gradients are of sum(y * cotangent) by x, the bias and every parameter.
"""
from attention_definitions import attend, causal_mask, heads, linear, rms_norm, row, seeded, turn
from golden_inputs import meta, write

import torch

floats = seeded(60_000)
B, T, C, H, D = 2, 5, 8, 4, 4


def forward_of(options, rope, firsts, starts, lengths):
    h, kv, d = options["heads"], options.get("kvHeads", options["heads"]), options["headDim"]

    def forward(inputs, parameters):
        x = inputs["x"]
        q, k, v = (heads(linear(x, parameters, f"{name}_proj"), n) for name, n in (("q", h), ("k", kv), ("v", kv)))
        if options.get("qkNorm"):
            eps = options.get("normEps", 1e-6)
            q, k = rms_norm(q, parameters["q_norm.weight"], eps), rms_norm(k, parameters["k_norm.weight"], eps)
        if lengths is None:
            seen = causal_mask(B, T, window=options.get("window"), sinks=options.get("sinks", 0), firsts=firsts, starts=starts)
        else:
            seen = (torch.arange(T)[None, :] < torch.tensor(lengths)[:, None])[:, None].expand(B, T, T)
        y = attend(turn(q, rope), turn(k, rope), v, seen, options.get("scale", d**-0.5), options.get("softcap"), inputs.get("bias"))
        return linear(y, parameters, "o_proj")

    return forward


def case(name, options=None, kv=2, d=D, rope=None, firsts=None, starts=0, lengths=None, bias=None, spread=1.0):
    options = dict(hiddenSize=C, heads=H, kvHeads=kv, headDim=d, **(options or {}))
    inputs = dict(x=floats([B, T, C], spread))
    if bias is not None:
        inputs["bias"] = floats(bias, 2.0)
    parameters = {}
    for name_, n in (("q", H), ("k", kv), ("v", kv)):
        parameters[f"{name_}_proj.weight"] = floats([n * d, C])
        if options.get("qkvBias"):
            parameters[f"{name_}_proj.bias"] = floats([n * d])
    parameters["o_proj.weight"] = floats([C, H * d], 0.5)
    if options.get("outputBias"):
        parameters["o_proj.bias"] = floats([C])
    if options.get("qkNorm"):
        parameters["q_norm.weight"], parameters["k_norm.weight"] = floats([d], 0.5, 1.0), floats([d], 0.5, 1.0)
    call = {key: value for key, value in dict(rope=rope, firsts=firsts, lengths=lengths).items() if value is not None}
    if starts:
        call["starts"] = starts
    return row(name, dict(options=options, **call), inputs, parameters, floats([B, T, C]), forward_of(options, rope, firsts, starts, lengths))


NEAR = list(range(T))
FAR = [0, 5, 100, 4000, 9000]
FIRSTS = [[0, 0, 2, 2, 2], [0, 1, 1, 1, 4]]
turned = lambda theta=1e4, positions=NEAR, **more: dict(theta=theta, positions=positions, **more)
scaled = lambda positions=NEAR, theta=1e4, **scaling: turned(theta, positions, scaling=scaling)
llama3 = lambda factor: scaled(FAR, 5e5, kind="llama3", factor=factor, lowFreqFactor=1, highFreqFactor=4, originalMaxPositions=8192)
cases = [
    case("MHA", kv=4),
    case("GQA"),
    case("MQA", kv=1),
    case("biases", dict(qkvBias=True, outputBias=True)),
    case("norms of queries and keys", dict(qkNorm=True), rope=turned()),
    case("norms with another eps", dict(qkNorm=True, normEps=1e-2), kv=1),
    case("a cap", dict(softcap=0.75), spread=2.0),
    case("a scale", dict(scale=0.3125)),
    case("a window", dict(window=2)),
    case("a window and sinks", dict(window=2, sinks=1)),
    case("documents", firsts=FIRSTS),
    case("documents and a window", dict(window=2), firsts=FIRSTS, kv=4),
    case("a bias for all", bias=[1, 1, T, T]),
    case("a bias for each head", bias=[1, H, T, T], kv=1),
    case("a bias for each row and head, a cap", dict(softcap=1.5), bias=[B, H, T, T]),
    case("rows that see nothing", dict(outputBias=True), starts=-2),
    case("all keys of rows of different lengths, one of none", lengths=[3, 0], kv=4),
    case("half-split", rope=turned()),
    case("interleaved", dict(rotaryInterleaved=True), rope=turned(interleaved=True)),
    case("positions by row", rope=turned(positions=[[0, 1, 2, 3, 4], [0, 0, 1, 2, 0]]), firsts=FIRSTS),
    case("partial rotation", dict(rotaryChannels=2), rope=turned(channels=2)),
    case("partial rotation, interleaved", dict(rotaryChannels=4, rotaryInterleaved=True), d=6, rope=turned(channels=4, interleaved=True)),
    case("linear scaling", d=8, rope=scaled(kind="linear", factor=4)),
    case("dynamic NTK scaling", d=8, rope=scaled(FAR, kind="dynamic", factor=2, originalMaxPositions=2048, length=9001)),
    case("YaRN", d=8, rope=scaled(FAR, kind="yarn", factor=8, originalMaxPositions=2048)),
    case("llama3 scaling by 8", d=8, rope=llama3(8)),
    case("llama3 scaling by 32", d=8, rope=llama3(32)),
    case("norms, cap, window, sinks, biases, rotation", dict(qkNorm=True, softcap=2.0, window=2, sinks=1, qkvBias=True, outputBias=True), rope=turned(), bias=[B, 1, T, T]),
]
write(__file__, dict(meta=meta(__file__, "in each input", " ".join(__doc__.split())), cases=cases), lists=("cases",))
print(len(cases), "cases")
