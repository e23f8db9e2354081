import { describe, expect, it } from 'vitest'
import { constantSchedule, cosineSchedule, linearSchedule } from '../src/index.js'

const at = (schedule: (step: number) => number, steps: readonly number[]) => steps.map(schedule)

describe('schedules', () => {
  it('keep a constant rate', () => {
    expect(at(constantSchedule(0.3), [0, 5, 1000])).toEqual([0.3, 0.3, 0.3])
  })

  it('warm up in equal parts and then follow half a cosine to the final rate', () => {
    const schedule = cosineSchedule({ peak: 1, steps: 14, warmup: 4, final: 0.1 })
    expect(at(schedule, [0, 1, 2, 3])).toEqual([0.25, 0.5, 0.75, 1])
    // Ten updates after the peak: the middle is half-way, the last is the final rate, and it stays there.
    expect(schedule(8)).toBeCloseTo(0.55, 12)
    expect(schedule(13)).toBeCloseTo(0.1, 12)
    expect(schedule(400)).toBeCloseTo(0.1, 12)
    expect(schedule(5)).toBeCloseTo(0.1 + (0.9 * (1 + Math.cos(0.2 * Math.PI))) / 2, 12)
  })

  it('fall in a straight line', () => {
    const schedule = linearSchedule({ peak: 1, steps: 5, final: 0 })
    expect(at(schedule, [0, 1, 2, 3, 4, 9])).toEqual([1, 0.75, 0.5, 0.25, 0, 0])
  })

  it('start at the peak without a warm-up, also when there is one step', () => {
    expect(cosineSchedule({ peak: 2, steps: 1 })(0)).toBe(2)
    expect(linearSchedule({ peak: 2, steps: 1, warmup: 1 })(0)).toBe(2)
  })

  it('refuse what makes no sense', () => {
    expect(() => cosineSchedule({ peak: 1, steps: 4, warmup: 5 })).toThrow(
      'cosineSchedule: expected warm-up steps from 0 to 4, got 5. Warm up for a part of the steps.',
    )
    expect(() => linearSchedule({ peak: Number.NaN, steps: 4 })).toThrow(
      'linearSchedule: expected a peak rate of 0 or more, got NaN.',
    )
    expect(() => linearSchedule({ peak: 1, steps: 0 })).toThrow('expected a whole number of steps from 1, got 0')
  })
})
