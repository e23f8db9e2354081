export * from './decode-text.js'
export * from './warc-reader.js'
