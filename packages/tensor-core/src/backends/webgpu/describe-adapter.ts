/** Adapters that compute on the CPU: Chrome's and Dawn's SwiftShader, Mesa's llvmpipe (lavapipe), Windows' WARP. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i

export interface AdapterDescription {
  /** Vendor, architecture and description, as far as the browser tells them. */
  readonly text: string
  /** True where it computes on the CPU. */
  readonly software: boolean
}

/** What an adapter is. Browsers may leave every field empty, to tell pages less of the machine. */
export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description } = adapter.info
  // Before Chrome 140 the flag stood on the adapter itself.
  const older = adapter as { readonly isFallbackAdapter?: boolean }
  const fallback = (adapter.info.isFallbackAdapter ?? older.isFallbackAdapter) === true
  const parts = [vendor, architecture, description || device].filter((part) => part !== '')
  return {
    text: parts.length === 0 ? 'an adapter that does not say what it is' : parts.join(' '),
    software: fallback || SOFTWARE.test([vendor, architecture, device, description].join(' ')),
  }
}
