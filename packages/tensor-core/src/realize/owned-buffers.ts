import type { Node } from '../graph/node.js'
import type { DeviceStorage } from '../graph/storage.js'

/**
 * Frees a device buffer when its node is collected without having been disposed: a backstop, so that a forgotten tensor
 * does not hold memory for ever. Nothing relies on when, or whether, it runs.
 */
const backstop = new FinalizationRegistry<DeviceStorage>((storage) => storage.device.release(storage))

/** Gives a node a device buffer of its own. */
export function ownBuffer(node: Node, index: number, storage: DeviceStorage): void {
  node.storage[index] = storage
  backstop.register(node, storage, storage)
}

/** Takes the buffers of a node away from it, to be freed by the caller. */
export function disownBuffers(node: Node): DeviceStorage[] {
  const owned: DeviceStorage[] = []
  for (const storage of node.storage) {
    if (storage?.kind !== 'device') continue
    backstop.unregister(storage)
    owned.push(storage)
  }
  return owned
}
