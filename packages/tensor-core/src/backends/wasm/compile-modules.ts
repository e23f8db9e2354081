import { onNode } from '../on-node.js'

/**
 * Compiles kernels to optimised code at once, where the engine lets us ask. V8's quick first code (Liftoff) is replaced only
 * when a function has used up a budget: a kernel that is called a few times, for 50 ms each, stayed four times too slow for
 * good (Node 20.20). The flag is V8's and of the whole process; it is set back, because what others compile may be large.
 */
export async function compileModules(binaries: readonly Uint8Array[]): Promise<WebAssembly.Module[]> {
  const compileAll = () => Promise.all(binaries.map((binary) => WebAssembly.compile(binary as Uint8Array<ArrayBuffer>)))
  if (!onNode()) return compileAll()
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--no-liftoff')
  try {
    return await compileAll()
  } finally {
    setFlagsFromString('--liftoff')
  }
}
