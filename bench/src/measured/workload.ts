// What a benchmark measures, as code for Node and for a page: nothing here may import a node: module.
import { prepareBandwidth } from './bandwidth-workload.js'
import { prepareChain } from './chain-workload.js'
import { prepareDecoding } from './decoding-workload.js'
import { prepareGemm } from './gemm-workload.js'
import type { BenchBackend } from './open-device.js'
import { type ProductDType, prepareProducts } from './products-workload.js'
import { prepareTraining } from './training-workload.js'

/** Plain values, so that it travels to another process or into a page. */
export type WorkloadSpec =
  | { readonly kind: 'gemm'; readonly threads: number; readonly size: number }
  | ({ readonly kind: 'training'; readonly threads: number; readonly backend?: BenchBackend } & TrainingSize)
  | ({ readonly kind: 'decoding' } & DecodingSpec)
  | { readonly kind: 'chain'; readonly threads: number; readonly chain: 'alone' | 'together' }
  | { readonly kind: 'products'; readonly size: number; readonly dtype: ProductDType; readonly milliseconds: number }
  | { readonly kind: 'bandwidth'; readonly bytes: number; readonly milliseconds: number }

export interface TrainingSize {
  readonly batch: number
  readonly time: number
  readonly layers: number
  /** Default: 256 channels, 8 heads, ffn 688, vocabulary 4096. */
  readonly width?: TrainingWidth
}

export interface TrainingWidth {
  readonly vocabSize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly heads: number
}

export interface DecodingSpec {
  readonly threads: number
  readonly backend?: BenchBackend
  readonly model: string
  readonly format: string
  /** Tokens of a prompt and tokens decoded after it in a turn. Default 256 and 32. */
  readonly prefill?: number
  readonly decode?: number
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
      return prepareTraining(spec.threads, spec, spec.backend)
    case 'decoding':
      return prepareDecoding(spec)
    case 'chain':
      return prepareChain(spec.threads, spec.chain)
    case 'products':
      return prepareProducts(spec.size, spec.dtype, spec.milliseconds)
    case 'bandwidth':
      return prepareBandwidth(spec.bytes, spec.milliseconds)
  }
}
