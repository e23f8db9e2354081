"""Forward and gradient of the ops: /usr/bin/python3 ops.py writes ops.json beside it.

Computed in float64 from inputs that are exact in float32 (golden_inputs.py has the formula), printed to 9 significant digits, so a float64 run can be held to
1e-8 and a float32 run to its own rounding. Each case:

    name      unique; op: what to call, in PyTorch's words, with `attrs`
    inputs    name -> {shape, seed, scale, offset} for floats, {shape, seed, below} for integers (int32), or {shape, data} where the values are given
    outputs   name -> flat row-major values; shapes: name -> shape of the output
    cotangents name -> {shape, seed, scale, offset}: what multiplies the output; the differentiated scalar is sum over outputs of sum(output * cotangent)
    gradients input name -> flat values, for each float input that is differentiated

A case without cotangents has no gradients. `note` says what PyTorch leaves open. The optimiser cases are apart, under `optimizers`: parameter `w` and the gradient
`gradient.seed + step` (steps count from 0) come from the formula; `after` has the parameter after each step.
"""
import sys

sys.dont_write_bytecode = True

import torch
import torch.nn.functional as F
from golden_inputs import integers, meta, rounded, values, write

torch.set_num_threads(1)
CASES = []
next_seed = iter(range(10_000, 20_000))


def floats(shape, scale=1.0, offset=0.0):
    return dict(shape=list(shape), seed=next(next_seed), scale=scale, offset=offset)


def ints(shape, below):
    return dict(shape=list(shape), seed=next(next_seed), below=below)


def given(data):
    tensor = torch.tensor(data)
    return dict(shape=list(tensor.shape), data=tensor.flatten().tolist())


def materialise(spec):
    if "data" in spec:
        return torch.tensor(spec["data"]).reshape(spec["shape"])
    if "below" in spec:
        return integers(spec["seed"], spec["shape"], spec["below"])
    return values(spec["seed"], spec["shape"], spec["scale"], spec["offset"])


def case(name, op, run, inputs, attrs=None, note=None, differentiate=True, fixed=()):
    """`run` takes the inputs by name and returns a tensor or a dictionary of tensors."""
    tensors = {key: materialise(spec) for key, spec in inputs.items()}
    for key, tensor in tensors.items():
        if differentiate and tensor.is_floating_point() and key not in fixed:
            tensor.requires_grad_()
    outputs = run(**tensors)
    outputs = outputs if isinstance(outputs, dict) else {"y": outputs}
    row = dict(name=name, op=op, attrs=attrs or {}, inputs=inputs)
    if note:
        row["note"] = note
    row["shapes"] = {key: list(y.shape) for key, y in outputs.items()}
    row["outputs"] = {key: rounded(y.flatten()) for key, y in outputs.items()}
    if differentiate:
        row["cotangents"] = {key: floats(y.shape) for key, y in outputs.items() if y.requires_grad}
        sum((outputs[key] * materialise(spec)).sum() for key, spec in row["cotangents"].items()).backward()
        row["gradients"] = {key: rounded(t.grad.flatten()) for key, t in tensors.items() if t.requires_grad}
    assert name not in [other["name"] for other in CASES]
    CASES.append(row)


# Elementwise. Offsets keep the inputs inside the domain and away from kinks.
for op, run, scale, offset in [
    ("relu", torch.relu, 2.0, 0.0),
    ("silu", F.silu, 4.0, 0.0),
    ("gelu_erf", F.gelu, 4.0, 0.0),
    ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), 4.0, 0.0),
    ("sigmoid", torch.sigmoid, 8.0, 0.0),
    ("tanh", torch.tanh, 4.0, 0.0),
    ("erf", torch.erf, 2.0, 0.0),
    ("exp", torch.exp, 4.0, 0.0),
    ("log", torch.log, 1.0, 2.0),
    ("sqrt", torch.sqrt, 1.0, 2.0),
    ("rsqrt", torch.rsqrt, 1.0, 2.0),
    ("sin", torch.sin, 16.0, 0.0),
    ("cos", torch.cos, 16.0, 0.0),
]:
    case(op, op, lambda x, run=run: run(x), dict(x=floats([3, 5], scale, offset)))
case("softplus", "softplus", lambda x: torch.logaddexp(x, torch.zeros_like(x)), dict(x=floats([3, 5], 32.0)), note="log(1 + exp(x)), no threshold")
case("sigmoid_extreme", "sigmoid", lambda x: torch.sigmoid(x), dict(x=floats([7], 128.0)))

# Softmax family.
for label, shape, axis, scale in [("last", [3, 7], -1, 2.0), ("middle", [2, 5, 3], 1, 2.0), ("large", [2, 9], -1, 512.0), ("single", [3, 1], -1, 2.0)]:
    attrs = dict(axis=axis)
    case(f"softmax_{label}", "softmax", lambda x: x.softmax(axis), dict(x=floats(shape, scale)), attrs)
    case(f"log_softmax_{label}", "log_softmax", lambda x: x.log_softmax(axis), dict(x=floats(shape, scale)), attrs)
    case(f"logsumexp_{label}", "logsumexp", lambda x: x.logsumexp(axis), dict(x=floats(shape, scale)), attrs)
case("logsumexp_keepdim", "logsumexp", lambda x: x.logsumexp(0, keepdim=True), dict(x=floats([5, 3], 4.0)), dict(axis=0, keepdim=True))
CAUSAL = [[1 if s <= t else 0 for s in range(5)] for t in range(5)]
masked = dict(x=floats([5, 5], 2.0), mask=given(CAUSAL))
masked_note = "where(mask, x, -infinity) first; every row keeps at least one entry"
case("softmax_masked", "softmax", lambda x, mask: x.masked_fill(mask == 0, float("-inf")).softmax(-1), masked, dict(axis=-1), masked_note)
case("logsumexp_masked", "logsumexp", lambda x, mask: x.masked_fill(mask == 0, float("-inf")).logsumexp(-1), masked, dict(axis=-1), masked_note)

# Cross-entropy; the scalar output has a cotangent too.
IGNORING = [3, -100, 0, 10, -100]
for label, target, attrs in [
    ("mean", ints([5], 11), dict(reduction="mean")),
    ("sum", ints([5], 11), dict(reduction="sum")),
    ("none", ints([5], 11), dict(reduction="none")),
    ("ignore_mean", given(IGNORING), dict(reduction="mean", ignore_index=-100)),
    ("ignore_sum", given(IGNORING), dict(reduction="sum", ignore_index=-100)),
    ("ignore_none", given(IGNORING), dict(reduction="none", ignore_index=-100)),
    ("ignore_zero", given([0, 7, 0, 2, 1]), dict(reduction="mean", ignore_index=0)),
    ("smoothed", ints([5], 11), dict(reduction="mean", label_smoothing=0.1)),
    ("smoothed_ignore", given(IGNORING), dict(reduction="mean", ignore_index=-100, label_smoothing=0.1)),
]:
    note = "the mean is over the targets that are not ignored" if "ignore_index" in attrs else None
    case(f"cross_entropy_{label}", "cross_entropy", lambda logits, target: F.cross_entropy(logits, target, **attrs), dict(logits=floats([5, 11], 4.0), target=target), attrs, note)
case("cross_entropy_large", "cross_entropy", lambda logits, target: F.cross_entropy(logits, target), dict(logits=floats([3, 7], 256.0), target=ints([3], 7)), dict(reduction="mean"))

# Normalisation.
def rms_norm(x, weight=None, eps=1e-5):
    y = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return y if weight is None else y * weight


case("rms_norm", "rms_norm", rms_norm, dict(x=floats([3, 5, 9]), weight=floats([9], 0.5, 1.0)), dict(axis=-1, eps=1e-5))
case("rms_norm_no_weight", "rms_norm", rms_norm, dict(x=floats([3, 7])), dict(axis=-1, eps=1e-5))
case("rms_norm_tiny", "rms_norm", lambda x, weight: rms_norm(x, weight, 1e-6), dict(x=floats([2, 7], 2.0**-10), weight=floats([7], 0.5, 1.0)), dict(axis=-1, eps=1e-6), "eps is as large as the mean square")
case("layer_norm", "layer_norm", lambda x, weight, bias: F.layer_norm(x, [9], weight, bias, 1e-5), dict(x=floats([3, 5, 9]), weight=floats([9], 0.5, 1.0), bias=floats([9])), dict(axis=-1, eps=1e-5))
case("layer_norm_plain", "layer_norm", lambda x: F.layer_norm(x, [7], eps=1e-5), dict(x=floats([3, 7], 1.0, 16.0)), dict(axis=-1, eps=1e-5), "a mean far from zero")
case("swiglu", "swiglu", lambda gate, up: F.silu(gate) * up, dict(gate=floats([3, 7], 4.0), up=floats([3, 7], 2.0)), note="silu(gate) * up")

# Reductions and scans.
case("sum_axis", "sum", lambda x: x.sum(1), dict(x=floats([3, 5, 2])), dict(axis=1))
case("mean_axes", "mean", lambda x: x.mean((0, 2), keepdim=True), dict(x=floats([3, 5, 2])), dict(axis=[0, 2], keepdim=True))
case("max_axis", "max", lambda x: x.amax(1), dict(x=floats([3, 5, 2])), dict(axis=1))
case("max_ties", "max", lambda x: x.amax(1), dict(x=given([[1.0, 3.0, 3.0, 0.0, 3.0], [2.0, 2.0, 1.0, 0.0, -1.0], [5.0, 0.0, 1.0, 2.0, 3.0]])), dict(axis=1), "ties share the gradient equally (torch.amax)")
case("cumsum_last", "cumsum", lambda x: x.cumsum(-1), dict(x=floats([3, 7])), dict(axis=-1))
case("cumsum_first", "cumsum", lambda x: x.cumsum(0), dict(x=floats([5, 2, 3])), dict(axis=0))
case("cumsum_reverse", "cumsum", lambda x: x.flip(-1).cumsum(-1).flip(-1), dict(x=floats([3, 7])), dict(axis=-1, reverse=True))

# Indexed reads and writes.
case("gather_1", "gather", lambda x, index: x.gather(1, index), dict(x=floats([3, 5]), index=ints([3, 7], 5)), dict(axis=1), "takeAlongAxis; indices repeat")
case("gather_0", "gather", lambda x, index: x.gather(0, index), dict(x=floats([5, 3]), index=ints([2, 3], 5)), dict(axis=0))
case("gather_3d", "gather", lambda x, index: x.gather(1, index), dict(x=floats([2, 5, 3]), index=ints([2, 4, 3], 5)), dict(axis=1))
case("index_select", "index_select", lambda x, index: x[:, index], dict(x=floats([2, 5, 3]), index=given([4, 0, 0, 2])), dict(axis=1))
case("scatter_add_1", "scatter_add", lambda x, index, source: x.scatter_add(1, index, source), dict(x=floats([3, 5]), index=ints([3, 7], 5), source=floats([3, 7])), dict(axis=1), "indices repeat: they add up")
case("scatter_add_0", "scatter_add", lambda x, index, source: x.scatter_add(0, index, source), dict(x=floats([5, 3]), index=ints([4, 3], 5), source=floats([4, 3])), dict(axis=0))
case("index_add", "index_add", lambda x, index, source: x.index_add(0, index, source), dict(x=floats([5, 3]), index=given([1, 4, 1, 1]), source=floats([4, 3])), dict(axis=0), "rows of source are added to rows of x (segment sum)")
case("scatter_set", "scatter", lambda x, index, source: x.scatter(1, index, source), dict(x=floats([3, 5]), index=given([[4, 0], [2, 3], [0, 1]]), source=floats([3, 2])), dict(axis=1), "no index repeats")
case("embedding", "embedding", lambda weight, index: F.embedding(index, weight), dict(weight=floats([7, 5]), index=given([[0, 6, 6], [2, 0, 6]])), note="rows repeat: their gradients add up")

# Contractions.
for equation, *shapes in [
    ("bij,bjk->bik", [2, 3, 5], [2, 5, 4]),
    ("bthd,bshd->bhts", [2, 3, 2, 5], [2, 4, 2, 5]),
    ("bthd,hde->bte", [2, 3, 2, 5], [2, 5, 4]),
    ("i,j->ij", [3], [5]),
    ("ij,ij->", [3, 5], [3, 5]),
    ("ijk->ki", [2, 3, 5]),
    ("ii->i", [5, 5]),
    ("ij->", [3, 5]),
    ("bi,bj,bij->b", [3, 2], [3, 5], [3, 2, 5]),
    ("bnd,nde->bne", [3, 2, 5], [2, 5, 3]),
]:
    operands = {name: floats(shape) for name, shape in zip("abc", shapes)}
    case(f"einsum {equation}", "einsum", lambda **tensors: torch.einsum(equation, *tensors.values()), operands, dict(equation=equation))
flip = lambda x, transposed: x.transpose(-1, -2) if transposed else x
for a, b, ta, tb in [
    ([3, 5], [5, 7], False, False),
    ([5, 3], [5, 7], True, False),
    ([3, 5], [7, 5], False, True),
    ([5, 3], [7, 5], True, True),
    ([2, 3, 5], [2, 5, 7], False, False),
    ([2, 3, 5], [2, 7, 5], False, True),
    ([2, 5, 3], [2, 5, 7], True, False),
    ([2, 3, 4, 5], [5, 7], False, False),
    ([2, 1, 3, 5], [3, 5, 2], False, False),
    ([1, 9], [9, 1], False, False),
    ([17, 33], [33, 19], False, False),
]:
    text = lambda shape, t: "x".join(map(str, shape)) + ("^T" if t else "")
    case(f"matmul {text(a, ta)} {text(b, tb)}", "matmul", lambda a, b: flip(a, ta) @ flip(b, tb), dict(a=floats(a), b=floats(b)), dict(transposeA=ta, transposeB=tb))
SIZES = [2, 0, 3]
case(
    "segmented_matmul",
    "segmented_matmul",
    lambda x, w: torch.cat([rows @ w[g] for g, rows in enumerate(x.split(SIZES))]),
    dict(x=floats([5, 3]), w=floats([3, 3, 4])),
    dict(offsets=[0, 2, 2, 5]),
    "rows offsets[g] up to offsets[g + 1] are multiplied by w[g] [K, M]; group 1 is empty",
)
case("gather_matmul", "gather_matmul", lambda x, w, index: torch.einsum("nk,nkm->nm", x, w[index]), dict(x=floats([5, 3]), w=floats([3, 3, 4]), index=given([2, 0, 2, 2, 1])), note="row n is multiplied by w[index[n]]")


def causal_conv(x, weight, bias=None):
    kernel = weight.shape[-1]
    return F.conv1d(F.pad(x, (kernel - 1, 0)), weight[:, None], bias, groups=weight.shape[0])


conv_note = "x [B, C, T], weight [C, K]: y[b, c, t] = bias[c] + sum_j weight[c, j] x[b, c, t - (K - 1) + j], zeros before the start (cross-correlation, as in torch)"
case("conv1d_depthwise_causal", "conv1d_depthwise_causal", causal_conv, dict(x=floats([2, 3, 7]), weight=floats([3, 4]), bias=floats([3])), note=conv_note)
case("conv1d_depthwise_causal_short", "conv1d_depthwise_causal", causal_conv, dict(x=floats([1, 2, 3]), weight=floats([2, 5])), note=conv_note + "; the kernel is longer than the sequence")

# Order. Values repeat, so stability shows; torch leaves ties of topk and argmax open, here they go to the lowest index.
TIED = dict(x=ints([3, 9], 4))
for descending in (False, True):
    case(
        "sort_" + ("descending" if descending else "ascending") + "_ties",
        "sort",
        lambda x: dict(zip(("values", "indices"), torch.sort(x, dim=-1, descending=descending, stable=True))),
        TIED,
        dict(axis=-1, descending=descending, stable=True),
        "equal values keep their order in both directions",
        differentiate=False,
    )
case("topk_ties", "topk", lambda x: {k: v[:, :4] for k, v in zip(("values", "indices"), torch.sort(x, dim=-1, descending=True, stable=True))}, TIED, dict(axis=-1, k=4), "the first k of the stable descending sort", differentiate=False)
case("argmax_ties", "argmax", lambda x: torch.sort(x, dim=-1, descending=True, stable=True).indices[:, 0], TIED, dict(axis=-1), "ties take the lowest index", differentiate=False)
case("sort_values", "sort", lambda x: torch.sort(x, dim=0, stable=True).values, dict(x=floats([5, 3])), dict(axis=0, descending=False, stable=True))
case("topk_values", "topk", lambda x: x.topk(3, -1).values, dict(x=floats([3, 7])), dict(axis=-1, k=3))

# Optimisers.
OPTIMIZERS = []


def optimizer(name, kind, build, attrs, steps, note=None):
    w, gradient = floats([3, 5]), floats([3, 5])
    next(next_seed), next(next_seed), next(next_seed)  # the gradient's seed + 1, + 2 and + 3
    p = materialise(w).requires_grad_()
    opt, after = build([p]), []
    for step in range(steps):
        p.grad = materialise({**gradient, "seed": gradient["seed"] + step})
        opt.step()
        after.append(rounded(p.flatten()))
    row = dict(name=name, op=kind, attrs=attrs, w=w, gradient=gradient, steps=steps, after=after)
    state = opt.state[p]
    row["state"] = {key: rounded(value.flatten()) for key, value in state.items() if isinstance(value, torch.Tensor) and value.shape == p.shape}
    if note:
        row["note"] = note
    OPTIMIZERS.append(row)


for steps in (1, 3):
    for decay in (0.0, 0.1):
        attrs = dict(lr=0.01, betas=[0.9, 0.95], eps=1e-8, weight_decay=decay)
        optimizer(f"adamw_{steps}_decay_{decay}", "adamw", lambda p: torch.optim.AdamW(p, **attrs), attrs, steps, "decoupled: w *= 1 - lr * weight_decay before the step")
attrs = dict(lr=0.01, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.1)
optimizer("adam_3_coupled_decay", "adam", lambda p: torch.optim.Adam(p, **attrs), attrs, 3, "L2: weight_decay * w is added to the gradient")
for label, extra in [
    ("plain", {}),
    ("decay", dict(weight_decay=0.1)),
    ("momentum", dict(momentum=0.9)),
    ("momentum_decay", dict(momentum=0.9, weight_decay=0.1)),
    ("dampening", dict(momentum=0.9, dampening=0.5)),
    ("nesterov", dict(momentum=0.9, nesterov=True)),
    ("nesterov_decay", dict(momentum=0.9, nesterov=True, weight_decay=0.1)),
]:
    attrs = dict(lr=0.1, **extra)
    optimizer(f"sgd_{label}", "sgd", lambda p: torch.optim.SGD(p, **attrs), attrs, 4, "decay is added to the gradient; buf = g at step 0, then momentum * buf + (1 - dampening) * g; nesterov steps by g + momentum * buf")

# Clipping: the factor is min(1, max_norm / (norm + 1e-6)) over all gradients together.
CLIPPING = []
for name, max_norm in (("clips", 1.0), ("leaves", 100.0)):
    specs = dict(a=floats([3, 5]), b=floats([7], 4.0), c=floats([2, 3, 1], 0.25))
    params = [torch.zeros(spec["shape"], dtype=torch.float64, requires_grad=True) for spec in specs.values()]
    for p, spec in zip(params, specs.values()):
        p.grad = materialise(spec)
    norm = torch.nn.utils.clip_grad_norm_(params, max_norm)
    CLIPPING.append(dict(name=name, max_norm=max_norm, gradients=specs, norm=rounded(norm), clipped={k: rounded(p.grad.flatten()) for k, p in zip(specs, params)}))

write(
    __file__,
    dict(meta=meta(__file__, "in each input", " ".join(__doc__.split())), cases=CASES, optimizers=OPTIMIZERS, clipGradNorm=CLIPPING),
    lists=("cases", "optimizers", "clipGradNorm"),
)
print(len(CASES), "cases,", len(OPTIMIZERS), "optimisers")
