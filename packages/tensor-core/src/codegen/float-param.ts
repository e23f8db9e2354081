const word = new DataView(new ArrayBuffer(4))

/** The bits of a number rounded to float32, as a signed 32-bit integer: how a float travels among a kernel's parameters. */
export function floatBits(value: number): number {
  word.setFloat32(0, value)
  return word.getInt32(0)
}
