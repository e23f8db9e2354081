import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** ../shared/data, seen from the repository root: real files for tests, too large or too foreign to keep in the repository. */
const FOLDER = resolve(import.meta.dirname, '../../../../shared/data')

/** The path of one of those files, or undefined where this machine lacks it: then skip the test and print `skipNote`. */
export function sharedData(name: string): string | undefined {
  const path = join(FOLDER, name)
  return existsSync(path) ? path : undefined
}

/** Prints, in one line, that a test was skipped and why. */
export function skipNote(test: string, missing: string): void {
  console.log(`skipped: ${test} (needs ../shared/data/${missing})`)
}
