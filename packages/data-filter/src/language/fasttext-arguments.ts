import type { ByteReader } from '../byte-reader.js'
import { FormatError } from '../data-filter-error.js'

/** With what a fastText model was trained, as far as predictions depend on it. */
export interface FastTextArguments {
  /** Numbers of a vector. */
  readonly dim: number
  /** Up to how many words in a row are features. */
  readonly wordNgrams: number
  readonly loss: 'hierarchical softmax' | 'one against all' | 'softmax'
  /** N-grams of characters or words are hashed to so many numbers. */
  readonly bucket: number
  /** Characters of the shortest and the longest n-gram of a word. */
  readonly minn: number
  readonly maxn: number
}

const MAGIC = 793712314
const LOSSES = { 1: 'hierarchical softmax', 2: 'one against all', 3: 'softmax', 4: 'one against all' } as const
const SUPERVISED = 3

/** Reads a model's head: magic number, version, arguments. Throws FormatError. */
export function readArguments(reader: ByteReader, where: string): FastTextArguments {
  const magic = reader.int32()
  if (magic !== MAGIC) {
    throw new FormatError(
      where,
      `a fastText model, which begins with ${MAGIC}`,
      String(magic),
      'Text vectors (.vec) are none.',
    )
  }
  const version = reader.int32()
  if (version !== 11 && version !== 12) {
    throw new FormatError(where, 'version 11 or 12', `version ${version}`, 'Save the model with a newer fastText.')
  }
  const names = [
    'dim',
    'ws',
    'epoch',
    'minCount',
    'neg',
    'wordNgrams',
    'loss',
    'model',
    'bucket',
    'minn',
    'maxn',
    'rate',
  ]
  const read = Object.fromEntries(names.map((name) => [name, reader.int32()]))
  const of = (name: string): number => read[name] as number
  reader.double()
  if (of('model') !== SUPERVISED) {
    throw new FormatError(where, 'a supervised model', `one of words (${of('model')})`, 'Only classifiers have labels.')
  }
  const loss = LOSSES[of('loss') as keyof typeof LOSSES]
  if (!loss) throw new FormatError(where, 'a loss from 1 to 4', String(of('loss')), 'The file is damaged.')
  // Supervised models of version 11 have no n-grams of characters, whatever their arguments say.
  const [minn, maxn] = [of('minn'), version === 11 ? 0 : of('maxn')]
  if (of('dim') < 1 || ((maxn > 0 || of('wordNgrams') > 1) && of('bucket') < 1)) {
    throw new FormatError(where, 'dim and bucket above 0', `${of('dim')} and ${of('bucket')}`, 'The file is damaged.')
  }
  return { dim: of('dim'), wordNgrams: of('wordNgrams'), loss, bucket: of('bucket'), minn, maxn }
}
