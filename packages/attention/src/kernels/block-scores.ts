import * as v from '@almanac/tensor-core/kernel'
import { MINUS_LSE, NUMBER } from './block-records.js'
import { type FlashParams, ROWS } from './flash-launch.js'
import type { ScratchBuffers } from './pack-rows.js'

/** What stands between products and weights where scores are capped or have a bias. */
export interface ScoreForm {
  readonly capped: boolean
  /** float32 [N, H or 1, L]. */
  readonly bias: v.BufferRef | null
}

const int = (name: string) => ({ name, type: 'i32' }) as const

/**
 * In place, of products in units of log 2 the scores in those units, capped and with the bias added; null where there is nothing to
 * do: (scores, changes, record, rows, count, key0). Backward also -log2(e) lse is added, which the products begin with
 * elsewhere, and the changes are multiplied by what the cap's slope is.
 */
export function blockScores(
  k: v.KernelBuilder,
  p: FlashParams & { readonly biasHeads?: v.Value; readonly biasLength?: v.Value },
  { scratch, integers }: ScratchBuffers,
  { capped, bias }: ScoreForm,
  backward: boolean,
): v.KernelFunction | null {
  if (!capped && !bias) return null
  const names = ['scores', 'changes', 'record', 'rows', 'count', 'key0']
  return k.func('scoreForm', names.map(int), (...args) => {
    const [scores, changes, record, rows, count, key0] = args as [v.Value, v.Value, v.Value, v.Value, v.Value, v.Value]
    const cap = k.let(v.mul(p.softcap, Math.LOG2E), 'cap')
    const inverse = k.let(v.div(v.f32(1), cap), 'inverse')
    k.for(0, count, (j) => {
      const line = k.let(v.add(scores, v.mul(j, ROWS)), 'line')
      const apart = k.let(v.sub(changes, scores), 'apart')
      k.for(
        0,
        rows,
        (i) => {
          const at = k.let(v.add(line, i))
          let score = k.let(v.load(scratch, at, 4))
          if (capped) {
            const t = k.let(v.tanh(v.mul(score, v.splat(inverse, 4))), 't')
            score = k.let(v.mul(t, v.splat(cap, 4)))
            if (backward) {
              const place = k.let(v.add(at, apart))
              const slope = v.sub(v.splat(v.f32(1), 4), v.mul(t, t))
              k.store(scratch, place, v.mul(v.load(scratch, place, 4), slope))
            }
          }
          if (backward) score = v.add(score, v.load(scratch, v.add(v.add(record, i), v.i32(MINUS_LSE)), 4))
          k.store(scratch, at, score)
        },
        4,
      )
    })
    if (!bias) return undefined
    const { biasHeads, biasLength } = p as { readonly biasHeads: v.Value; readonly biasLength: v.Value }
    k.for(0, rows, (i) => {
      const number = k.load(integers, v.add(v.add(record, i), v.i32(NUMBER)))
      // A bias for all heads has a row a query.
      const row = v.select(v.eq(biasHeads, 1), v.div(number, p.heads), number)
      const from = k.let(v.add(v.mul(row, biasLength), key0), 'from')
      k.for(0, count, (j) => {
        const at = k.let(v.add(v.add(scores, i), v.mul(j, ROWS)))
        const added = v.mul(k.load(bias, v.add(from, j)), Math.LOG2E)
        k.store(scratch, at, v.add(k.load(scratch, at), added))
      })
    })
    return undefined
  })
}
