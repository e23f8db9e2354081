import { ArgumentError, type Device, realize, State, scatter, take, tensor } from '@almanac/tensor-core'
import type { SequenceState } from '@almanac/tensor-core/contracts'
import { type BlockCopy, blockTables } from './block-tables.js'
import { cacheBytes } from './cache-bytes.js'
import { type CacheCells, cacheCells, checkCounts } from './cache-cells.js'
import { missingPositions, readSnapshot, writeSnapshot } from './cache-snapshot.js'
import { type CacheStep, cacheStep, type LayerCache } from './cache-step.js'
import { type CacheTokens, checkTokens } from './cache-tokens.js'
import { layerCache } from './layer-cache.js'

/** How a cache's places are dealt out. */
export interface CachePlacement {
  readonly layers: number
  /** S: sequences side by side. */
  readonly sequences: number
  /** Tokens that a sequence has room for. */
  readonly maxLength: number
  /** Blocks that all sequences share. */
  readonly blocks: number
  /** Tokens of a block. */
  readonly blockSize: number
  /** Keys that a token sees at most, its own included; what lies behind is given back. Without it all are kept. */
  readonly window?: number
  /** Tokens at the beginning that all later ones see, whatever the window. */
  readonly sinks: number
  /** Tokens that `truncate` may take back of the longest that a sequence was, whatever the window. Default 0. */
  readonly rollback?: number
}

/** Where a cache's keys lie, and what is kept of each. */
export type CacheLayout = CachePlacement & CacheCells

export interface CacheOptions {
  readonly device?: Device
}

/** Keys and values of all layers of a model, of several sequences. Made by `contiguousCache`, `pagedCache`, ... */
export interface KeyValueCache extends SequenceState {
  readonly layout: CacheLayout
  /** To append to, one a layer. */
  readonly layers: readonly LayerCache[]
  /** What is kept, by layer and name (`0.k`, `0.v`, `0.scales`), [M, ...row] each with M = blocks * blockSize. */
  readonly cells: ReadonlyMap<string, State>
  /** Bytes that the cells take on the device: `cacheBytes` of the layout. */
  readonly bytes: number
  /** Blocks that no sequence holds. */
  free(): number
  /** Tokens that have room and are not committed yet. */
  reserved(sequence: number): number
  /** Positions whose keys are kept, in order: all of them unless there is a window. */
  positions(sequence: number): readonly number[]
  /** Where their keys lie in the cells. */
  places(sequence: number): readonly number[]
  /**
   * Where the next tokens go and what they see, for `layers[i].append` and `flashAttention`; room is reserved as far as it is
   * not. With `fill` the step has so many tokens, those behind being of no sequence, so that steps of one form share a compiled
   * program. Run it before the next one is made, and `commit` what is to stay. Throws CacheError for a cache that is full (then
   * nothing has changed), a sequence that is given twice, and positions that do not follow what it holds.
   */
  step(tokens: readonly CacheTokens[], options?: { readonly fill?: number }): CacheStep
}

/**
 * The one cache behind all constructors: `blockTables` deal out places, cells keep what a layer needs of a token. What lies
 * behind a sequence's length is never read. A sequence of no tokens is free: `fork` takes the first such; forks share blocks
 * until one writes. Kwon et al. 2023, arXiv 2309.06180. Throws ArgumentError for counts below 1; its methods throw CacheError.
 */
export function keyValueCache(
  layout: CacheLayout,
  { device }: CacheOptions = {},
  name = 'keyValueCache',
): KeyValueCache {
  const { layers: depth, blocks, blockSize, window, sinks } = layout
  checkCounts(name, { layers: depth })
  const declared = cacheCells(layout, name)
  const tables = blockTables(layout, name)
  const named = new Map(
    Array.from({ length: depth }, (_, i) => declared.map((cell) => [`${i}.${cell.name}`, cell] as const)).flat(),
  )
  const cells: ReadonlyMap<string, State> = new Map(
    [...named].map(([key, { row, dtype }]) => {
      const shape = [blocks * blockSize, ...row]
      const state = new State({ shape, dtype }, { ...(device ? { device } : {}), name: `cache.${key}` })
      state.assign(0)
      return [key, state] as const
    }),
  )
  const cellOf = (key: string): State => cells.get(key) as State

  /** Copies that blocks need before anything is written: from which block each gets how many tokens, all at one time. */
  const copies = new Map<number, Omit<BlockCopy, 'to'>>()
  const remember = (made: readonly BlockCopy[]): void => {
    for (const { from, to, tokens } of made) copies.set(to, { from: copies.get(from)?.from ?? from, tokens })
  }
  const copyBlocks = (): void => {
    if (copies.size === 0) return
    const [from, to]: [number[], number[]] = [[], []]
    for (const [target, { from: source, tokens }] of copies) {
      for (let i = 0; i < tokens; i++) {
        from.push(source * blockSize + i)
        to.push(target * blockSize + i)
      }
    }
    copies.clear()
    // Filled up to a power of two with copies to nowhere, so that few programs serve all counts.
    const count = 2 ** Math.ceil(Math.log2(from.length))
    const sources = tensor(Int32Array.from({ length: count }, (_, i) => from[i] ?? 0))
    const targets = tensor(Int32Array.from({ length: count }, (_, i) => to[i] ?? -1))
    for (const state of cells.values())
      state.assign(scatter(state, targets, take(state, sources, 0), 0, { distinct: true }))
  }
  const positions = (sequence: number): number[] => {
    const { from, to } = tables.gap(sequence)
    const all = Array.from({ length: tables.length(sequence) }, (_, i) => i)
    return all.filter((position) => position < from || position >= to)
  }
  const placesOf = (sequence: number, of: readonly number[]): number[] =>
    of.map((position) => tables.place(sequence, position))

  return {
    layout,
    layers: Array.from({ length: depth }, (_, i) =>
      layerCache(layout, (cell) => cellOf(`${i}.${cell}`), `${name}, layer ${i}`),
    ),
    cells,
    bytes: cacheBytes(layout),
    free: () => tables.free(),
    length: (sequence) => tables.length(sequence),
    reserved: (sequence) => tables.reserved(sequence),
    positions,
    places: (sequence) => placesOf(sequence, positions(sequence)),
    reserve: (sequence, tokens) => remember(tables.reserve({ sequence, tokens })),
    commit: (sequence, tokens) => tables.commit(sequence, tokens),
    truncate: (sequence, length) => tables.truncate(sequence, length),
    fork: (sequence) => tables.fork(sequence),
    reorder: (order) => tables.reorder(order),

    step(tokens, { fill } = {}) {
      const count = checkTokens(tokens, tables, name)
      if (fill !== undefined && !(Number.isSafeInteger(fill) && fill >= count)) {
        throw new ArgumentError(name, `a fill of at least the ${count} tokens of the step`, `${fill}`)
      }
      const missing = tokens.map(({ sequence, tokens: n }) => ({
        sequence,
        tokens: Math.max(0, n - tables.reserved(sequence)),
      }))
      remember(tables.reserve(...missing))
      copyBlocks()
      return cacheStep(tokens, tables, fill ?? count)
    },

    async snapshot(sequence) {
      copyBlocks()
      const kept = positions(sequence)
      const from = tensor(Int32Array.from(placesOf(sequence, kept)))
      const rows = new Map([...cells].map(([key, state]) => [key, take(state, from, 0)]))
      await realize(...rows.values())
      return writeSnapshot(named, { positions: kept, rows })
    },

    async restore(sequence, snapshot) {
      const where = `${name}, sequence ${sequence}`
      tables.length(sequence)
      const { positions: given, rows } = readSnapshot(where, named, snapshot)
      const length = (given.at(-1) ?? -1) + 1
      const seen = { sinks, ...(window === undefined ? {} : { window }) }
      tables.restart(sequence, length, missingPositions(where, given, seen))
      copyBlocks()
      // What this cache would have given back is left out.
      const { from, to } = tables.gap(sequence)
      const places = given.map((position) =>
        position < from || position >= to ? tables.place(sequence, position) : -1,
      )
      if (length === 0) return
      const at = tensor(Int32Array.from(places))
      for (const [key, state] of cells) state.assign(scatter(state, at, rows.get(key) ?? state, 0, { distinct: true }))
    },
  }
}
