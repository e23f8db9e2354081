import {
  ArgumentError,
  asTensor,
  concat,
  defineFused,
  formatShape,
  iota,
  ShapeError,
  type Tensor,
  type TensorLike,
  tensor,
  type VjpContext,
} from '@almanac/tensor-core'
import { type RopeScaling, ropeFrequencies } from './rope-frequencies.js'

interface Attributes {
  readonly interleaved: boolean
}

export interface RopeAngleOptions {
  /** Base of the frequencies. Default 10000. */
  readonly theta?: number
  /** Positions below this have an entry in the table of angles. Default 8192. */
  readonly maxPositions?: number
  /** Default: none. */
  readonly scaling?: RopeScaling
}

export interface RopeOptions extends RopeAngleOptions {
  /** Pairs are neighbours (2i, 2i + 1), as in the paper and llama2.c, not (i, i + D/2), as in Hugging Face. Default false. */
  readonly interleaved?: boolean
  /** Channels of a head that are rotated, its first; the others stay as they are. Default all. */
  readonly channels?: number
}

/** The pairs of x's first `half` times two channels: [B, T, H, half] twice. */
function pairs(x: Tensor, half: number, interleaved: boolean): [Tensor, Tensor] {
  if (!interleaved) return [x.slice([null, null, null, [0, half]]), x.slice([null, null, null, [half, 2 * half]])]
  const split = x.slice([null, null, null, [0, 2 * half]]).reshape([...x.shape.slice(0, 3), half, 2])
  const part = (i: number) => split.slice([null, null, null, null, [i, i + 1]]).squeeze(4)
  return [part(0), part(1)]
}

/** The rotation itself: x [B, T, H, D], cos and sin [B or 1, T, 1, R/2]; channels from R on stay as they are. */
export const ropeRotation = defineFused({
  name: 'rope',
  fallback(x: Tensor, cos: Tensor, sin: Tensor, { interleaved }: Attributes) {
    const half = cos.shape[3] as number
    const [a, b] = pairs(x, half, interleaved)
    const [first, second] = [a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))]
    const turned = interleaved
      ? concat([first.unsqueeze(4), second.unsqueeze(4)], 4).reshape([...x.shape.slice(0, 3), 2 * half])
      : concat([first, second], 3)
    return 2 * half === x.shape[3] ? turned : concat([turned, x.slice([null, null, null, [2 * half]])], 3)
  },
  kernels: { wasm: () => import('./kernels/rope.kernel.js'), webgpu: () => import('./kernels/rope.wgsl.js') },
  supports: (inputs) => inputs.every(({ dtype }) => dtype === 'float32'),
  // A rotation's transpose is the rotation back; a factor of both cosines and sines stays.
  vjp: ({ dy, inputs: [, cos, sin], attributes }: VjpContext<Attributes>): readonly (Tensor | null)[] => [
    ropeRotation(dy, cos as Tensor, (sin as Tensor).neg(), attributes),
    null,
    null,
  ],
})

const tables = new Map<string, { cos: Tensor; sin: Tensor }>()

/** cos and sin of position * frequency, [positions, D/2] each: made in float64, because float32 loses far positions. */
function angleTable(
  positions: number,
  channels: number,
  { theta, scaling }: RopeAngleOptions,
): { cos: Tensor; sin: Tensor } {
  const name = JSON.stringify([positions, channels, theta, scaling])
  let table = tables.get(name)
  if (!table) {
    const { inverse, attentionFactor } = ropeFrequencies(channels, theta, scaling)
    const half = inverse.length
    const angles = Float64Array.from(
      { length: positions * half },
      (_, i) => Math.floor(i / half) * (inverse[i % half] as number),
    )
    const of = (f: (angle: number) => number) =>
      tensor(
        Float32Array.from(angles, (angle) => attentionFactor * f(angle)),
        { shape: [positions, half] },
      )
    table = { cos: of(Math.cos), sin: of(Math.sin) }
    tables.set(name, table)
  }
  return table
}

/** Cosines and sines of the angles by which pairs turn, [1 or B, T, 1, D/2] each. */
export interface RopeAngles {
  readonly cos: Tensor
  readonly sin: Tensor
}

/**
 * The angles of positions int32 [T] or [B, T] for heads of which D channels are rotated: the same for every layer of a model,
 * so take them once. A position outside the table gives NaN. Throws ShapeError, ArgumentError.
 */
export function ropeAngles(positions: TensorLike, channels: number, options: RopeAngleOptions = {}): RopeAngles {
  const { maxPositions = 8192 } = options
  const half = channels / 2
  const table = angleTable(Math.max(maxPositions, 1), channels, options)
  const at = asTensor(positions)
  if (at.rank !== 1 && at.rank !== 2) throw new ShapeError('rope', 'positions [T] or [B, T]', formatShape(at.shape))
  const [batch, time] = at.rank === 1 ? [1, at.shape[0] as number] : (at.shape as [number, number])
  const rows = (t: Tensor) => t.take(at).reshape([batch, time, 1, half])
  return { cos: rows(table.cos), sin: rows(table.sin) }
}

/**
 * Rotary position embedding: each pair of channels i turns by position * theta^(-2i/D). Su et al. 2021, arXiv 2104.09864,
 * eq. 34. x [B, T, H, D], positions int32 [T] or [B, T] (default 0 .. T-1) or their angles -> [B, T, H, D]. A position
 * outside the table gives NaN. Throws ShapeError, ArgumentError.
 */
export function rope(x: TensorLike, positions?: TensorLike | RopeAngles, options: RopeOptions = {}): Tensor {
  const { interleaved = false } = options
  const value = asTensor(x)
  const [batch, time, , all] = value.shape as [number, number, number, number]
  const { channels = all } = options
  if (value.rank !== 4 || (channels === all && all % 2 !== 0)) {
    throw new ShapeError('rope', '[B, T, H, D] with an even D', formatShape(value.shape))
  }
  if (channels > all) throw new ArgumentError('rope', `at most the ${all} channels of a head`, `${channels}`)
  const angles = areAngles(positions) ? positions : ropeAngles(positions ?? iota([time]), channels, options)
  const [rows, length, , half] = angles.cos.shape
  if (length !== time || (rows !== 1 && rows !== batch) || half !== channels / 2) {
    throw new ShapeError(
      'rope',
      `positions [T] or [B, T] for x ${formatShape(value.shape)}`,
      areAngles(positions)
        ? `angles ${formatShape(angles.cos.shape)}`
        : formatShape(asTensor(positions as TensorLike).shape),
    )
  }
  return ropeRotation(value, angles.cos, angles.sin, { interleaved })
}

function areAngles(positions: TensorLike | RopeAngles | undefined): positions is RopeAngles {
  return typeof positions === 'object' && 'cos' in positions && 'sin' in positions && !('dtype' in positions)
}
