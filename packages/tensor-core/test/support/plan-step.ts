import { Trace, withTrace } from '../../src/compile/trace.js'
import { dtypeName, type Tensor } from '../../src/index.js'
import type { PlanRequest } from '../../src/schedule/plan.js'
import { plan } from '../../src/schedule/plan.js'
import type { Program } from '../../src/schedule/program.js'

/** The program of one call of a function, with every fused op that has a wasm kernel as one launch; nothing runs. */
export function planStep(fn: () => Tensor | readonly Tensor[]): Program {
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
      kernels.wasm !== undefined && (supports?.(inputs, attributes) ?? true),
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
