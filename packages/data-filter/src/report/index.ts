export * from './filter-report.js'
export * from './filter-table.js'
