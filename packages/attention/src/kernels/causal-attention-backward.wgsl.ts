import { keyGradients } from './key-gradients.wgsl.js'
import { queryGradients } from './query-gradients.wgsl.js'
import { rowRecords } from './row-records.wgsl.js'

/**
 * Flash attention backward (Dao 2023, arXiv 2307.08691, algorithm 2), without atomic sums: dq by tiles of rows, dk and dv by
 * tiles of keys; both compute the weights again from lse.
 */
export default [rowRecords, queryGradients, keyGradients]
