import {
  applyFilters,
  c4Quality,
  type Document,
  type Filter,
  fineWebQuality,
  gopherQuality,
  gopherRepetition,
  PROFILES,
} from '@almanac/data-filter'
import { byteLength } from './byte-length.js'
import { deduplicate } from './deduplicate.js'
import { randomSource } from './random-source.js'
import type { KindCount, Removal } from './results.js'

export const ARM_NAMES = ['raw', 'filtered', 'thinned', 'gopher', 'c4', 'fineweb', 'dedup'] as const

/** `raw`: all documents; `filtered`: the profile and deduplication; `thinned`: as many at random; the others: one step alone. */
export type ArmName = (typeof ARM_NAMES)[number]

const bytesOf = (documents: readonly Document[]): number =>
  documents.reduce((total, { text }) => total + byteLength(text), 0)

/** What the steps leave, and what each rule took. Texts get shorter where C4's rules take lines out. */
export async function clean(
  raw: readonly Document[],
  filters: readonly Filter[],
  dedup: boolean,
): Promise<{ kept: Document[]; removals: Removal[] }> {
  const run = applyFilters(filters)
  const [passed, dropped] = [[] as Document[], new Map<string, Document[]>()]
  const before: Document[] = []
  for (const document of raw) {
    const verdict = run(document)
    if (verdict.dropped) {
      const rule = `${verdict.dropped.filter}: ${verdict.dropped.reason}`
      dropped.set(rule, [...(dropped.get(rule) ?? []), document])
    } else {
      passed.push(verdict.document)
      before.push(document)
    }
  }
  const removals = [...dropped].map(([rule, documents]) => removal(rule, documents))
  const changed = passed.filter(({ text }, i) => text !== before[i]?.text).length
  removals.push({
    rule: 'c4-quality: lines within documents',
    documents: changed,
    bytes: bytesOf(before) - bytesOf(passed),
  })
  const kept = dedup ? await deduplicate(passed) : passed
  if (dedup) {
    const ids = new Set(kept.map(({ id }) => id))
    removals.push(
      removal(
        'MinHash: near-duplicate',
        passed.filter(({ id }) => !ids.has(id)),
      ),
    )
  }
  return { kept, removals: removals.filter(({ documents }) => documents > 0).sort((a, b) => b.bytes - a.bytes) }
}

const removal = (rule: string, documents: readonly Document[]): Removal => ({
  rule,
  documents: documents.length,
  bytes: bytesOf(documents),
})

/** Documents in random number and order, the same at every call: as large a share of the documents as `kept` of them is. */
function thinned(raw: readonly Document[], kept: number, seed: number): Document[] {
  const chosen = new Set(
    randomSource(seed)
      .shuffled(raw.map(({ id }) => id))
      .slice(0, kept),
  )
  return raw.filter(({ id }) => chosen.has(id))
}

export interface Arms {
  readonly documents: ReadonlyMap<ArmName, readonly Document[]>
  /** What each rule of `filtered` took. */
  readonly removals: readonly Removal[]
  /** What of each kind was there, and what `filtered` kept of it. */
  readonly kinds: readonly KindCount[]
}

/** The documents that each arm trains on, in the order of the raw ones. */
export async function makeArms(raw: readonly Document[], names: readonly ArmName[], seed: number): Promise<Arms> {
  const { kept, removals } = await clean(raw, PROFILES['fineweb-2024-05'].filters(), true)
  const rules = PROFILES['fineweb-2024-05'].filters()
  const only = async (...filters: readonly Filter[]) => (await clean(raw, filters, false)).kept
  const named = (name: string) => rules.find((filter) => filter.name === name) as Filter
  const make: Record<ArmName, () => Promise<Document[]> | Document[]> = {
    raw: () => [...raw],
    filtered: () => kept,
    thinned: () => thinned(raw, kept.length, seed),
    gopher: () => only(named(gopherRepetition().name), named(gopherQuality().name)),
    c4: () => only(named(c4Quality().name)),
    fineweb: () => only(named(fineWebQuality().name)),
    dedup: async () => (await clean(raw, [], true)).kept,
  }
  const documents = new Map<ArmName, readonly Document[]>()
  for (const name of names) documents.set(name, await make[name]())
  return { documents, removals, kinds: countKinds(raw, kept) }
}

function countKinds(raw: readonly Document[], kept: readonly Document[]): KindCount[] {
  const of = (documents: readonly Document[], kind: string) =>
    documents.filter(({ metadata }) => metadata['kind'] === kind)
  const kinds = [...new Set(raw.map(({ metadata }) => metadata['kind'] as string))].sort()
  return kinds.map((kind) => {
    const [all, left] = [of(raw, kind), of(kept, kind)]
    return { kind, documents: all.length, bytes: bytesOf(all), keptDocuments: left.length, keptBytes: bytesOf(left) }
  })
}
