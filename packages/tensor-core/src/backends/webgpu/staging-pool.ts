import { BUFFER_USAGE, MAP_READ, wholeWords } from './gpu-constants.js'

/** Idle staging buffers above this are given back at once. */
const MAX_IDLE_BYTES = 64 * 2 ** 20

/** Buffers through which results come to the host. Sizes are powers of two, so that few serve many reads. */
export interface StagingPool {
  /** A copy of a range of a buffer, after all that was submitted before. */
  read(source: GPUBuffer, byteOffset: number, byteLength: number): Promise<Uint8Array>
  heldBytes(): number
  destroy(): void
}

export function createStagingPool(device: GPUDevice): StagingPool {
  const idle: GPUBuffer[] = []
  const held = new Set<GPUBuffer>()
  const take = (bytes: number): GPUBuffer => {
    const size = 2 ** Math.ceil(Math.log2(Math.max(256, bytes)))
    const at = idle.findIndex((buffer) => buffer.size === size)
    if (at >= 0) return idle.splice(at, 1)[0] as GPUBuffer
    const usage = BUFFER_USAGE.mapRead | BUFFER_USAGE.copyDestination
    // A power of two may pass the device's limit where the bytes themselves do not.
    const buffer = device.createBuffer({ label: 'staging', size: Math.min(size, device.limits.maxBufferSize), usage })
    held.add(buffer)
    return buffer
  }
  const destroy = (buffer: GPUBuffer): void => {
    held.delete(buffer)
    buffer.destroy()
  }
  return {
    async read(source, byteOffset, byteLength) {
      const start = Math.floor(byteOffset / 4) * 4
      const size = wholeWords(byteOffset + byteLength - start)
      const staging = take(size)
      try {
        const encoder = device.createCommandEncoder({ label: 'read' })
        encoder.copyBufferToBuffer(source, start, staging, 0, size)
        device.queue.submit([encoder.finish()])
        await staging.mapAsync(MAP_READ, 0, size)
        const mapped = new Uint8Array(staging.getMappedRange(0, size))
        const bytes = mapped.slice(byteOffset - start, byteOffset - start + byteLength)
        staging.unmap()
        const idleBytes = idle.reduce((sum, buffer) => sum + buffer.size, staging.size)
        if (idleBytes > MAX_IDLE_BYTES) destroy(staging)
        else idle.push(staging)
        return bytes
      } catch (error) {
        destroy(staging)
        throw error
      }
    },
    heldBytes: () => [...held].reduce((sum, buffer) => sum + buffer.size, 0),
    destroy() {
      for (const buffer of held) buffer.destroy()
      held.clear()
      idle.length = 0
    },
  }
}
