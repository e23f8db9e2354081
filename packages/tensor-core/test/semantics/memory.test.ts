import { expect, it } from 'vitest'
import { cpuDevice, key, memory, normal, setDefaultDevice, wasmDevice } from '../../src/index.js'

it.each([
  ['cpu', () => cpuDevice(), 4],
  ['cpu in float64', () => cpuDevice({ precision: 'f64' }), 8],
  ['wasm', () => wasmDevice({ threads: 1 }), 4],
])('memory reports the most temporaries alive at once: %s', async (_, make, floatBytes) => {
  const device = make()
  const before = setDefaultDevice(device)
  try {
    const x = normal(key(0), [8, 8])
    const [narrow, wide] = [normal(key(1), [8, 2]), normal(key(2), [2, 16])]
    for (const t of [x, narrow, wide]) await t.realize()
    const start = await memory(device)
    // Temporaries of 64, 16 and 128 elements, each alive with its neighbour alone; the result is no temporary.
    await x.matmul(x).matmul(narrow).matmul(wide).sum().item()
    const { peakBytes, arenaBytes } = await memory(device)
    expect(peakBytes).toBe(Math.max(start.peakBytes, floatBytes * (16 + 128)))
    if (device.name === 'wasm') expect(arenaBytes).toBeGreaterThanOrEqual(peakBytes)
    else expect(arenaBytes).toBe(0)
  } finally {
    setDefaultDevice(before)
    await device.close()
  }
})
