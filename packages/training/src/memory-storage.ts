import { bytesSource } from '@almanac/tensor-core/safetensors'
import type { CheckpointStorage } from './checkpoint-storage.js'

/** Checkpoints in memory, for tests and pages. */
export function memoryStorage(): CheckpointStorage {
  const files = new Map<string, Uint8Array>()
  return {
    async write(name, chunks) {
      const parts: Uint8Array[] = []
      for await (const chunk of chunks) parts.push(chunk.slice())
      const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
      let at = 0
      for (const part of parts) {
        whole.set(part, at)
        at += part.length
      }
      files.set(name, whole)
    },
    async read(name) {
      const bytes = files.get(name)
      return bytes ? bytesSource(bytes) : null
    },
    async list() {
      return [...files.keys()].sort()
    },
    async remove(name) {
      files.delete(name)
    },
  }
}
