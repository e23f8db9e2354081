// What a benchmark measures, as code for Node and for a page: nothing here may import a node: module.
import { prepareChain } from './chain-workload.js'
import { prepareDecoding } from './decoding-workload.js'
import { prepareGemm } from './gemm-workload.js'
import { prepareTraining } from './training-workload.js'

/** Plain values, so that it travels to another process or into a page. */
export type WorkloadSpec =
  | { readonly kind: 'gemm'; readonly threads: number; readonly size: number }
  | ({ readonly kind: 'training'; readonly threads: number } & TrainingSize)
  | { readonly kind: 'decoding'; readonly threads: number; readonly model: string; readonly format: string }
  | { readonly kind: 'chain'; readonly threads: number; readonly chain: 'alone' | 'together' }

export interface TrainingSize {
  readonly batch: number
  readonly time: number
  readonly layers: number
}

/** What one measurement gave: names with their numbers. */
export type Figures = Readonly<Record<string, number>>

/** Something warmed up that can be measured again and again. */
export interface Workload {
  /** One measurement. */
  turn(): Promise<Figures>
  /** What is known once, after the turns. */
  facts?(): Promise<Figures>
  close(): Promise<void>
}

export function prepareWorkload(spec: WorkloadSpec): Promise<Workload> {
  switch (spec.kind) {
    case 'gemm':
      return prepareGemm(spec.threads, spec.size)
    case 'training':
      return prepareTraining(spec.threads, spec)
    case 'decoding':
      return prepareDecoding(spec.threads, spec.model, spec.format)
    case 'chain':
      return prepareChain(spec.threads, spec.chain)
  }
}
