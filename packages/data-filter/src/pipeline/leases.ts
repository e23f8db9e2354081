import { OptionError } from '../data-filter-error.js'
import { readFile } from '../manifest/checked-file.js'
import type { Storage } from '../storage.js'

export interface LeaseOptions {
  /** Who takes it, for people who look: a host and a process, say. */
  readonly owner: string
  /** After so long without a sign of life, others may take over; 60 s unless given. */
  readonly leaseMs?: number
  /** Milliseconds since 1970; Date.now unless given. Clocks of all owners should agree to a fraction of leaseMs. */
  readonly now?: () => number
}

/** A claim on a unit of work. */
export interface Lease {
  /** Tells that its owner is alive; call it more often than leaseMs. False where somebody else took over. */
  renew(): Promise<boolean>
  /** Gives it back; the files of all its generations go. */
  release(): Promise<void>
}

/**
 * Claims by conditional writes alone. A lease is a row of files `name.00000`, `name.00001`, ...: each says until when it holds, and whoever
 * creates the next one has the lease. Renewing is creating the next one, and so is taking over one that ran out: of many who try, one
 * succeeds. Two owners at once are possible where one was thought dead; since units of work leave the same bytes whoever does them,
 * that costs time and nothing else.
 */
export async function takeLease(storage: Storage, name: string, options: LeaseOptions): Promise<Lease | null> {
  const { owner, leaseMs = 60_000, now = Date.now } = options
  if (!(leaseMs > 0)) throw new OptionError('takeLease: leaseMs', 'more than 0', `${leaseMs}`)
  const generationName = (generation: number) => `${name}.${`${generation}`.padStart(5, '0')}`
  const claim = (generation: number) => {
    const text = JSON.stringify({ owner, until: now() + leaseMs })
    return storage.create(generationName(generation), new TextEncoder().encode(text))
  }
  const latest = (await storage.list(`${name}.`)).at(-1)
  let generation = 0
  if (latest) {
    const until = await endOf(storage, latest.name)
    if (until !== null && until > now()) return null
    generation = Number(latest.name.slice(name.length + 1)) + 1
  }
  if (!(await claim(generation))) return null
  return {
    async renew() {
      if (!(await claim(generation + 1))) return false
      await storage.remove(generationName(generation))
      generation++
      return true
    },
    async release() {
      for (const file of await storage.list(`${name}.`)) await storage.remove(file.name)
    },
  }
}

/** Until when a lease holds; null where it went meanwhile or says nothing. */
async function endOf(storage: Storage, name: string): Promise<number | null> {
  if ((await storage.size(name)) === null) return null
  try {
    const { until } = JSON.parse(new TextDecoder().decode(await readFile(storage, name))) as { until?: unknown }
    return typeof until === 'number' ? until : null
  } catch {
    return null
  }
}
