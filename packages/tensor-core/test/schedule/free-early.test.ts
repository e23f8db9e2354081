import { describe, expect, it } from 'vitest'
import { grad, key, normal, type Tensor } from '../../src/index.js'
import { Linear } from '../../src/nn/index.js'
import { AdamW } from '../../src/optim/index.js'
import { freeEarly } from '../../src/schedule/free-early.js'
import type { Launch, Operand } from '../../src/schedule/program.js'
import { inputsOf, outputsOf, type ProgramDraft } from '../../src/schedule/program-builder.js'
import { contiguousView } from '../../src/view.js'
import { seeded } from '../codegen/random-launch.js'
import { planStep } from '../support/plan-step.js'

type Bound = 'state' | 'leaf'

const operand = (slot: number, size: number): Operand => ({ slot, dtype: 'float32', view: contiguousView([size]) })

/** `writes <- reads`, as one launch that does nothing else of note. */
function launch(
  label: string,
  draft: ProgramDraft<Bound>,
  writes: readonly number[],
  reads: readonly number[],
): Launch {
  const of = (slot: number) => operand(slot, draft.slots[slot]?.size as number)
  return { kind: 'map', label, shape: [1], inputs: reads.map(of), expressions: [], outputs: writes.map(of) }
}

function draftOf(slots: readonly (readonly [size: number, bound?: Bound])[]): ProgramDraft<Bound> {
  return { slots: slots.map(([size, bound]) => ({ dtype: 'float32' as const, size, bound })), launches: [] }
}

const labels = (launches: readonly Launch[]): string[] => launches.map(({ label }) => label)

describe('freeEarly', () => {
  it('runs what frees more than it takes as soon as its operands are there', () => {
    const draft = draftOf([[100, 'leaf'], [100], [100], [50], [100, 'state']])
    draft.launches.push(
      launch('a', draft, [1], [0]),
      launch('b', draft, [2], [0]),
      launch('c', draft, [4], [2]), // frees b's result into a bound slot
      launch('d', draft, [3], [1]), // takes 50 and frees 100
    )
    expect(labels(freeEarly(draft, () => false))).toEqual(['a', 'd', 'b', 'c'])
  })

  it('computes a scalar early, so that what waits for it can free', () => {
    const draft = draftOf([[100, 'leaf'], [100], [1], [100, 'state'], [100]])
    draft.launches.push(
      launch('big', draft, [1], [0]),
      launch('other', draft, [4], [0]),
      launch('scalar', draft, [2], [0]),
      launch('update', draft, [3], [1, 2]),
      launch('last', draft, [3], [4]),
    )
    expect(labels(freeEarly(draft, () => false))).toEqual(['scalar', 'big', 'update', 'other', 'last'])
  })

  it('keeps a write behind the reads of what may be the same buffer', () => {
    const draft = draftOf([[100, 'state'], [100, 'leaf'], [100], [100], [100, 'state']])
    draft.launches.push(
      launch('temporary', draft, [2], [0]),
      launch('reads the argument', draft, [3], [1]),
      launch('writes the cell', draft, [0], [2]),
      launch('last', draft, [4], [3]),
    )
    expect(labels(freeEarly(draft, () => false)).slice(0, 2)).toEqual(['temporary', 'writes the cell'])
    const same = freeEarly(draft, (a, b) => a.bound === 'state' && b.bound === 'leaf')
    expect(labels(same)).toEqual(labels(draft.launches))
  })

  it('never exchanges two launches of which one writes what the other touches: 200 random programs', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed)
      const count = 12
      const draft = draftOf(
        Array.from({ length: count }, () => [20 * (1 + random(6)), random(3) === 0 ? 'state' : undefined] as const).map(
          ([size, bound]) => (bound ? ([size, bound as Bound] as const) : ([size] as const)),
        ),
      )
      for (let i = 0; i < 30; i++) {
        const reads = Array.from({ length: random(3) }, () => random(count))
        draft.launches.push(launch(`${i}`, draft, [random(count)], reads))
      }
      const order = freeEarly(draft, () => false)
      expect(new Set(order)).toEqual(new Set(draft.launches))
      const place = new Map(order.map((one, i) => [one, i]))
      draft.launches.forEach((first, i) => {
        for (const second of draft.launches.slice(i + 1)) {
          const touches = (one: Launch) => [...inputsOf(one), ...outputsOf(one)].map(({ slot }) => slot)
          const written = (one: Launch) => outputsOf(one).map(({ slot }) => slot)
          const conflict =
            written(first).some((slot) => touches(second).includes(slot)) ||
            written(second).some((slot) => touches(first).includes(slot))
          if (!conflict) continue
          expect(place.get(first), `seed ${seed}: ${first.label} before ${second.label}`).toBeLessThan(
            place.get(second) as number,
          )
        }
      })
    }
  })
})

it('a training step updates the last layer before it computes the gradients of the first', () => {
  const layers = Array.from({ length: 6 }, () => new Linear(16, 16, { bias: false }).init(key(0)))
  const optimizer = new AdamW(layers.map(({ weight }) => weight))
  const { launches } = planStep(() => {
    let x: Tensor = normal(key(1), [64, 16])
    for (const layer of layers) x = layer.forward(x).tanh()
    const loss = x.mul(x).sum()
    optimizer.step(grad(loss, optimizer.parameters))
    return loss
  })
  const ops = launches.map(({ label }) => label)
  expect(ops.indexOf('adamwStep')).toBeLessThan(ops.lastIndexOf('matmul') - 6)
})
