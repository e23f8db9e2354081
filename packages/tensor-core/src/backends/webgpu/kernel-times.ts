/** What one submit's passes wrote, and when the host submitted it and heard of its end (milliseconds since 1970). */
export interface SubmitStamps {
  /** Begin and end of each pass, in nanoseconds of the GPU's clock; 0 where nothing was written. */
  readonly stamps: BigUint64Array
  readonly submitted: number
  readonly done: number
}

export interface KernelTime {
  readonly begin: number
  readonly end: number
}

/** Browsers round a GPU's clock to 0.1 ms, and each end of a pass may be that far off. */
const SLACK_MS = 0.2

/**
 * Times of passes on the host's clock. WebGPU says only that stamps are nanoseconds: where they count from is not known, they
 * may wrap around, go back and be 0 (WebGPU, "Timestamp Query"). So one offset places them all: the least with which no pass
 * begins before it was submitted. A submit that it would put outside its own time on the host (the GPU's clock was reset
 * between two) is placed by itself. A pass whose stamps cannot be true (0, backwards, longer than the host waited) gets no
 * time at all, where the pass before it ended.
 */
export function kernelTimes(submits: readonly SubmitStamps[]): KernelTime[][] {
  const base = submits.flatMap(({ stamps }) => [...stamps]).find((stamp) => stamp !== 0n) ?? 0n
  const sinceBase = (stamp: bigint): number => Number(BigInt.asIntN(64, stamp - base)) / 1e6
  const measured = submits.map(({ stamps, submitted, done }) => {
    const passes: (KernelTime | null)[] = []
    for (let at = 0; at + 1 < stamps.length; at += 2) {
      const [first, last] = [stamps[at] as bigint, stamps[at + 1] as bigint]
      const time = { begin: sinceBase(first), end: sinceBase(last) }
      const length = time.end - time.begin
      const known = first !== 0n && last !== 0n && length >= 0 && length <= done - submitted + SLACK_MS
      passes.push(known ? time : null)
    }
    const known = passes.filter((pass) => pass !== null)
    const [begin, end] = [
      known.reduce((least, pass) => Math.min(least, pass.begin), Number.POSITIVE_INFINITY),
      known.reduce((most, pass) => Math.max(most, pass.end), Number.NEGATIVE_INFINITY),
    ]
    return { passes, submitted, begin, end, least: submitted - begin, most: done - end }
  })
  const shared = measured.reduce((most, { least }) => Math.max(most, least), Number.NEGATIVE_INFINITY)
  return measured.map(({ passes, submitted, least, most }) => {
    const offset = shared <= most + SLACK_MS ? shared : least
    let before = submitted
    return passes.map((pass) => {
      const time = pass ? { begin: offset + pass.begin, end: offset + pass.end } : { begin: before, end: before }
      before = time.end
      return time
    })
  })
}
