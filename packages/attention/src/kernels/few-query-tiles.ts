import * as v from '@almanac/tensor-core/kernel'
import type { BiasedParams } from './forward-buffers.js'
import type { Rows } from './pack-rows.js'

/** Keys of a chunk at most: with their values they stay in the first cache while the rows take turns. */
export const CHUNK = 32
/** Floats from a row's scores of a chunk to the next row's: vectors may end behind the chunk. */
export const SCORES = CHUNK + 16
/** Floats of a row's result for a chunk beside its channels: maximum, total, two spare. */
export const HEAD = 4

/** Rows of q that share what is read of keys and values. */
const ROWS = 2
/** Keys whose scores are summed at once: their sums are then added across lanes four at a time. */
const KEYS = 4
/** Vectors of channels that a turn over the values sums in registers, for two rows and for one. */
const WIDTH = { 1: 8, 2: 4 } as const

const NOTHING = Number.NEGATIVE_INFINITY
const int = (name: string) => ({ name, type: 'i32' }) as const
const f32 = (name: string) => ({ name, type: 'f32' }) as const
const zeros = () => v.splat(v.f32(0), 4)

/** What a unit does for one kv head: `rows` rows of q, from number `row` on, with the keys `from` .. `from + count - 1`. */
export interface FewQueryTask {
  readonly row: v.Value
  readonly rows: v.Value
  readonly kvHead: v.Value
  readonly from: v.Value
  readonly count: v.Value
  /** Of the keys, counted from the first one on, those that are not seen: [begin, end), which may be empty. */
  readonly hole: readonly [begin: v.Value, end: v.Value]
  /** body(first key, keys, place of the first) for the pieces of the keys that lie side by side. */
  forEachRun(body: (key0: v.Value, count: v.Value, place: v.Value) => void): void
  /** Elements from a place's keys, and values, to the next place's. */
  readonly keyStride: v.Value
  readonly valueStride: v.Value
  /** Room for ROWS times a chunk of scores. */
  readonly scores: v.Value
  /** Where the first row's maximum, total and sum go; from there `rowApart` to the next row's. */
  readonly result: v.Value
  readonly rowApart: v.Value
}

/** Declares the kernels of one chunk of keys and returns what runs them for all rows of a kv head. */
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
  const floats = ({ buffer }: Rows, at: v.Value): v.Value => {
    const value = v.load(buffer, at, 4)
    return value.type === 'f32' ? value : v.convert(value, 'f32')
  }

  /** scores[r][i] = scale q[r] . k[i] for `count` keys. */
  const scoreOf = (rows: number): v.KernelFunction =>
    k.func(
      `score${rows}`,
      [int('q'), int('k'), int('stride'), int('count'), int('out'), f32('scale')],
      (qAt, kAt, stride, count, out, scale) => {
        const [queryAt, length, to] = [qAt as v.Value, count as v.Value, out as v.Value]
        const key = k.variable(kAt as v.Value, 'key')
        const whole = k.let(v.and(length, v.i32(-KEYS)), 'whole')
        /** Of so many keys: [row][key] sums of four lanes. */
        const sumsOf = (many: number): v.Variable[][] => {
          const places = [key.get()]
          while (places.length < many) places.push(k.let(v.add(places.at(-1) as v.Value, stride as v.Value)))
          const at = places.map((place) => k.let(place))
          const sums = Array.from({ length: rows }, () => at.map(() => k.variable(zeros(), 'sum')))
          k.for(
            0,
            channels,
            (d) => {
              const ks = at.map((place) => k.let(floats(keys, v.add(place, d)), 'k'))
              sums.forEach((line, r) => {
                const x = k.let(v.load(q, v.add(v.add(queryAt, d), v.mul(channels, r)), 4), 'q')
                line.forEach((sum, i) => {
                  sum.set(v.fma(x, ks[i] as v.Value, sum.get()))
                })
              })
            },
            4,
          )
          return sums
        }
        k.for(
          0,
          whole,
          (i) => {
            sumsOf(KEYS).forEach((line, r) => {
              const sum = acrossLanes(k, line.map((part) => part.get()) as Four)
              k.store(scratch, v.add(v.add(to, i), v.i32(r * SCORES)), v.mul(sum, v.splat(scale as v.Value, 4)))
            })
            key.set(v.add(key.get(), v.mul(stride as v.Value, KEYS)))
          },
          KEYS,
        )
        k.for(whole, length, (i) => {
          sumsOf(1).forEach(([sum], r) => {
            const value = v.reduceLanes('add', (sum as v.Variable).get())
            k.store(scratch, v.add(v.add(to, i), v.i32(r * SCORES)), v.mul(value, scale as v.Value))
          })
          key.set(v.add(key.get(), stride as v.Value))
        })
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

  /** out[r][c] += sum of weights[r][i] v[i][c], for `vectors` vectors of channels. */
  const sumOf = (rows: number, vectors: number): v.KernelFunction =>
    k.func(
      `sum${rows}x${vectors}`,
      [int('weights'), int('count'), int('v'), int('stride'), int('out'), int('apart')],
      (weights, count, start, stride, out, apart) => {
        const placeOf = (r: number, c: number) => v.add(v.add(out as v.Value, v.mul(apart as v.Value, r)), v.i32(4 * c))
        const sums = Array.from({ length: rows }, (_, r) =>
          Array.from({ length: vectors }, (_, c) => k.variable(v.load(scratch, placeOf(r, c), 4), 'sum')),
        )
        const place = k.variable(start as v.Value, 'v')
        k.for(weights as v.Value, v.add(weights as v.Value, count as v.Value), (at) => {
          const xs = Array.from({ length: vectors }, (_, c) => {
            const x = floats(values, v.add(place.get(), v.i32(4 * c)))
            return rows > 1 ? k.let(x, 'x') : x
          })
          sums.forEach((line, r) => {
            const weight = k.let(v.splat(v.load(scratch, v.add(at, v.i32(r * SCORES)), 1), 4), 'w')
            line.forEach((sum, c) => {
              sum.set(v.fma(weight, xs[c] as v.Value, sum.get()))
            })
          })
          place.set(v.add(place.get(), stride as v.Value))
        })
        sums.forEach((line, r) => {
          line.forEach((sum, c) => {
            k.store(scratch, placeOf(r, c), sum.get())
          })
        })
        return undefined
      },
    )

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

  const forms = ([ROWS, 1] as const).map((rows) => ({
    rows,
    width: 4 * WIDTH[rows],
    score: scoreOf(rows),
    wide: sumOf(rows, WIDTH[rows]),
    narrow: sumOf(rows, 1),
  }))

  return {
    run({ row, rows, kvHead, from, count, hole, forEachRun, keyStride, valueStride, scores, result, rowApart }) {
      const padded = k.let(v.and(v.add(count, 3), v.i32(-4)), 'padded')
      const done = k.variable(v.i32(0), 'done')
      for (const form of forms) {
        const end = k.let(v.sub(rows, v.rem(v.sub(rows, done.get()), form.rows)), 'end')
        const owns = Array.from({ length: form.rows }, (_, own) => own)
        k.for(
          done.get(),
          end,
          (r) => {
            const to = k.let(v.add(result, v.mul(rowApart, r)), 'to')
            const own = k.let(v.add(row, r), 'own')
            const numberOf = (place: v.Value): v.Value => v.add(v.mul(place, p.kvHeads), kvHead)
            forEachRun((key0, length, place) => {
              const at = k.let(v.add(scores, v.sub(key0, from)), 'at')
              const keyAt = v.add(v.mul(place, keyStride), v.mul(kvHead, channels))
              k.call(form.score, [v.mul(own, channels), keyAt, keyStride, length, at, p.scale])
              if (finish) {
                for (const i of owns)
                  k.call(finish, [v.add(at, v.i32(i * SCORES)), length, v.add(own, v.i32(i)), key0, numberOf(place)])
              }
            })
            for (const i of owns) {
              const line = k.let(v.add(scores, v.i32(i * SCORES)), 'line')
              const hide = (begin: v.Value, stop: v.Value): void =>
                k.for(begin, stop, (j) => k.store(scratch, v.add(line, j), v.f32(NOTHING)))
              hide(v.max(hole[0], 0), v.min(hole[1], count))
              hide(count, padded)
              const record = k.let(v.add(to, v.mul(rowApart, i)), 'record')
              k.call(weigh, [line, padded, record])
              k.for(0, valueChannels, (c) => k.store(scratch, v.add(v.add(record, c), v.i32(HEAD)), zeros()), 4)
            }
            const whole = k.let(v.sub(valueChannels, v.rem(valueChannels, form.width)))
            forEachRun((key0, length, place) => {
              const at = k.let(v.add(scores, v.sub(key0, from)), 'at')
              const valueAt = k.let(v.add(v.mul(place, valueStride), v.mul(kvHead, p.valueStride)), 'valueAt')
              if (scaleWeights) {
                for (const i of owns) k.call(scaleWeights, [v.add(at, v.i32(i * SCORES)), length, numberOf(place)])
              }
              const sum = (func: v.KernelFunction, c: v.Value): void =>
                k.call(func, [at, length, v.add(valueAt, c), valueStride, v.add(v.add(to, c), v.i32(HEAD)), rowApart])
              k.for(0, whole, (c) => sum(form.wide, c), form.width)
              k.for(whole, valueChannels, (c) => sum(form.narrow, c), 4)
            })
          },
          form.rows,
        )
        done.set(end)
      }
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
