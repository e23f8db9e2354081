import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { StorageError } from '@almanac/data-filter'
import { fileStorage } from '@almanac/data-filter/io'
import { bundleScript, seededRandom } from '@almanac/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { intoStorageError } from '../../src/io/node-file-errors.js'
import { temporaryPath } from '../../src/io/node-file-leftovers.js'
import { bytesOf, errorOf, someBytes, textOf, utf8 } from './bytes.js'

let root = ''
let count = 0
let writer = ''
let racer = ''
const children: ChildProcess[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'almanac-files-'))
  const script = (name: string) =>
    bundleScript(resolve(import.meta.dirname, '../..'), resolve(import.meta.dirname, name), ['canvas'])
  writer = await script('write-until-killed.ts')
  racer = await script('race-to-create.ts')
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(root, { recursive: true, force: true })
})

const freshFolder = () => join(root, `${count++}`)
const temporaries = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter((name) => name.includes('.almanac-tmp-'))

/** Runs the writer until it is dead. */
async function killedWriter(folder: string, what: string, part = 0): Promise<void> {
  const args = [writer, folder, what, `${part}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 30_000 })
  children.push(child)
  // Only the one that waits says anything.
  child.stdout.once('data', () => child.kill('SIGKILL'))
  const signal = await new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)))
  expect(signal).toBe('SIGKILL')
}

/** Every file that is listed is of its full size, and of one writer's bytes. */
async function expectWhole(folder: string): Promise<number> {
  const storage = fileStorage(folder)
  const files = await storage.list('')
  for (const { name, bytes } of files) {
    expect(bytes).toBe(3_200_000)
    const read = await bytesOf(storage.read(name))
    expect(read.equals(Buffer.alloc(3_200_000, read[0]))).toBe(true)
  }
  return files.length
}

describe('a killed process', () => {
  it('leaves nothing visible of half a file, and what was there before', async () => {
    const folder = freshFolder()
    await fileStorage(folder).write('written', [utf8('before')])
    await killedWriter(folder, 'stall')
    expect(await fileStorage(folder).list('')).toEqual([{ name: 'written', bytes: 6 }])
    expect(await textOf(fileStorage(folder).read('written'))).toBe('before')
    expect((await temporaries(folder)).length).toBe(1)
    // The next writer takes away what the killed one left.
    await fileStorage(folder).write('written', [utf8('after')])
    expect(await readdir(folder)).toEqual(['written'])
  })

  it.each(['write', 'create'])('leaves whole files only, killed at any moment of %s', async (what) => {
    const random = seededRandom(what.length)
    for (let kill = 0; kill < 8; kill++) {
      const folder = freshFolder()
      await killedWriter(folder, what, random.uniform(0, 1.1))
      // The first two are there for certain, and perhaps a third.
      const files = await expectWhole(folder)
      expect(files).toBeGreaterThanOrEqual(what === 'create' ? 2 : 1)
      await fileStorage(folder).create('created/next', utf8('next'))
      await fileStorage(folder).write('next', [utf8('next')])
      expect(await temporaries(folder)).toEqual([])
    }
  })
})

describe('what is left over', () => {
  it('is removed when nobody can be writing it any more, and kept otherwise', async () => {
    const folder = freshFolder()
    const storage = fileStorage(folder)
    await storage.write('a', [utf8('a')])
    const mine = temporaryPath(join(folder, 'mine'))
    const past = temporaryPath(join(folder, 'past'))
    const elsewhere = join(folder, 'x.almanac-tmp-00000000-1-abc')
    const elsewhereLongAgo = join(folder, 'y.almanac-tmp-00000000-1-abc')
    for (const path of [mine, past, elsewhere, elsewhereLongAgo]) await writeFile(path, 'half')
    // Of a process that had this one's id, as in a container that begins again.
    const before = Date.now() / 1000 - process.uptime() - 10
    await utimes(past, before, before)
    const dayBefore = Date.now() / 1000 - 25 * 3600
    await utimes(elsewhereLongAgo, dayBefore, dayBefore)
    await storage.write('a', [utf8('b')])
    const left = (await readdir(folder)).filter((name) => name !== 'a')
    expect(left.map((name) => join(folder, name)).sort()).toEqual([elsewhere, mine].sort())
    expect(await storage.list('')).toEqual([{ name: 'a', bytes: 1 }])
  })
})

it('lets one of two processes create', async () => {
  const folder = freshFolder()
  const names = Array.from({ length: 60 }, (_, i) => `claims/${i}`)
  const racers = ['one', 'two'].map((who) => {
    const child = spawn(process.execPath, [racer, folder, who], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const ask = async (asked: readonly string[]) => {
      child.stdin.write(`${JSON.stringify(asked)}\n`)
      return JSON.parse((await lines.next()).value as string) as string[]
    }
    return { who, child, ask }
  })
  // Both have loaded what they need before the race.
  for (const { who, ask } of racers) expect(await ask([`warm-${who}`])).toEqual([`warm-${who}`])
  const won = await Promise.all(racers.map(({ ask }) => ask(names)))
  for (const { child } of racers) child.stdin.end()
  expect(won.flat().sort()).toEqual([...names].sort())
  for (const [i, { who }] of racers.entries()) {
    for (const name of won[i] as string[]) expect(await textOf(fileStorage(folder).read(name))).toBe(who)
  }
  expect(await temporaries(folder)).toEqual([])
})

it('reads a file that is replaced to the end of the one it began', async () => {
  const storage = fileStorage(freshFolder())
  const old = someBytes(1, 3_000_000)
  await storage.write('file', [old])
  const pieces: Uint8Array[] = []
  for await (const piece of storage.read('file')) {
    if (pieces.length === 0) await storage.write('file', [someBytes(2, 5_000_000)])
    pieces.push(piece)
  }
  expect(Buffer.compare(Buffer.concat(pieces), old)).toBe(0)
})

it('follows links to files, and lists no folder twice', async () => {
  const folder = freshFolder()
  const storage = fileStorage(folder)
  await storage.write('data/file', [utf8('text')])
  await symlink('file', join(folder, 'data/link'))
  await symlink('nowhere', join(folder, 'data/broken'))
  await symlink('.', join(folder, 'data/loop'))
  expect(await storage.list('data/')).toEqual([
    { name: 'data/file', bytes: 4 },
    { name: 'data/link', bytes: 4 },
  ])
})

it('says what the disk refuses', async () => {
  const folder = freshFolder()
  const storage = fileStorage(folder)
  await storage.write('a/file', [utf8('text')])
  await mkdir(join(folder, 'b'))
  const path = (name: string) => join(folder, name)
  const long = 'x'.repeat(300)
  const cases: [() => Promise<unknown>, string][] = [
    [
      () => bytesOf(storage.read('none')),
      `${path('none')}: expected a file, got ENOENT (no such file or directory). See what list gives.`,
    ],
    [() => bytesOf(storage.read('a')), `${path('a')}: expected a file, got a folder. See what list gives.`],
    [
      () => bytesOf(storage.read('a/file/x')),
      `${path('a/file/x')}: expected a file, got ENOTDIR (not a directory). A part of the path is a file; choose another name.`,
    ],
    [
      () => storage.write('a/file/x', [utf8('x')]),
      `${path('a/file/x')}: expected a folder that can be written, got EEXIST (file already exists). A part of the path is a file; choose another name.`,
    ],
    [
      () => storage.write('b', [utf8('x')]),
      `${path('b')}: expected a file that can be written, got EISDIR (illegal operation on a directory). There is a folder of that name; choose another one.`,
    ],
    [
      () => storage.write(long, [utf8('x')]),
      `${path(long)}: expected a file that can be written, got ENAMETOOLONG (name too long). Choose a shorter name: most file systems take 255 bytes a part.`,
    ],
  ]
  for (const [call, text] of cases) {
    const error = await errorOf(call())
    expect(error).toBeInstanceOf(StorageError)
    expect(error.message).toBe(text)
  }
  expect(await storage.create('b', utf8('x'))).toBe(false)
  expect(await storage.size('b')).toBe(null)
  expect(await storage.size('a/file/x')).toBe(null)
  expect(await temporaries(folder)).toEqual([])
})

it.each([
  ['ENOSPC', 'Free some space and start again; what was there before is whole.'],
  ['EDQUOT', 'Free some of the quota and start again; what was there before is whole.'],
  ['EACCES', 'Choose a folder that this user may use.'],
  ['EPERM', 'Choose a folder that this user may use, on a file system that has hard links.'],
  ['EROFS', 'Choose a folder that can be written.'],
  ['ENOTEMPTY', 'There is a folder of that name; choose another one.'],
  ['EMFILE', 'Raise the limit of open files, or read fewer files at once.'],
  ['ENFILE', 'Raise the limit of open files, or read fewer files at once.'],
  ['ENOTSUP', 'create needs a file system that has hard links; choose another folder.'],
  ['EOPNOTSUPP', 'create needs a file system that has hard links; choose another folder.'],
  ['EMLINK', 'create needs a file system that has hard links; choose another folder.'],
])('says what to do about %s', async (code, hint) => {
  const refused = Object.assign(new Error(`${code}: what the system says, write`), { code, syscall: 'write' })
  const error = await errorOf(intoStorageError('where', 'a file', () => Promise.reject(refused)))
  expect(error).toBeInstanceOf(StorageError)
  expect(error.message).toBe(`where: expected a file, got ${code} (what the system says). ${hint}`)
  expect(error.cause).toBe(refused)
})
