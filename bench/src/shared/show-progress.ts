/** Seconds as "40s" or "3m10s". */
const duration = (seconds: number): string =>
  seconds < 60
    ? `${Math.round(seconds)}s`
    : `${Math.floor(seconds / 60)}m${`${Math.round(seconds % 60)}`.padStart(2, '0')}s`

/** Lines on stderr that tell which of several parts begins and how long the rest will take, from what was done so far. */
export function showProgress(total: number, write = (line: string): unknown => process.stderr.write(`${line}\n`)) {
  const start = performance.now()
  let done = 0
  return {
    /** @param weight  how long it takes, in the unit of `total` */
    begin(name: string, weight: number): void {
      const passed = (performance.now() - start) / 1000
      const left = done === 0 ? '' : `, about ${duration((passed / done) * (total - done))} left`
      write(`[${Math.round((100 * done) / total)} %, ${duration(passed)}${left}] ${name}`)
      done += weight
    },
  }
}
