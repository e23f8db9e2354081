"""Writes reference-file.json beside it: one file as the original writer lays it out (pip install safetensors numpy)."""
import base64
import json
import os

import numpy as np
import safetensors
from safetensors import TensorSpec, serialize

# (name, dtype of serialize, shape): bytes are i * 7 + 3 mod 256, counted through each tensor.
TENSORS = [
    ("zeta", "F32", [2, 3]),
    ("alpha", "F32", [1]),
    ("10", "I64", [2]),
    ("9", "I64", [1]),
    ("half", "F16", [3]),
    ("brain", "BF16", [3]),
    ("mask", "BOOL", [5]),
    ("bytes", "U8", [3]),
    ("codes", "I8", [2, 2]),
    ("scalar", "F64", []),
    ("empty", "F32", [0, 4]),
    ("\U0001f642", "I16", [1]),
    ("\uff5e", "I16", [1]),
    ("quote\"\\\n", "U16", [1]),
    ("e4m3", "F8_E4M3", [2]),
    ("e5m2", "F8_E5M2", [2]),
    ("u32", "U32", [1]),
    ("u64", "U64", [1]),
    ("i32", "I32", [1]),
]
SERIALIZE_NAMES = {
    "F32": "float32", "F64": "float64", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
    "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}
BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}

tensors = {}
buffers = []  # a TensorSpec holds an address, not the data
for name, dtype, shape in TENSORS:
    length = int(np.prod(shape, dtype=np.int64)) * BYTES.get(dtype, 1)
    data = bytes((i * 7 + 3) % 256 for i in range(length))
    if dtype == "BOOL":
        data = bytes(i % 2 for i in range(length))
    buffer = np.frombuffer(data, dtype=np.uint8).copy()
    buffers.append(buffer)
    tensors[name] = TensorSpec(dtype=SERIALIZE_NAMES[dtype], shape=shape, data_ptr=buffer.ctypes.data, data_len=buffer.nbytes)

file = serialize(tensors, {"format": "pt"})
path = os.path.splitext(os.path.abspath(__file__))[0] + ".json"
with open(path, "w") as out:
    json.dump(
        {
            "script": "reference-file.py",
            "safetensors": safetensors.__version__,
            "metadata": {"format": "pt"},
            "tensors": [[name, dtype, shape] for name, dtype, shape in TENSORS],
            "file": base64.b64encode(file).decode(),
        },
        out,
        indent=1,
    )
    out.write("\n")
