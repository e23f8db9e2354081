import { seededRandom } from '@almanac/test-kit'
import type { Document } from '../../src/document.js'
import type { Storage } from '../../src/storage.js'

export const onSpaces = (text: string): string[] => (text === '' ? [] : text.split(' '))

/** Documents of which many are edited copies of others; a few are too short for a shingle of five words. */
export function editedCopies(count: number, seed: number, maxEdits = 3): Document[] {
  const random = seededRandom(seed)
  const letter = () => String.fromCharCode(97 + random.integer(26))
  const word = () => `w${letter()}${letter()}${letter()}`
  const texts: string[][] = []
  for (let i = 0; i < count; i++) {
    if (i > 0 && random.next() < 0.6) {
      const copy = [...random.pick(texts)]
      const edits = random.integer(maxEdits + 1)
      for (let edit = 0; edit < edits; edit++) copy[random.integer(copy.length)] = word()
      if (random.next() < 0.3) copy.push(word())
      texts.push(copy)
    } else
      texts.push(Array.from({ length: random.next() < 0.1 ? 1 + random.integer(4) : 20 + random.integer(60) }, word))
  }
  return texts.map((words, i) => ({ id: `doc${i}`, text: words.join(' '), metadata: { file_path: 'crawl/0.jsonl' } }))
}

/** Deals documents out in runs, so that their order over all shards stays. Shards may be empty. */
export function shardsOf(all: readonly Document[], worldSize: number): Document[][] {
  const size = Math.ceil(all.length / worldSize) + 1
  return Array.from({ length: worldSize }, (_, rank) => all.slice(rank * size, (rank + 1) * size))
}

export async function bytesOf(storage: Storage, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes: number[] = []
  for await (const piece of storage.read(name)) bytes.push(...piece)
  return Uint8Array.from(bytes)
}

export const wordsOf = async (storage: Storage, name: string): Promise<number[]> => [
  ...new Uint32Array((await bytesOf(storage, name)).buffer),
]

/** All files by name. */
export async function filesOf(storage: Storage): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const files: Record<string, Uint8Array<ArrayBuffer>> = {}
  for (const { name } of await storage.list('')) files[name] = await bytesOf(storage, name)
  return files
}

/** Changes one bit of each file in turn and gives the message of what `action` then throws; `null` where it does not. */
export async function messagesOfChanges(
  storage: Storage,
  names: readonly string[],
  action: () => Promise<unknown>,
): Promise<Record<string, string | null>> {
  const messages: Record<string, string | null> = {}
  for (const name of names) {
    const bytes = await bytesOf(storage, name)
    const other = bytes.slice()
    // In a manifest's middle a digit of some number or checksum; a letter of a key would do as well.
    const at = bytes.length >> 1
    other[at] = (other[at] as number) ^ 1
    await storage.write(name, [other])
    messages[name] = await action().then(
      () => null,
      (error: Error) => error.message,
    )
    await storage.write(name, [bytes])
  }
  return messages
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
