import { setDefaultDevice } from './default-device.js'
import type { Device } from './device.js'

/**
 * Starts a device and makes it the default. Not needed for the default (wasm), which starts on first use; worth it to
 * choose threads or another backend, and to see a failure early.
 */
export async function init(device: Device): Promise<Device> {
  await device.start()
  setDefaultDevice(device)
  return device
}
