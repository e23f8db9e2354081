import * as v from '@almanac/tensor-core/kernel'
import { declareExp2 } from './exp2.js'
import type { BiasedParams } from './forward-buffers.js'
import type { Rows } from './pack-rows.js'

/** Keys of a chunk at most: enough that its result is little beside it, few enough that every thread has some. */
export const CHUNK = 128
/** Floats from a row's scores of a chunk to the next row's: vectors may end behind the chunk. */
export const SCORES = CHUNK + 16
/** Place in the first row's scores for what nobody reads, behind what vectors may reach. */
const UNUSED = CHUNK + 8
/** Floats of a row's result for a chunk beside its channels: maximum, total, two spare. */
export const HEAD = 4

/** Keys whose scores are summed at once, and whose values: sums are added across lanes four at a time. */
const KEYS = 4
/** Vectors of channels of values that are taken together. Not of keys: V8 would load all of them first, and spill. */
const VECTORS = 4
/** Cache lines of a burst for each of the keys abreast, about: 8 KiB in all, which stay in the first cache. */
const BURST = 32
/** Elements of a cache line. */
const LINE: Readonly<Record<string, number>> = { float32: 16, float16: 32, bfloat16: 32, int8: 64 }

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
 * Declares the kernels of one chunk of keys. What is read of keys and values is read once and from end to end, with all heads:
 * first a burst of cache lines, as fast as memory gives them, and then what is computed of it, four keys abreast. Reading in the
 * order of the sums, or ahead between them, is up to twice as slow: no prefetcher follows, and loads that wait hold up what could
 * be computed meanwhile.
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
  /**
   * body(first key, end) for bursts of keys that lie side by side. A number of each of their cache lines is read first, and the sum
   * of them kept at `unused`, so that no compiler leaves them out.
   */
  const forEachBurst = (
    { buffer }: Rows,
    run: { readonly from: v.Value; readonly count: v.Value; readonly stride: v.Value; readonly unused: v.Value },
    body: (i: v.Value, end: v.Value) => void,
  ): void => {
    const line = LINE[buffer.dtype] as number
    const burst = k.let(v.max(v.mul(v.div(v.i32(BURST * line), run.stride), KEYS), KEYS), 'burst')
    const sum = k.variable(v.f32(0), 'touched')
    const begin = k.variable(v.i32(0), 'begin')
    k.while(
      () => v.lt(begin.get(), run.count),
      () => {
        const i = k.let(begin.get(), 'i')
        const end = k.let(v.min(v.add(i, burst), run.count), 'end')
        const stop = k.let(v.add(run.from, v.mul(end, run.stride)), 'stop')
        k.for(
          k.let(v.add(run.from, v.mul(i, run.stride))),
          stop,
          (at) => {
            const x = v.load(buffer, at, 1)
            sum.set(v.add(sum.get(), x.type === 'f32' ? x : v.convert(x, 'f32')))
          },
          line,
        )
        body(i, end)
        begin.set(end)
      },
    )
    k.store(scratch, run.unused, sum.get())
  }
  /** In a function: body(first row of a kv head's group, rows at once) for all of them; two share what is read of a key. */
  const declareRows = () => {
    const pairs = k.let(v.and(p.group, v.i32(-2)), 'pairs')
    return (body: (r: v.Value, rows: number) => void): void => {
      k.for(0, pairs, (r) => body(r, 2), 2)
      k.for(pairs, p.group, (r) => body(r, 1))
    }
  }

  /** scores[h][i] = scale q[h] . k[i][h's kv head] for `count` keys, whole fours of them: behind the last they are of the last. */
  const score = k.func(
    'score',
    [int('q'), int('k'), int('count'), int('out'), f32('scale'), int('unused')],
    (qAt, kAt, count, out, scale, unused) => {
      const stride = k.let(strides.keys, 'stride')
      const forEachRows = declareRows()
      const last = k.let(v.add(kAt as v.Value, v.mul(v.sub(count as v.Value, 1), stride)), 'last')
      const run = { from: kAt as v.Value, count: count as v.Value, stride, unused: unused as v.Value }
      forEachBurst(keys, run, (begin, end) =>
        k.for(
          begin,
          end,
          (i) => {
            const key = k.let(v.add(kAt as v.Value, v.mul(i, stride)), 'key')
            const places = Array.from({ length: KEYS }, (_, n) =>
              k.let(v.min(v.add(key, v.mul(stride, n)), last), 'place'),
            )
            k.for(0, p.kvHeads, (kvHead) => {
              const skip = k.let(v.mul(kvHead, channels), 'skip')
              const at = places.map((place) => k.let(v.add(place, skip), 'at'))
              forEachRows((r, rows) => {
                const row = k.let(v.add(v.mul(kvHead, p.group), r), 'row')
                const from = Array.from({ length: rows }, (_, n) =>
                  k.let(v.add(qAt as v.Value, v.mul(v.add(row, v.i32(n)), channels)), 'from'),
                )
                const sums = Array.from({ length: rows }, () => at.map(() => k.variable(zeros(), 'sum')))
                k.for(
                  0,
                  channels,
                  (d) => {
                    const ks = at.map((place) => k.let(floats(keys, v.add(place, d)), 'k'))
                    sums.forEach((line, n) => {
                      const x = k.let(v.load(q, v.add(from[n] as v.Value, d), 4), 'q')
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
          },
          KEYS,
        ),
      )
      return undefined
    },
  )

  /** scores[i], in units of log 2, to 2^(score - maximum), whole vectors; maximum and total go to `result`. */
  const weigh = k.func('weigh', [int('scores'), int('count'), int('result')], (scores, count, result) => {
    const exp2 = declareExp2(k)
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
        const weight = k.let(exp2(k.let(v.sub(v.load(scratch, at, 4), safe))))
        k.store(scratch, at, weight)
        total.set(v.add(total.get(), weight))
      },
      4,
    )
    k.store(scratch, result as v.Value, maximum)
    k.store(scratch, v.add(result as v.Value, 1), v.reduceLanes('add', total.get()))
    return undefined
  })

  /** out[h][c] += sum of weights[h][i] v[i][h's kv head][c] for `count` keys. */
  const sum = k.func(
    'sum',
    [int('weights'), int('count'), int('v'), int('out'), int('apart'), int('unused')],
    (weights, count, start, out, apart, unused) => {
      const stride = k.let(strides.values, 'stride')
      const whole = k.let(v.sub(valueChannels, v.rem(valueChannels, 4 * VECTORS)), 'whole')
      const forEachRows = declareRows()
      const run = { from: start as v.Value, count: count as v.Value, stride, unused: unused as v.Value }
      /** Adds the values of `many` keys from i on. */
      const add = (i: v.Value, many: number): void => {
        const value = k.let(v.add(start as v.Value, v.mul(i, stride)), 'value')
        const places = Array.from({ length: many }, (_, n) => k.let(v.add(value, v.mul(stride, n)), 'place'))
        k.for(0, p.kvHeads, (kvHead) => {
          const skip = k.let(v.mul(kvHead, p.valueStride), 'skip')
          const at = places.map((place) => k.let(v.add(place, skip), 'at'))
          forEachRows((r, rows) => {
            const row = k.let(v.add(v.mul(kvHead, p.group), r), 'row')
            const heads = Array.from({ length: rows }, (_, n) => {
              const own = k.let(v.add(row, v.i32(n)), 'own')
              const from = v.add(v.add(weights as v.Value, i), v.mul(own, SCORES))
              const ws = at.map((_, j) => k.let(v.splat(v.load(scratch, v.add(from, v.i32(j)), 1), 4), 'w'))
              return { ws, to: k.let(v.add(out as v.Value, v.mul(own, apart as v.Value)), 'to') }
            })
            const turn = (c: v.Value, vectors: number): void => {
              const lines = at.map((place) => k.let(v.add(place, c)))
              const owns = heads.map(({ to }) => k.let(v.add(to, c), 'own'))
              for (let n = 0; n < vectors; n++) {
                const xs = lines.map((line) => k.let(floats(values, v.add(line, v.i32(4 * n))), 'v'))
                heads.forEach(({ ws }, r) => {
                  const own = v.add(owns[r] as v.Value, v.i32(4 * n))
                  let sum = v.load(scratch, own, 4)
                  ws.forEach((w, j) => {
                    sum = v.fma(w, xs[j] as v.Value, sum)
                  })
                  k.store(scratch, own, sum)
                })
              }
            }
            k.for(0, whole, (c) => turn(c, VECTORS), 4 * VECTORS)
            k.for(whole, valueChannels, (c) => turn(c, 1), 4)
          })
        })
      }
      forEachBurst(values, run, (begin, end) => {
        const fours = k.let(v.sub(end, v.and(v.sub(end, begin), v.i32(KEYS - 1))), 'fours')
        k.for(begin, fours, (i) => add(i, KEYS), KEYS)
        k.for(fours, end, (i) => add(i, 1))
      })
      return undefined
    },
  )

  /** Scores get to units of log 2 behind a cap and a bias; where there is none, by the scale. */
  const changed = capped || bias !== null
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
            if (changed) score = v.mul(score, Math.LOG2E)
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
      const unused = v.add(scores, v.i32(UNUSED))
      const scale = changed ? p.scale : v.mul(p.scale, Math.LOG2E)
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
        k.call(score, [v.mul(row, channels), v.mul(place, strides.keys), length, at, scale, unused])
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
        const [valueAt, to] = [v.mul(place, strides.values), v.add(result, v.i32(HEAD))]
        k.call(sum, [at, length, valueAt, to, rowApart, unused])
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
