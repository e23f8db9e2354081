/** What to make of a model. */
export interface Quantisation {
  readonly norms: boolean
  /** Also the output matrix. */
  readonly output: boolean
  /** With every other n-gram left. */
  readonly pruned: boolean
}

/** Parts of a vector have so many numbers; dimensions are no multiples of it. */
const PART = 3

/**
 * Makes a quantised file of a trained one, with codes and centroids that have nothing to do with it: both readers must take them for the
 * same. The original's own quantiser is not in its WebAssembly build.
 */
export function quantise(model: Uint8Array, { norms, output, pruned }: Quantisation): Uint8Array<ArrayBuffer> {
  const view = new DataView(model.buffer, model.byteOffset, model.byteLength)
  const int32 = (at: number): number => view.getInt32(at, true)
  const [dim, bucket, words, labels] = [int32(8), int32(8 + 32), int32(68), int32(72)]
  const denseOutput = 1 + 16 + 4 * labels * dim
  const rows = Number(
    view.getBigInt64(model.length - denseOutput - 16 - 4 * dim * rowsOf(model, denseOutput, dim), true),
  )
  const head = model.slice(0, model.length - denseOutput - 16 - 4 * dim * rows - 1)
  const left = pruned ? Math.floor(bucket / 2) : bucket
  const pairs = new Int32Array(pruned ? 2 * left : 0)
  for (let i = 0; i < left && pruned; i++) pairs.set([2 * i, i], 2 * i)
  if (pruned) new DataView(head.buffer).setBigInt64(84, BigInt(left), true)
  return joined([
    head,
    pairs,
    Uint8Array.of(1),
    ...matrix(pruned ? words + left : rows, dim, norms),
    Uint8Array.of(Number(output)),
    ...(output ? matrix(labels, dim, norms) : [model.slice(model.length - denseOutput + 1)]),
  ])
}

/** Words and buckets; a model without n-grams may have no buckets. */
function rowsOf(model: Uint8Array, denseOutput: number, dim: number): number {
  const view = new DataView(model.buffer, model.byteOffset, model.byteLength)
  const [bucket, words] = [view.getInt32(8 + 32, true), view.getInt32(68, true)]
  for (const rows of [words + bucket, words]) {
    const at = model.length - denseOutput - 16 - 4 * dim * rows
    if (at > 0 && view.getBigInt64(at, true) === BigInt(rows) && view.getBigInt64(at + 8, true) === BigInt(dim))
      return rows
  }
  throw new Error('no input matrix found')
}

function matrix(rows: number, columns: number, norms: boolean): ArrayBufferView[] {
  const parts = Math.ceil(columns / PART)
  const codes = Uint8Array.from({ length: rows * parts }, (_, i) => (i * 37 + (i >> 5)) % 256)
  const centroids = Float32Array.from({ length: columns * 256 }, (_, i) => Math.sin(i * 1.7) * 2)
  const head = [
    Uint8Array.of(Number(norms)),
    BigInt64Array.of(BigInt(rows), BigInt(columns)),
    Int32Array.of(codes.length),
  ]
  const last = columns % PART || PART
  const values = [codes, Int32Array.of(columns, parts, PART, last), centroids]
  if (!norms) return [...head, ...values]
  const normCodes = Uint8Array.from({ length: rows }, (_, i) => (i * 11) % 256)
  const lengths = Float32Array.from({ length: 256 }, (_, i) => 0.1 + i / 300)
  return [...head, ...values, normCodes, Int32Array.of(1, 1, 1, 1), lengths]
}

function joined(parts: readonly ArrayBufferView[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, { byteLength }) => total + byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += part.byteLength
  }
  return whole
}
