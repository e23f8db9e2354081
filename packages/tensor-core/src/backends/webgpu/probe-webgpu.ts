import type { Probe } from '../probe.js'
import { describeAdapter } from './describe-adapter.js'
import { openDevice, usedFeatures, type WebGpuOptions } from './open-device.js'

/** What WebGPU is here: opens a device and destroys it, so that one that is refused is found out. Never rejects. */
export async function probeWebGpu(options: WebGpuOptions): Promise<Probe> {
  try {
    const missing = options.require?.find((feature) => options.adapter?.features.has(feature) === false)
    // An adapter gives one device, and its user wants that one.
    if (options.adapter && missing === undefined) {
      const { text, software } = describeAdapter(options.adapter)
      return found([text, ...usedFeatures(options.adapter, options.require)].join(', '), software)
    }
    const { device, detail, software } = await openDevice(options)
    device.destroy()
    return found(detail, software)
  } catch (error) {
    return { works: false, software: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

function found(detail: string, software: boolean): Probe {
  const note = software ? '; a software adapter, slower than wasm: only used when it is asked for by name' : ''
  return { works: true, software, detail: `${detail}${note}` }
}
