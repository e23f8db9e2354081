import type { ApplyEpilogue } from '../../../codegen/epilogue-code.js'
import { isBlock, type ScalarDType } from '../../../dtype.js'
import type { BlockFormat } from '../../../formats/define-format.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef } from '../../../kernel/value.js'
import type { KernelSignature } from '../../../ops/op-record.js'

export interface MatmulBuffers {
  readonly a: BufferRef
  readonly b: BufferRef
  readonly y: BufferRef
  /** Those of the epilogue. */
  readonly extra: readonly BufferRef[]
  /** What an epilogue makes of a result, where there is one. */
  readonly finish: ApplyEpilogue | null
  /** The workspace; kernels that pack nothing have none and do not touch it. */
  readonly panels: BufferRef
  /** What B is packed in: then its buffer is one of bytes. */
  readonly format: BlockFormat | null
}

/** The buffers of every pass, in the order that kernel sources have: inputs, output, workspace. */
export function matmulBuffers(k: KernelBuilder, { inputs, outputs }: KernelSignature, workspace = true): MatmulBuffers {
  const [a, b, ...extra] = inputs.map(({ dtype }, i) =>
    k.buffer(
      i === 0 ? 'a' : i === 1 ? 'b' : `extra${i - 2}`,
      isBlock(dtype) ? 'uint8' : (dtype as ScalarDType),
      'read',
    ),
  )
  const y = k.buffer('y', outputs[0]?.dtype as ScalarDType, 'readwrite')
  const panels = workspace ? k.reinterpret(k.buffer('panels', 'uint8', 'readwrite'), 'float32') : y
  const packed = inputs[1]?.dtype
  const format = packed !== undefined && isBlock(packed) ? packed : null
  return { a: a as BufferRef, b: b as BufferRef, y, extra, finish: null, panels, format }
}
