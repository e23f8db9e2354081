import { describe, expect, it } from 'vitest'
import { peakMemory, peakOf } from '../../src/schedule/peak-memory.js'
import type { Launch, Slot } from '../../src/schedule/program.js'

const launches = Array.from(
  { length: 4 },
  (): Launch => ({
    kind: 'map',
    label: '',
    shape: [],
    inputs: [],
    expressions: [],
    outputs: [],
  }),
)
const slot = (size: number, first: number, last: number, role: Slot['role'] = 'temporary'): Slot => ({
  dtype: 'float32',
  size,
  role,
  first,
  last,
})

describe('peakMemory', () => {
  it('finds the launch with the most temporaries and what they are', () => {
    const slots = [slot(10, 0, 1), slot(99, 0, 3, 'bound'), slot(20, 1, 2), slot(5, 2, 3)]
    expect(peakMemory({ slots, launches })).toEqual({ bytes: 120, launch: 1, slots: [2, 0] })
  })

  it('counts workspaces, and bytes as the backend stores them', () => {
    const slots = [slot(10, 0, 1), slot(20, 1, 2)]
    const options = { bytesOf: (_: unknown, size: number) => 8 * size, workspaceOf: (i: number) => (i === 3 ? 500 : 0) }
    expect(peakMemory({ slots, launches }, options)).toEqual({ bytes: 500, launch: 3, slots: [] })
  })

  it('is nothing for a program without launches', () => {
    expect(peakMemory({ slots: [slot(7, 0, 0, 'bound')], launches: [] })).toEqual({ bytes: 0, launch: -1, slots: [] })
    expect(peakOf([], 0)).toBe(0)
  })
})
