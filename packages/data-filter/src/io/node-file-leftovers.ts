// Whole modules: a bundler for pages refuses single names of a module that a page does not have.
import nodeCrypto from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import paths from 'node:path'
import { TEMPORARY_MARK } from './storage-name.js'

/** A writer whose process may live, here or on another machine, does not pause this long. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000

// Process ids say something on their own machine only; folders are shared between machines.
const machine = nodeCrypto.createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8)
const TEMPORARY = new RegExp(`\\${TEMPORARY_MARK}([0-9a-f]{8})-(\\d+)-[0-9a-f]+$`)

/** A name that no other writer uses, of this process or another, and that says who writes. */
export const temporaryPath = (path: string): string =>
  `${path}${TEMPORARY_MARK}${machine}-${process.pid}-${nodeCrypto.randomUUID().slice(0, 8)}`

/** Removes what killed writers left half-written in the folder, of whatever name it was to get. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    const [, on, pid] = TEMPORARY.exec(name) ?? []
    if (pid === undefined) continue
    const path = paths.join(folder, name)
    const written = (await fs.stat(path).catch(() => null))?.mtimeMs
    if (written === undefined || mayBeWriting(on === machine, Number(pid), written)) continue
    await fs.rm(path, { force: true })
  }
}

function mayBeWriting(here: boolean, pid: number, written: number): boolean {
  if (Date.now() - written > ABANDONED_AFTER_MS) return false
  if (!here) return true
  // In a container every life of a process has the same id: what was written before this life is another's.
  if (pid === process.pid) return written > Date.now() - process.uptime() * 1000
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
