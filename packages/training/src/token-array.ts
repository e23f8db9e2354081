/** Token ids as data sets store them. Bytes are the ids of a byte tokenizer. */
export type TokenArray = Uint8Array | Uint16Array | Uint32Array | Int32Array
