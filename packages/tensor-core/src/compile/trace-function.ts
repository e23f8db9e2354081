import type { Backend } from '../backends/backend.js'
import { currentDevice } from '../default-device.js'
import type { Device } from '../device.js'
import { DeviceError, TraceError } from '../errors.js'
import { Node } from '../graph/node.js'
import { Tensor } from '../graph/tensor.js'
import { type Plan, plan } from '../schedule/plan.js'
import type { State } from '../state/state.js'
import { mapTensors, resultTensors } from './argument-tree.js'
import { Trace, withTrace } from './trace.js'

// biome-ignore lint/suspicious/noExplicitAny: any argument list is a function's own business
export type AnyFunction = (...args: any[]) => unknown

/** One traced form of a function. */
export interface Traced {
  readonly placeholders: readonly Tensor[]
  readonly result: unknown
  readonly outputs: readonly Tensor[]
  readonly observed: readonly string[]
  readonly trace: Trace
  readonly device: Device
  readonly assigned: readonly State[]
}

/** Runs the function once on placeholders. */
export function traceFunction(
  name: string,
  fn: AnyFunction,
  args: readonly unknown[],
  tensors: readonly Tensor[],
): Traced {
  const trace = new Trace(name)
  const placeholders = tensors.map(
    ({ shape, dtype, device }) =>
      new Tensor(new Node({ kind: 'placeholder' }, [{ shape, dtype }], device, `argument of ${name}`), 0),
  )
  let next = 0
  const inputs = mapTensors(args, () => placeholders[next++] as Tensor) as unknown[]
  const result = withTrace(trace, () => fn(...inputs))
  const observed = [...trace.observed.keys()]
  const outputs = [...resultTensors(name, result), ...trace.observed.values()]
  const assigned = [...trace.states.values()].filter((entry) => entry.assigned).map((entry) => entry.state)
  const device = traceDevice(name, trace, [...outputs, ...placeholders])
  return { placeholders, result, outputs, observed, trace, device, assigned }
}

function traceDevice(name: string, trace: Trace, tensors: readonly Tensor[]): Device {
  const devices = new Set<Device>()
  for (const state of trace.states.keys()) devices.add(state.device)
  for (const { device } of tensors) if (device) devices.add(device)
  if (devices.size > 1) {
    throw new DeviceError(
      name,
      'tensors and States of one device',
      [...devices].map((d) => d.name).join(' and '),
      'Move them with .to(device).',
    )
  }
  const [device] = devices
  return device ?? currentDevice()
}

/** The program of a traced function. */
export function planTraced({ trace, outputs, assigned }: Traced, backend: Backend): Plan {
  const assigns = assigned.map((state) => ({ state, value: trace.readState(state) }))
  return plan(
    { outputs, assigns },
    {
      maxOperands: backend.limits.maxOperands,
      supports: (definition, inputs, attributes) => backend.supports(definition, inputs, attributes),
      readState(state, _, node) {
        if (trace.owns(node)) return null
        throw new TraceError(
          trace.name,
          'States read inside the function',
          `a lazy tensor made outside that reads ${state.name}`,
          'Read state.value inside, or realise the tensor first.',
        )
      },
    },
  )
}
