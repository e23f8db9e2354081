export * from './example-url-lists.js'
export * from './parse-url-list.js'
export * from './url-filter.js'
export * from './url-lists.js'
