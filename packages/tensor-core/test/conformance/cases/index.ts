import type { ConformanceGroup } from '../conformance-case.js'
import { elementwiseGroups, specialValueGroups } from './elementwise.js'
import { indexingGroups } from './indexing.js'
import { productGroups } from './products.js'
import { reductionGroups, specialReductionGroups } from './reductions.js'
import { viewGroups } from './views.js'

export const conformanceGroups: readonly ConformanceGroup[] = [
  ...elementwiseGroups,
  ...specialValueGroups,
  ...reductionGroups,
  ...specialReductionGroups,
  ...viewGroups,
  ...indexingGroups,
  ...productGroups,
]
