import type { Device } from '../device.js'
import { DeviceError } from '../errors.js'
import type { FusedDefinition } from '../fused/fused-definition.js'
import type { OpRecord, TensorSpec } from '../ops/op-record.js'
import { labelOf } from './module-scope.js'
import { Node } from './node.js'
import { Tensor } from './tensor.js'

/** The one device that the inputs live on; null if none cares. */
export function commonDevice(where: string, inputs: readonly Tensor[]): Device | null {
  let device: Device | null = null
  for (const { node } of inputs) {
    if (node.device === null || node.device === device) continue
    if (device !== null) {
      throw new DeviceError(
        where,
        `tensors of one device (${device.name})`,
        `one on ${node.device.name}`,
        'Move it with .to(device).',
      )
    }
    device = node.device
  }
  return device
}

function checkAlive(label: string, inputs: readonly Tensor[]): void {
  for (const input of inputs) input.checkAlive(label)
}

/** Adds a node for `record` to the graph; all outputs. */
export function applyAll<A>(record: OpRecord<A>, inputs: readonly Tensor[], attributes: A): Tensor[] {
  const label = labelOf(record.name)
  checkAlive(label, inputs)
  const outputs = (record.infer as (inputs: readonly Tensor[], attributes: A) => TensorSpec[])(inputs, attributes)
  const node = new Node({ kind: 'op', record, attributes, inputs }, outputs, commonDevice(label, inputs), label)
  return outputs.map((_, index) => new Tensor(node, index))
}

/** Adds a node for `record` to the graph; its only output. */
export function apply<A>(record: OpRecord<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  return applyAll(record, inputs, attributes)[0] as Tensor
}

/** Adds a fused node. Its outputs have the shapes that it infers, or those of its fallback on the same inputs, which checks them as well. */
export function applyFused<A>(
  definition: FusedDefinition<A>,
  inputs: readonly Tensor[],
  attributes: A,
): { outputs: Tensor[]; several: boolean } {
  const label = labelOf(definition.name)
  checkAlive(label, inputs)
  const meaning = definition.infer ? definition.infer(inputs, attributes) : definition.fallback(inputs, attributes)
  const several = Array.isArray(meaning)
  const specs = [meaning].flat().map(({ shape, dtype }) => ({ shape, dtype }))
  const node = new Node({ kind: 'fused', definition, attributes, inputs }, specs, commonDevice(label, inputs), label)
  return { outputs: specs.map((_, index) => new Tensor(node, index)), several }
}
