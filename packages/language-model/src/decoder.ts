import { type CacheStep, contiguousCache, type KeyValueCache } from '@almanac/attention'
import { type Compiled, compile, currentDevice, type Device, type Tensor } from '@almanac/tensor-core'
import type { Llama } from './models/llama.js'

/** What generation keeps for a model between texts: a cache of one sequence and the compiled steps. */
export interface Decoder {
  readonly device: Device
  readonly cache: KeyValueCache
  readonly step: Compiled<(tokens: Tensor, place: CacheStep, last: Tensor) => Tensor>
}

const decoders = new WeakMap<Llama, Decoder>()

/** Prompts are filled up to a power of two, so that few programs serve all lengths: up to 2^20 positions. */
const PROMPT_FORMS = 24

/** The decoder of a model, made once for the device that it stands on. One text at a time for a model. */
export function decoderOf(model: Llama): Decoder {
  const device = model.parameters()[0]?.device ?? currentDevice()
  const known = decoders.get(model)
  if (known?.device === device) return known
  const cache = contiguousCache({ ...model.cacheShape, sequences: 1, maxLength: model.maxPositions }, { device })
  const step = compile(
    (tokens: Tensor, place: CacheStep, last: Tensor) =>
      model.nextLogits(tokens, last, { step: place, layers: cache.layers }),
    { name: 'decode', retraceLimit: PROMPT_FORMS },
  )
  const decoder = { device, cache, step }
  decoders.set(model, decoder)
  return decoder
}
