import { compile, key, matmul, normal, peakProbes, State, setDefaultDevice, wasmDevice } from '@almanac/tensor-core'
import { repeatUntil } from './repeat-until.js'
import type { Workload } from './workload.js'

/** Products in one program, so that small ones outweigh the call. */
const productsOf = (size: number): number => Math.max(1, Math.round((1024 / size) ** 2))

/**
 * Square float32 products: GFLOP/s, and beside it what the device's multiply-adds reach in registers, taken right before.
 * Facts: milliseconds of a product in the first calls after compiling, and when warm.
 */
export async function prepareGemm(threads: number, size: number): Promise<Workload> {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  const { gigaflops } = await peakProbes(device)
  const operand = (seed: number) => new State(normal(key(seed), [size, size]))
  const [a, b] = [operand(1), operand(2)]
  const products = productsOf(size)
  const results = Array.from({ length: products }, () => new State({ shape: [size, size] }))
  const program = compile(() => {
    for (const cell of results) cell.assign(matmul(a, b))
    return (results[0] as State).value.slice([
      [0, 1],
      [0, 1],
    ])
  })
  const run = async () => (await program()).data()
  await gigaflops()
  // An engine may begin with quick code: what the first calls take tells how long it stays with it.
  const first: number[] = []
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    await run()
    first.push((performance.now() - start) / products)
  }
  await repeatUntil(100, run)
  return {
    async turn() {
      const probe = await gigaflops()
      const milliseconds = (await repeatUntil(80, run)) / products
      const gflops = (2 * size ** 3) / milliseconds / 1e6
      return { gflops, probe, share: gflops / probe }
    },
    facts: async () => ({
      firstMs: first[0] as number,
      secondMs: first[1] as number,
      fifthMs: first[4] as number,
      warmMs: (await repeatUntil(80, run)) / products,
    }),
    close: () => device.close(),
  }
}
