import { expect, it } from 'vitest'
import { paceOf } from '../src/index.js'

it('leaves out the first update and pauses, and extrapolates the rest', () => {
  let time = 0
  const pace = paceOf({ firstStep: 10, steps: 20, tokensPerStep: 100, now: () => time })
  time = 5000
  expect(pace.after(11)).toEqual({ tokensPerSecond: 20, remainingSeconds: 45, elapsedSeconds: 5 })
  time += 500
  const second = pace.after(12)
  expect(second.tokensPerSecond).toBeCloseTo(200, 9)
  expect(second.remainingSeconds).toBeCloseTo(4, 9)
  const goOn = pace.pause()
  time += 60_000
  goOn()
  time += 500
  expect(pace.after(13).tokensPerSecond).toBeCloseTo(200, 9)
})

it('follows a change of speed within the time it remembers', () => {
  let time = 0
  const pace = paceOf({ firstStep: 0, steps: 1e6, tokensPerStep: 1, now: () => time })
  let step = 0
  const run = (count: number, milliseconds: number) => {
    let last = 0
    for (let i = 0; i < count; i++) {
      time += milliseconds
      last = pace.after(++step).tokensPerSecond
    }
    return last
  }
  expect(run(100, 100)).toBeCloseTo(10, 6)
  // 60 s at half the speed: four times the memory.
  expect(run(300, 200)).toBeLessThan(5.2)
})
