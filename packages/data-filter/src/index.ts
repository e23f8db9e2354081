export * from './data-filter-error.js'
export * from './document.js'
export * from './storage.js'
