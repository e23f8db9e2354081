import {
  ArgumentError,
  asTensor,
  concat,
  defineFused,
  formatShape,
  ShapeError,
  type Tensor,
  type TensorLike,
  tensor,
  type VjpContext,
} from '@almanac/tensor-core'

interface Attributes {
  readonly interleaved: boolean
}

export interface RopeOptions {
  /** Base of the frequencies. Default 10000. */
  readonly theta?: number
  /** Pairs are neighbours (2i, 2i + 1), as in the paper and llama2.c, not (i, i + D/2), as in Hugging Face. Default false. */
  readonly interleaved?: boolean
  /** Positions below this have an entry in the table of angles. Default 8192. */
  readonly maxPositions?: number
}

/** The pairs of x: [B, T, H, D/2] twice. */
function pairs(x: Tensor, interleaved: boolean): [Tensor, Tensor] {
  const half = (x.shape[3] as number) / 2
  if (!interleaved) return [x.slice([null, null, null, [0, half]]), x.slice([null, null, null, [half]])]
  const split = x.reshape([...x.shape.slice(0, 3), half, 2])
  const part = (i: number) => split.slice([null, null, null, null, [i, i + 1]]).squeeze(4)
  return [part(0), part(1)]
}

/** The rotation itself: x [B, T, H, D], cos and sin [B or 1, T, 1, D/2]. */
export const ropeRotation = defineFused({
  name: 'rope',
  fallback(x: Tensor, cos: Tensor, sin: Tensor, { interleaved }: Attributes) {
    const [a, b] = pairs(x, interleaved)
    const [first, second] = [a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))]
    if (!interleaved) return concat([first, second], 3)
    return concat([first.unsqueeze(4), second.unsqueeze(4)], 4).reshape(x.shape)
  },
  kernels: { wasm: () => import('./kernels/rope.kernel.js'), webgpu: () => import('./kernels/rope.kernel.js') },
  supports: (inputs) => inputs.every(({ dtype }) => dtype === 'float32'),
  // A rotation's transpose is the rotation back.
  vjp: ({ dy, inputs: [, cos, sin], attributes }: VjpContext<Attributes>): readonly (Tensor | null)[] => [
    ropeRotation(dy, cos as Tensor, (sin as Tensor).neg(), attributes),
    null,
    null,
  ],
})

const tables = new Map<string, { cos: Tensor; sin: Tensor }>()

/** cos and sin of position * theta^(-2i/D), [positions, D/2] each: made in float64, because float32 loses far positions. */
function angleTable(positions: number, half: number, theta: number): { cos: Tensor; sin: Tensor } {
  const name = `${positions} ${half} ${theta}`
  let table = tables.get(name)
  if (!table) {
    const angles = Float64Array.from(
      { length: positions * half },
      (_, i) => Math.floor(i / half) * theta ** (-(i % half) / half),
    )
    const of = (f: (angle: number) => number) => tensor(Float32Array.from(angles, f), { shape: [positions, half] })
    table = { cos: of(Math.cos), sin: of(Math.sin) }
    tables.set(name, table)
  }
  return table
}

/**
 * Rotary position embedding: each pair of channels i turns by position * theta^(-2i/D). Su et al. 2021, arXiv 2104.09864,
 * eq. 34. x [B, T, H, D], positions int32 [T] or [B, T] (default 0 .. T-1) -> [B, T, H, D]. A position outside the table gives
 * NaN. Throws ShapeError, ArgumentError.
 */
export function rope(x: TensorLike, positions: TensorLike | undefined, options: RopeOptions = {}): Tensor {
  const { theta = 10000, interleaved = false, maxPositions = 8192 } = options
  const value = asTensor(x)
  const [, time, , channels] = value.shape
  if (value.rank !== 4 || (channels as number) % 2 !== 0) {
    throw new ShapeError('rope', '[B, T, H, D] with an even D', formatShape(value.shape))
  }
  if (!(theta > 0)) throw new ArgumentError('rope', 'a theta above 0', `${theta}`)
  const half = (channels as number) / 2
  const table = angleTable(Math.max(maxPositions, 1), half, theta)
  if (positions === undefined) {
    const rows = (t: Tensor) => t.slice([[0, time as number]]).reshape([1, time as number, 1, half])
    return ropeRotation(value, rows(table.cos), rows(table.sin), { interleaved })
  }
  const at = asTensor(positions)
  const fits = at.shape[at.rank - 1] === time && (at.rank === 1 || (at.rank === 2 && at.shape[0] === value.shape[0]))
  if (!fits) {
    throw new ShapeError('rope', `positions [T] or [B, T] for x ${formatShape(value.shape)}`, formatShape(at.shape))
  }
  const rows = (t: Tensor) => t.take(at).reshape([at.rank === 1 ? 1 : (at.shape[0] as number), time as number, 1, half])
  return ropeRotation(value, rows(table.cos), rows(table.sin), { interleaved })
}
