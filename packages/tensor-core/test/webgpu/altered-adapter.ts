/** What an adapter and its device are made to say, in tests of what kernels do with features that this machine lacks. */
export interface Alterations {
  /** Features that are kept, of those the adapter has; default: all. */
  readonly kept?: readonly string[]
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
      if (typeof name === 'string' && name in fields) return fields[name]
      const value = Reflect.get(of, name, of)
      return typeof value === 'function' ? value.bind(of) : value
    },
    set: (of, name, value) => Reflect.set(of, name, value, of),
  })
}

/** The adapter as it would be with these features and this info. */
export function alteredAdapter(
  adapter: GPUAdapter,
  { kept, claimed = [], info = {}, rewrite = (code) => code }: Alterations,
): GPUAdapter {
  const features = [...adapter.features].filter((feature) => kept?.includes(feature) ?? true)
  const altered = withFields(adapter.info, info)
  return withFields(adapter, {
    features: new Set([...features, ...claimed]),
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
