import * as v from '@almanac/tensor-core/kernel'
import { type AttentionParams, ROWS } from './attention-launch.js'
import { keysOfLine, LINE, LINE_VECTORS } from './block-softmax.js'
import { FIRST, LAST } from './block-tables.js'
import { declareExp2 } from './exp2.js'
import type { ScratchBuffers } from './pack-rows.js'

const int = (name: string) => ({ name, type: 'i32' }) as const

/**
 * In place, of scores less lse (in units of log 2) the weights w, and of changes dy . v - delta the gradients of the scores,
 * w times them: (scores, changes, record, rows, count, diagonal, key0).
 */
export function blockGradients(
  k: v.KernelBuilder,
  p: AttentionParams,
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
            const key4 = masked ? k.let(v.splat(key.get(), 4)) : null
            for (const [j, lane] of LINE_VECTORS.entries()) {
              const [place, place2] = [v.add(at, lane), v.add(other, lane)]
              const weight = k.let(exp2(k.let(v.load(scratch, place, 4))))
              const change = k.let(v.mul(weight, v.load(scratch, place2, 4)))
              if (!key4) {
                k.store(scratch, place, weight)
                k.store(scratch, place2, change)
                continue
              }
              const isSeen = k.let(v.and(v.le(key4, last[j] as v.Value), v.ge(key4, first[j] as v.Value)))
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
