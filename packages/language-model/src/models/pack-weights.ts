import { type BlockFormat, bumpModuleEpoch } from '@almanac/tensor-core'
import { Linear, type Module, Parameter } from '@almanac/tensor-core/nn'

/** What `packWeights` did, by the paths of the layers. */
export interface PackReport {
  readonly packed: readonly string[]
  /** Layers whose rows are no whole number of blocks: they stay as they were, as in llama.cpp. */
  readonly left: readonly string[]
}

/**
 * Packs the weights of a module's Linear layers in a block format such as Q8_0; products then decode them block by block.
 * Embeddings and norms stay, and packed layers are no longer trained. Values are rounded to the nearest, layer by layer.
 */
export function packWeights(module: Module, format: BlockFormat): PackReport {
  const packed: string[] = []
  const left: string[] = []
  for (const [path, layer] of module.namedModules()) {
    if (!(layer instanceof Linear)) continue
    const { weight } = layer
    if ((weight.shape[1] as number) % format.blockSize !== 0) {
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
