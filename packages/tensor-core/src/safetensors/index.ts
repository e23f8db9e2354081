export { fileSource } from './file-source.js'
export { openSafetensorsFile } from './open-safetensors-file.js'
export { blobSource, bytesSource, type RandomAccess } from './random-access.js'
export {
  openSafetensors,
  parseSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  type SafetensorsFile,
  type SafetensorsTensor,
} from './read-safetensors.js'
export { SAFETENSORS_DTYPES, type SafetensorsDType, safetensorsElementBytes } from './safetensors-dtype.js'
export type { SafetensorsEntry } from './safetensors-header.js'
export { fromSafetensorsDType, toSafetensorsDType } from './tensor-dtypes.js'
export {
  type SafetensorsTensorSource,
  safetensorsByteLength,
  safetensorsChunks,
  serializeSafetensors,
} from './write-safetensors.js'
