/** What an adapter and its device are made to say, in tests of what kernels do with what this machine lacks or has too much of. */
export interface Alterations {
  /** Features that are kept; default: all. */
  readonly features?: readonly string[]
  /** Limits as they would be. */
  readonly limits?: Readonly<Record<string, number>>
  /** Features that it claims beside; devices are opened without them. */
  readonly claimed?: readonly string[]
  /** Fields of the adapter's info. */
  readonly info?: Readonly<Record<string, unknown>>
  /** What is made of a shader before the driver sees it. */
  readonly rewrite?: (code: string) => string
}

/** The object with some of its fields replaced; methods run on the object itself. */
function withFields<T extends object>(object: T, fields: Readonly<Record<string, unknown>>): T {
  return new Proxy(object, {
    get(of, name) {
      if (typeof name === 'string' && Object.hasOwn(fields, name)) return fields[name]
      const value = Reflect.get(of, name, of)
      return typeof value === 'function' ? value.bind(of) : value
    },
    set: (of, name, value) => Reflect.set(of, name, value, of),
  })
}

/**
 * An adapter as it would be with these features, limits and info.
 * @throws Error if it lacks a feature that is to be kept: the test would be of something else
 */
export async function alteredAdapter(
  gpu: GPU,
  { features: kept, limits = {}, claimed = [], info = {}, rewrite = (code) => code }: Alterations,
): Promise<GPUAdapter> {
  const adapter = (await gpu.requestAdapter()) as GPUAdapter
  const missing = (kept ?? []).filter((feature) => !adapter.features.has(feature))
  if (missing.length > 0) throw new Error(`the adapter has no feature ${missing.join(', ')}`)
  const features = [...adapter.features].filter((feature) => kept?.includes(feature) ?? true)
  const altered = withFields(adapter.info, info)
  return withFields(adapter, {
    features: new Set([...features, ...claimed]),
    limits: withFields(adapter.limits, limits),
    info: altered,
    async requestDevice(descriptor: GPUDeviceDescriptor): Promise<GPUDevice> {
      const requested = [...(descriptor.requiredFeatures ?? [])]
      const device = await adapter.requestDevice({
        ...descriptor,
        requiredFeatures: requested.filter((feature) => !claimed.includes(feature)),
      })
      return withFields(device, {
        features: new Set([...device.features, ...requested]),
        adapterInfo: altered,
        createShaderModule: (module: GPUShaderModuleDescriptor) =>
          device.createShaderModule({ ...module, code: rewrite(module.code) }),
      })
    },
  })
}
