import type { ByteReader } from '../byte-reader.js'
import { FormatError } from '../data-filter-error.js'

/** Vectors of a fastText model, one a row. */
export interface FastTextMatrix {
  readonly rows: number
  readonly columns: number
  /** Adds a row to a vector. */
  addRow(row: number, vector: Float32Array): void
  dot(row: number, vector: Float32Array): number
}

/** A quantised matrix up to this many numbers is unpacked when it is read (64 MB): rows are then added several times faster. */
const UNPACKED = 2 ** 24
/** Vectors that a product quantiser chooses from. */
const CENTROIDS = 256

/** Reads a matrix of floats. Throws FormatError. */
export function readDense(reader: ByteReader, what: string): FastTextMatrix {
  const [rows, columns] = [reader.int64(), reader.int64()]
  return dense(rows, columns, reader.floats(rows * columns, what))
}

/** Reads a product-quantised matrix (Joulin et al. 2016, arXiv 1612.03651, section 3). Throws FormatError. */
export function readQuantised(reader: ByteReader, what: string, where: string): FastTextMatrix {
  const withNorms = reader.byte() !== 0
  const [rows, columns, codeCount] = [reader.int64(), reader.int64(), reader.int32()]
  const codes = reader.bytes(codeCount, `codes of ${what}`)
  const parts = readCentroids(reader, what)
  if (parts.dim !== columns || codes.length !== rows * parts.count) {
    throw new FormatError(
      where,
      `${rows} rows of ${parts.count} codes for ${what} of ${columns} columns`,
      `${codes.length} codes for ${parts.dim} columns`,
      'The file is damaged.',
    )
  }
  const norms = new Float32Array(rows).fill(1)
  if (withNorms) {
    const normCodes = reader.bytes(rows, `norms of ${what}`)
    const { centroids } = readCentroids(reader, what)
    if (centroids.length < CENTROIDS)
      throw new FormatError(where, '256 norms', `${centroids.length}`, 'The file is damaged.')
    for (let i = 0; i < rows; i++) norms[i] = centroids[normCodes[i] as number] as number
  }
  const packed = quantised(rows, columns, codes, parts, norms)
  return rows * columns > UNPACKED ? packed : unpack(packed)
}

interface Centroids {
  readonly dim: number
  /** How many parts a vector is cut into, of how many numbers each, and the last of how many. */
  readonly count: number
  readonly length: number
  readonly lastLength: number
  /** Part after part, its 256 vectors. */
  readonly centroids: Float32Array
}

function readCentroids(reader: ByteReader, what: string): Centroids {
  const [dim, count, length, lastLength] = [reader.int32(), reader.int32(), reader.int32(), reader.int32()]
  const centroids = reader.floats(dim * CENTROIDS, `centroids of ${what}`)
  const consistent = count > 0 && length > 0 && lastLength > 0 && (count - 1) * length + lastLength === dim
  // What does not fit together is told apart by a dimension that no matrix has.
  return { dim: consistent ? dim : -1, count, length, lastLength, centroids }
}

function dense(rows: number, columns: number, data: Float32Array): FastTextMatrix {
  return {
    rows,
    columns,
    addRow(row, vector) {
      for (let i = 0, at = row * columns; i < columns; i++, at++)
        vector[i] = (vector[i] as number) + (data[at] as number)
    },
    dot(row, vector) {
      let sum = 0
      for (let i = 0, at = row * columns; i < columns; i++, at++) sum += (vector[i] as number) * (data[at] as number)
      return sum
    },
  }
}

export function quantised(
  rows: number,
  columns: number,
  codes: Uint8Array,
  { count, length, lastLength, centroids }: Omit<Centroids, 'dim'>,
  norms: Float32Array,
): FastTextMatrix {
  const each = (row: number, visit: (column: number, value: number) => void): void => {
    for (let part = 0; part < count; part++) {
      const size = part === count - 1 ? lastLength : length
      const from = part * CENTROIDS * length + (codes[row * count + part] as number) * size
      for (let i = 0; i < size; i++) visit(part * length + i, centroids[from + i] as number)
    }
  }
  return {
    rows,
    columns,
    addRow(row, vector) {
      const norm = norms[row] as number
      each(row, (column, value) => {
        vector[column] = (vector[column] as number) + Math.fround(norm * value)
      })
    },
    dot(row, vector) {
      let sum = 0
      each(row, (column, value) => {
        sum += (vector[column] as number) * value
      })
      return sum * (norms[row] as number)
    },
  }
}

function unpack(packed: FastTextMatrix): FastTextMatrix {
  const { rows, columns } = packed
  const data = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) packed.addRow(row, data.subarray(row * columns, (row + 1) * columns))
  return dense(rows, columns, data)
}
