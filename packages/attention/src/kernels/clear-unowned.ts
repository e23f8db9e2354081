import type { KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import type { FlashAttributes } from '../flash-attention.js'
import { flashExtents } from './flash-launch.js'
import { declareOperands, type Extra, SEQUENCES } from './forward-buffers.js'

/** y = 0 and lse = -infinity for all queries, where some may be of no sequence: the others are written over. */
export const clearUnowned = (extra: Extra): KernelSource<FlashAttributes> => ({
  applies: ({ attributes }) => attributes.layout !== 'dense',
  params(launch) {
    const { queries, heads, valueChannels } = flashExtents(launch, SEQUENCES)
    return [queries * heads, valueChannels]
  },
  work: (launch) => {
    const { queries, heads, valueChannels } = flashExtents(launch, SEQUENCES)
    return queries * heads * (valueChannels + 1)
  },
  build(k, signature) {
    const { y, lse } = declareOperands(k, extra, signature)
    const [rows, channels] = [k.param('rows'), k.param('channels')]
    k.parallel(rows, (row) => {
      const at = k.let(v.mul(row, channels))
      k.forVector(at, v.add(at, channels), (i, lanes) => k.store(y, i, v.splat(v.f32(0), lanes)))
      k.store(lse, row, v.f32(Number.NEGATIVE_INFINITY))
    })
  },
})
