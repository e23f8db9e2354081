import type { MachinePeaks } from './machine-peaks.js'
import type { Profile } from './profile.js'

const COLUMNS = ['op', 'launches', 'ms', '%', 'GB/s', 'GFLOP/s'] as const

/** A profile as lines of text, one an op; with `peaks` also as shares of what the machine reaches. */
export function profileTable(profile: Profile, peaks?: MachinePeaks): string {
  const { milliseconds, idleMilliseconds, threads, backend } = profile
  const share = (ms: number): string => ((100 * ms) / Math.max(milliseconds, 1e-9)).toFixed(1)
  const rate = (amount: number, ms: number): number => (ms > 0 ? amount / ms / 1e6 : 0)
  const rows: string[][] = profile.rows.map(({ op, launches, milliseconds: ms, bytes, flops }) => {
    const [bandwidth, speed] = [rate(bytes, ms), rate(flops, ms)]
    const ofPeak = peaks ? Math.max(bandwidth / peaks.gigabytesPerSecond, speed / peaks.gigaflops) : 0
    return [
      op,
      `${launches}`,
      ms.toFixed(2),
      share(ms),
      bandwidth.toFixed(1),
      flops > 0 ? speed.toFixed(1) : '',
      ...(peaks ? [`${(100 * ofPeak).toFixed(0)} %`] : []),
    ]
  })
  rows.push(['(no kernel)', '', idleMilliseconds.toFixed(2), share(idleMilliseconds), '', '', ...(peaks ? [''] : [])])
  const head = [...COLUMNS, ...(peaks ? ['of peak'] : [])]
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] as string).length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[i] as number)))
      .join('  ')
      .trimEnd()
  const peak = peaks
    ? `; peak ${peaks.gigaflops.toFixed(1)} GFLOP/s and ${peaks.gigabytesPerSecond.toFixed(1)} GB/s`
    : ''
  return [
    `${backend}, ${threads} ${threads === 1 ? 'thread' : 'threads'}: ${milliseconds.toFixed(2)} ms${peak}`,
    line(head),
    ...rows.map(line),
  ].join('\n')
}
