import { describe, expect, it } from 'vitest'
import { assertClose } from '../src/assert-allclose.js'

const tolerance = { rtol: 1e-2, atol: 1e-3 }

describe('assertClose', () => {
  it('accepts what lies within atol + rtol |expected|, NaN beside NaN and equal infinities', () => {
    assertClose([1.0109, -0.0009, Number.NaN, Infinity, -0], [1, 0, Number.NaN, Infinity, 0], tolerance)
    assertClose([1, 2], [1, 2], { rtol: 0, atol: 0 })
    assertClose([], [], tolerance)
  })

  it('names the worst element, both values and both tolerances', () => {
    expect(() => assertClose([1, 3, 2.5], [1, 2, 2], tolerance, 'relu on wasm')).toThrow(
      'relu on wasm: 2 of 3 values are outside rtol 0.01 and atol 0.001. ' +
        'Worst at index 1: expected 2, got 3 (difference 1, allowed 0.021).',
    )
  })

  it('refuses NaN, unequal infinities and other lengths', () => {
    expect(() => assertClose([Number.NaN], [1], tolerance)).toThrow('Worst at index 0: expected 1, got NaN')
    expect(() => assertClose([1], [Number.NaN], tolerance)).toThrow('expected NaN, got 1')
    expect(() => assertClose([-Infinity], [Infinity], tolerance)).toThrow('expected Infinity, got -Infinity')
    expect(() => assertClose([1], [Infinity], tolerance)).toThrow('expected Infinity, got 1')
    expect(() => assertClose([1, 2], [1], tolerance, 'x')).toThrow('x: expected 1 values, got 2.')
  })
})
