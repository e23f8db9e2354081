import type { Backend, BufferHandle } from '../backends/backend.js'
import type { Device } from '../device.js'

/**
 * Where a realised value lies. Host values are uploaded anew by each program that reads them and hold no device memory.
 * A disposed value keeps its storage object so that queued work sees what happened.
 */
export type Storage = HostStorage | DeviceStorage

export interface HostStorage {
  readonly kind: 'host'
  /** Bytes in the dtype's storage layout; for a device with float64 floats they are widened when uploaded. */
  readonly bytes: Uint8Array
  /** 4, or 8 where the floats among them are float64 (results of a float64 device). */
  readonly floatBytes: 4 | 8
}

export interface DeviceStorage {
  readonly kind: 'device'
  readonly device: Device
  /** The backend that made the buffer: a device that was lost and opened again has another one. */
  readonly backend: Backend
  readonly buffer: BufferHandle
}
