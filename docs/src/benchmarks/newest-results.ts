import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type ResultRow = Readonly<Record<string, string | number>>

/** A file of bench/results, as bench/src/shared/write-result.ts writes it; older ones lack what is optional. */
export interface BenchResult {
  readonly name: string
  readonly date: string
  readonly commit: string
  readonly command?: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly versions?: Readonly<Record<string, string>>
  readonly notes?: readonly string[]
  readonly rows: readonly ResultRow[]
}

/** The newest file of each benchmark: of names `<date>-<benchmark>.json`, by benchmark. */
export function newestFiles(files: readonly string[]): Map<string, string> {
  const newest = new Map<string, string>()
  for (const file of [...files].sort()) {
    const name = /^\d{4}-\d{2}-\d{2}-(.+)\.json$/.exec(file)?.[1]
    if (name !== undefined) newest.set(name, file)
  }
  return newest
}

/** The newest result of each benchmark, by its name; none where none were taken. */
export function newestResults(root: string): Map<string, BenchResult> {
  const folder = join(root, 'bench', 'results')
  const files = existsSync(folder) ? readdirSync(folder) : []
  return new Map(
    [...newestFiles(files)].map(([name, file]) => [
      name,
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as BenchResult,
    ]),
  )
}
