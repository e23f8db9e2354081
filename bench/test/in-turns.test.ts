import { expect, test } from 'vitest'
import { inTurns } from '../src/shared/in-turns.js'

test('contestants take turns, and each gets the medians of its own figures', async () => {
  const order: string[] = []
  const contestant = (name: string, ...values: number[]) => ({
    name,
    turn: async () => {
      order.push(name)
      return { speed: values.shift() as number, constant: 7 }
    },
  })
  const rounds = await inTurns([contestant('A', 5, 1, 3), contestant('B', 10, 30, 20)], 3)
  expect(order.join('')).toBe('ABABAB')
  expect([rounds.of('A'), rounds.of('B')]).toEqual([
    { speed: 3, constant: 7 },
    { speed: 20, constant: 7 },
  ])
  // Of 2, 30 and 20 / 3, round by round; the medians alone have the same.
  expect(rounds.ratio('speed', 'B', 'A')).toBe(20 / 3)
  expect([rounds.has('A'), rounds.has('C')]).toEqual([true, false])
})
