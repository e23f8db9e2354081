import { TensorError } from '@almanac/tensor-core'

/** An engine that has ended: its worker died, or it was closed. */
export class EngineError extends TensorError {}
