import { type BlockFormat, bumpModuleEpoch, isBlock } from '@almanac/tensor-core'
import { Embedding, Linear, type Module, Parameter } from '@almanac/tensor-core/nn'

/** What `packWeights` did, by the paths of the layers. */
export interface PackReport {
  readonly packed: readonly string[]
  /** Layers whose rows are no whole number of blocks: they stay as they were, as in llama.cpp. */
  readonly left: readonly string[]
}

/**
 * Stores the matrices of a module's Linear and Embedding layers in a block format such as Q8_0, or in 16-bit floats; products
 * and look-ups then widen them as they read. Norms and biases stay, and packed layers are no longer trained. Values are
 * rounded to the nearest, layer by layer.
 */
export function packWeights(module: Module, format: BlockFormat | 'float16' | 'bfloat16'): PackReport {
  const packed: string[] = []
  const left: string[] = []
  for (const [path, layer] of module.namedModules()) {
    if (!(layer instanceof Linear || layer instanceof Embedding)) continue
    const { weight } = layer
    if (isBlock(format) && (weight.shape[1] as number) % format.blockSize !== 0) {
      left.push(path)
      continue
    }
    const cell = new Parameter(weight.shape, weight.initializer, {
      dtype: format,
      device: weight.device,
      name: weight.name,
    })
    cell.trainable = false
    cell.assign(weight.value.cast(format))
    layer.weight = cell
    packed.push(path)
  }
  bumpModuleEpoch()
  return { packed, left }
}
