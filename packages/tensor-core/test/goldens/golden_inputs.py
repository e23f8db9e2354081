"""Inputs of the golden files by an integer formula, so that no JSON has to store them. Shared by every package's goldens.

All arithmetic is on unsigned 32-bit integers (`^` exclusive or, `>>` logical shift, products keep the low 32 bits: `Math.imul(a, b) >>> 0`):

    hash32(x):  x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16
    element(seed, i) = hash32(hash32(seed) + i)                 i: row-major position of the element, the sum keeps the low 32 bits
    uniform(seed, i) = (element(seed, i) >> 16) - 32768         an integer in [-32768, 32767]
    value            = offset + uniform(seed, i) / 32768 * scale
    integer          = element(seed, i) % below

`scale` is a power of two and `offset` a small multiple of it, so every value is exact in float32 and the float32 and float64 runs see the same numbers.

In JavaScript:

    const hash32 = (x) => {
      x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
      x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
      return (x ^ (x >>> 16)) >>> 0
    }
    const element = (seed, i) => hash32((hash32(seed) + i) >>> 0)
    const value = (seed, i, scale, offset = 0) => offset + (((element(seed, i) >>> 16) - 32768) / 32768) * scale
    const integer = (seed, i, below) => element(seed, i) % below
"""
import json
import math
import os

import numpy as np
import torch

FORMULA = (
    "uint32: hash32(x){x^=x>>16;x*=0x7feb352d;x^=x>>15;x*=0x846ca68b;x^=x>>16}; element(seed,i)=hash32(hash32(seed)+i), i the row-major position; "
    "value=offset+((element>>16)-32768)/32768*scale; integer=element%below. check: the first 4 elements of seed 1. Same text and the JavaScript in "
    "packages/tensor-core/test/goldens/golden_inputs.py"
)


def hash32(x):
    x = np.asarray(x, dtype=np.uint64) & np.uint64(0xFFFFFFFF)
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x7FEB352D)) & np.uint64(0xFFFFFFFF)
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(0x846CA68B)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def elements(seed, count):
    return hash32(hash32(seed) + np.arange(count, dtype=np.uint64))


def values(seed, shape, scale=1.0, offset=0.0, dtype=torch.float64):
    assert math.frexp(scale)[0] == 0.5, "scale must be a power of two"
    units = (elements(seed, math.prod(shape)) >> np.uint64(16)).astype(np.int64) - 32768
    result = torch.from_numpy(offset + units / 32768 * scale).reshape(shape)
    assert torch.equal(result, result.float().double()), "not exact in float32"
    return result.to(dtype)


def integers(seed, shape, below):
    return torch.from_numpy((elements(seed, math.prod(shape)) % np.uint64(below)).astype(np.int64)).reshape(shape)


def rounded(value, digits=9):
    """Nested lists and numbers, floats to `digits` significant digits; NaN and infinities are refused."""
    if isinstance(value, torch.Tensor):
        return rounded(value.detach().tolist(), digits)
    if isinstance(value, (list, tuple)):
        return [rounded(item, digits) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("golden value is not finite")
        value = float(f"{value:.{digits}g}")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value


def meta(script, seed, convention):
    return {
        "script": os.path.basename(script),
        "torch": torch.__version__,
        "seed": seed,
        "formula": FORMULA,
        "check": [int(e) for e in elements(1, 4)],
        "convention": convention,
    }


def write(script, document, lists=()):
    """Beside the script, under its name: one line for each entry of the dictionaries and lists named in `lists`."""
    path = os.path.splitext(os.path.abspath(script))[0] + ".json"
    compact = lambda value: json.dumps(value, separators=(",", ":"), allow_nan=False)
    parts = []
    for key, value in document.items():
        if key in lists and isinstance(value, list):
            parts.append(f"{json.dumps(key)}:[\n" + ",\n".join(compact(item) for item in value) + "\n]")
        elif isinstance(value, dict):
            parts.append(f"{json.dumps(key)}:{{\n" + ",\n".join(f"{json.dumps(k)}:{compact(v)}" for k, v in value.items()) + "\n}")
        else:
            parts.append(f"{json.dumps(key)}:{compact(value)}")
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(parts) + "\n}\n")
    print(os.path.basename(path), os.path.getsize(path), "bytes")
