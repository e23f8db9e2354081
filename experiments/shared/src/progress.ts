/** Seconds as "40s" or "3m10s". */
const duration = (seconds: number): string =>
  seconds < 60
    ? `${Math.round(seconds)}s`
    : `${Math.floor(seconds / 60)}m${`${Math.round(seconds % 60)}`.padStart(2, '0')}s`

/** Lines on stderr, at most one in ten seconds and one a run: how much of all runs is done, and how long the rest will take. */
export function progress(runs: number, write = (line: string): unknown => process.stderr.write(`${line}\n`)) {
  const start = performance.now()
  let last = start
  return (run: number, share: number, text: string): void => {
    const now = performance.now()
    if (share > 0 && share < 1 && now - last < 10_000) return
    last = now
    const done = (run + share) / runs
    const passed = (now - start) / 1000
    const left = done > 0 ? `, about ${duration((passed / done) * (1 - done))} left` : ''
    write(`[${Math.round(100 * done)} %, ${duration(passed)}${left}] ${text}`)
  }
}
