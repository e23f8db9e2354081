import type { RecordReader } from './record-reader.js'
import { compareHashes, type RecordShape } from './record-sort.js'

/** The records of several readers in one order: by their hashes, those with the same ones by reader. */
export interface RecordMerge {
  /** Which reader has the current record, at its `at`; -1 at the end. */
  reader: number
  /** The current record's first hash, rounded to a double: what differs here differs. */
  key: number
  /** Goes to the next record. Most are there already; where a buffer must be read first, wait for the promise. */
  next(): Promise<void> | null
}

export async function mergeRecords(
  readers: readonly RecordReader[],
  shape: Pick<RecordShape, 'hashes' | 'precision'>,
): Promise<RecordMerge> {
  const wide = shape.precision === 64
  // A heap of the readers that still have records, by their current ones. Keys decide nearly always.
  const keys = new Float64Array(readers.length)
  const heap: number[] = []
  const setKey = (r: number) => {
    const { records, at } = readers[r] as RecordReader
    keys[r] = (wide ? (records[at + 1] as number) * 2 ** 32 : 0) + (records[at] as number)
  }
  const before = (r: number, s: number): boolean => {
    const difference = (keys[r] as number) - (keys[s] as number)
    if (difference !== 0) return difference < 0
    const [x, y] = [readers[r] as RecordReader, readers[s] as RecordReader]
    const order = compareHashes(x.records, x.at, y.records, y.at, shape)
    return order !== 0 ? order < 0 : r < s
  }
  const sink = (from: number) => {
    const moved = heap[from] as number
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as number, heap[child] as number)) child++
      if (!before(heap[child] as number, moved)) break
      heap[place] = heap[child] as number
      place = child
    }
    heap[place] = moved
  }
  for (let r = 0; r < readers.length; r++) {
    if (!(await (readers[r] as RecordReader).fill())) continue
    setKey(r)
    heap.push(r)
  }
  for (let place = (heap.length >> 1) - 1; place >= 0; place--) sink(place)

  const merge: RecordMerge = {
    reader: -1,
    key: 0,
    next() {
      const r = merge.reader
      const reader = readers[r] as RecordReader
      reader.at += reader.stride
      if (reader.at >= reader.records.length) return refill(r)
      setKey(r)
      settle()
      return null
    },
  }
  const settle = () => {
    if (heap.length > 1) sink(0)
    merge.reader = heap[0] ?? -1
    merge.key = keys[merge.reader] ?? 0
  }
  const refill = async (r: number) => {
    if (await (readers[r] as RecordReader).fill()) setKey(r)
    else {
      const last = heap.pop() as number
      if (heap.length > 0) heap[0] = last
    }
    settle()
  }
  merge.reader = heap[0] ?? -1
  merge.key = keys[merge.reader] ?? 0
  return merge
}
