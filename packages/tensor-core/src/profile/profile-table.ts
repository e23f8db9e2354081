import type { MachinePeaks } from './machine-peaks.js'
import { peakShare } from './peak-share.js'
import type { Profile } from './profile.js'
import { type ProfileGrouping, profileRows } from './profile-rows.js'

const COLUMNS = ['launches', 'ms', '%', 'bytes', 'FLOP', 'GB/s', 'GFLOP/s'] as const

/**
 * A profile as lines of text, one an op, module or kernel; with `peaks` also as shares of what the machine reaches, the
 * larger one of bytes and FLOPs. What lies in caches is read faster than memory: its share may be more than 100 %.
 */
export function profileTable(profile: Profile, peaks?: MachinePeaks, by: ProfileGrouping = 'op'): string {
  const { milliseconds, idleMilliseconds, threads, backend } = profile
  const share = (ms: number): string => ((100 * ms) / Math.max(milliseconds, 1e-9)).toFixed(1)
  const rate = (count: number, ms: number): number => (ms > 0 ? count / ms / 1e6 : 0)
  const digits = milliseconds < 10 ? 3 : 2
  const rows = profileRows(profile, by).map((row) => {
    const { name, launches, milliseconds: ms, bytes, flops } = row
    const [bandwidth, speed] = [rate(bytes, ms), rate(flops, ms)]
    return [
      name,
      `${launches}`,
      ms.toFixed(digits),
      share(ms),
      amount(bytes),
      amount(flops),
      bytes > 0 ? bandwidth.toFixed(1) : '',
      flops > 0 ? speed.toFixed(1) : '',
      ...(peaks && bytes + flops > 0 ? [`${(100 * peakShare(row, peaks)).toFixed(0)} %`] : []),
    ]
  })
  rows.push(['(no kernel)', '', idleMilliseconds.toFixed(digits), share(idleMilliseconds)])
  const head = [by, ...COLUMNS, ...(peaks ? ['of peak'] : [])]
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)))
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

/** A count in three digits: "820", "1.23 M". Nothing for none. */
function amount(count: number): string {
  if (count === 0) return ''
  const step = Math.min(4, Math.max(0, Math.floor(Math.log10(count) / 3)))
  const scaled = count / 1000 ** step
  const digits = scaled >= 100 || step === 0 ? 0 : scaled >= 10 ? 1 : 2
  return `${scaled.toFixed(digits)} ${['', 'k', 'M', 'G', 'T'][step]}`.trimEnd()
}
