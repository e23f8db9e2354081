import type { WgslBuffer } from '@almanac/tensor-core/wgsl'
import type { FlashKind } from './gpu-launch.js'

const INPUTS = ['q', 'k', 'v', 'lse', 'delta', 'dy', 'sequences', 'ranges', 'bias'] as const
const OUTPUTS = ['dq', 'dk', 'dv'] as const

type Operand = (typeof INPUTS)[number] | (typeof OUTPUTS)[number]

/** The buffers of a pass of attention's backward kernel, of which it touches some, and the records in its workspace. */
export function backwardBuffers(
  kind: FlashKind,
  touched: readonly Operand[],
  records: WgslBuffer['access'] | null,
): readonly WgslBuffer<Operand | 'records'>[] {
  const of = (names: readonly Operand[], access: WgslBuffer['access']) =>
    names.map((name) => ({ name, access, ...(touched.includes(name) ? {} : { unused: true }) }))
  const inputs = INPUTS.filter((name) => name !== 'bias' || kind === 'biased')
  return [
    ...of(inputs, 'read'),
    ...of(OUTPUTS, 'write'),
    ...(records ? [{ name: 'records', access: records, dtype: 'int32' } as const] : []),
  ]
}
