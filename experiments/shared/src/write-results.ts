import { writeFileSync } from 'node:fs'

/** Results as JSON, to a file or to standard output. */
export function writeResults(experiment: string, results: unknown, out: string | undefined): void {
  const json = `${JSON.stringify(results, null, 2)}\n`
  if (out === undefined) return console.log(json)
  writeFileSync(out, json)
  console.error(`${experiment}: written to ${out}.`)
}
