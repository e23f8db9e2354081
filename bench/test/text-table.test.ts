import { expect, test } from 'vitest'
import { type Row, textTable } from '../src/shared/text-table.js'

test('columns are aligned, numbers to the right, and a missing cell is empty', () => {
  const rows: Row[] = [
    { system: 'ours', size: 256, share: 0.9 },
    { system: 'another', size: 1024 },
  ]
  expect(textTable(rows)).toBe('system   size  share\nours      256    0.9\nanother  1024')
})
