export { byteTokenizer } from './byte-tokenizer.js'
export { readLlama2cTokenizer } from './llama2c-tokenizer.js'
export type { StreamDecoder, Tokenizer } from './tokenizer.js'
export { TokenizerError } from './tokenizer-error.js'
