import { BUFFER_USAGE } from './gpu-constants.js'

/**
 * The temporaries of all loaded programs: programs run one after another, so one set of buffers serves all. Block i is as
 * large as the largest block i of any plan in use.
 */
export interface TemporaryArena {
  /** Keeps blocks of at least these sizes until `release` with the same array. */
  require(blocks: readonly number[]): void
  release(blocks: readonly number[]): void
  block(index: number): GPUBuffer
  heldBytes(): number
  destroy(): void
}

export function createTemporaryArena(device: GPUDevice): TemporaryArena {
  const plans = new Set<readonly number[]>()
  let buffers: GPUBuffer[] = []
  const usage = BUFFER_USAGE.storage | BUFFER_USAGE.copySource | BUFFER_USAGE.copyDestination
  const resize = (): void => {
    const sizes: number[] = []
    for (const plan of plans) {
      plan.forEach((bytes, at) => {
        sizes[at] = Math.max(bytes, sizes[at] ?? 0)
      })
    }
    const old = buffers
    buffers = sizes.map((size, at) => {
      const kept = old[at]
      return kept?.size === size ? kept : device.createBuffer({ label: `temporary ${at}`, size, usage })
    })
    // What was submitted still finishes with a destroyed buffer.
    for (const buffer of old) if (!buffers.includes(buffer)) buffer.destroy()
  }
  return {
    require(blocks) {
      plans.add(blocks)
      resize()
    },
    release(blocks) {
      if (plans.delete(blocks)) resize()
    },
    block: (index) => buffers[index] as GPUBuffer,
    heldBytes: () => buffers.reduce((sum, buffer) => sum + buffer.size, 0),
    destroy() {
      plans.clear()
      resize()
    },
  }
}
