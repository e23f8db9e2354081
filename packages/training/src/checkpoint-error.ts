import { TensorError } from '@almanac/tensor-core'

/** A training checkpoint that could not be written, or that does not fit what it is read for. */
export class CheckpointError extends TensorError {}
