import { TensorError } from '@almanac/tensor-core'

/** A model file that is truncated, of another format, or inconsistent. */
export class CheckpointError extends TensorError {}
