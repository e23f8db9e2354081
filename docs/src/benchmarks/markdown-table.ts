import type { ResultRow } from './newest-results.js'

/** Names in the results, as a reader calls them; others are split at their capitals. */
const HEADINGS: Readonly<Record<string, string>> = {
  gflops: 'GFLOP/s',
  tflops: 'TFLOP/s',
  probe: 'probe, GFLOP/s',
  share: 'share of the probe',
  oursToTheirs: 'ours to theirs',
  oursToTheirsPrefill: 'ours to theirs, prefill',
  oursToTheirsDecode: 'ours to theirs, decode',
  tokensPerSecond: 'tokens/s',
  prefill: 'prefill, tokens/s',
  decode: 'decode, tokens/s',
  peakMiB: 'peak MiB',
  peakMiBAfterImport: 'peak MiB after import',
  temporariesMiB: 'temporaries, MiB',
  microsecondsAKernel: 'µs a kernel',
  microsecondsAToken: 'µs a token',
  attentionAToken: 'of it attention',
  restAToken: 'the rest',
  ms: 'ms',
  attentionMs: 'attention, ms',
  restMs: 'the rest, ms',
  oneThreadMs: 'one thread, ms',
  twoThreadsMs: 'two threads, ms',
  gigabytes: 'GB/s',
  gigabytesPerSecond: 'GB/s',
  readGigabytesPerSecond: 'read, GB/s',
  bandwidth: 'bandwidth, GB/s',
  shareOfBandwidth: 'share of the bandwidth',
  fallback: 'fallback, GB/s',
  doubling: 'doubling, GB/s',
  node: 'Node',
}

export const heading = (name: string): string =>
  HEADINGS[name] ?? name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** A table of rows; numbers stand to the right. Columns that say which benchmark and table it is are left out. */
export function markdownTable(rows: readonly ResultRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(
    (name) => !['bench', 'table'].includes(name),
  )
  const cell = (value: string | number | undefined) => `${value ?? ''}`.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  const numeric = (name: string) => rows.every((row) => typeof (row[name] ?? 0) === 'number' || row[name] === '')
  return [
    names.map(heading),
    names.map((name) => (numeric(name) ? '---:' : '---')),
    ...rows.map((row) => names.map((name) => cell(row[name]))),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
