import * as v from '@almanac/tensor-core/kernel'
import type { BiasedParams } from './forward-buffers.js'
import type { Rows } from './pack-rows.js'

/** Keys of a chunk at most: enough that its result is little beside it, few enough that every thread has some. */
export const CHUNK = 128
/** Floats from a row's scores of a chunk to the next row's: vectors may end behind the chunk. */
export const SCORES = CHUNK + 16
/** Floats of a row's result for a chunk beside its channels: maximum, total, two spare. */
export const HEAD = 4

/** Rows of q that share what is read of keys and values, where a group has as many. */
const ROWS = [2, 1] as const
/** Keys whose scores are summed at once, and whose values: sums are added across lanes four at a time. */
const KEYS = 4

const NOTHING = Number.NEGATIVE_INFINITY
const int = (name: string) => ({ name, type: 'i32' }) as const
const f32 = (name: string) => ({ name, type: 'f32' }) as const
const zeros = () => v.splat(v.f32(0), 4)

/** What a unit does: the rows of a query, of which the first is `row`, with the keys `from` .. `from + count - 1`. */
export interface FewQueryTask {
  readonly row: v.Value
  readonly from: v.Value
  readonly count: v.Value
  /** Of the keys, counted from the first one on, those that are not seen: [begin, end), which may be empty. */
  readonly hole: readonly [begin: v.Value, end: v.Value]
  /** body(first key, keys, place of the first) for the pieces of the keys that lie side by side. */
  forEachRun(body: (key0: v.Value, count: v.Value, place: v.Value) => void): void
  /** Room for the scores of every head, SCORES floats each. */
  readonly scores: v.Value
  /** Where the first row's maximum, total and sum go; from there `rowApart` to the next row's. */
  readonly result: v.Value
  readonly rowApart: v.Value
}

/**
 * Declares the kernels of one chunk of keys. What is read of keys and values is read once and from end to end, four keys abreast
 * with all their heads: so the processor's prefetchers follow it while sums are made, and memory is what the time goes into.
 */
export function declareFewQueryTiles(
  k: v.KernelBuilder,
  p: BiasedParams,
  of: Record<'queries' | 'keys' | 'values', Rows> & {
    readonly scratch: v.BufferRef
    readonly bias: v.BufferRef | null
    readonly capped: boolean
  },
): { run(task: FewQueryTask): void } {
  const { queries, keys, values, scratch, bias, capped } = of
  const q = queries.buffer
  const { channels, valueChannels } = p
  /** Elements from a place's keys, and values, to the next place's. */
  const strides = { keys: v.mul(p.kvHeads, p.channels), values: v.mul(p.kvHeads, p.valueStride) }
  const floats = ({ buffer }: Rows, at: v.Value): v.Value => {
    const value = v.load(buffer, at, 4)
    return value.type === 'f32' ? value : v.convert(value, 'f32')
  }
  /** body(first row of the kv head's group, rows at once) for all of its rows. */
  const forEachRows = (body: (r: v.Value, rows: number) => void): void => {
    const done = k.variable(v.i32(0), 'done')
    for (const rows of ROWS) {
      const end = k.let(v.sub(p.group, v.rem(v.sub(p.group, done.get()), rows)), 'end')
      k.for(done.get(), end, (r) => body(r, rows), rows)
      done.set(end)
    }
  }

  /** scores[h][i] = scale q[h] . k[i][h's kv head] for `count` keys, whole fours of them: behind the last they are of the last. */
  const score = k.func(
    'score',
    [int('q'), int('k'), int('count'), int('out'), f32('scale')],
    (qAt, kAt, count, out, scale) => {
      const stride = k.let(strides.keys, 'stride')
      const last = k.let(v.add(kAt as v.Value, v.mul(v.sub(count as v.Value, 1), stride)), 'last')
      const key = k.variable(kAt as v.Value, 'key')
      k.for(
        0,
        count as v.Value,
        (i) => {
          const places = Array.from({ length: KEYS }, (_, n) =>
            k.let(v.min(v.add(key.get(), v.mul(stride, n)), last), 'place'),
          )
          k.for(0, p.kvHeads, (kvHead) => {
            const skip = k.let(v.mul(kvHead, channels), 'skip')
            const at = places.map((place) => k.let(v.add(place, skip), 'at'))
            forEachRows((r, rows) => {
              const row = k.let(v.add(v.mul(kvHead, p.group), r), 'row')
              const from = k.let(v.add(qAt as v.Value, v.mul(row, channels)), 'from')
              const sums = Array.from({ length: rows }, () => at.map(() => k.variable(zeros(), 'sum')))
              k.for(
                0,
                channels,
                (d) => {
                  const ks = at.map((place) => k.let(floats(keys, v.add(place, d)), 'k'))
                  sums.forEach((line, n) => {
                    const x = k.let(v.load(q, v.add(v.add(from, d), v.mul(channels, n)), 4), 'q')
                    line.forEach((sum, j) => {
                      sum.set(v.fma(x, ks[j] as v.Value, sum.get()))
                    })
                  })
                },
                4,
              )
              sums.forEach((line, n) => {
                const sum = acrossLanes(k, line.map((part) => part.get()) as Four)
                const to = v.add(v.add(out as v.Value, i), v.mul(v.add(row, v.i32(n)), SCORES))
                k.store(scratch, to, v.mul(sum, v.splat(scale as v.Value, 4)))
              })
            })
          })
          key.set(v.add(key.get(), v.mul(stride, KEYS)))
        },
        KEYS,
      )
      return undefined
    },
  )

  /** scores[i] to e^(score - maximum), whole vectors; maximum and total go to `result`. */
  const weigh = k.func('weigh', [int('scores'), int('count'), int('result')], (scores, count, result) => {
    const end = k.let(v.add(scores as v.Value, count as v.Value))
    const most = k.variable(v.splat(v.f32(NOTHING), 4), 'most')
    k.for(scores as v.Value, end, (at) => most.set(v.max(most.get(), v.load(scratch, at, 4))), 4)
    const maximum = k.let(v.reduceLanes('max', most.get()))
    // A bias may hide all keys of a chunk; any finite number keeps their weights at zero.
    const safe = k.let(v.splat(v.select(v.eq(maximum, NOTHING), v.f32(0), maximum), 4))
    const total = k.variable(zeros(), 'total')
    k.for(
      scores as v.Value,
      end,
      (at) => {
        const weight = k.let(v.exp(v.sub(v.load(scratch, at, 4), safe)))
        k.store(scratch, at, weight)
        total.set(v.add(total.get(), weight))
      },
      4,
    )
    k.store(scratch, result as v.Value, maximum)
    k.store(scratch, v.add(result as v.Value, 1), v.reduceLanes('add', total.get()))
    return undefined
  })

  /** out[h][c] += sum of weights[h][i] v[i][h's kv head][c] for `count` keys, `many` at a time. */
  const sumOf = (many: number): v.KernelFunction =>
    k.func(
      `sum${many}`,
      [int('weights'), int('count'), int('v'), int('out'), int('apart')],
      (weights, count, start, out, apart) => {
        const stride = k.let(strides.values, 'stride')
        const value = k.variable(start as v.Value, 'value')
        k.for(
          0,
          count as v.Value,
          (i) => {
            const places = Array.from({ length: many }, (_, n) => k.let(v.add(value.get(), v.mul(stride, n)), 'place'))
            k.for(0, p.kvHeads, (kvHead) => {
              const skip = k.let(v.mul(kvHead, p.valueStride), 'skip')
              const at = places.map((place) => k.let(v.add(place, skip), 'at'))
              forEachRows((r, rows) => {
                const row = k.let(v.add(v.mul(kvHead, p.group), r), 'row')
                const lines = Array.from({ length: rows }, (_, n) => {
                  const own = k.let(v.add(row, v.i32(n)), 'own')
                  const from = v.add(v.add(weights as v.Value, i), v.mul(own, SCORES))
                  const ws = at.map((_, j) => k.let(v.splat(v.load(scratch, v.add(from, v.i32(j)), 1), 4), 'w'))
                  return { ws, to: k.let(v.add(out as v.Value, v.mul(own, apart as v.Value)), 'to') }
                })
                k.for(
                  0,
                  valueChannels,
                  (c) => {
                    const xs = at.map((place) => k.let(floats(values, v.add(place, c)), 'v'))
                    for (const { ws, to } of lines) {
                      const own = k.let(v.add(to, c), 'own')
                      let sum = v.load(scratch, own, 4)
                      ws.forEach((w, j) => {
                        sum = v.fma(w, xs[j] as v.Value, sum)
                      })
                      k.store(scratch, own, sum)
                    }
                  },
                  4,
                )
              })
            })
            value.set(v.add(value.get(), v.mul(stride, many)))
          },
          many,
        )
        return undefined
      },
    )
  const [sumFours, sumOnes] = [sumOf(KEYS), sumOf(1)]

  /** Of products the scores: scaled as the keys are, capped, with a bias: (scores, count, row, key0, number of the first key's row). */
  const finish =
    capped || bias || keys.scales
      ? k.func('finish', ['scores', 'count', 'row', 'key0', 'number'].map(int), (...args) => {
          const [scores, count, row, key0, number] = args as [v.Value, v.Value, v.Value, v.Value, v.Value]
          const { biasHeads, biasLength } = p as { readonly biasHeads: v.Value; readonly biasLength: v.Value }
          const biasRow = bias ? v.select(v.eq(biasHeads, 1), v.div(row, p.heads), row) : v.i32(0)
          const biasAt = bias ? k.let(v.add(v.mul(biasRow, biasLength), key0), 'biasAt') : null
          k.for(0, count, (i) => {
            const at = k.let(v.add(scores, i))
            let score = k.load(scratch, at)
            if (keys.scales) {
              const own = v.mul(v.add(number, v.mul(i, p.kvHeads)), 2)
              score = v.mul(score, k.load(keys.scales.buffer, v.add(own, v.i32(keys.scales.at))))
            }
            if (capped) score = v.mul(v.tanh(v.div(score, p.softcap)), p.softcap)
            if (bias && biasAt) score = v.add(score, k.load(bias, v.add(biasAt, i)))
            k.store(scratch, at, score)
          })
          return undefined
        })
      : null

  /** Weights of int8 values times their scales: (weights, count, number of the first key's row). */
  const scaleWeights = values.scales
    ? k.func('scaleWeights', ['weights', 'count', 'number'].map(int), (weights, count, number) => {
        const { buffer, at: which } = values.scales as NonNullable<Rows['scales']>
        k.for(0, count as v.Value, (i) => {
          const at = k.let(v.add(weights as v.Value, i))
          const own = v.mul(v.add(number as v.Value, v.mul(i, p.kvHeads)), 2)
          k.store(scratch, at, v.mul(k.load(scratch, at), k.load(buffer, v.add(own, v.i32(which)))))
        })
        return undefined
      })
    : null

  return {
    run({ row, from, count, hole, forEachRun, scores, result, rowApart }) {
      const padded = k.let(v.and(v.add(count, 3), v.i32(-4)), 'padded')
      /** body(head, its scores or weights, its kv head) for all heads. */
      const forEachHead = (body: (head: v.Value, line: v.Value, kvHead: v.Value) => void): void =>
        k.for(0, p.heads, (head) =>
          body(
            head,
            k.let(v.add(scores, v.mul(head, SCORES)), 'line'),
            k.let(v.div(head, v.max(p.group, 1)), 'kvHead'),
          ),
        )
      const numberOf = (place: v.Value, kvHead: v.Value): v.Value => v.add(v.mul(place, p.kvHeads), kvHead)
      forEachRun((key0, length, place) => {
        const skip = k.let(v.sub(key0, from), 'skip')
        const at = v.add(scores, skip)
        k.call(score, [v.mul(row, channels), v.mul(place, strides.keys), length, at, p.scale])
        if (finish)
          forEachHead((head, line, kvHead) =>
            k.call(finish, [v.add(line, skip), length, v.add(row, head), key0, numberOf(place, kvHead)]),
          )
      })
      forEachHead((head, line) => {
        const hide = (begin: v.Value, stop: v.Value): void =>
          k.for(begin, stop, (j) => k.store(scratch, v.add(line, j), v.f32(NOTHING)))
        hide(v.max(hole[0], 0), v.min(hole[1], count))
        hide(count, padded)
        const record = k.let(v.add(result, v.mul(rowApart, head)), 'record')
        k.call(weigh, [line, padded, record])
        k.for(0, valueChannels, (c) => k.store(scratch, v.add(v.add(record, c), v.i32(HEAD)), zeros()), 4)
      })
      forEachRun((key0, length, place) => {
        const skip = k.let(v.sub(key0, from), 'skip')
        const at = k.let(v.add(scores, skip), 'at')
        if (scaleWeights)
          forEachHead((_, line, kvHead) => k.call(scaleWeights, [v.add(line, skip), length, numberOf(place, kvHead)]))
        const fours = k.let(v.and(length, v.i32(-KEYS)), 'fours')
        const [valueAt, to] = [k.let(v.mul(place, strides.values), 'valueAt'), k.let(v.add(result, v.i32(HEAD)), 'to')]
        k.call(sumFours, [at, fours, valueAt, to, rowApart])
        const rest = v.add(valueAt, v.mul(fours, strides.values))
        k.call(sumOnes, [v.add(at, fours), v.sub(length, fours), rest, to, rowApart])
      })
    },
  }
}

type Four = [v.Value, v.Value, v.Value, v.Value]

/** The sums of four vectors' lanes, side by side. */
function acrossLanes(k: v.KernelBuilder, [a, b, c, d]: Four): v.Value {
  const pair = (x: v.Value, y: v.Value): v.Value =>
    k.let(v.add(v.shuffle(x, y, [0, 4, 1, 5]), v.shuffle(x, y, [2, 6, 3, 7]))) // x02, y02, x13, y13
  const [ab, cd] = [pair(a, b), pair(c, d)]
  return v.add(v.shuffle(ab, cd, [0, 1, 4, 5]), v.shuffle(ab, cd, [2, 3, 6, 7]))
}
