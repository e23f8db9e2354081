/** A safetensors file from any header, well formed or not, for tests. */
export function buildFile(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array(8 + json.length + dataBytes)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  for (let i = 0; i < dataBytes; i++) file[8 + json.length + i] = i
  return file
}

/** One F32 tensor `x` of shape [2] over 8 bytes, with some of its fields replaced. */
export function entry(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...changes }
}
