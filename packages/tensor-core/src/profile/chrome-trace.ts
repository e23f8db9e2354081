import type { Profile } from './profile.js'

/** An event of the Trace Event Format: times in microseconds. */
interface TraceEvent {
  readonly name: string
  readonly cat: string
  readonly ph: 'X'
  readonly ts: number
  readonly dur: number
  readonly pid: 1
  readonly tid: number
  readonly args: { readonly kernel: string }
}

export interface ChromeTrace {
  readonly displayTimeUnit: 'ms'
  readonly traceEvents: readonly TraceEvent[]
}

/** A profile for chrome://tracing and Perfetto: one lane a thread, one event a kernel, named after its op and module. */
export function chromeTrace({ runs, backend }: Profile): ChromeTrace {
  const first = runs.reduce((least, { begin }) => Math.min(least, begin), Number.POSITIVE_INFINITY)
  return {
    displayTimeUnit: 'ms',
    traceEvents: runs.map(({ program, launch, kernel, thread, begin, end }) => ({
      name: program.launches[launch]?.label ?? kernel,
      cat: backend,
      ph: 'X',
      ts: (begin - first) * 1000,
      dur: (end - begin) * 1000,
      pid: 1,
      tid: thread,
      args: { kernel },
    })),
  }
}
