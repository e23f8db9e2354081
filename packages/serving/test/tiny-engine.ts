import { byteTokenizer, Llama } from '@almanac/language-model'
import { cpuDevice, key, setDefaultDevice, wasmDevice } from '@almanac/tensor-core'
import { type Engine, localEngine } from '../src/index.js'

export const TINY = {
  vocabSize: 256,
  hiddenSize: 32,
  intermediateSize: 64,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  maxPositions: 128,
}

/** A Llama that was never trained: it writes nonsense, always the same. */
export function tinyModel(): Llama {
  return new Llama(TINY).init(key(7))
}

export function tinyEngine(backend: 'cpu' | 'wasm' = 'wasm'): Engine {
  setDefaultDevice(backend === 'cpu' ? cpuDevice() : wasmDevice({ threads: 1 }))
  return localEngine(tinyModel(), byteTokenizer(), { id: 'tiny' })
}
