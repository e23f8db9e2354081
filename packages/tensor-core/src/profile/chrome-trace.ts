import type { Profile } from './profile.js'

/** An event of the Trace Event Format: times in microseconds. */
interface CompleteEvent {
  readonly name: string
  readonly cat: string
  readonly ph: 'X'
  readonly ts: number
  readonly dur: number
  readonly pid: number
  readonly tid: number
  readonly args: { readonly kernel?: string }
}

/** Names a process or a thread. */
interface MetadataEvent {
  readonly name: 'process_name' | 'thread_name'
  readonly ph: 'M'
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name: string }
}

export interface ChromeTrace {
  readonly displayTimeUnit: 'ms'
  readonly traceEvents: readonly (CompleteEvent | MetadataEvent)[]
}

/** A profile with the name that it has in a trace. */
export interface ProfiledPhase {
  readonly name: string
  readonly profile: Profile
}

/**
 * A profile for chrome://tracing and Perfetto: one lane a thread, one event a kernel, named after its op and module. Several
 * named ones are processes of one trace, numbered from 1; each begins at 0, with an event of the phase's whole length
 * over the first thread's.
 */
export function chromeTrace(profiled: Profile | readonly ProfiledPhase[]): ChromeTrace {
  const isList = (given: Profile | readonly ProfiledPhase[]): given is readonly ProfiledPhase[] => Array.isArray(given)
  return {
    displayTimeUnit: 'ms',
    traceEvents: isList(profiled)
      ? profiled.flatMap((phase, i) => phaseEvents(phase, i + 1))
      : kernelEvents(profiled, 1),
  }
}

function kernelEvents({ runs, backend }: Profile, pid: number): CompleteEvent[] {
  const first = runs.reduce((least, { begin }) => Math.min(least, begin), Number.POSITIVE_INFINITY)
  return runs.map(({ program, launch, kernel, thread, begin, end }) => ({
    name: program.launches[launch]?.label ?? kernel,
    cat: backend,
    ph: 'X',
    ts: (begin - first) * 1000,
    dur: (end - begin) * 1000,
    pid,
    tid: thread,
    args: { kernel },
  }))
}

function phaseEvents({ name, profile }: ProfiledPhase, pid: number): (CompleteEvent | MetadataEvent)[] {
  const { backend, threads } = profile
  const kernels = kernelEvents(profile, pid)
  const dur = kernels.reduce((latest, { ts, dur }) => Math.max(latest, ts + dur), 0)
  return [
    { name: 'process_name', ph: 'M', pid, tid: 0, args: { name } },
    ...Array.from(
      { length: threads },
      (_, tid): MetadataEvent => ({
        name: 'thread_name',
        ph: 'M',
        pid,
        tid,
        args: { name: `${backend} thread ${tid}` },
      }),
    ),
    { name, cat: 'phase', ph: 'X', ts: 0, dur, pid, tid: 0, args: {} },
    ...kernels,
  ]
}
