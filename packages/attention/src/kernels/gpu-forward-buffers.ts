import type { WgslBuffer } from '@almanac/tensor-core/wgsl'
import type { FlashKind } from './gpu-launch.js'

/** Operands of a forward launch in their order; not every kind has the last input. */
const INPUTS = ['q', 'k', 'v', 'sequences', 'ranges', 'bias', 'scales'] as const
const OUTPUTS = ['y', 'lse'] as const

export type ForwardOperand = (typeof INPUTS)[number] | (typeof OUTPUTS)[number]

/** The buffers of a forward kernel, which touches all operands but those `unused`. */
export function forwardBuffers(
  kind: FlashKind,
  unused: readonly ForwardOperand[] = [],
): readonly WgslBuffer<ForwardOperand>[] {
  const others = kind === 'biased' ? ['scales'] : kind === 'int8' ? ['bias'] : ['bias', 'scales']
  const of = (names: readonly ForwardOperand[], access: WgslBuffer['access']) =>
    names.map((name) => ({ name, access, ...(unused.includes(name) ? { unused: true } : {}) }))
  return [
    ...of(
      INPUTS.filter((name) => !others.includes(name)),
      'read',
    ),
    ...of(OUTPUTS, 'write'),
  ]
}
