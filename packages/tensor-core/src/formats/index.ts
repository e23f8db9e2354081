export { type BlockFormat, type BlockFormatDefinition, blockByteLength, defineFormat } from './define-format.js'
export { q8_0 } from './q8-0.js'
