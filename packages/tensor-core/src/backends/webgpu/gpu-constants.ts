/** WebGPU's flag values. Browsers have them as globals; Dawn in Node keeps them in its module. */
export const BUFFER_USAGE = {
  mapRead: 0x1,
  copySource: 0x4,
  copyDestination: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const
export const STAGE_COMPUTE = 0x4
export const MAP_READ = 0x1

/** Buffers are bound, copied and written in whole words. */
export function wholeWords(byteLength: number): number {
  return Math.max(4, Math.ceil(byteLength / 4) * 4)
}
