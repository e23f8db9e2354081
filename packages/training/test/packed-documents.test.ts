import { cpuDevice, setDefaultDevice } from '@almanac/tensor-core'
import { expect, it } from 'vitest'
import { heldOutBatches, packDocuments, tokenBatches } from '../src/index.js'

setDefaultDevice(cpuDevice())

it('lays documents end to end and remembers where each begins', () => {
  const packed = packDocuments([[1, 2, 3], [], [4], [5, 6]])
  expect(packed.tokens).toEqual(Uint16Array.of(1, 2, 3, 4, 5, 6))
  expect(packed.starts).toEqual(Int32Array.of(0, 3, 4))
  expect(packDocuments([[70_000]]).tokens).toEqual(Int32Array.of(70_000))
  expect(() => packDocuments([[1], [2, 0.5]])).toThrow(
    'packDocuments: expected ids from 0 to 2^31 - 1, got 0.5 at 1 of document 1.',
  )
})

it('tells for every token of a window where its document begins in it', async () => {
  // The id of a token is its document's number.
  const lengths = [5, 1, 9, 2, 2, 30, 4]
  const packed = packDocuments(lengths.map((length, n) => new Array<number>(length).fill(n)))
  for (const batches of [
    tokenBatches(packed, { batchSize: 5, contextLength: 12, seed: 1 }),
    (i: number) => (heldOutBatches(packed, { batchSize: 2, contextLength: 12 })[i] as () => never)(),
  ]) {
    const { inputs, firsts } = batches(0) as unknown as Record<string, import('@almanac/tensor-core').Tensor>
    const rows = (await inputs?.toArray()) as number[][]
    const begins = (await firsts?.toArray()) as number[][]
    rows.forEach((row, b) => {
      row.forEach((id, t) => expect(begins[b]?.[t]).toBe(row.indexOf(id)))
    })
  }
})
