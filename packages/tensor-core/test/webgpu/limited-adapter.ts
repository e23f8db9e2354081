/** An adapter of `gpu` as it would be if it had only these features, of those that it has, and these limits. */
export async function adapterWith(
  gpu: GPU,
  {
    features,
    limits = {},
  }: { readonly features?: readonly string[]; readonly limits?: Readonly<Record<string, number>> },
): Promise<GPUAdapter> {
  const adapter = (await gpu.requestAdapter()) as GPUAdapter
  const of = <T extends object>(target: T, own: Readonly<Record<string, unknown>>): T =>
    new Proxy(target, {
      get(from, name) {
        if (Object.hasOwn(own, name)) return own[name as string]
        const value = Reflect.get(from, name, from)
        return typeof value === 'function' ? value.bind(from) : value
      },
    })
  const kept = [...adapter.features].filter((feature) => features?.includes(feature) ?? true)
  return of(adapter, { features: new Set(kept), limits: of(adapter.limits, limits) })
}
