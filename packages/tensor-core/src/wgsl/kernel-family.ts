import type { GpuTraits } from './wgsl-source.js'

/** Most configurations of a family: each is compiled and timed by `tune`. */
const MOST_CONFIGURATIONS = 12

/**
 * Kernels that compute the same in configurations of which no one is best on every GPU. Without tuning the first one runs, so
 * what runs is known beforehand. A configuration's name must stand in the kernel's variant.
 */
export interface KernelFamily<Configuration = unknown> {
  readonly name: string
  readonly configurations: readonly (readonly [name: string, configuration: Configuration])[]
}

export function kernelFamily<Configuration>(
  name: string,
  configurations: KernelFamily<Configuration>['configurations'],
): KernelFamily<Configuration> {
  if (configurations.length === 0 || configurations.length > MOST_CONFIGURATIONS) {
    throw new RangeError(`${name}: 1 to ${MOST_CONFIGURATIONS} configurations, not ${configurations.length}.`)
  }
  return { name, configurations }
}

/** What tuning chose on this GPU, else the first. */
export function configurationOf<Configuration>(
  { name, configurations }: KernelFamily<Configuration>,
  { choices }: GpuTraits,
): Configuration {
  const chosen = choices?.[name]
  const found = configurations.find(([label]) => label === chosen) ?? configurations[0]
  return (found as (typeof configurations)[number])[1]
}
