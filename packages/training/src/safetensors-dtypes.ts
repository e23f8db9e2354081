import { type DType, dtypeName, type ScalarDType } from '@almanac/tensor-core'
import type { SafetensorsDType } from '@almanac/tensor-core/safetensors'
import { CheckpointError } from './checkpoint-error.js'

const names: Readonly<Record<ScalarDType, SafetensorsDType>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int32: 'I32',
  uint32: 'U32',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
}

/** The file's name of a dtype. Throws CheckpointError for block formats, which are not trained. */
export function toSafetensorsDType(where: string, dtype: DType): SafetensorsDType {
  const name = dtypeName(dtype)
  if (Object.hasOwn(names, name)) return names[name as ScalarDType]
  throw new CheckpointError(where, 'a scalar dtype', name, 'Train in float32 and quantise afterwards.')
}

/** The dtype of a file's tensor, or undefined for those that no tensor here has. */
export function fromSafetensorsDType(dtype: SafetensorsDType): ScalarDType | undefined {
  return (Object.keys(names) as ScalarDType[]).find((name) => names[name] === dtype)
}
