import { compile, key, matmul, normal, State } from '@almanac/tensor-core'
import { openDevice } from './open-device.js'
import type { Workload } from './workload.js'

/** Elements of the operands and the result. */
export type ProductDType = 'float32' | 'float16'

/** Products in one program, each into a cell of its own, so that small ones outweigh what a program costs beside them. */
export const productsAtOnce = (size: number): number => Math.min(16, Math.max(1, Math.round((4096 / size) ** 2)))

/**
 * Square products on a GPU, in TFLOP/s: programs one after the other for `milliseconds` or longer, with one wait at the end, as
 * GPUs are used. The operands are normal numbers: how fast a GPU multiplies depends on the bits.
 */
export async function prepareProducts(size: number, dtype: ProductDType, milliseconds: number): Promise<Workload> {
  const device = openDevice('webgpu', 1)
  const operand = (seed: number) => new State(normal(key(seed), [size, size]).cast(dtype))
  const [a, b] = [operand(1), operand(2)]
  const cells = Array.from({ length: productsAtOnce(size) }, () => new State({ shape: [size, size], dtype }))
  const program = compile(() => {
    for (const cell of cells) cell.assign(matmul(a, b))
  })
  const corner = compile(() =>
    (cells.at(-1) as State).value.slice([
      [0, 1],
      [0, 1],
    ]),
  )
  const run = async (times: number): Promise<number> => {
    const start = performance.now()
    for (let i = 0; i < times; i++) await program()
    await (await corner()).data()
    return performance.now() - start
  }
  await run(1)
  let times = 1
  while ((await run(times)) < milliseconds) times *= 2
  return {
    turn: async () => ({ tflops: (2 * size ** 3 * cells.length * times) / (await run(times)) / 1e9 }),
    close: () => device.close(),
  }
}
