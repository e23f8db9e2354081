import { TraceError } from '../errors.js'
import { Node } from '../graph/node.js'
import { Tensor } from '../graph/tensor.js'
import type { State } from '../state/state.js'

interface TracedState {
  readonly state: State
  /** Reads the buffer as it is when the program starts. */
  readonly initial: Tensor
  current: Tensor
  assigned: boolean
}

/** What a function does while `compile` runs it once: the States it reads and assigns, by identity. */
export class Trace {
  readonly states = new Map<State, TracedState>()
  readonly observed = new Map<string, Tensor>()
  readonly name: string
  violation: TraceError | undefined = undefined

  constructor(name: string) {
    this.name = name
  }

  readState(state: State): Tensor {
    return this.entry(state).current
  }

  assignState(state: State, value: Tensor): void {
    const entry = this.entry(state)
    entry.current = value
    entry.assigned = true
  }

  /** Remembers a mistake, so that the trace fails even where the error was caught or its promise dropped. */
  refuse(error: TraceError): TraceError {
    this.violation ??= error
    return error
  }

  refuseNewState(state: State): never {
    throw new TraceError(
      this.name,
      'no new State while a function is traced',
      `${state}`,
      'Make it before: the trace runs once, the program many times.',
    )
  }

  /** True for the nodes through which this trace reads States; others were captured from outside. */
  owns(node: Node): boolean {
    return node.source.kind === 'state' && this.states.get(node.source.state)?.initial.node === node
  }

  private entry(state: State): TracedState {
    let entry = this.states.get(state)
    if (entry === undefined) {
      const source = { kind: 'state', state, version: state.version } as const
      const node = new Node(source, [{ shape: state.shape, dtype: state.dtype }], state.device, `read ${state.name}`)
      const initial = new Tensor(node, 0)
      entry = { state, initial, current: initial, assigned: false }
      this.states.set(state, entry)
    }
    return entry
  }
}

let active: Trace | null = null

/** The trace that is running now. A trace never awaits, so there is at most one. */
export function currentTrace(): Trace | null {
  return active
}

/** Runs `body` under a trace. */
export function withTrace<T>(trace: Trace, body: () => T): T {
  if (active) {
    throw new TraceError(
      trace.name,
      'no compiled function called while another is traced',
      active.name,
      'Call its .fn inside.',
    )
  }
  active = trace
  try {
    const result = body()
    if (trace.violation) throw trace.violation
    return result
  } finally {
    active = null
  }
}
