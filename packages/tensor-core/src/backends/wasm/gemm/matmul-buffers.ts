import type { ScalarDType } from '../../../dtype.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef } from '../../../kernel/value.js'
import type { KernelSignature } from '../../../ops/op-record.js'

export interface MatmulBuffers {
  readonly a: BufferRef
  readonly b: BufferRef
  readonly y: BufferRef
  /** The workspace; kernels that pack nothing have none and do not touch it. */
  readonly panels: BufferRef
}

/** The buffers of every pass, in the order that kernel sources have: inputs, output, workspace. */
export function matmulBuffers(k: KernelBuilder, { inputs, outputs }: KernelSignature, workspace = true): MatmulBuffers {
  const [a, b] = inputs.map(({ dtype }, i) => k.buffer(i === 0 ? 'a' : 'b', dtype as ScalarDType, 'read'))
  const y = k.buffer('y', outputs[0]?.dtype as ScalarDType, 'readwrite')
  const panels = workspace ? k.reinterpret(k.buffer('panels', 'uint8', 'readwrite'), 'float32') : y
  return { a: a as BufferRef, b: b as BufferRef, y, panels }
}
