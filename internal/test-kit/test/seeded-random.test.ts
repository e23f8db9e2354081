import { expect, it } from 'vitest'
import { seededRandom } from '../src/seeded-random.js'

it('repeats with the seed and differs without', () => {
  const draw = (seed: number) => Array.from(seededRandom(seed).normals(4))
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

it('is uniform and normal enough for tests', () => {
  const random = seededRandom(1)
  const count = 20_000
  const uniforms = Array.from({ length: count }, () => random.uniform(-1, 3))
  expect(Math.min(...uniforms)).toBeGreaterThanOrEqual(-1)
  expect(Math.max(...uniforms)).toBeLessThan(3)
  // Four standard errors: 4 / sqrt(12 * 20000) * 4 and 4 / sqrt(20000).
  expect(Math.abs(uniforms.reduce((a, b) => a + b, 0) / count - 1)).toBeLessThan(0.033)
  const normals = random.normals(count)
  expect(Math.abs(normals.reduce((a, b) => a + b, 0) / count)).toBeLessThan(0.029)
  expect(Math.abs(normals.reduce((a, b) => a + b * b, 0) / count - 1)).toBeLessThan(0.04)
  expect(new Set(Array.from({ length: 100 }, () => random.integer(3)))).toEqual(new Set([0, 1, 2]))
  expect(['a', 'b']).toContain(random.pick(['a', 'b']))
})
