import type { PlannedSource } from './plan-mixture.js'

/** Tokens of the run that the table describes: about 10T. */
export const PHI4_TOKENS = 10e12

/** The sources of phi-4's pretraining, and how often the paper says each was repeated. Abdin et al. 2024, arXiv 2412.08905, table 5. */
export const PHI4_TABLE_5: readonly (PlannedSource & { readonly publishedEpochs: number })[] = [
  { name: 'web', weight: 0.15, uniqueTokens: 1.3e12, publishedEpochs: 1.2 },
  { name: 'web rewrites', weight: 0.15, uniqueTokens: 290e9, publishedEpochs: 5.2 },
  { name: 'synthetic', weight: 0.4, uniqueTokens: 290e9, publishedEpochs: 13.8 },
  { name: 'code', weight: 0.2, uniqueTokens: 820e9, publishedEpochs: 2.4 },
  { name: 'acquired sources', weight: 0.1, uniqueTokens: 580e9, publishedEpochs: 1.7 },
]
