import { setDefaultDevice } from './default-device.js'
import { Device } from './device.js'
import { BackendError } from './errors.js'
import { type BackendName, type FindBackendsOptions, type FoundBackend, findBackends, lookAt } from './find-backends.js'

export interface InitOptions extends FindBackendsOptions {
  /**
   * Taken if it works, even as a software adapter; otherwise the best that does, with a warning that says why. To insist,
   * pass the device itself: `init(webgpuDevice())`.
   */
  readonly prefer?: BackendName
  /** Hears, in one line, that something else was taken than what was preferred or looked best. Default: `console.warn`, once a text. */
  readonly warn?: (message: string) => void
}

/**
 * Starts a device and makes it the default. Not needed for the default (wasm), which starts on first use; worth it to
 * choose threads or another backend, and to see a failure early.
 *
 * With a device: that one or the error that it starts with (BackendError). After a loss (DeviceLostError) it opens anew.
 * Without one: the best of `findBackends` that starts; `device.chosen` says why, and `device.detail` what it is.
 */
export async function init(choice: Device | InitOptions = {}): Promise<Device> {
  const device = choice instanceof Device ? choice : await choose(choice)
  await device.start()
  setDefaultDevice(device)
  return device
}

async function choose(options: InitOptions): Promise<Device> {
  const { prefer, warn = warnOnce } = options
  const refused = new Map<BackendName, string>()
  const starts = async ({ name, device, detail }: FoundBackend): Promise<boolean> => {
    const error = device === null ? detail : await device.start().then(() => null, messageOf)
    if (error !== null) refused.set(name, error)
    return error === null
  }

  if (prefer !== undefined) {
    const preferred = await lookAt(prefer, options)
    if (await starts(preferred)) {
      const device = preferred.device as Device
      device.chosen = `${prefer}, as preferred`
      if (preferred.software) warn(`init: webgpu is used, as preferred, but it is ${preferred.detail}.`)
      return device
    }
  }
  const found = (await findBackends(options)).filter(({ name }) => name !== prefer)
  for (const candidate of found) {
    if (!(await starts(candidate))) continue
    const { name } = candidate
    const device = candidate.device as Device
    for (const { name: other, works, detail } of found) if (!works) refused.set(other, detail)
    const reasons = [...refused].map(([other, error]) => `${other} does not work here (${error})`)
    const behind = found.slice(found.indexOf(candidate) + 1).find((other) => other.name === 'webgpu' && other.works)
    if (behind) reasons.push(`webgpu is ${behind.detail}`)
    device.chosen = [`${name}, the best that works here`, ...reasons].join('; ')
    const surprise = prefer !== undefined || found[0] !== candidate
    if (surprise) warn(`init: ${prefer ?? found[0]?.name} is not used, ${name} is: ${reasons.join('; ')}.`)
    return device
  }
  const errors = [...refused].map(([name, error]) => `${name}: ${error}`).join('; ')
  throw new BackendError('init', 'a backend that works here', errors)
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const warned = new Set<string>()

/** A page that starts its device again and again hears each fallback once. */
function warnOnce(message: string): void {
  if (warned.has(message)) return
  warned.add(message)
  console.warn(message)
}
