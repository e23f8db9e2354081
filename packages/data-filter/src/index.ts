export * from './data-filter-error.js'
export * from './document.js'
export * from './filters/apply-filters.js'
export * from './filters/c4-quality.js'
export * from './filters/classifier-report.js'
export * from './filters/decontamination.js'
export {
  type Benchmark,
  type BenchmarkIndex,
  type BenchmarkIndexOptions,
  buildBenchmarkIndex,
  type IndexedBenchmark,
  openBenchmarkIndex,
  saveBenchmarkIndex,
} from './filters/decontamination-index.js'
export * from './filters/document-scorer.js'
export * from './filters/filter.js'
export * from './filters/fineweb-quality.js'
export * from './filters/gopher-quality.js'
export * from './filters/gopher-repetition.js'
export * from './filters/linear-head.js'
export * from './filters/open-quality-classifier.js'
export * from './filters/personal-data.js'
export * from './filters/profiles.js'
export type { ClassifierParts, QualityClassifier } from './filters/quality-classifier.js'
export * from './filters/quality-filter.js'
export * from './filters/replay-filters.js'
export * from './filters/rule.js'
export * from './filters/score-documents.js'
export * from './filters/text-scorer.js'
export * from './filters/train-quality-classifier.js'
export * from './memory-storage.js'
export * from './read-record.js'
export * from './storage.js'
export { countSentences } from './text/sentence-ends.js'
export { words } from './text/word-tokens.js'
