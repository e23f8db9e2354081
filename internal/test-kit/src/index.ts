export { assertClose } from './assert-allclose.js'
export { bundleScript } from './bundle-script.js'
export { loadGolden } from './golden.js'
export { goldenElement, goldenIntegers, goldenValues } from './golden-inputs.js'
export {
  type GradcheckEngine,
  type GradcheckInput,
  type GradcheckOptions,
  type GradcheckTensor,
  gradcheck,
} from './gradcheck.js'
export { type ReadmeBlock, readmeBlocks, readReadmeBlocks, runReadmeBlock } from './readme-blocks.js'
export { type SeededRandom, seededRandom } from './seeded-random.js'
export { sharedData, skipNote } from './shared-data.js'
export {
  GOLDEN_TOLERANCE,
  GRADCHECK_TOLERANCE,
  type OpClass,
  type Tolerance,
  type ToleranceDType,
  toleranceFor,
} from './tolerances.js'
