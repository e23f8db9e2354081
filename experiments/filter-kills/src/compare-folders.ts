import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** All files below a folder and the digests of their bytes. */
export function digestsOf(folder: string): ReadonlyMap<string, string> {
  const digests = new Map<string, string>()
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) continue
    digests.set(name, createHash('sha256').update(readFileSync(path)).digest('hex'))
  }
  return digests
}

/** Names of files that are not the same in both folders. */
export function differences(one: string, other: string): string[] {
  const [a, b] = [digestsOf(one), digestsOf(other)]
  const names = new Set([...a.keys(), ...b.keys()])
  return [...names].filter((name) => a.get(name) !== b.get(name))
}
