import { fileStorage } from '@almanac/training'
import type { Command } from '../command.js'
import { builtInCorpus, fileCorpus } from '../corpus.js'
import { LEAST_VOCABULARY, prepareData } from '../prepare-data.js'
import { progressLine } from '../progress-line.js'
import { readNumber, readOptions } from '../read-options.js'
import { stopSignal } from '../stop-signal.js'
import { UsageError } from '../usage-error.js'

const OPTIONS = {
  text: { type: 'string', multiple: true },
  out: { type: 'string' },
  'vocab-size': { type: 'string' },
  context: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

export const tokenizeCommand: Command = {
  name: 'tokenize',
  summary: 'train a tokenizer on text',
  help: `almanac tokenize --out <folder> [options]

Trains a byte-level BPE tokenizer and encodes the text with it. The folder gets tokenizer.json and tokenizer_config.json, which Hugging Face's
libraries read, and tokens.safetensors; "almanac pretrain" with the same text goes on from there.

  --out FOLDER     where the files go
  --text FILE      text, each file a document, may be repeated (default: messages to Congress, 10 MB)
  --vocab-size N   tokens, ${LEAST_VOCABULARY} (bytes) or more (default 2048)
  --context N      longest text of the model that is to come (default 256)
  --json           the figures as JSON on standard output`,
  async run(args) {
    const options = readOptions('tokenize', args, OPTIONS)
    if (options.out === undefined)
      throw new UsageError('tokenize: expected --out, got none. Name the folder for the files.')
    const range = { least: LEAST_VOCABULARY, most: 65_536, whole: true }
    const vocabSize = readNumber('tokenize', 'vocab-size', options['vocab-size'], 2048, range)
    const maxPositions = readNumber('tokenize', 'context', options.context, 256, { least: 1, whole: true })
    const corpus = options.text ? await fileCorpus('tokenize', options.text) : await builtInCorpus()
    const storage = await fileStorage(options.out)
    const stop = stopSignal()
    const { tokenizer, train, heldOut, bytesPerToken } = await prepareData({
      corpus,
      storage,
      vocabSize,
      maxPositions,
      line: progressLine(),
      signal: stop.signal,
    })
    stop.release()
    const figures = {
      vocabulary: tokenizer.vocabularySize,
      trainTokens: train.tokens.length,
      heldOutTokens: heldOut.tokens.length,
      bytesPerToken,
    }
    if (options.json) console.log(JSON.stringify(figures))
    else {
      console.log(
        `${options.out}: ${figures.vocabulary} tokens; the text has ${figures.trainTokens} of them and ${figures.heldOutTokens} held out`,
      )
      console.log(`next: almanac pretrain --out ${options.out}`)
    }
  },
}
