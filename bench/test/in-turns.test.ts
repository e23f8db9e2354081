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
  const figures = await inTurns([contestant('A', 5, 1, 3), contestant('B', 10, 30, 20)], 3)
  expect(order.join('')).toBe('ABABAB')
  expect(Object.fromEntries(figures)).toEqual({ A: { speed: 3, constant: 7 }, B: { speed: 20, constant: 7 } })
})
