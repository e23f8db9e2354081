import type { Extraction } from './extract-document.js'

/** What became of a page in a pool: also that it took too long, or took its worker with it (memory, a crash, a kill). */
export type PooledExtraction = Extraction | { readonly outcome: 'timeout' | 'broken-worker'; readonly reason: string }

export type PooledOutcome = PooledExtraction['outcome']
