import { OptionError, type Storage, StorageError } from '@almanac/data-filter'
import { expect, it } from 'vitest'
import { bytesOf, errorOf, someBytes, textOf, utf8 } from './bytes.js'

export interface ConformanceOptions {
  /** An empty storage. */
  readonly fresh: () => Promise<Storage>
  /** Another caller of the same files, where the kind of storage has such. */
  readonly again?: (storage: Storage) => Storage
  /** Names and ranges that cannot be are refused; the storage in memory takes every name. */
  readonly refuses: boolean
  /** Bytes of a file that takes more than one request or piece. */
  readonly large: number
}

/** What the contract of `Storage` says, for every kind of it. */
export function storageConformance({ fresh, again = (storage) => storage, refuses, large }: ConformanceOptions): void {
  it('gives back what was written, of any size', async () => {
    const storage = await fresh()
    for (const length of [0, 1, 65_536, 1_048_576, 1_048_577, large]) {
      const whole = someBytes(length, length)
      const pieces = [whole.subarray(0, length >> 1), new Uint8Array(), whole.subarray(length >> 1)]
      expect(await storage.write(`sizes/${length}`, pieces)).toEqual({ name: `sizes/${length}`, bytes: length })
      expect(await storage.size(`sizes/${length}`)).toBe(length)
      expect(Buffer.compare(await bytesOf(again(storage).read(`sizes/${length}`)), whole)).toBe(0)
    }
  })

  it('takes pieces whose memory is used again', async () => {
    const storage = await fresh()
    const piece = new Uint8Array(1000)
    async function* pieces() {
      for (let i = 0; i < 300; i++) yield piece.fill(i)
    }
    await storage.write('reused', pieces())
    const read = await bytesOf(storage.read('reused'))
    expect(read.length).toBe(300_000)
    expect(read.every((byte, i) => byte === (Math.floor(i / 1000) & 255))).toBe(true)
  })

  it('gives pieces that stay as they are when later ones are read', async () => {
    const storage = await fresh()
    const whole = someBytes(5, large)
    await storage.write('kept', [whole])
    const pieces: Uint8Array[] = []
    for await (const piece of storage.read('kept')) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(1)
    expect(Buffer.compare(Buffer.concat(pieces), whole)).toBe(0)
  })

  it('reads ranges', async () => {
    const storage = await fresh()
    const whole = someBytes(7, 1_100_000)
    await storage.write('range', [whole])
    await storage.write('empty', [])
    const ends = [
      [0],
      [0, 1],
      [0, 1_100_000],
      [1, 2],
      [1_099_999],
      [1_048_573, 1_048_579],
      [100_000, 9_000_000],
      [1_100_000],
    ] as const
    for (const [start, end] of [...ends, [1_400_000], [5, 5], [0, 0], [9, 3]] as const) {
      const read = await bytesOf(storage.read('range', end === undefined ? { start } : { start, end }))
      expect(Buffer.compare(read, whole.subarray(start, Math.max(start, end ?? whole.length)))).toBe(0)
    }
    expect(await textOf(storage.read('empty', { start: 0, end: 10 }))).toBe('')
    expect(await textOf(storage.read('empty', { start: 3 }))).toBe('')
  })

  it('lists by prefix, in the order of code units', async () => {
    const storage = await fresh()
    expect(await storage.list('')).toEqual([])
    const names = [
      'b',
      'a/2',
      'a/10',
      'a-',
      'a.',
      'a/b/c',
      'ab/1',
      'A',
      'é',
      '\u{10000}',
      '\uFB01',
      'with space+&<x>"\'%41;,=',
    ]
    for (const name of names) await storage.write(name, [utf8(name)])
    const sorted = [...names].sort()
    expect(await again(storage).list('')).toEqual(sorted.map((name) => ({ name, bytes: utf8(name).length })))
    for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'ab', 'with space+', 'none', '/', '../', '\u{10000}', '\ud800']) {
      expect((await storage.list(prefix)).map(({ name }) => name)).toEqual(
        sorted.filter((name) => name.startsWith(prefix)),
      )
    }
    for (const name of names) expect(await textOf(storage.read(name))).toBe(name)
  })

  it('replaces, and removes', async () => {
    const storage = await fresh()
    await storage.write('file', [someBytes(1, 1000)])
    await storage.write('file', [utf8('new')])
    expect(await textOf(storage.read('file'))).toBe('new')
    await storage.remove('file')
    await storage.remove('file')
    await storage.remove('no/such/file')
    expect(await storage.size('file')).toBe(null)
    expect(await storage.list('')).toEqual([])
  })

  it('leaves what was there when pieces throw', async () => {
    const storage = await fresh()
    await storage.write('kept', [utf8('old')])
    const failure = new Error('the source broke')
    for (const before of [0, 10, large]) {
      async function* pieces() {
        yield someBytes(2, before)
        throw failure
      }
      expect(await errorOf(storage.write('kept', pieces()))).toBe(failure)
      expect(await errorOf(storage.write('new', pieces()))).toBe(failure)
    }
    expect(await storage.list('')).toEqual([{ name: 'kept', bytes: 3 }])
    expect(await textOf(storage.read('kept'))).toBe('old')
  })

  it('says what is missing', async () => {
    const storage = await fresh()
    expect(await storage.size('none')).toBe(null)
    for (const range of [undefined, { start: 0, end: 0 }, { start: 3 }]) {
      const error = await errorOf(bytesOf(storage.read('none', range)))
      expect(error).toBeInstanceOf(StorageError)
      expect(error.message).toContain('none')
      expect(error.message).toContain('See what list gives.')
    }
  })

  it('lets one of 20 callers create', async () => {
    const storage = await fresh()
    const callers = Array.from({ length: 20 }, (_, i) => again(storage).create('claims/task-1', utf8(`caller ${i}`)))
    const won = await Promise.all(callers)
    expect(won.filter(Boolean).length).toBe(1)
    expect(await textOf(storage.read('claims/task-1'))).toBe(`caller ${won.indexOf(true)}`)
    expect(await storage.create('claims/task-1', utf8('late'))).toBe(false)
    expect(await storage.list('')).toEqual([{ name: 'claims/task-1', bytes: `caller ${won.indexOf(true)}`.length }])
    await storage.remove('claims/task-1')
    expect(await storage.create('claims/task-1', new Uint8Array())).toBe(true)
  })

  it('reads on when a file is replaced or a reader stops early', async () => {
    const storage = await fresh()
    await storage.write('file', [someBytes(3, large)])
    for await (const piece of storage.read('file')) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    await storage.write('file', [utf8('short')])
    expect(await textOf(storage.read('file'))).toBe('short')
  })

  if (!refuses) return
  it.each([
    ['', 'an empty name'],
    ['/etc/passwd', 'an absolute path'],
    ['C:/x', 'an absolute path'],
    ['../x', 'a part that is "." or ".."'],
    ['a/../../x', 'a part that is "." or ".."'],
    ['a/./x', 'a part that is "." or ".."'],
    ['a//x', 'an empty part between slashes'],
    ['a/', 'an empty part between slashes'],
    ['a\\x', 'a backslash, a control character or half a surrogate pair'],
    ['a\u0000x', 'a backslash, a control character or half a surrogate pair'],
    ['a\ud800', 'a backslash, a control character or half a surrogate pair'],
    ['a.almanac-tmp-1', '".almanac-tmp-", which marks files that are being written'],
  ])('refuses the name %j', async (name, problem) => {
    const storage = await fresh()
    const text =
      `${storage.location}: expected a file name with "/" between its parts, below this place, ` +
      `got ${JSON.stringify(name)}: ${problem}. Name files as list gives them.`
    const calls = [
      () => storage.size(name),
      () => bytesOf(storage.read(name)),
      () => storage.write(name, [utf8('x')]),
      () => storage.create(name, utf8('x')),
      () => storage.remove(name),
    ]
    for (const call of calls) {
      const error = await errorOf(call())
      expect(error).toBeInstanceOf(OptionError)
      expect(error.message).toBe(text)
    }
  })

  it.each([
    [{ start: -1 }, 'start -1, end Infinity'],
    [{ start: 0.5 }, 'start 0.5, end Infinity'],
    [{ start: 0, end: -2 }, 'start 0, end -2'],
    [{ start: 0, end: Number.NaN }, 'start 0, end NaN'],
  ])('refuses the range %j', async (range, got) => {
    const storage = await fresh()
    await storage.write('file', [utf8('x')])
    const error = await errorOf(bytesOf(storage.read('file', range)))
    expect(error).toBeInstanceOf(OptionError)
    expect(error.message).toContain(
      `file: expected a range whose start and end are whole numbers from 0 on, got ${got}. ` +
        'The end is the first byte that is not read; leave it out to read all.',
    )
  })
}
