import { TensorError } from '@almanac/tensor-core'

/** A request that is well formed, and that this model cannot serve. `where` is the request's field. */
export class RequestError extends TensorError {}
