import AhoCorasick from 'modern-ahocorasick'
import { crc32 } from '../crc32.js'
import { OptionError } from '../data-filter-error.js'
import type { Filter, Measured } from '../filters/filter.js'
import { hostOf, type UrlHost } from './url-host.js'
import type { UrlLists } from './url-lists.js'

export interface UrlFilterOptions extends UrlLists {
  /** How many different soft banned words drop a URL. Default: 2. */
  readonly softLimit?: number
  /**
   * Also looks for each name between the registered domain and the host (`b.example.com` of `a.b.example.com`), for addresses and
   * for names under unknown suffixes. datatrove looks for the registered domain and the full host only. Default: false.
   */
  readonly parents?: boolean
  /**
   * Takes host and words of a URL in lower case before comparing. datatrove compares them as they are written with lists in lower
   * case, so that `/Porn/` passes; only subwords ignore case. Default: false.
   */
  readonly foldCase?: boolean
  /** Drops documents without a URL, for `no_url`. datatrove stops with an error there. Default: false, which keeps them. */
  readonly dropMissing?: boolean
}

const SEPARATORS = /[^a-zA-Z0-9]+/
const ALL_SEPARATORS = /[^a-zA-Z0-9]+/g
const normalize = (text: string): string => text.replace(ALL_SEPARATORS, '').toLowerCase()

/** An entry of nothing but marks would be in every URL. */
const wordsOf = (entries: Iterable<string>): Set<string> => {
  const words = new Set([...entries].map(normalize))
  words.delete('')
  return words
}

/**
 * Drops documents by their URL (metadata `url`), before anything reads their text. Rules, their order and reasons are those of
 * datatrove's `URLFilter`, and so are two habits of it that `parents` and `foldCase` change; see there. All profiles look at
 * URLs in this one way. Statistics: `has_url`, `domain`, `subdomain`, `url` and `banned_subwords` (0 or 1), `banned_words` and
 * `soft_banned_words` (how many different). Throws OptionError for a `softLimit` that is not a whole number from 1 on.
 */
export function urlFilter(options: UrlFilterOptions): Filter {
  const { softLimit = 2, parents = false, foldCase = false, dropMissing = false } = options
  if (!Number.isInteger(softLimit) || softLimit < 1) {
    throw new OptionError(
      'urlFilter',
      'softLimit to be a whole number from 1 on',
      String(softLimit),
      'The default is 2.',
    )
  }
  const domains = new Set(options.domains ?? [])
  const urls = new Set(options.urls ?? [])
  const [banned, soft] = [wordsOf(options.bannedWords ?? []), wordsOf(options.softBannedWords ?? [])]
  const subwords = [...wordsOf(options.bannedSubwords ?? [])]
  const automaton = subwords.length > 0 ? new AhoCorasick(subwords) : null
  return {
    name: 'url',
    rules: [
      ...(dropMissing ? [{ statistic: 'has_url', drops: '<', than: 1, reason: 'no_url' } as const] : []),
      { statistic: 'domain', drops: '>', than: 0, reason: 'domain' },
      { statistic: 'subdomain', drops: '>', than: 0, reason: 'subdomain' },
      { statistic: 'url', drops: '>', than: 0, reason: 'url' },
      { statistic: 'banned_words', drops: '>', than: 0, reason: 'hard_blacklisted' },
      { statistic: 'soft_banned_words', drops: '>=', than: softLimit, reason: 'soft_blacklisted' },
      { statistic: 'banned_subwords', drops: '>', than: 0, reason: 'blacklisted_subword' },
    ],
    settings: {
      ...{ softLimit, parents, foldCase },
      lists: [domains, urls, banned, soft, subwords].map((list) =>
        crc32(new TextEncoder().encode([...list].join('\n'))),
      ),
    },
    measure(_text, _words, document): Measured {
      const url = document.metadata['url']
      if (typeof url !== 'string' || url === '') return { statistics: { has_url: 0 } }
      const host = hostOf(url, foldCase)
      const words = new Set((foldCase ? url.toLowerCase() : url).split(SEPARATORS))
      return {
        statistics: {
          has_url: 1,
          domain: Number(host.registered !== null && domains.has(host.registered)),
          subdomain: Number(listed(host, domains, parents)),
          url: Number(urls.has(url)),
          banned_words: common(words, banned),
          soft_banned_words: common(words, soft),
          banned_subwords: Number(automaton?.match(normalize(url)) ?? false),
        },
      }
    },
  }
}

/** Whether the full host is in the list or, with `parents`, a name above it. */
function listed({ registered, full, host }: UrlHost, domains: ReadonlySet<string>, parents: boolean): boolean {
  if (!parents) return full !== null && domains.has(full)
  if (host === null) return false
  for (let name = host; name !== registered; ) {
    if (domains.has(name)) return true
    const dot = name.indexOf('.')
    // An address has no names above it.
    if (dot < 0 || registered === null) return false
    name = name.slice(dot + 1)
  }
  return domains.has(host)
}

function common(words: ReadonlySet<string>, list: ReadonlySet<string>): number {
  let count = 0
  for (const word of words) if (list.has(word)) count++
  return count
}
