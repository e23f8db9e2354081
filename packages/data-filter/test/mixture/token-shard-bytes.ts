/**
 * What datatrove 0.10's TokenizedFile wrote for the documents [5, 6, 7, 50256], [65535 (100351 with four bytes), 0], [] and [9], as
 * hexadecimal: the first with the tokenizer "gpt2", the second with none.
 */
export const TOKEN_SHARD_BYTES = {
  2: {
    tokens: '05000600070050c4ffff00000900',
    metadata: 'gpt2|2\n7\n7.00 T',
  },
  4: {
    tokens: '05000000060000000700000050c40000ff8701000000000009000000',
    metadata: 'Unknown Tokenizer|4|4\n7\n7.00 T',
  },
  index: '0400000000000000060000000000000006000000000000000700000000000000',
} as const

export function bytesOf(hexadecimal: string): Uint8Array {
  return Uint8Array.from(hexadecimal.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
