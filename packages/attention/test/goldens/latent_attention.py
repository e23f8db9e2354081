"""Multi-head latent attention, forward and gradient: /usr/bin/python3 latent_attention.py writes latent_attention.json beside it.

Computed in float64 from inputs that are exact in float32, printed to 9 significant digits; values are flat and row-major, x and y [B, T, C]. Written after DeepSeek-AI 2024, arXiv 2405.04434,
eq. 9-19 in the order of Hugging Face's DeepseekV2Attention: q = q_proj x or q_b_proj(rms(q_a_proj x)), per head [content | rotary]; kv_a_proj_with_mqa x = [c | k_R], c normed, k_R one head;
kv_b_proj c per head [content | value]; scores times (d_n + d_R)^-0.5, times m^2 with m = 0.1 mscale ln(factor) + 1 where `yarn` is given. `latents` are what a cache keeps, [c | k_R] after the
norm and the rotation, [B, T, d_c + d_R]. The gradients are of sum(y * cotangent) by x, the bias and every parameter. The script computes the absorbed form too (queries times W_UK, latents as
keys and values, results times W_UV) and asserts that it gives the same y and the same gradients to 1e-12.
"""
import math

from attention_definitions import attend, causal_mask, heads, leaf, linear, rms_norm, row, seeded, turn
from golden_inputs import meta, rounded, values, write

import torch

floats = seeded(90_000)
B, T, C, H, DC, DN, DR, DV = 2, 5, 8, 3, 6, 4, 2, 5


def parts(options, rope, inputs, parameters):
    x, dc, dn = inputs["x"], options["latentDim"], options["contentDim"]
    eps = options.get("normEps", 1e-6)
    if "queryLatentDim" in options:
        down = rms_norm(linear(x, parameters, "q_a_proj"), parameters["q_a_layernorm.weight"], eps)
        q = heads(linear(down, parameters, "q_b_proj"), options["heads"])
    else:
        q = heads(linear(x, parameters, "q_proj"), options["heads"])
    down = linear(x, parameters, "kv_a_proj_with_mqa")
    c = rms_norm(down[..., :dc], parameters["kv_a_layernorm.weight"], eps)
    return q[..., :dn], turn(q[..., dn:], rope), c, turn(down[:, None, :, dc:], rope)


def naive(options, rope, mask):
    def forward(inputs, parameters):
        dn, h = options["contentDim"], options["heads"]
        q_content, q_rotary, c, k_rotary = parts(options, rope, inputs, parameters)
        kv = heads(linear(c, parameters, "kv_b_proj"), h)
        q = torch.cat((q_content, q_rotary), -1)
        k = torch.cat((kv[..., :dn], k_rotary.expand(-1, h, -1, -1)), -1)
        return linear(attend(q, k, kv[..., dn:], mask, scale_of(options), None, inputs.get("bias")), parameters, "o_proj")

    return forward


def absorbed(options, rope, mask):
    def forward(inputs, parameters):
        dn, dc = options["contentDim"], options["latentDim"]
        q_content, q_rotary, c, k_rotary = parts(options, rope, inputs, parameters)
        up = parameters["kv_b_proj.weight"].unflatten(0, (options["heads"], -1))
        q = torch.einsum("bhtd,hdc->bhtc", q_content, up[:, :dn])
        scores = (torch.einsum("bhtc,bsc->bhts", q, c) + torch.einsum("bhtr,bsr->bhts", q_rotary, k_rotary[:, 0])) * scale_of(options)
        if "bias" in inputs:
            scores = scores + inputs["bias"]
        weights = torch.softmax(scores.masked_fill(~mask[:, None], -1e300), -1) * mask.any(-1)[:, None, :, None]
        y = torch.einsum("bhtc,hvc->bthv", torch.einsum("bhts,bsc->bhtc", weights, c), up[:, dn:])
        return linear(y.flatten(2), parameters, "o_proj")

    return forward


def scale_of(options):
    scale = (options["contentDim"] + options["rotaryDim"]) ** -0.5
    if "yarn" not in options:
        return scale
    factor, mscale = options["yarn"]["factor"], options["yarn"].get("mscale", 1)
    m = 0.1 * mscale * math.log(factor) + 1 if factor > 1 else 1
    return scale * m * m


def case(name, more=None, rope=None, firsts=None, bias=None):
    options = dict(hiddenSize=C, heads=H, latentDim=DC, contentDim=DN, rotaryDim=DR, valueDim=DV, **(more or {}))
    biased = options.get("bias")
    inputs = dict(x=floats([B, T, C]))
    if bias is not None:
        inputs["bias"] = floats(bias, 2.0)
    parameters = {}
    if "queryLatentDim" in options:
        r = options["queryLatentDim"]
        parameters["q_a_proj.weight"] = floats([r, C])
        if biased:
            parameters["q_a_proj.bias"] = floats([r])
        parameters["q_a_layernorm.weight"] = floats([r], 0.5, 1.0)
        parameters["q_b_proj.weight"] = floats([H * (DN + DR), r])
    else:
        parameters["q_proj.weight"] = floats([H * (DN + DR), C])
    parameters["kv_a_proj_with_mqa.weight"] = floats([DC + DR, C])
    if biased:
        parameters["kv_a_proj_with_mqa.bias"] = floats([DC + DR])
    parameters["kv_a_layernorm.weight"] = floats([DC], 0.5, 1.0)
    parameters["kv_b_proj.weight"] = floats([H * (DN + DV), DC])
    parameters["o_proj.weight"] = floats([C, H * DV], 0.5)
    if biased:
        parameters["o_proj.bias"] = floats([C])
    mask = causal_mask(B, T, firsts=firsts)
    cotangent = floats([B, T, C])
    config = dict(options=options, **{key: value for key, value in dict(rope=rope, firsts=firsts).items() if value is not None})

    runs = []
    for form in (naive, absorbed):
        leaves, weights = ({key: leaf(spec) for key, spec in specs.items()} for specs in (inputs, parameters))
        y = form(options, rope, mask)(leaves, weights)
        (y * values(cotangent["seed"], cotangent["shape"])).sum().backward()
        runs.append([y, *(tensor.grad for tensor in (*leaves.values(), *weights.values()))])
    assert all((a - b).abs().max() < 1e-12 for a, b in zip(*runs)), name

    _, _, c, k_rotary = parts(options, rope, {key: leaf(spec) for key, spec in inputs.items()}, {key: leaf(spec) for key, spec in parameters.items()})
    made = row(name, config, inputs, parameters, cotangent, naive(options, rope, mask))
    return dict(made, latents=rounded(torch.cat((c, k_rotary[:, 0]), -1).flatten()))


NEAR, FAR = list(range(T)), [0, 5, 100, 4000, 9000]
turned = lambda **more: dict(theta=1e4, positions=NEAR, interleaved=True, **more)
yarn = lambda **more: dict(theta=1e4, positions=FAR, interleaved=True, scaling=dict(kind="yarn", factor=40, originalMaxPositions=4096, **more))
cases = [
    case("queries of x, not turned"),
    case("queries of x", rope=turned()),
    case("queries of a latent", dict(queryLatentDim=4), rope=turned()),
    case("queries of a latent, biases, another eps", dict(queryLatentDim=4, bias=True, normEps=1e-2), rope=turned()),
    case("half-split", dict(rotaryInterleaved=False), rope=dict(theta=1e4, positions=NEAR)),
    case("YaRN, mscale 0.707 as DeepSeek-V2-Lite", dict(yarn=dict(factor=40, mscale=0.707)), rope=yarn(attentionFactor=1)),
    case("YaRN, mscale 1 as DeepSeek-V3, queries of a latent", dict(queryLatentDim=4, yarn=dict(factor=40)), rope=yarn(attentionFactor=1)),
    case("documents", rope=turned(), firsts=[[0, 0, 2, 2, 2], [0, 1, 1, 1, 4]]),
    case("a bias for each head", rope=turned(), bias=[1, H, T, T]),
]
write(__file__, dict(meta=meta(__file__, "in each input", " ".join(__doc__.split())), cases=cases), lists=("cases",))
print(len(cases), "cases")
