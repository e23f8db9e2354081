import { Trace, withTrace } from '../../src/compile/trace.js'
import { dtypeName, type Tensor } from '../../src/index.js'
import type { PlanRequest } from '../../src/schedule/plan.js'
import { plan } from '../../src/schedule/plan.js'
import type { Program } from '../../src/schedule/program.js'

/**
 * The program of one call of a function; nothing runs. Fused ops that have a wasm kernel are one launch each; not `fused`:
 * their fallbacks stand in the program.
 */
export function planStep(fn: () => Tensor | readonly Tensor[], fused = true): Program {
  const trace = new Trace('a step')
  const results = withTrace(trace, fn)
  const request: PlanRequest = {
    outputs: [results].flat() as Tensor[],
    assigns: [...trace.states.values()]
      .filter(({ assigned }) => assigned)
      .map(({ state, current }) => ({ state, value: current })),
  }
  return plan(request, {
    supports: ({ kernels, supports }, inputs, attributes) =>
      fused && kernels.wasm !== undefined && (supports?.(inputs, attributes) ?? true),
    readState: () => null,
  }).program
}

/** Launch by launch, for messages of tests. */
export function listing({ launches }: Program): string {
  return launches
    .map((launch, i) => {
      const outputs = launch.kind === 'reduce' ? [launch.output] : launch.outputs
      const text = (operands: typeof outputs) =>
        operands.map(({ slot, dtype, view }) => `%${slot} ${dtypeName(dtype)}[${view.shape}]`).join(', ')
      return `${i} ${launch.label}: ${text(launch.inputs)} -> ${text(outputs)}`
    })
    .join('\n')
}
