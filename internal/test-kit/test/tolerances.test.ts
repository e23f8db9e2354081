import { expect, it } from 'vitest'
import { toleranceFor } from '../src/tolerances.js'

it('is one table: integers are exact, narrow floats wider than float32', () => {
  expect(toleranceFor('int32', 'matmul')).toEqual({ rtol: 0, atol: 0 })
  expect(toleranceFor('bool', 'elementwise')).toEqual({ rtol: 0, atol: 0 })
  expect(toleranceFor('float32', 'matmul')).toEqual({ rtol: 2e-5, atol: 2e-5 })
  expect(toleranceFor('float16', 'fused').rtol).toBe(1e-3)
  expect(toleranceFor('bfloat16', 'fused').rtol).toBe(1e-2)
})
