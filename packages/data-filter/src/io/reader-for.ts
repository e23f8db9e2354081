import { OptionError } from '../data-filter-error.js'
import type { Reader } from '../read-record.js'
import type { FieldNames } from './adapt-record.js'
import { htmlReader } from './html-reader.js'
import { jsonlReader } from './jsonl-reader.js'
import { parquetReader } from './parquet-reader.js'
import { textReader } from './text-reader.js'
import { warcReader } from './warc-reader.js'

const READERS: readonly { readonly endings: readonly string[]; readonly open: (names: FieldNames) => Reader }[] = [
  { endings: ['.warc', '.wet', '.warc.wet'], open: () => warcReader() },
  { endings: ['.jsonl', '.ndjson'], open: jsonlReader },
  { endings: ['.html', '.htm', '.xhtml'], open: () => htmlReader() },
  { endings: ['.txt', '.text', '.md'], open: () => textReader() },
]

/**
 * The reader for a file, by the ending of its name: `.warc`, `.wet`, `.jsonl`, `.ndjson`, `.html`, `.htm`, `.xhtml`, `.txt`, `.text`,
 * `.md`, all also with `.gz`, and `.parquet`. Throws OptionError for another.
 */
export function readerFor(name: string, names: FieldNames = {}): Reader {
  if (name.endsWith('.parquet')) return parquetReader(names)
  const plain = name.replace(/\.gz$/, '')
  const found = READERS.find(({ endings }) => endings.some((ending) => plain.endsWith(ending)))
  if (found) return found.open(names)
  const endings = READERS.flatMap((reader) => reader.endings)
  throw new OptionError(
    `readerFor: ${name}`,
    `a name that ends in ${endings.join(', ')}, with or without .gz, or in .parquet`,
    /\.(?:zst|bz2|xz|lz4|zip)$/.exec(name) ? 'a compression that is not read' : 'another ending',
    'Rename or convert the file, or take the reader of its format.',
  )
}
