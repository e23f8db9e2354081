import { type Device, setDefaultDevice } from '../../src/index.js'

/** What `work` gives while tensors stand on the device by default. */
export async function onDevice<T>(device: Device, work: () => T | Promise<T>): Promise<T> {
  const before = setDefaultDevice(device)
  try {
    return await work()
  } finally {
    setDefaultDevice(before)
  }
}
