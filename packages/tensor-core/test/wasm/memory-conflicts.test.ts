import { describe, expect, it } from 'vitest'
import { memoryConflicts, type Touched } from '../../src/backends/wasm/memory-conflicts.js'

const reads = (start: number, end: number): Touched => ({ space: 'arena', start, end, writes: false })
const writes = (start: number, end: number): Touched => ({ space: 'arena', start, end, writes: true })

describe('which passes must wait for the other threads', () => {
  it.each([
    ['reads of one place', reads(0, 8), reads(0, 8), false],
    ['a read of what was written', writes(0, 8), reads(4, 12), true],
    ['a write over what was read', reads(0, 8), writes(7, 9), true],
    ['two writes of one place', writes(0, 8), writes(0, 8), true],
    ['neighbours', writes(0, 8), reads(8, 16), false],
  ])('%s', (_, before, after, waits) => {
    const conflicts = memoryConflicts()
    conflicts.add([before], false)
    expect(conflicts.mustMeet([after], false)).toBe(waits)
    conflicts.clear()
    expect(conflicts.mustMeet([after], false)).toBe(false)
  })

  it('keeps buffers apart from each other and from the arena', () => {
    const conflicts = memoryConflicts()
    conflicts.add([{ ...writes(0, 1), space: 0 }], false)
    expect(conflicts.mustMeet([{ ...reads(0, 1), space: 1 }, reads(0, 1)], false)).toBe(false)
    expect(conflicts.mustMeet([{ ...reads(0, 1), space: 0 }], false)).toBe(true)
  })

  it('lets one thread go on from what it did alone, but nobody else', () => {
    const conflicts = memoryConflicts()
    conflicts.add([writes(0, 8)], true)
    expect(conflicts.mustMeet([reads(0, 8)], true)).toBe(false)
    expect(conflicts.mustMeet([reads(0, 8)], false)).toBe(true)
    conflicts.add([writes(8, 16)], false)
    expect(conflicts.mustMeet([reads(8, 16)], true)).toBe(true)
  })
})
