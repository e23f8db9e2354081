// Token shards, one thread, in turns: megabytes a second of a shard read through, and random windows of 2,049 tokens a second with the
// begins of their documents, beside fs.readFileSync of the whole file and bare fs.readSync of the same windows. The shard (two bytes a
// token, documents of about 800 tokens, --megabytes) is written first, so it lies in the page cache: these are no figures of a disk.
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStorage } from '@almanac/data-filter/io'
import {
  mixture,
  openTokenShard,
  type TokenShard,
  tokenShardEncoder,
  writeTokenSegments,
} from '@almanac/data-filter/mixture'
import { seededRandom } from '@almanac/test-kit'
import { benchOptions } from './shared/bench-options.js'
import { inTurns } from './shared/in-turns.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const WINDOW = 2049
const WINDOWS = 20_000
const PIECE = 2 ** 18
const options = benchOptions()
const rounds = options.rounds ?? 7
const report = startReport('token-shards', options)
const folder = mkdtempSync(join(tmpdir(), 'token-shards-'))
const file = join(folder, 'a.ds')

async function main(): Promise<void> {
  const began = performance.now()
  const { tokens, documents } = await write(options.megabytes * 1e6)
  const writing = (performance.now() - began) / 1000
  const opening = performance.now()
  const shard = await openTokenShard(folder, 'a')
  const megabytes = (2 * tokens) / 1e6
  report.row('The shard', {
    megabytes: roundTo(megabytes, 1),
    documents,
    writtenMegabytesPerSecond: roundTo(megabytes / writing, 0),
    openedMs: roundTo(performance.now() - opening, 1),
  })
  await readThrough(shard, megabytes)
  await readWindows(shard)
  await shard.close()
  await findPlaces()
  report.finish()
}

function write(bytes: number) {
  function* segments() {
    const random = seededRandom(1)
    const encoder = tokenShardEncoder({ bytesPerToken: 2, endToken: 0 })
    const ids = Uint16Array.from({ length: 2 ** 16 }, () => 1 + random.integer(50_000))
    for (let written = 0; written < bytes; ) {
      while (encoder.bytes < 2 ** 20) {
        const from = random.integer(2 ** 15)
        encoder.add(ids.subarray(from, from + 1 + random.integer(1600)))
      }
      written += encoder.bytes
      yield encoder.finish()
    }
  }
  return writeTokenSegments(fileStorage(folder), 'a', segments(), { bytesPerToken: 2 })
}

async function readThrough(shard: TokenShard, megabytes: number): Promise<void> {
  const systems = {
    'fs.readFileSync, whole': async () => void readFileSync(file),
    'shard.windows': async () => {
      for await (const _ of shard.windows(0, PIECE));
    },
    'shard.windowNow': async () => {
      for (let at = 0; at < shard.tokens; at += PIECE) shard.windowNow(at, Math.min(at + PIECE, shard.tokens))
    },
  }
  const taken = await timed(systems)
  for (const name of Object.keys(systems)) {
    const { seconds } = taken.of(name) as { seconds: number }
    report.row(`Read through, ${PIECE} tokens at once`, {
      reader: name,
      megabytesPerSecond: roundTo(megabytes / seconds, 0),
    })
  }
}

async function readWindows(shard: TokenShard): Promise<void> {
  const random = seededRandom(2)
  const places = Array.from({ length: WINDOWS }, () => random.integer(shard.tokens - WINDOW))
  const bare = openSync(file, 'r')
  const systems = {
    'fs.readSync, no documents': async () => {
      for (const at of places) readSync(bare, new Uint8Array(2 * WINDOW), 0, 2 * WINDOW, 2 * at)
    },
    'shard.windowNow': async () => {
      for (const at of places) shard.windowNow(at, at + WINDOW)
    },
    'shard.window': async () => {
      for (const at of places) await shard.window(at, at + WINDOW)
    },
  }
  const taken = await timed(systems)
  closeSync(bare)
  for (const name of Object.keys(systems)) {
    const { seconds } = taken.of(name) as { seconds: number }
    report.row(`Random windows of ${WINDOW} tokens`, {
      reader: name,
      windowsPerSecond: roundTo(WINDOWS / seconds, 0),
      microseconds: roundTo((1e6 * seconds) / WINDOWS, 1),
    })
  }
}

/** The order alone, for sources of 10^12 tokens: nothing is read. */
async function findPlaces(): Promise<void> {
  const source = (name: string, weight: number) => ({ name, weight, shards: [{ tokens: 1e12 }] })
  const kinds = {
    'weights that decimals say': [0.15, 0.15, 0.4, 0.2, 0.1],
    'weights that no period says': [Math.PI / 20, 0.15, 0.4, 0.2, 0.25 - Math.PI / 20],
  }
  for (const [kind, weights] of Object.entries(kinds)) {
    const make = () =>
      mixture({ window: 4096, tokens: 1e13, sources: weights.map((weight, s) => source(`${s}`, weight)) })
    const mix = make()
    const taken = await timed({
      make: async () => void make(),
      at: async () => {
        for (let n = 0; n < WINDOWS; n++) mix.at(n * 100_003)
      },
    })
    const seconds = (name: string) => (taken.of(name) as { seconds: number }).seconds
    report.row('The order of 10^13 tokens, 5 sources', {
      weights: kind,
      makeMs: roundTo(1000 * seconds('make'), 2),
      placeMicroseconds: roundTo((1e6 * seconds('at')) / WINDOWS, 2),
    })
  }
}

async function timed(systems: Record<string, () => Promise<void>>) {
  const contestants = Object.entries(systems).map(([name, read]) => ({
    name,
    async turn() {
      const begin = performance.now()
      await read()
      return { seconds: (performance.now() - begin) / 1000 }
    },
  }))
  // The first round compiles the functions.
  await inTurns(contestants, 1)
  return inTurns(contestants, rounds)
}

try {
  await main()
} finally {
  rmSync(folder, { recursive: true })
}
