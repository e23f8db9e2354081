import { contiguousView } from '../../src/view.js'
import { ADD, call, constant, input } from '../codegen/test-records.js'
import { programOf } from './program-builder.js'

export { wasm } from '../../src/backends/wasm/index.js'

const SHAPE = [100_000]

/** One launch, large enough for several threads. */
export const program = programOf(
  [0, 1].map(() => ({ dtype: 'float32', size: 100_000, bound: true })),
  [
    {
      kind: 'map',
      label: 'addOne',
      shape: SHAPE,
      inputs: [{ slot: 0, dtype: 'float32', view: contiguousView(SHAPE) }],
      expressions: [call(ADD, [input(0), constant(1)])],
      outputs: [{ slot: 1, dtype: 'float32', view: contiguousView(SHAPE) }],
    },
  ],
)
