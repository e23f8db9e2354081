/** An adapter of `gpu` as it would be if it had only these features. */
export async function adapterWith(gpu: GPU, kept: readonly string[]): Promise<GPUAdapter> {
  const adapter = (await gpu.requestAdapter()) as GPUAdapter
  const missing = kept.filter((feature) => !adapter.features.has(feature))
  if (missing.length > 0) throw new Error(`the adapter has no ${missing.join(', ')}`)
  return new Proxy(adapter, {
    get(of, name) {
      if (name === 'features') return new Set([...of.features].filter((feature) => kept.includes(feature)))
      const value = Reflect.get(of, name, of)
      return typeof value === 'function' ? value.bind(of) : value
    },
  })
}

/** Whether or not there are 16-bit floats and subgroups. */
export const FEATURE_SETS = [[], ['shader-f16'], ['subgroups'], ['shader-f16', 'subgroups']] as const
