import type { HeldOutLoss } from './run-state.js'

/** Where the plot's frame is, in pixels. */
export interface PlotBox {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export interface Tick {
  /** In pixels along its axis. */
  readonly at: number
  readonly label: string
}

/** What of a run is drawn, in pixels. */
export interface LossCurve {
  /** An SVG path over the means of neighbouring updates; empty before the first. */
  readonly path: string
  readonly dots: readonly { readonly x: number; readonly y: number }[]
  readonly steps: readonly Tick[]
  readonly nats: readonly Tick[]
  /** The end of the curve and the value there. */
  readonly last: { readonly x: number; readonly y: number; readonly nats: number } | null
}

const POINTS = 300
const NICE = [1, 2, 2.5, 5, 10]
const NICE_WHOLE = [1, 2, 5, 10]

/** Places the losses of a run (update i at step i + 1) and those of held-out text in a box. */
export function lossCurve(
  losses: readonly number[],
  heldOut: readonly HeldOutLoss[],
  steps: number,
  box: PlotBox,
): LossCurve {
  const points = means(losses)
  const heights = [...points.map(({ nats }) => nats), ...heldOut.map(({ nats }) => nats)]
  // Before the first loss: that of guessing each of 256 bytes alike.
  const [low, high] = heights.length > 0 ? [Math.min(...heights), Math.max(...heights)] : [0, Math.log(256)]
  const stride = niceStride((high - low) / 4)
  const first = Math.floor(low / stride + 1e-9) * stride
  const rows = Math.max(1, Math.ceil((high - first) / stride - 1e-9))
  const y = (nats: number) => box.bottom - ((nats - first) / (rows * stride)) * (box.bottom - box.top)
  const most = Math.max(1, steps)
  const x = (step: number) => box.left + (step / most) * (box.right - box.left)
  const stepStride = Math.max(1, niceStride(most / 5, NICE_WHOLE))
  const digits = [0, 1, 2, 3].find((digit) => isWhole(stride * 10 ** digit)) ?? 4
  const end = points.at(-1)
  return {
    path: points.length === 0 ? '' : `M${points.map(({ step, nats }) => `${px(x(step))} ${px(y(nats))}`).join('L')}`,
    dots: heldOut.map(({ step, nats }) => ({ x: px(x(step)), y: px(y(nats)) })),
    steps: Array.from({ length: Math.floor(most / stepStride) + 1 }, (_, i) => ({
      at: px(x(i * stepStride)),
      label: `${i * stepStride}`,
    })),
    nats: Array.from({ length: rows + 1 }, (_, i) => ({
      at: px(y(first + i * stride)),
      label: (first + i * stride).toFixed(digits),
    })),
    last: end ? { x: px(x(end.step)), y: px(y(end.nats)), nats: end.nats } : null,
  }
}

/** At most POINTS points, each the mean of neighbours, at the last step of them. */
function means(losses: readonly number[]): { step: number; nats: number }[] {
  const count = Math.min(POINTS, losses.length)
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * losses.length) / count)
    const to = Math.floor(((i + 1) * losses.length) / count)
    let total = 0
    for (let j = from; j < to; j++) total += losses[j] as number
    return { step: to, nats: total / (to - from) }
  })
}

/** The least of the choices times a power of ten that is not below `least`. */
function niceStride(least: number, choices = NICE): number {
  const positive = Math.max(least, 1e-3)
  const power = 10 ** Math.floor(Math.log10(positive))
  return power * (choices.find((nice) => nice * power >= positive * (1 - 1e-9)) as number)
}

const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-9

const px = (value: number): number => Math.round(value * 10) / 10
