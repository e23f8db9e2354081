import { describe, expect, it } from 'vitest'
import { SafetensorsError } from '../../src/errors.js'
import { blobSource, bytesSource, type RandomAccess } from '../../src/safetensors/random-access.js'
import { openSafetensors, parseSafetensors } from '../../src/safetensors/read-safetensors.js'
import { buildFile, entry } from './build-file.js'

const DAMAGED = 'The file is damaged or is not a safetensors file.'
const HOSTILE = 'Do not load it: a well-formed writer never makes such a file.'
const TRUNCATED = 'The file is truncated: fetch it again.'

/** Counts what is asked of the source. */
function counted(source: RandomAccess) {
  const reads: number[] = []
  const read: RandomAccess['read'] = (offset, length) => {
    reads.push(length)
    return source.read(offset, length)
  }
  return { reads, source: { ...source, read } }
}

describe('parseSafetensors', () => {
  it('gives names, dtypes, shapes, metadata and views of the input, in the order of the bytes', () => {
    const file = buildFile(
      {
        b: { dtype: 'U8', shape: [3], data_offsets: [8, 11] },
        __metadata__: { format: 'pt', note: '' },
        7: entry(),
        scalar: { dtype: 'I8', shape: [], data_offsets: [11, 12] },
        none: { dtype: 'F64', shape: [0, 5], data_offsets: [12, 12] },
        constructor: { dtype: 'BOOL', shape: [1, 1], data_offsets: [12, 13] },
      },
      13,
    )
    const { metadata, tensors } = parseSafetensors(file)
    expect(metadata).toEqual({ format: 'pt', note: '' })
    expect([...tensors.keys()]).toEqual(['7', 'b', 'scalar', 'none', 'constructor'])
    expect(tensors.get('b')).toEqual({ dtype: 'U8', shape: [3], bytes: new Uint8Array([8, 9, 10]) })
    expect(tensors.get('none')?.bytes).toHaveLength(0)
    for (const { bytes } of tensors.values()) expect(bytes.buffer).toBe(file.buffer)
  })

  it('reads from a view inside a larger buffer, a header padded with spaces, and a file without tensors', () => {
    const file = buildFile(`${JSON.stringify({ x: entry() })}     `, 8)
    const larger = new Uint8Array(file.length + 20)
    larger.set(file, 3)
    const { tensors } = parseSafetensors(larger.subarray(3, 3 + file.length))
    expect(Array.from(tensors.get('x')?.bytes ?? [])).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(parseSafetensors(buildFile({}, 0)).tensors.size).toBe(0)
  })

  const x = (changes: Record<string, unknown>) => buildFile({ x: entry(changes) }, 8)
  const two = (first: number[], second: number[], size: number) =>
    buildFile(
      {
        a: { dtype: 'U8', shape: [first[1] - first[0]], data_offsets: first },
        b: { dtype: 'U8', shape: [second[1] - second[0]], data_offsets: second },
      },
      size,
    )
  const withLength = (length: bigint) => {
    const file = buildFile({ x: entry() }, 8)
    new DataView(file.buffer).setBigUint64(0, length, true)
    return file
  }
  const dtypes = 'BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64'

  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), `expected at least 8 bytes, got 0. ${DAMAGED}`],
    ['seven bytes', new Uint8Array(7), `expected at least 8 bytes, got 7. ${DAMAGED}`],
    [
      'a header of 2 GB',
      withLength(2n ** 31n),
      `expected a header of at most 100000000 bytes, got 2147483648. ${DAMAGED}`,
    ],
    [
      'a header length beyond 2^53',
      withLength(2n ** 64n - 1n),
      `expected a header of at most 100000000 bytes, got 18446744073709551615. ${DAMAGED}`,
    ],
    [
      'a header longer than the file',
      withLength(90_000_000n),
      `expected a header inside the file (62 bytes after its length), got a header of 90000000 bytes. ${TRUNCATED}`,
    ],
    [
      'a truncated file',
      buildFile({ x: entry() }, 7),
      `expected tensor "x" inside 7 bytes of data, got offsets [0, 8]. ${TRUNCATED}`,
    ],
    ['no JSON', buildFile('{"x": nonsense}', 8), `expected a header in JSON, got "{\\"x\\": nonsense}". ${DAMAGED}`],
    ['an empty header', buildFile('', 0), `expected a header in JSON, got "". ${DAMAGED}`],
    ['an array as header', buildFile([1], 0), `expected a JSON object as header, got "[1]". ${DAMAGED}`],
    ['null as header', buildFile('null', 0), `expected a JSON object as header, got "null". ${DAMAGED}`],
    ['a space before the header', buildFile(' {}', 0), `expected a JSON object as header, got " {}". ${DAMAGED}`],
    ['a byte order mark', buildFile('\ufeff{}', 0), `expected a header in JSON, got "\ufeff{}". ${DAMAGED}`],
    [
      'a name twice',
      buildFile(`{"x":${JSON.stringify(entry())},"\\u0078":${JSON.stringify(entry())}}`, 8),
      `expected every key once, got "x" twice. ${HOSTILE}`,
    ],
    [
      'a field twice',
      buildFile('{"x":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}', 8),
      `expected every key once, got "shape" twice. ${HOSTILE}`,
    ],
    [
      'the name __proto__',
      buildFile(`{"__proto__":${JSON.stringify(entry())}}`, 8),
      `expected ordinary names, got "__proto__". ${HOSTILE}`,
    ],
    [
      'half a surrogate pair as name',
      buildFile(`{"\\ud800":${JSON.stringify(entry())}}`, 8),
      `expected names in valid Unicode, got "\\ud800". ${HOSTILE}`,
    ],
    [
      '__proto__ in the metadata',
      buildFile('{"__metadata__":{"__proto__":"x"}}', 0),
      `expected ordinary names, got "__proto__". ${HOSTILE}`,
    ],
    [
      'metadata that are not an object',
      buildFile({ __metadata__: ['a'] }, 0),
      `expected __metadata__ as an object of strings, got ["a"]. ${DAMAGED}`,
    ],
    [
      'metadata that are not strings',
      buildFile({ __metadata__: { epoch: 3 } }, 0),
      `expected a string at __metadata__.epoch, got 3. ${DAMAGED}`,
    ],
    [
      'overlapping tensors',
      two([0, 5], [4, 8], 8),
      `expected tensors that do not overlap, got "b" at 4, before the end of "a" at 5. ${HOSTILE}`,
    ],
    [
      'the same bytes twice',
      two([0, 8], [0, 8], 8),
      `expected tensors that do not overlap, got "b" at 0, before the end of "a" at 8. ${HOSTILE}`,
    ],
    [
      'a hole',
      two([0, 3], [5, 8], 8),
      `expected tensors without holes between them, got 2 unused bytes between "a" and "b". ${HOSTILE}`,
    ],
    [
      'a hole before the first tensor',
      two([1, 3], [3, 8], 8),
      `expected tensors without holes between them, got 1 unused bytes between the header and "a". ${HOSTILE}`,
    ],
    [
      'offsets outside the file',
      two([0, 3], [3, 9], 8),
      `expected tensor "b" inside 8 bytes of data, got offsets [3, 9]. ${TRUNCATED}`,
    ],
    [
      'trailing bytes',
      buildFile({ x: entry() }, 9),
      'expected the file to end with "x", got 1 more bytes. Something was appended, or the header lacks a tensor.',
    ],
    [
      'bytes without any tensor',
      buildFile({}, 2),
      'expected the file to end with the header, got 2 more bytes. Something was appended, or the header lacks a tensor.',
    ],
  ])('refuses %s', (_, file, message) => {
    expect(() => parseSafetensors(file)).toThrow(SafetensorsError)
    expect(() => parseSafetensors(file)).toThrow(`parseSafetensors: ${message}`)
  })

  it.each<[string, Uint8Array, string]>([
    ['reversed offsets', x({ data_offsets: [8, 0] }), `expected data_offsets that rise, got [8, 0]. ${DAMAGED}`],
    [
      'negative offsets',
      x({ data_offsets: [-8, 0] }),
      `expected data_offsets as two integers >= 0, got [-8, 0]. ${DAMAGED}`,
    ],
    [
      'offsets that are no numbers',
      x({ data_offsets: ['0', '8'] }),
      'expected data_offsets as two integers >= 0, got ["0", "8"].',
    ],
    ['three offsets', x({ data_offsets: [0, 4, 8] }), 'expected data_offsets as two integers >= 0, got [0, 4, 8].'],
    ['no offsets', x({ data_offsets: undefined }), 'expected data_offsets as two integers >= 0, got undefined.'],
    ['a negative size', x({ shape: [-2] }), `expected a shape of integers >= 0, got [-2]. ${DAMAGED}`],
    ['a fraction as size', x({ shape: [2.5] }), 'expected a shape of integers >= 0, got [2.5].'],
    ['a size beyond 2^53', x({ shape: [2 ** 60] }), 'expected a shape of integers >= 0, got [1152921504606847000].'],
    ['a size as text', x({ shape: ['2'] }), 'expected a shape of integers >= 0, got ["2"].'],
    ['a shape that is a number', x({ shape: 2 }), 'expected a shape of integers >= 0, got 2.'],
    ['no shape', x({ shape: undefined }), 'expected a shape of integers >= 0, got undefined.'],
    [
      'a product that overflows',
      x({ shape: [2 ** 40, 2 ** 40] }),
      `expected fewer than 2^53 bytes, got F32 of shape [1099511627776, 1099511627776]. ${HOSTILE}`,
    ],
    ['a shape for other bytes', x({ shape: [3] }), `expected 12 bytes for F32 of shape [3], got 8. ${DAMAGED}`],
    [
      'an unknown dtype',
      x({ dtype: 'F128' }),
      `expected a dtype of ${dtypes}, got "F128". Convert the file with a tool that knows this dtype.`,
    ],
    ['a dtype from the prototype', x({ dtype: 'toString' }), `expected a dtype of ${dtypes}, got "toString".`],
    ['no dtype', x({ dtype: undefined }), `expected a dtype of ${dtypes}, got undefined.`],
    [
      'a tensor that is no object',
      buildFile({ x: null }, 0),
      'expected an object with dtype, shape and data_offsets, got null.',
    ],
  ])('refuses %s, naming the tensor', (_, file, message) => {
    expect(() => parseSafetensors(file)).toThrow(SafetensorsError)
    expect(() => parseSafetensors(file)).toThrow(`parseSafetensors, tensor "x": ${message}`)
  })

  it('survives deep nesting and a shape of a million sizes', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    expect(() => parseSafetensors(buildFile(`{"x":{"dtype":${deep},"shape":[],"data_offsets":[0,0]}}`, 0))).toThrow(
      SafetensorsError,
    )
    const long = JSON.stringify(new Array(1_000_000).fill(2))
    expect(() => parseSafetensors(buildFile(`{"x":{"dtype":"F32","shape":${long},"data_offsets":[0,0]}}`, 0))).toThrow(
      'got F32 of shape [2, 2, 2, 2, 2, 2, 2, 2, ...]',
    )
  })

  it('carries its parts as fields and calls the file what the caller calls it', () => {
    try {
      parseSafetensors(new Uint8Array(3), { where: 'model.safetensors' })
      expect.fail('accepted')
    } catch (error) {
      expect(error).toMatchObject({
        name: 'SafetensorsError',
        where: 'model.safetensors',
        expected: 'at least 8 bytes',
        got: '3',
        hint: DAMAGED,
      })
    }
  })
})

describe('openSafetensors', () => {
  const file = buildFile({ a: entry(), b: { dtype: 'U8', shape: [4], data_offsets: [8, 12] } }, 12)

  it('reads the header, then only the tensors that are asked for', async () => {
    const { reads, source } = counted(bytesSource(file))
    const opened = await openSafetensors(source)
    expect(reads).toEqual([8, file.length - 8 - 12])
    expect([...opened.tensors]).toEqual([
      ['a', { dtype: 'F32', shape: [2], begin: 0, end: 8 }],
      ['b', { dtype: 'U8', shape: [4], begin: 8, end: 12 }],
    ])
    expect(await opened.read('b')).toEqual({ dtype: 'U8', shape: [4], bytes: new Uint8Array([8, 9, 10, 11]) })
    expect(reads.slice(2)).toEqual([4])
    await opened.close()
  })

  it('reads Blobs', async () => {
    const opened = await openSafetensors(blobSource(new Blob([file as Uint8Array<ArrayBuffer>])))
    expect((await opened.read('a')).bytes).toEqual(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]))
  })

  it('asks for 8 bytes of a file whose header claims 2 GB, whatever the size of the file', async () => {
    const start = new Uint8Array(8)
    new DataView(start.buffer).setBigUint64(0, 2n ** 31n, true)
    for (const size of [8, 3 * 2 ** 30]) {
      const { reads, source } = counted({ size, read: async () => start })
      await expect(openSafetensors(source)).rejects.toThrow(
        'openSafetensors: expected a header of at most 100000000 bytes',
      )
      expect(reads).toEqual([8])
    }
    new DataView(start.buffer).setBigUint64(0, 99_000_000n, true)
    const { reads, source } = counted({ size: 1000, read: async () => start })
    await expect(openSafetensors(source)).rejects.toThrow(
      'expected a header inside the file (992 bytes after its length)',
    )
    expect(reads).toEqual([8])
  })

  it('refuses unknown names and sources that end early', async () => {
    const opened = await openSafetensors(bytesSource(file))
    await expect(opened.read('c')).rejects.toThrow(
      'openSafetensors: expected one of its 2 tensors (a, b), got "c". Check the name against file.tensors.',
    )
    await expect(opened.read('__proto__')).rejects.toThrow(SafetensorsError)
    const short = bytesSource(file.subarray(0, file.length - 1))
    const lying = await openSafetensors({ size: file.length, read: short.read })
    await expect(lying.read('b')).rejects.toThrow(
      'openSafetensors: expected 4 bytes at 123, got 3. ' +
        'The source is shorter than its size says: was it changed while it was read?',
    )
    await expect(openSafetensors(bytesSource(new Uint8Array(3)))).rejects.toThrow('expected at least 8 bytes, got 3')
  })
})
