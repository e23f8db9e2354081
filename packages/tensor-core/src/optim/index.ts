export { AdamW, type AdamWConfig } from './adamw.js'
export { clipByGlobalNorm, globalNorm } from './clip-gradients.js'
export { SGD, type SgdConfig } from './sgd.js'
