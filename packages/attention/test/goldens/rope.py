"""RoPE's frequencies under every scaling, and rotations with them: /usr/bin/python3 rope.py writes rope.json beside it.

Computed in float64, printed to 9 significant digits. A rotation is of x [B, T, H, D] with positions [T]: the first `channels` channels of each head in pairs
(half-split: i and i + channels/2; interleaved: 2i and 2i + 1), the rest unchanged; cosines and sines times attentionFactor. The gradient is of sum(y * cotangent).

Scalings, from Hugging Face's definitions (modeling_rope_utils.py, names of its fields in brackets): linear: f / factor. dynamic: base theta * (factor * length / original
- (factor - 1))^(D / (D - 2)) for lengths above the original. yarn: f / factor * r + f * (1 - r), r the ramp of the pair's number from floor(pair(betaFast)) to
ceil(pair(betaSlow)), pair(n) = D ln(original / (2 pi n)) / (2 ln theta), clamped to 0 and D - 1; attention factor 0.1 ln(factor) + 1. llama3: see the code.
"""
import math
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tensor-core/test/goldens"))

import torch
from golden_inputs import meta, rounded, values, write

torch.set_num_threads(1)
next_seed = iter(range(50_000, 60_000))
materialise = lambda spec: values(spec["seed"], spec["shape"], spec["scale"], spec["offset"])
floats = lambda shape: dict(shape=list(shape), seed=next(next_seed), scale=1.0, offset=0.0)


def frequencies(d, theta, scaling):
    plain = lambda base: 1.0 / (base ** (torch.arange(0, d, 2, dtype=torch.float64) / d))
    f = plain(theta)
    if scaling is None:
        return f, 1.0
    kind, factor = scaling["kind"], scaling["factor"]
    if kind == "linear":
        return f / factor, 1.0
    original = scaling["originalMaxPositions"]
    if kind == "dynamic":
        length = max(scaling["length"], original)
        return plain(theta * ((factor * length / original) - (factor - 1)) ** (d / (d - 2))), 1.0
    if kind == "yarn":
        pair = lambda n: d * math.log(original / (n * 2 * math.pi)) / (2 * math.log(theta))
        low = max(math.floor(pair(scaling.get("betaFast", 32))), 0)
        high = min(math.ceil(pair(scaling.get("betaSlow", 1))), d - 1)
        ramp = ((torch.arange(d // 2, dtype=torch.float64) - low) / ((high - low) or 0.001)).clamp(0, 1)
        return f / factor * ramp + f * (1 - ramp), scaling.get("attentionFactor", 0.1 * math.log(factor) + 1)
    low, high = scaling.get("lowFreqFactor", 1), scaling.get("highFreqFactor", 4)
    wavelength = 2 * math.pi / f
    smooth = (original / wavelength - low) / (high - low)
    between = (1 - smooth) * f / factor + smooth * f
    out = torch.where(wavelength > original / low, f / factor, torch.where(wavelength < original / high, f, between))
    return out, 1.0


def case(name, d, theta, scaling, positions, channels=None, interleaved=False):
    channels = channels or d
    f, factor = frequencies(channels, theta, scaling)
    x, cotangent = floats([1, len(positions), 2, d]), floats([1, len(positions), 2, d])
    leaf = materialise(x).requires_grad_()
    angle = torch.tensor(positions, dtype=torch.float64)[:, None, None] * f
    cos, sin = angle.cos() * factor, angle.sin() * factor
    head, rest = leaf[..., :channels], leaf[..., channels:]
    a, b = (head[..., 0::2], head[..., 1::2]) if interleaved else (head[..., : channels // 2], head[..., channels // 2 :])
    turned = [a * cos - b * sin, b * cos + a * sin]
    turned = torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)
    y = torch.cat([turned, rest], -1)
    (y * materialise(cotangent)).sum().backward()
    row = dict(name=name, theta=theta, channels=channels, interleaved=interleaved, positions=positions, x=x, cotangent=cotangent)
    if scaling is not None:
        row["scaling"] = scaling
    row.update(inverse=rounded(f), attentionFactor=rounded(factor), y=rounded(y.flatten()), gradient=rounded(leaf.grad.flatten()))
    return row


# yarn_get_mscale(factor, mscale) / yarn_get_mscale(factor, mscale_all_dim) of Hugging Face's DeepSeek files, mscale 1 and mscale_all_dim 0.707.
MSCALE_RATIO = (0.1 * 1 * math.log(40) + 1) / (0.1 * 0.707 * math.log(40) + 1)
NEAR, FAR = [0, 1, 7, 30], [0, 5, 8191, 20000]
llama3 = lambda factor: dict(kind="llama3", factor=factor, lowFreqFactor=1, highFreqFactor=4, originalMaxPositions=8192)
cases = [
    case("plain", 8, 1e4, None, NEAR),
    case("plain, a part of the channels", 10, 1e4, None, NEAR, channels=6),
    case("plain, a part of the channels, interleaved", 10, 1e4, None, NEAR, channels=4, interleaved=True),
    case("linear", 8, 1e4, dict(kind="linear", factor=4), NEAR),
    case("dynamic, within the original length", 8, 1e4, dict(kind="dynamic", factor=2, originalMaxPositions=64, length=64), NEAR),
    case("dynamic, four times as long", 8, 1e4, dict(kind="dynamic", factor=2, originalMaxPositions=64, length=256), NEAR),
    case("yarn", 64, 1e4, dict(kind="yarn", factor=16, originalMaxPositions=4096), NEAR),
    case("yarn of DeepSeek", 64, 1e4, dict(kind="yarn", factor=40, originalMaxPositions=4096, betaFast=32, betaSlow=1, attentionFactor=1), FAR, interleaved=True),
    case("yarn, other turns", 16, 1e6, dict(kind="yarn", factor=4, originalMaxPositions=32768, betaFast=16, betaSlow=2), FAR),
    case("llama3 by 8", 128, 5e5, llama3(8), FAR),
    case("llama3 by 32", 64, 5e5, llama3(32), FAR),
    case("llama3, other bounds", 16, 1e4, dict(kind="llama3", factor=4, lowFreqFactor=2, highFreqFactor=8, originalMaxPositions=1024), NEAR),
    case("linear, a part of the channels, interleaved", 10, 1e4, dict(kind="linear", factor=2.5), NEAR, channels=6, interleaved=True),
    case("dynamic, a part of the channels", 12, 1e4, dict(kind="dynamic", factor=4, originalMaxPositions=32, length=100), NEAR, channels=8),
    case("yarn of mscale over mscale_all_dim", 16, 1e4, dict(kind="yarn", factor=40, originalMaxPositions=4096, attentionFactor=MSCALE_RATIO), NEAR, interleaved=True),
]
if __name__ == "__main__":
    write(__file__, dict(meta=meta(__file__, "in each input", " ".join(__doc__.split())), cases=cases), lists=("cases",))
    print(len(cases), "cases")
