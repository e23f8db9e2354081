export * from './expressions.js'
export * from './kernel-builder.js'
export * from './value.js'
