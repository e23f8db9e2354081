import { type DType, dtypeName, type ScalarDType } from '../dtype.js'
import type { SafetensorsDType } from './safetensors-dtype.js'

const STORED: Readonly<Record<ScalarDType, SafetensorsDType>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int32: 'I32',
  uint32: 'U32',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
}

/** What a safetensors file calls a tensor's dtype; undefined for block formats, which it does not know. */
export function toSafetensorsDType(dtype: DType): SafetensorsDType | undefined {
  const name = dtypeName(dtype)
  return Object.hasOwn(STORED, name) ? STORED[name as ScalarDType] : undefined
}

/** The dtype of a stored tensor; undefined for those that no tensor here has (float64, int64, ...). */
export function fromSafetensorsDType(stored: SafetensorsDType): ScalarDType | undefined {
  return (Object.keys(STORED) as ScalarDType[]).find((name) => STORED[name] === stored)
}
