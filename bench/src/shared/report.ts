import type { BenchOptions } from './bench-options.js'
import { type Row, textTable } from './text-table.js'
import { writeResult } from './write-result.js'

/** Collects the rows of a run: printed as they come with --json, else as one table a title; then one file. */
export interface Report {
  /** Rows of the same `table` stand together. */
  row(table: string, row: Row): void
  /** Names a system's version in the file. */
  version(system: string, version: string): void
  /** Something to know beside the figures, on stderr and in the file. */
  note(text: string): void
  finish(): void
}

export function startReport(name: string, { json, dry }: Pick<BenchOptions, 'json' | 'dry'>): Report {
  const rows: Row[] = []
  const versions: Record<string, string> = {}
  const notes = new Set<string>()
  return {
    row(table, row) {
      const full = { bench: name, table, ...row }
      rows.push(full)
      if (json) console.log(JSON.stringify(full))
    },
    version(system, version) {
      versions[system] = version
    },
    note(text) {
      if (!notes.has(text)) console.error(`${name}: ${text}`)
      notes.add(text)
    },
    finish() {
      if (!json) {
        for (const table of new Set(rows.map((row) => row['table']))) {
          console.log(`\n${table}\n`)
          console.log(textTable(rows.filter((row) => row['table'] === table).map(withoutPlace)))
        }
      }
      if (!dry) writeResult(name, { versions, notes: [...notes], rows })
    },
  }
}

function withoutPlace({ bench: _, table: __, ...row }: Row): Row {
  return row
}
