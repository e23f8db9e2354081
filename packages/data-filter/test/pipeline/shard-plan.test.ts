import { expect, test } from 'vitest'
import { planShards } from '../../src/pipeline/index.js'

const files = (...bytes: number[]) => bytes.map((size, i) => ({ name: `${i}`, bytes: size }))
const names = (plan: ReturnType<typeof planShards>) => plan.map((shard) => shard.map(({ name }) => name).join(''))

test('a shard a file', () => {
  expect(names(planShards(files(5, 1, 9), 3))).toEqual(['0', '1', '2'])
})

test('neighbours with about the same bytes', () => {
  expect(names(planShards(files(1, 1, 1, 1, 1, 1), 2))).toEqual(['012', '345'])
  expect(names(planShards(files(10, 1, 1, 1, 1), 2))).toEqual(['0', '1234'])
  expect(names(planShards(files(1, 1, 1, 1, 10), 2))).toEqual(['0123', '4'])
  expect(names(planShards(files(0, 0, 0, 0), 2))).toEqual(['01', '23'])
})

test('no shard is empty, and every file is in one', () => {
  for (let seed = 1; seed < 300; seed++) {
    const count = 1 + (seed % 17)
    const sizes = Array.from({ length: count }, (_, i) => (seed * (i + 3) * 7919) % 1000)
    for (let shards = 1; shards <= count; shards++) {
      const plan = planShards(files(...sizes), shards)
      expect(plan).toHaveLength(shards)
      expect(plan.every((shard) => shard.length > 0)).toBe(true)
      expect(plan.flat()).toEqual(files(...sizes))
    }
  }
})

test('refuses more shards than files', () => {
  expect(() => planShards(files(1, 2), 3)).toThrow(
    'pipeline: shards: expected a whole number from 1 to 2, the number of files, got 3. Leave it out for one shard a file.',
  )
})
