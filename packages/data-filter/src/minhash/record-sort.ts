/**
 * Records of `stride` 32-bit words: first `hashes` values of 64 bits, the low word first, or of 32 bits, then words of their own.
 */
export interface RecordShape {
  readonly stride: number
  readonly hashes: number
  readonly precision: 32 | 64
}

/** Which of two records, at these words, comes first: by their hashes as whole numbers, then by the words behind them. */
export function compareRecords(x: Uint32Array, i: number, y: Uint32Array, j: number, shape: RecordShape): number {
  const order = compareHashes(x, i, y, j, shape)
  if (order !== 0) return order
  for (let k = (shape.hashes * shape.precision) / 32; k < shape.stride; k++) {
    const difference = (x[i + k] as number) - (y[j + k] as number)
    if (difference !== 0) return difference
  }
  return 0
}

export function compareHashes(
  x: Uint32Array,
  i: number,
  y: Uint32Array,
  j: number,
  { hashes, precision }: Pick<RecordShape, 'hashes' | 'precision'>,
): number {
  if (precision === 32) {
    for (let k = 0; k < hashes; k++) {
      const difference = (x[i + k] as number) - (y[j + k] as number)
      if (difference !== 0) return difference
    }
    return 0
  }
  for (let k = 0; k < 2 * hashes; k += 2) {
    const high = (x[i + k + 1] as number) - (y[j + k + 1] as number)
    if (high !== 0) return high
    const low = (x[i + k] as number) - (y[j + k] as number)
    if (low !== 0) return low
  }
  return 0
}

/** Below this many records, comparing is faster than counting. */
const FEW = 4096

/**
 * A sorted copy. Many records are put in order of their first hash by passes of a radix sort of 16 bits each, then those with the same
 * one by comparison.
 */
export function sortRecords(records: Uint32Array, shape: RecordShape): Uint32Array {
  const { stride } = shape
  const count = records.length / stride
  const compare = (i: number, j: number) => compareRecords(records, i * stride, records, j * stride, shape)
  let order = Uint32Array.from({ length: count }, (_, i) => i)
  if (count < FEW) order.sort(compare)
  else {
    order = byFirstHash(records, shape, order)
    sortTies(records, shape, order, compare)
  }
  const sorted = new Uint32Array(records.length)
  for (let i = 0; i < count; i++) {
    const from = (order[i] as number) * stride
    const to = i * stride
    for (let k = 0; k < stride; k++) sorted[to + k] = records[from + k] as number
  }
  return sorted
}

function byFirstHash(
  records: Uint32Array,
  { stride, precision }: RecordShape,
  start: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  let order = start
  let next = new Uint32Array(order.length)
  const places = new Uint32Array(2 ** 16)
  for (let pass = 0; pass < precision / 16; pass++) {
    const word = pass >>> 1
    const shift = 16 * (pass & 1)
    places.fill(0)
    for (let at = word; at < records.length; at += stride) {
      const digit = ((records[at] as number) >>> shift) & 0xffff
      places[digit] = (places[digit] as number) + 1
    }
    let sum = 0
    for (let digit = 0; digit < places.length; digit++) {
      const size = places[digit] as number
      places[digit] = sum
      sum += size
    }
    for (const record of order) {
      const digit = ((records[record * stride + word] as number) >>> shift) & 0xffff
      const place = places[digit] as number
      next[place] = record
      places[digit] = place + 1
    }
    ;[order, next] = [next, order]
  }
  return order
}

function sortTies(
  records: Uint32Array,
  { stride, precision }: RecordShape,
  order: Uint32Array,
  compare: (i: number, j: number) => number,
): void {
  const one = { hashes: 1, precision }
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    const first = (order[begin] as number) * stride
    end = begin + 1
    while (end < order.length && compareHashes(records, first, records, (order[end] as number) * stride, one) === 0)
      end++
    if (end > begin + 1) order.subarray(begin, end).sort(compare)
  }
}
