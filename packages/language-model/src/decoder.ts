import { type Compiled, compile, currentDevice, State, type Tensor } from '@almanac/tensor-core'
import type { LayerCache, Llama } from './models/llama.js'
import { headDimOf } from './models/llama-config.js'

/** What generation keeps for a model between texts: its caches and compiled steps. */
export interface Decoder {
  readonly layers: readonly LayerCache[]
  readonly step: Compiled<(tokens: Tensor, start: Tensor, last: Tensor) => Tensor>
}

const decoders = new WeakMap<Llama, Decoder>()

/** Prompts are filled up to a power of two, so that few programs serve all lengths: up to 2^20 positions. */
const PROMPT_FORMS = 24

/** The decoder of a model, made once. One text at a time for a model. */
export function decoderOf(model: Llama): Decoder {
  const known = decoders.get(model)
  if (known) return known
  const { layers: count, kvHeads, maxPositions } = model.config
  const shape = [1, maxPositions, kvHeads, headDimOf(model.config)]
  const device = model.parameters()[0]?.device ?? currentDevice()
  const cell = (name: string) => {
    const state = new State({ shape }, { device, name })
    state.assign(0)
    return state
  }
  const layers = Array.from({ length: count }, (_, i) => ({ k: cell(`cache.${i}.k`), v: cell(`cache.${i}.v`) }))
  const step = compile(
    (tokens: Tensor, start: Tensor, last: Tensor) => model.nextLogits(tokens, last, { start, layers }),
    { name: 'decode', retraceLimit: PROMPT_FORMS },
  )
  const decoder = { layers, step }
  decoders.set(model, decoder)
  return decoder
}
