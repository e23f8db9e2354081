import { TensorError } from '@almanac/tensor-core'

/** A tokenizer file that is truncated or of another format. */
export class TokenizerError extends TensorError {}
