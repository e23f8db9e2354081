import { loadGolden } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { parseSafetensors, type SafetensorsTensor } from '../../src/safetensors/read-safetensors.js'
import { type SafetensorsDType, safetensorsElementBytes } from '../../src/safetensors/safetensors-dtype.js'
import {
  type SafetensorsTensorSource,
  safetensorsByteLength,
  safetensorsChunks,
  serializeSafetensors,
} from '../../src/safetensors/write-safetensors.js'

interface Golden {
  metadata: Record<string, string>
  tensors: [string, SafetensorsDType, number[]][]
  file: string
}

const golden = loadGolden<Golden>(import.meta.url, './goldens/reference-file.json')
const goldenFile = new Uint8Array(Buffer.from(golden.file, 'base64'))
const goldenTensors = golden.tensors.map(([name, dtype, shape]): [string, SafetensorsTensor] => {
  const length = shape.reduce((a, b) => a * b, safetensorsElementBytes(dtype))
  const bytes = Uint8Array.from({ length }, (_, i) => (dtype === 'BOOL' ? i % 2 : (i * 7 + 3) % 256))
  return [name, { dtype, shape, bytes }]
})

const u8 = (length: number): SafetensorsTensor => ({
  dtype: 'U8',
  shape: [length],
  bytes: new Uint8Array(length).fill(7),
})

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

describe('serializeSafetensors', () => {
  it('writes the very bytes of the original writer, whatever the order of the input', () => {
    expect(serializeSafetensors(goldenTensors, golden.metadata)).toEqual(goldenFile)
    expect(serializeSafetensors([...goldenTensors].reverse(), golden.metadata)).toEqual(goldenFile)
  })

  it('comes back from parseSafetensors', () => {
    const { metadata, tensors } = parseSafetensors(goldenFile)
    expect(metadata).toEqual(golden.metadata)
    expect(tensors.size).toBe(goldenTensors.length)
    for (const [name, tensor] of goldenTensors) expect(tensors.get(name)).toEqual(tensor)
  })

  it('pads the header to a multiple of 8 and keeps every tensor aligned to its elements', () => {
    for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh']) {
      const file = serializeSafetensors([
        [name, u8(3)],
        [`${name}.wide`, { dtype: 'F64', shape: [1], bytes: new Uint8Array(8) }],
        [`${name}.half`, { dtype: 'F16', shape: [1], bytes: new Uint8Array(2) }],
      ])
      expect(new DataView(file.buffer).getUint32(0, true) % 8).toBe(0)
      for (const { dtype, bytes } of parseSafetensors(file).tensors.values()) {
        expect(bytes.byteOffset % safetensorsElementBytes(dtype)).toBe(0)
      }
    }
  })

  it('writes a file without tensors, and leaves empty metadata away', () => {
    expect(new TextDecoder().decode(serializeSafetensors([]).subarray(8))).toBe('{}      ')
    expect(parseSafetensors(serializeSafetensors([], { a: 'ü\n"' })).metadata).toEqual({ a: 'ü\n"' })
  })

  it('refuses what it could not read again', () => {
    const bad = (name: string, changes: Record<string, unknown>) => () =>
      serializeSafetensors([[name, { ...u8(2), ...changes } as SafetensorsTensor]])
    expect(bad('x', { shape: [3] })).toThrow(
      'serializeSafetensors, tensor "x": expected 3 bytes for U8 of shape [3], got 2. Check dtype and shape.',
    )
    expect(bad('x', { shape: [-2] })).toThrow(
      'serializeSafetensors, tensor "x": expected a shape of integers >= 0, got [-2].',
    )
    expect(bad('x', { dtype: 'float32' })).toThrow('got "float32". Cast it first.')
    expect(bad('__metadata__', {})).toThrow(
      'serializeSafetensors: expected tensor names, got "__metadata__". Pass metadata as the second argument.',
    )
    expect(bad('__proto__', {})).toThrow('expected ordinary names, got "__proto__"')
    expect(bad('\ud800', {})).toThrow('expected names in valid Unicode')
    const twice: [string, SafetensorsTensor][] = [
      ['x', u8(1)],
      ['x', u8(1)],
    ]
    expect(() => serializeSafetensors(twice)).toThrow(
      'serializeSafetensors: expected every name once, got "x" twice. Rename one of them.',
    )
    expect(() => serializeSafetensors([], { step: 3 } as unknown as Record<string, string>)).toThrow(
      'serializeSafetensors: expected a string as metadata "step", got 3. Turn it into text, for example JSON.',
    )
  })
})

describe('safetensorsChunks', () => {
  it('yields the same file, asking for one tensor at a time', async () => {
    const asked: string[] = []
    const lazy = goldenTensors.map(([name, tensor]): [string, SafetensorsTensorSource] => [
      name,
      {
        ...tensor,
        bytes: async () => {
          asked.push(name)
          return tensor.bytes
        },
      },
    ])
    const chunks = safetensorsChunks(lazy, golden.metadata)
    await chunks.next()
    expect(asked).toEqual([])
    await chunks.next()
    expect(asked).toEqual(['u64'])
    await chunks.return()
    const all = await collect(safetensorsChunks(lazy, golden.metadata))
    expect(new Uint8Array(Buffer.concat(all))).toEqual(goldenFile)
    expect(safetensorsByteLength(lazy, golden.metadata)).toBe(goldenFile.length)
  })

  it('cuts large tensors into pieces that are views', async () => {
    const bytes = new Uint8Array(20 * 2 ** 20)
    const chunks = await collect(safetensorsChunks([['x', { dtype: 'U8', shape: [bytes.length], bytes }]]))
    expect(chunks.slice(1).map((chunk) => chunk.length)).toEqual([8 * 2 ** 20, 8 * 2 ** 20, 4 * 2 ** 20])
    for (const chunk of chunks.slice(1)) expect(chunk.buffer).toBe(bytes.buffer)
  })

  it('refuses bytes that do not fit when their turn comes', async () => {
    const chunks = safetensorsChunks([['x', { dtype: 'U8', shape: [2], bytes: () => new Uint8Array(1) }]])
    await chunks.next()
    await expect(chunks.next()).rejects.toThrow('tensor "x": expected 2 bytes for U8 of shape [2], got 1.')
  })
})
