import { dtypeName, formatShape, type Tensor, tensorFromBytes } from '@almanac/tensor-core'
import {
  fromSafetensorsDType,
  parseSafetensors,
  type SafetensorsDType,
  serializeSafetensors,
  toSafetensorsDType,
} from '@almanac/tensor-core/safetensors'
import type { BlockGap } from './block-tables.js'
import type { CacheCell } from './cache-cells.js'
import { CacheError } from './cache-error.js'

/*
 * A sequence as safetensors bytes, the same for every placement: `positions` int32 [R], those that are kept in ascending
 * order, and a tensor [R, ...row] for each cell of each layer (`0.k`, `0.v`, ...).
 */

const POSITIONS = 'positions'

/** A cell of a layer by its name in a snapshot: `3.k`. */
export type NamedCells = ReadonlyMap<string, CacheCell>

export interface SequenceRows {
  readonly positions: readonly number[]
  /** [R, ...row] by the cell's name. */
  readonly rows: ReadonlyMap<string, Tensor>
}

/** Bytes of a sequence; `rows` are [R, ...row] by the cell's name. */
export async function writeSnapshot(cells: NamedCells, { positions, rows }: SequenceRows): Promise<Uint8Array> {
  const count = positions.length
  const parts = await Promise.all(
    [...cells].map(async ([name, { row, dtype }]) => {
      const bytes = await (rows.get(name) as Tensor).bytes()
      return [name, { dtype: toSafetensorsDType(dtype) as SafetensorsDType, shape: [count, ...row], bytes }] as const
    }),
  )
  const numbers = new Uint8Array(Int32Array.from(positions).buffer)
  return serializeSafetensors([[POSITIONS, { dtype: 'I32', shape: [count], bytes: numbers }], ...parts])
}

/** Throws CacheError, which `where` begins, for a snapshot of other cells; SafetensorsError for one that is broken. */
export function readSnapshot(where: string, cells: NamedCells, snapshot: Uint8Array): SequenceRows {
  const { tensors } = parseSafetensors(snapshot, { where })
  const first = [...cells][0] as [string, CacheCell]
  const describe = ([name, { row, dtype }]: [string, CacheCell]) =>
    `${dtypeName(dtype)} [tokens, ${row.join(', ')}] for ${name}`
  const refuse = (expected: string, got: string): CacheError =>
    new CacheError(where, expected, got, 'The snapshot is of another model or cache.')
  const stored = tensors.get(POSITIONS)
  if (stored?.dtype !== 'I32' || stored.shape.length !== 1 || tensors.size !== cells.size + 1) {
    const expected = `${POSITIONS} int32 [tokens] and ${cells.size} tensors, ${describe(first)}`
    throw refuse(expected, `${tensors.size} tensors: ${[...tensors.keys()].slice(0, 4).join(', ')}`)
  }
  const positions = [...new Int32Array(stored.bytes.slice().buffer)]
  if (positions.some((position, i) => position < 0 || (i > 0 && position <= (positions[i - 1] as number)))) {
    throw new CacheError(where, `${POSITIONS} from 0 in ascending order`, 'others', 'The snapshot is broken.')
  }
  const rows = new Map<string, Tensor>()
  for (const [name, cell] of cells) {
    const part = tensors.get(name)
    const shape = [positions.length, ...cell.row]
    if (!part || fromSafetensorsDType(part.dtype) !== cell.dtype || formatShape(part.shape) !== formatShape(shape)) {
      const got = part ? `${part.dtype} ${formatShape(part.shape)}` : `no ${name}`
      throw refuse(`${dtypeName(cell.dtype)} ${formatShape(shape)} for ${name}`, got)
    }
    rows.set(name, tensorFromBytes(part.bytes.slice(), shape, cell.dtype))
  }
  return { positions, rows }
}

/**
 * Which positions before the last one a snapshot lacks. Throws CacheError where it lacks some that tokens with this window and
 * these sinks see.
 */
export function missingPositions(
  where: string,
  positions: readonly number[],
  { window, sinks }: { readonly window?: number; readonly sinks: number },
): BlockGap {
  const length = (positions.at(-1) ?? -1) + 1
  const jump = positions.findIndex((position, i) => position !== i)
  if (jump < 0) return { from: 0, to: 0 }
  const gap = { from: jump, to: positions[jump] as number }
  const needed = window === undefined ? 0 : Math.max(0, length - window + 1)
  if (
    length - gap.to !== positions.length - jump ||
    gap.from < Math.min(sinks, length) ||
    gap.to > Math.max(needed, gap.from)
  ) {
    throw new CacheError(
      where,
      window === undefined
        ? `all positions from 0 to ${length - 1}`
        : `the positions from ${needed} to ${length - 1}${sinks > 0 ? ` and the first ${sinks}` : ''}`,
      `a snapshot without positions ${gap.from} to ${gap.to - 1}`,
      'It is of a cache with a smaller window or fewer sinks: restore it into one like that.',
    )
  }
  return gap
}
