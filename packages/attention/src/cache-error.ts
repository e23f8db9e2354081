import { TensorError } from '@almanac/tensor-core'

/** A cache that is full, a sequence or position that it does not have, or a snapshot of another cache. */
export class CacheError extends TensorError {}
