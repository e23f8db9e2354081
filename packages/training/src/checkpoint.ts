import {
  type DType,
  dtypeName,
  formatShape,
  realize,
  type State,
  sameShape,
  type Tensor,
  tensorFromBytes,
} from '@almanac/tensor-core'
import {
  fromSafetensorsDType,
  openSafetensors,
  type SafetensorsDType,
  type SafetensorsFile,
  type SafetensorsTensorSource,
  safetensorsChunks,
  toSafetensorsDType,
} from '@almanac/tensor-core/safetensors'
import { CheckpointError } from './checkpoint-error.js'
import { type CheckpointInfo, decodeInfo, encodeInfo } from './checkpoint-info.js'
import type { CheckpointStorage } from './checkpoint-storage.js'
import { MODEL_PREFIX } from './training-states.js'

/** The tensor of the losses so far, F32 [steps]. */
const LOSSES = 'history.losses'

/**
 * Writes States and what is known of the run as one safetensors file: all of it or nothing. States are read one at a time,
 * so no second copy of the model is held. Rejects with CheckpointError where the storage has no room or no access.
 */
export async function writeCheckpoint(
  storage: CheckpointStorage,
  name: string,
  states: ReadonlyMap<string, State>,
  info: CheckpointInfo,
): Promise<void> {
  const { losses } = info
  const tensors: [string, SafetensorsTensorSource][] = [...states].map(([path, state]) => [
    path,
    {
      dtype: storedDType(`checkpoint of ${path}`, state.dtype),
      shape: state.shape,
      bytes: () => state.value.bytes(),
    },
  ])
  const history = new Uint8Array(losses.buffer, losses.byteOffset, losses.byteLength)
  tensors.push([LOSSES, { dtype: 'F32', shape: [losses.length], bytes: history }])
  await storage.write(name, safetensorsChunks(tensors, encodeInfo(info)))
}

function storedDType(where: string, dtype: DType): SafetensorsDType {
  const stored = toSafetensorsDType(dtype)
  if (stored) return stored
  throw new CheckpointError(where, 'a scalar dtype', dtypeName(dtype), 'Train in float32 and quantise afterwards.')
}

/** A checkpoint of which only the header, the losses and the settings are in memory. */
export interface Checkpoint extends CheckpointInfo {
  /**
   * Assigns every State its value and runs the assigns. Names, shapes and dtypes must match exactly, else CheckpointError
   * lists what does not, and nothing is assigned.
   */
  restore(states: ReadonlyMap<string, State>): Promise<void>
  /** The model's values alone, by the names of its state dict. */
  modelState(): Promise<Map<string, Tensor>>
  close(): Promise<void>
}

/**
 * Opens a checkpoint; null where the storage has none of that name. Close it when done.
 * Rejects with SafetensorsError for a damaged file and CheckpointError for one that is no training checkpoint.
 */
export async function openCheckpoint(storage: CheckpointStorage, name: string): Promise<Checkpoint | null> {
  const source = await storage.read(name)
  if (source === null) return null
  const where = `checkpoint ${name}`
  try {
    const file = await openSafetensors(source, { where })
    const info = decodeInfo(where, file.metadata)
    return {
      ...info,
      losses: await readLosses(where, file, info.step),
      restore: (states) => restore(where, file, states),
      modelState: () => modelState(where, file),
      close: () => file.close(),
    }
  } catch (error) {
    await source.close?.()
    throw error
  }
}

async function readLosses(where: string, file: SafetensorsFile, step: number): Promise<Float32Array> {
  const entry = file.tensors.get(LOSSES)
  if (entry?.dtype !== 'F32' || entry.shape.length !== 1 || entry.shape[0] !== step) {
    const got = entry ? `${entry.dtype} ${formatShape(entry.shape)}` : 'none'
    throw new CheckpointError(where, `${step} losses, F32 [${step}]`, got, 'The file is damaged.')
  }
  // Copied: the bytes need not lie where a float32 may begin.
  return new Float32Array((await file.read(LOSSES)).bytes.slice().buffer)
}

async function restore(where: string, file: SafetensorsFile, states: ReadonlyMap<string, State>): Promise<void> {
  const stored = [...file.tensors.keys()].filter((path) => path !== LOSSES)
  const missing = [...states.keys()].filter((path) => !file.tensors.has(path))
  const unexpected = stored.filter((path) => !states.has(path))
  const wrong = [...states].flatMap(([path, state]) => {
    const entry = file.tensors.get(path)
    if (!entry || (sameShape(entry.shape, state.shape) && entry.dtype === toSafetensorsDType(state.dtype))) {
      return []
    }
    return [`${path} ${entry.dtype} ${formatShape(entry.shape)} for ${formatShape(state.shape)}`]
  })
  if (missing.length + unexpected.length + wrong.length > 0) {
    const list = (label: string, items: readonly string[]) =>
      items.length === 0
        ? []
        : [`${label}: ${items.slice(0, 3).join(', ')}${items.length > 3 ? ` and ${items.length - 3} more` : ''}`]
    throw new CheckpointError(
      where,
      `the ${states.size} States of this model and optimiser`,
      [...list('missing', missing), ...list('unexpected', unexpected), ...list('of other form', wrong)].join('; '),
      'Build model and optimiser as they were when it was written, or start afresh.',
    )
  }
  // All read before the first is assigned: a file that ends early must leave the States as they are.
  const values: [State, Tensor][] = []
  for (const [path, state] of states) {
    values.push([state, tensorFromBytes((await file.read(path)).bytes, state.shape, state.dtype)])
  }
  for (const [state, value] of values) state.assign(value)
  await realize(...states.values())
}

async function modelState(where: string, file: SafetensorsFile): Promise<Map<string, Tensor>> {
  const values = new Map<string, Tensor>()
  for (const [path, entry] of file.tensors) {
    if (!path.startsWith(MODEL_PREFIX)) continue
    const dtype = fromSafetensorsDType(entry.dtype)
    if (!dtype) throw new CheckpointError(where, 'dtypes that tensors here have', `${entry.dtype} for ${path}`)
    values.set(
      path.slice(MODEL_PREFIX.length),
      tensorFromBytes((await file.read(path)).bytes.slice(), entry.shape, dtype),
    )
  }
  return values
}
