import * as v from '@almanac/tensor-core/kernel'
import { FIRST, LAST } from './block-records.js'
import { declareSeen, keysOfLine, LINE, LINE_VECTORS } from './block-softmax.js'
import { declareExp2 } from './exp2.js'
import { type FlashParams, ROWS } from './flash-launch.js'
import type { ScratchBuffers } from './pack-rows.js'

const int = (name: string) => ({ name, type: 'i32' }) as const

/**
 * In place, of scores less lse (in units of log 2) the weights w, and of changes dy . v - delta the gradients of the scores,
 * w times them: (scores, changes, record, rows, count, diagonal, key0).
 */
export function blockGradients(
  k: v.KernelBuilder,
  p: FlashParams,
  { scratch, integers }: ScratchBuffers,
  masked: boolean,
): v.KernelFunction {
  const names = ['scores', 'changes', 'record', 'rows', 'count', 'diagonal', 'key0']
  return k.func(masked ? 'maskedGradients' : 'gradients', names.map(int), (...args) => {
    const [scores, changes, record, rows, count, diagonal, key0] = args as [
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
    ]
    const exp2 = declareExp2(k)
    const apart = k.let(v.sub(changes, scores), 'apart')
    k.for(
      0,
      rows,
      (i) => {
        const seen = keysOfLine(k, p, { rows, count, diagonal }, i)
        const line = k.let(v.add(scores, i), 'line')
        const word = k.let(v.add(record, i), 'word')
        const ofRows = (what: number) =>
          LINE_VECTORS.map((lane) => k.let(v.load(integers, v.add(word, what + lane), 4)))
        const [last, first] = masked ? [ofRows(LAST), ofRows(FIRST)] : [[], []]
        const key = k.variable(key0, 'key')
        k.for(
          line,
          v.add(line, v.mul(seen, ROWS)),
          (at) => {
            const other = k.let(v.add(at, apart))
            const seenBy = masked ? declareSeen(k, p, key.get()) : null
            for (const [j, lane] of LINE_VECTORS.entries()) {
              const [place, place2] = [v.add(at, lane), v.add(other, lane)]
              const weight = k.let(exp2(k.let(v.load(scratch, place, 4))))
              const change = k.let(v.mul(weight, v.load(scratch, place2, 4)))
              if (!seenBy) {
                k.store(scratch, place, weight)
                k.store(scratch, place2, change)
                continue
              }
              const isSeen = k.let(seenBy(first[j] as v.Value, last[j] as v.Value))
              k.store(scratch, place, v.select(isSeen, weight, 0))
              k.store(scratch, place2, v.select(isSeen, change, 0))
            }
            if (masked) key.set(v.add(key.get(), 1))
          },
          ROWS,
        )
      },
      LINE,
    )
    return undefined
  })
}
