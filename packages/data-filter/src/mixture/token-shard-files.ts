import { FormatError } from '../data-filter-error.js'
import type { BytesPerToken } from './token-ids.js'

/** The names of a shard's three files, datatrove's. */
export function tokenShardFiles(name: string): {
  readonly tokens: string
  readonly index: string
  readonly metadata: string
} {
  return { tokens: `${name}.ds`, index: `${name}.ds.index`, metadata: `${name}.ds.metadata` }
}

/** What a shard's metadata file says. */
export interface TokenShardMetadata {
  readonly tokenizer: string
  readonly bytesPerToken: BytesPerToken
  readonly tokens: number
}

/** datatrove's three lines: tokenizer and bytes a token, tokens, and the tokens once more for people (`1.50 kT`). No line end behind them. */
export function tokenShardMetadataText({ tokenizer, bytesPerToken, tokens }: TokenShardMetadata): string {
  return `${tokenizer}|${bytesPerToken}\n${tokens}\n${tokensForPeople(tokens)}`
}

/** Reads the lines. The third may be missing, and the name may have bars. Throws FormatError. */
export function parseTokenShardMetadata(where: string, text: string): TokenShardMetadata {
  const [first = '', second = ''] = text.split('\n').map((line) => line.trim())
  const [, tokenizer = '', size] = /^(.*)\|([24])$/.exec(first) ?? []
  if (size === undefined)
    throw new FormatError(where, 'a first line "tokenizer|2" or "tokenizer|4"', JSON.stringify(first.slice(0, 80)))
  if (!/^\d{1,15}$/.test(second))
    throw new FormatError(where, 'a second line with the number of tokens', JSON.stringify(second.slice(0, 80)))
  return { tokenizer, bytesPerToken: Number(size) as BytesPerToken, tokens: Number(second) }
}

/** Three digits and a metric prefix, as datatrove's humanize writes it. */
function tokensForPeople(tokens: number): string {
  const exponent = tokens > 0 ? Math.floor(Math.log10(tokens)) : 0
  const group = Math.floor(exponent / 3)
  const digits = (tokens / 1000 ** group).toFixed(2 - (exponent % 3))
  const prefix = (n: number): string => ['', 'k', 'M', 'G', 'T', 'P'][n] as string
  return digits === '1000' ? `1.00 ${prefix(group + 1)}T` : `${digits} ${prefix(group)}T`
}
