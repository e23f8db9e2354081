import * as v from '@almanac/tensor-core/kernel'

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

/** What a unit does for one kv head: `rows` rows of q, from `row` on, with `count` keys. */
export interface FewQueryTask {
  readonly row: v.Value
  readonly rows: v.Value
  /** Element of the first key, and of its value; from there `stride` to the next. */
  readonly keyAt: v.Value
  readonly stride: v.Value
  readonly count: v.Value
  /** Room for ROWS times a chunk of scores. */
  readonly scores: v.Value
  readonly scale: v.Value
  /** Where the first row's maximum, total and sum go; from there `rowApart` to the next row's. */
  readonly result: v.Value
  readonly rowApart: v.Value
}

/** Declares the kernels of one chunk of keys and returns what runs them for all rows of a kv head. */
export function declareFewQueryTiles(
  k: v.KernelBuilder,
  buffers: {
    readonly q: v.BufferRef
    readonly keys: v.BufferRef
    readonly values: v.BufferRef
    readonly scratch: v.BufferRef
    readonly channels: v.Value
    readonly chunk: number
  },
): { run(task: FewQueryTask): void } {
  const { q, keys, values, scratch, channels, chunk } = buffers

  /** scores[r][i] = scale q[r] . k[i] for `count` keys, filled up with -infinity to whole vectors. */
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
              const ks = at.map((place) => k.let(v.load(keys, v.add(place, d), 4), 'k'))
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
              k.store(scratch, v.add(v.add(to, i), v.i32(r * chunk)), v.mul(sum, v.splat(scale as v.Value, 4)))
            })
            key.set(v.add(key.get(), v.mul(stride as v.Value, KEYS)))
          },
          KEYS,
        )
        k.if(v.lt(whole, length), () => {
          for (let r = 0; r < rows; r++)
            k.store(scratch, v.add(v.add(to, whole), v.i32(r * chunk)), v.splat(v.f32(NOTHING), 4))
          k.for(whole, length, (i) => {
            sumsOf(1).forEach(([sum], r) => {
              const value = v.reduceLanes('add', (sum as v.Variable).get())
              k.store(scratch, v.add(v.add(to, i), v.i32(r * chunk)), v.mul(value, scale as v.Value))
            })
            key.set(v.add(key.get(), stride as v.Value))
          })
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
    const total = k.variable(zeros(), 'total')
    k.for(
      scores as v.Value,
      end,
      (at) => {
        const weight = k.let(v.exp(v.sub(v.load(scratch, at, 4), v.splat(maximum, 4))))
        k.store(scratch, at, weight)
        total.set(v.add(total.get(), weight))
      },
      4,
    )
    k.store(scratch, result as v.Value, maximum)
    k.store(scratch, v.add(result as v.Value, 1), v.reduceLanes('add', total.get()))
    return undefined
  })

  /** out[r][c] = sum of weights[r][i] v[i][c], for `vectors` vectors of channels. */
  const sumOf = (rows: number, vectors: number): v.KernelFunction =>
    k.func(
      `sum${rows}x${vectors}`,
      [int('weights'), int('count'), int('v'), int('stride'), int('out'), int('apart')],
      (weights, count, start, stride, out, apart) => {
        const sums = Array.from({ length: rows }, () =>
          Array.from({ length: vectors }, () => k.variable(zeros(), 'sum')),
        )
        const place = k.variable(start as v.Value, 'v')
        k.for(weights as v.Value, v.add(weights as v.Value, count as v.Value), (at) => {
          const xs = Array.from({ length: vectors }, (_, c) => {
            const x = v.load(values, v.add(place.get(), v.i32(4 * c)), 4)
            return rows > 1 ? k.let(x, 'x') : x
          })
          sums.forEach((line, r) => {
            const weight = k.let(v.splat(v.load(scratch, v.add(at, v.i32(r * chunk)), 1), 4), 'w')
            line.forEach((sum, c) => {
              sum.set(v.fma(weight, xs[c] as v.Value, sum.get()))
            })
          })
          place.set(v.add(place.get(), stride as v.Value))
        })
        sums.forEach((line, r) => {
          const to = k.let(v.add(out as v.Value, v.mul(apart as v.Value, r)))
          line.forEach((sum, c) => {
            k.store(scratch, v.add(to, v.i32(4 * c)), sum.get())
          })
        })
        return undefined
      },
    )

  const forms = ([ROWS, 1] as const).map((rows) => ({
    rows,
    width: 4 * WIDTH[rows],
    score: scoreOf(rows),
    wide: sumOf(rows, WIDTH[rows]),
    narrow: sumOf(rows, 1),
  }))

  return {
    run({ row, rows, keyAt, stride, count, scores, scale, result, rowApart }) {
      const padded = k.let(v.and(v.add(count, 3), v.i32(-4)), 'padded')
      const from = k.variable(v.i32(0), 'from')
      for (const form of forms) {
        const end = k.let(v.sub(rows, v.rem(v.sub(rows, from.get()), form.rows)), 'end')
        k.for(
          from.get(),
          end,
          (r) => {
            const to = k.let(v.add(result, v.mul(rowApart, r)), 'to')
            k.call(form.score, [v.mul(v.add(row, r), channels), keyAt, stride, count, scores, scale])
            for (let own = 0; own < form.rows; own++) {
              k.call(weigh, [v.add(scores, v.i32(own * chunk)), padded, v.add(to, v.mul(rowApart, own))])
            }
            const whole = k.let(v.sub(channels, v.rem(channels, form.width)))
            const sum = (func: v.KernelFunction, c: v.Value): void =>
              k.call(func, [scores, count, v.add(keyAt, c), stride, v.add(v.add(to, c), v.i32(4)), rowApart])
            k.for(0, whole, (c) => sum(form.wide, c), form.width)
            k.for(whole, channels, (c) => sum(form.narrow, c), 4)
          },
          form.rows,
        )
        from.set(end)
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
