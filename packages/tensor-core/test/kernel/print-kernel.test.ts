import { expect, test } from 'vitest'
import * as v from '../../src/kernel/expressions.js'
import { printKernel } from '../../src/kernel/print-kernel.js'
import { buildKernel, WASM } from './run-kernel.js'

test('a kernel prints as readable text', () => {
  const code = buildKernel('row_sums', WASM, (k) => {
    const x = k.buffer('x', 'float16', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const rows = k.param('rows')
    const n = k.param('n')
    const scale = k.paramF32('scale')
    const put = k.func(
      'put',
      [
        { name: 'at', type: 'i32' },
        { name: 'sum', type: 'f32' },
      ],
      (at, sum) => {
        k.store(y, at!, v.mul(sum!, scale))
        return undefined
      },
    )
    k.parallel(rows, (row) => {
      const start = k.let(v.mul(row, n), 'start')
      const sum = k.variable(v.splat(v.f32(0), 4), 'sum')
      k.for(0, n, (i) => sum.set(v.fma(k.loadVector(x, v.add(start, i)), v.f32(0.5), sum.get())), 4)
      k.if(
        v.lt(row, 3),
        () => k.call(put, [row, v.reduceLanes('add', sum.get())]),
        () => k.store(y, row, v.f32(-0)),
      )
    })
  })
  expect(printKernel(code)).toMatchInlineSnapshot(`
    "kernel row_sums(read x: float16[], write y: float32[], rows, n, scale) {
      function put(at0: i32, sum1: f32) {
        y[at0] = (sum1 * bitcast<f32>(scale))
      }
      parallel begin2 .. end3 of rows {
        for i4 in begin2 .. end3 {
          start5: i32 = (i4 * n)
          sum6: f32x4 = splat4(0f)
          for i7 in 0 .. n step 4 {
            sum6: f32x4 = fma(x[(start5 + i7) : 4], splat4(0.5f), sum6)
          }
          if (i4 < 3) {
            put(i4, reduce_add(sum6))
          } else {
            y[i4] = -0f
          }
        }
      }
    }
    "
  `)
})
