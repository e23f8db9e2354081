import { afterAll, expect, it } from 'vitest'
import { cpuDevice, type Tensor } from '../../src/index.js'
import { OP_NAMES } from '../../src/ops/op-table.js'
import { conformanceGroups } from './cases/index.js'
import { build } from './run-cases.js'

const device = cpuDevice()
afterAll(() => device.close())

/** Ops behind no result of a conformance case, each with the reason. */
const elsewhere: readonly string[] = [
  'after', // part of the graph of gradients only: test/gradcheck
  'gradientLink', // part of the graph of gradients only: test/gradcheck
]

function collect(tensors: readonly Tensor[], names: Set<string>): void {
  for (const { node } of tensors) {
    if (node.source.kind === 'op') names.add(node.source.record.name)
    collect(node.inputs, names)
  }
}

it('every op stands in a conformance case', () => {
  const names = new Set<string>()
  for (const { cases } of conformanceGroups)
    for (const one of cases) if (!one.name.startsWith('a chain')) collect(build(one, device), names)
  expect(OP_NAMES.filter((name) => !names.has(name))).toEqual(elsewhere)
})
