import { median } from './median.js'

/** The median time of `run` in milliseconds: three times at least, and for `milliseconds` in all. */
export async function repeatUntil(milliseconds: number, run: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  const end = performance.now() + milliseconds
  while (times.length < 3 || performance.now() < end) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return median(times)
}
