import type { WgslBuffer } from '@almanac/tensor-core/wgsl'

const INPUTS = ['q', 'k', 'v', 'lse', 'delta', 'dy', 'starts', 'firsts'] as const
const OUTPUTS = ['dq', 'dk', 'dv'] as const

type Operand = (typeof INPUTS)[number] | (typeof OUTPUTS)[number]

/** The buffers of a pass of attention's backward kernel, of which it touches some, and the records in its workspace. */
export function backwardBuffers(
  touched: readonly Operand[],
  records: WgslBuffer['access'],
): readonly WgslBuffer<Operand | 'records'>[] {
  const of = (names: readonly Operand[], access: WgslBuffer['access']) =>
    names.map((name) => ({ name, access, ...(touched.includes(name) ? {} : { unused: true }) }))
  return [...of(INPUTS, 'read'), ...of(OUTPUTS, 'write'), { name: 'records', access: records, dtype: 'int32' }]
}
