import { TensorError } from '@almanac/tensor-core'

/** A server that cannot be started: a port in use, an address without a key. */
export class ServingError extends TensorError {}
