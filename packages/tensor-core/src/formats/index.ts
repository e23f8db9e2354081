export {
  type BlockFormat,
  type BlockFormatDefinition,
  type BlockReader,
  type BlockWgsl,
  blockByteLength,
  defineFormat,
} from './define-format.js'
export { q4_0 } from './q4-0.js'
export { q8_0 } from './q8-0.js'
