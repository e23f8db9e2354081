import { sigmoid } from '../compositions/sigmoid.js'
import { silu } from '../compositions/silu.js'
import type { Tensor } from '../graph/tensor.js'
import { add } from '../ops/add.js'
import { checkDomain } from '../ops/elementwise.js'
import { mul } from '../ops/mul.js'
import { sub } from '../ops/sub.js'
import { checkOneShape } from './check-one-shape.js'
import { defineFused } from './define-fused.js'
import { takesDTypes } from './takes-dtypes.js'

/** silu(gate) * up.  [..., F] and [..., F] -> [..., F].  Shazeer 2020, arXiv 2002.05202, eq. 6. */
export const swiglu = defineFused({
  name: 'swiglu',
  fallback(gate: Tensor, up: Tensor) {
    checkDomain('swiglu', 'float', gate.dtype)
    checkOneShape('swiglu', gate, up)
    return mul(silu(gate), up)
  },
  kernels: { wasm: () => import('./swiglu.kernel.js'), webgpu: () => import('./swiglu.kernel.js') },
  supports: takesDTypes(),
  vjp({ dy, inputs: [gate, up] }) {
    const [g, u] = [gate as Tensor, up as Tensor]
    return [...swigluBackward(g, u, dy)]
  },
})

/** dgate = dy * up * s * (1 + gate (1 - s)) with s = sigmoid(gate), and dup = dy * silu(gate). */
export const swigluBackward = defineFused({
  name: 'swigluBackward',
  fallback(gate: Tensor, up: Tensor, dy: Tensor) {
    checkOneShape('swigluBackward', gate, up, dy)
    const s = sigmoid(gate)
    const dGate = mul(mul(dy, up), mul(s, add(mul(gate, sub(1, s)), 1)))
    return [dGate, mul(dy, mul(gate, s))] as const
  },
  kernels: { wasm: () => import('./swiglu-backward.kernel.js'), webgpu: () => import('./swiglu-backward.kernel.js') },
  supports: takesDTypes(),
  inPlace: { 0: 0, 1: 1 },
})
