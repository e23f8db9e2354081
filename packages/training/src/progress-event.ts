import type { Evaluation } from './evaluator.js'
import type { Pace } from './pace.js'

/** What `train` tells while it runs. `step` counts the updates made. */
export type ProgressEvent =
  | { readonly type: 'resumed'; readonly step: number; readonly steps: number }
  | ({
      readonly type: 'step'
      readonly step: number
      readonly steps: number
      /** Before this update, in nats. */
      readonly loss: number
      /** Of all gradients together, before clipping. */
      readonly gradientNorm: number
      /** null: no schedule. */
      readonly learningRate: number | null
    } & Pace)
  | { readonly type: 'evaluation'; readonly step: number; readonly evaluation: Evaluation }
  | { readonly type: 'checkpoint'; readonly step: number; readonly name: string }
