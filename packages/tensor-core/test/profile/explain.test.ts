import { expect, it } from 'vitest'
import {
  compile,
  cpuDevice,
  explain,
  grad,
  memory,
  State,
  setDefaultDevice,
  type Tensor,
  TraceError,
  tensor,
  wasmDevice,
} from '../../src/index.js'

it('tells launches, what was fused, sizes, memory and kernels of a compiled function, and runs nothing', async () => {
  const device = wasmDevice({ threads: 1 })
  const before = setDefaultDevice(device)
  try {
    const w = new State(tensor([[1, 2, 3]]))
    const step = compile(function step(x: Tensor) {
      const y = x.mul(w).add(1)
      const loss = y.mul(y).sum()
      w.assign(w.value.sub(grad(loss, w).mul(0.1)))
      return loss
    })
    const explained = await explain(step, tensor([[4, 5, 6]]))
    expect(step.traces).toBe(0)
    const reduce = explained.launches.find(({ kind }) => kind === 'reduce')
    expect(reduce?.ops).toEqual(['mul', 'sum'])
    expect(reduce?.reads).toHaveLength(1)
    expect(reduce?.kernels.join('\n')).toContain('parallel')
    expect(explained.launches.some(({ writes }) => writes[0]?.endsWith('float32 [1, 3]'))).toBe(true)

    const text = `${explained}`
    expect(text).toMatch(/^wasm: \d+ launches, \d+ kernels, \d+ bytes of temporaries at most \(at launch \d+\)\n0 {2}/)
    expect(text.match(/^kernel /gm)?.length).toBe(Number(/(\d+) kernels/.exec(text)?.[1]))

    const { kernelsCompiled } = await memory(device)
    await (await step(tensor([[4, 5, 6]]))).item()
    expect((await memory(device)).kernelsCompiled).toBeGreaterThan(kernelsCompiled)
  } finally {
    setDefaultDevice(before)
    await device.close()
  }
})

it('takes a plain function, and a device without kernels', async () => {
  const device = cpuDevice()
  const before = setDefaultDevice(device)
  try {
    const { backend, launches } = await explain((x: Tensor) => x.exp().mul(2), tensor([1, 2]))
    expect(backend).toBe('cpu')
    expect(launches).toMatchObject([{ kind: 'map', label: 'mul', ops: ['exp', 'mul'], kernels: [] }])
    await expect(explain(async () => tensor(1))).rejects.toThrow(TraceError)
  } finally {
    setDefaultDevice(before)
    await device.close()
  }
})
