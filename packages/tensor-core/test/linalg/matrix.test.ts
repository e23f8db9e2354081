import { describe, expect, it } from 'vitest'
import { identityMatrix, matrix, matrixFromRows, matrixToRows, multiply, transpose } from '../../src/linalg/matrix.js'

describe('matrix', () => {
  it('is made from flat data, nested arrays and typed arrays, always copied', () => {
    const source = new Float64Array([1, 2, 3, 4, 5, 6])
    const a = matrix(2, 3, source)
    source[0] = 9
    expect(matrixToRows(a)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(matrixToRows(matrixFromRows([new Float32Array([1, 2]), [3, 4]]))).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(matrix(2, 2).data).toEqual(new Float64Array(4))
    expect(matrixToRows(identityMatrix(2))).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect(matrixFromRows([])).toEqual({ rows: 0, cols: 0, data: new Float64Array(0) })
  })

  it('multiplies and transposes, empty inner sizes give zeros', () => {
    const a = matrixFromRows([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(matrixToRows(multiply(a, transpose(a)))).toEqual([
      [14, 32],
      [32, 77],
    ])
    expect(multiply(matrix(2, 0), matrix(0, 2)).data).toEqual(new Float64Array(4))
  })

  it('refuses sizes that do not fit', () => {
    expect(() => matrix(2, 2, [1, 2, 3])).toThrow(
      'matrix: expected 4 values for [2, 2], got 3 values. Check the order of rows and cols.',
    )
    expect(() => matrix(-1, 2)).toThrow('matrix: expected rows as an integer >= 0, got -1. Pass whole sizes.')
    expect(() => matrixFromRows([[1, 2], [3]])).toThrow(
      'matrixFromRows: expected 2 values in every row, got 1 in row 1. Pad or drop the uneven row.',
    )
    expect(() => multiply(matrix(2, 3), matrix(2, 3))).toThrow(
      'multiply: expected b with 3 rows, got [2, 3] times [2, 3]. Transpose one of them?',
    )
  })
})
