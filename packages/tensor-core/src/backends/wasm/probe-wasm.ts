import type { Probe } from '../probe.js'
import { describeWasm } from './describe-wasm.js'
import { detectFeatures } from './feature-detect.js'
import { threadCount } from './thread-count.js'

/** What WebAssembly is here. Starts no thread and takes no memory. Never rejects. */
export async function probeWasm(options: { readonly threads?: number }): Promise<Probe> {
  try {
    const features = await detectFeatures()
    return { works: true, software: false, detail: describeWasm(threadCount(options.threads, features), features) }
  } catch (error) {
    return { works: false, software: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
