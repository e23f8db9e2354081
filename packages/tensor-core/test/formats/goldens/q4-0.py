"""Writes q4-0.json beside it: blocks packed by the reference implementation, gguf-py (pip install gguf numpy).

Inputs by the formula of ../../goldens/golden_inputs.py with uniform values. gguf-py rounds x (1 / d) + 8.5 once, in double
precision; ggml's C code rounds product and sum to float32, unless its compiler joins them. The script refuses inputs for
which that makes a difference.
"""
import json
import os

import gguf
import numpy as np


def hash32(x):
    x = np.asarray(x, dtype=np.uint64) & np.uint64(0xFFFFFFFF)
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x7FEB352D)) & np.uint64(0xFFFFFFFF)
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(0x846CA68B)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def values(seed, length, scale):
    elements = hash32(hash32(seed) + np.arange(length, dtype=np.uint64))
    units = (elements >> np.uint64(16)).astype(np.int64) - 32768
    return (units / 32768 * scale).astype(np.float32)


def codes_in_float32(x):
    codes = []
    for block in x.reshape(-1, 32):
        d = block[np.abs(block).argmax()] / np.float32(-8)
        inverse = np.float32(1) / d
        codes.append(np.minimum(15, np.trunc(block * inverse + np.float32(8.5))))
    return np.array(codes, dtype=np.uint8)


cases = []
for seed, length, scale in [(1, 64, 1.0), (2, 320, 4.0), (3, 96, 2.0**-10), (4, 32, 2.0**-17), (5, 32, 2.0**18)]:
    x = values(seed, length, scale)
    packed = gguf.quants.quantize(x, gguf.GGMLQuantizationType.Q4_0)
    unpacked = gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.Q4_0)
    blocks = packed.reshape(-1, 18)[:, 2:]
    assert (np.concatenate([blocks & 15, blocks >> 4], axis=1) == codes_in_float32(x)).all(), seed
    cases.append(
        {"seed": seed, "length": length, "scale": scale, "packed": packed.tobytes().hex(), "unpacked": unpacked.astype(np.float32).tobytes().hex()}
    )

path = os.path.splitext(os.path.abspath(__file__))[0] + ".json"
with open(path, "w") as file:
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    file.write('{"script":"q4-0.py","gguf":"0.19.0","cases":[\n' + lines + "\n]}\n")
