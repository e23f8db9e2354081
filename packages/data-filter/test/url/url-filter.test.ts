import { describe, expect, test } from 'vitest'
import { applyFilters, replayFilters } from '../../src/index.js'
import { EXAMPLE_URL_LISTS, parseUrlList, type UrlFilterOptions, urlFilter } from '../../src/url/index.js'

const verdictOf = (options: UrlFilterOptions, url: string | null, all = true) =>
  applyFilters([urlFilter(options)], { all })({ id: '1', text: 'text', metadata: url === null ? {} : { url } })
const reasonsOf = (options: UrlFilterOptions, url: string | null): string[] =>
  verdictOf(options, url).reasons.map((reason) => reason.replace('url/', ''))
const statisticsOf = (options: UrlFilterOptions, url: string | null) => verdictOf(options, url).statistics['url']

describe('domains', () => {
  const domains = ['blocked.com', 'danger.org', 'badsubdomain.nice.com', 'evil.co.uk', '1.2.3.4', 'intranet']
  // The first eight are datatrove's own.
  test.each([
    ['https://blocked.com/some-sub-url?with=stuff', ['domain', 'subdomain']],
    ['https://hey.danger.org/some-sub-url?with=stuff', ['domain']],
    ['http://hey.danger.org/some-sub-url?with=stuff', ['domain']],
    ['http://www.danger.org/some-sub-url?with=stuff', ['domain']],
    ['https://nice.com/some-sub-url?with=stuff', []],
    ['https://badsubdomain.nice.com/some-sub-url?with=stuff', ['subdomain']],
    ['https://sdsd.badsubdomain.nice.com/some-sub-url?with=stuff', []],
    ['https://blocke.dcom/some-sub-url?with=stuff', []],
    ['https://www.evil.co.uk/', ['domain']],
    ['https://evil.com.uk/', []],
    ['https://user:blocked.com@nice.com:8080/blocked.com', []],
    ['https://me@www.blocked.com:8080/', ['domain']],
    ['http://1.2.3.4/', []],
    ['http://intranet/', []],
    ['https://WWW.Blocked.COM/', []],
  ])('%s as datatrove', (url, reasons) => {
    expect(reasonsOf({ domains }, url)).toEqual(reasons)
  })
  test('the first reason is the one that counts', () => {
    expect(verdictOf({ domains }, 'https://blocked.com/', false).dropped).toEqual({ filter: 'url', reason: 'domain' })
  })
  test.each([
    ['https://sdsd.badsubdomain.nice.com/', ['subdomain']],
    ['https://a.sdsd.badsubdomain.nice.com/', ['subdomain']],
    ['https://a.nice.com/', []],
    ['https://nice.com/', []],
    ['https://www.evil.co.uk/', ['domain']],
    ['http://1.2.3.4/', ['subdomain']],
    ['http://5.1.2.3.4/', []],
    ['http://intranet/', ['subdomain']],
  ])('%s with parents', (url, reasons) => {
    expect(reasonsOf({ domains, parents: true }, url)).toEqual(reasons)
  })
  test('with foldCase hosts are compared in lower case', () => {
    expect(reasonsOf({ domains, foldCase: true }, 'https://WWW.Blocked.COM/')).toEqual(['domain'])
  })
  test('names that a company gives out are under its own', () => {
    expect(reasonsOf({ domains: ['blogspot.com'] }, 'http://me.blogspot.com/')).toEqual(['domain'])
  })
})

test('a URL is compared as it is written', () => {
  const urls = ['https://nice.com/bad?page=1']
  expect(reasonsOf({ urls }, 'https://nice.com/bad?page=1')).toEqual(['url'])
  expect(reasonsOf({ urls }, 'https://nice.com/bad?page=1#top')).toEqual([])
  expect(reasonsOf({ urls, foldCase: true }, 'https://nice.com/Bad?page=1')).toEqual([])
})

describe('words', () => {
  const bannedWords = ['Porn', 'x-rated']
  test('one banned word drops', () => {
    expect(reasonsOf({ bannedWords }, 'https://nice.com/a-porn-b')).toEqual(['hard_blacklisted'])
    expect(reasonsOf({ bannedWords }, 'https://nice.com/pornography')).toEqual([])
    // The list loses its marks, the URL is split at them.
    expect(reasonsOf({ bannedWords }, 'https://nice.com/x-rated')).toEqual([])
    expect(reasonsOf({ bannedWords }, 'https://nice.com/xrated')).toEqual(['hard_blacklisted'])
  })
  test('capitals pass, unless foldCase', () => {
    expect(reasonsOf({ bannedWords }, 'https://nice.com/Porn')).toEqual([])
    expect(reasonsOf({ bannedWords, foldCase: true }, 'https://nice.com/Porn')).toEqual(['hard_blacklisted'])
  })
  test.each([1, 2, 3])('soft words drop at the limit %i', (softLimit) => {
    const softBannedWords = ['adult', 'bet', 'teen', 'poker']
    const url = (count: number) => `https://nice.com/${softBannedWords.slice(0, count).join('/')}`
    const reasons = (count: number) => reasonsOf({ softBannedWords, softLimit }, url(count))
    expect(reasons(softLimit - 1)).toEqual([])
    expect(reasons(softLimit)).toEqual(['soft_blacklisted'])
    expect(reasons(softLimit + 1)).toEqual(['soft_blacklisted'])
  })
  test('a soft word counts once', () => {
    expect(statisticsOf({ softBannedWords: ['bet'] }, 'https://nice.com/bet/bet')?.['soft_banned_words']).toBe(1)
  })
  test('subwords are found across marks and in any case', () => {
    const bannedSubwords = ['freestuff', 'ab']
    expect(reasonsOf({ bannedSubwords }, 'https://nice.com/FREE-stuff')).toEqual(['blacklisted_subword'])
    expect(reasonsOf({ bannedSubwords }, 'https://nicea.bz.com/')).toEqual(['blacklisted_subword'])
    expect(reasonsOf({ bannedSubwords }, 'https://nice.com/free-stuf')).toEqual([])
  })
  test('entries without letters are none', () => {
    const none = ['--', '']
    expect(reasonsOf({ bannedWords: none, softBannedWords: none, bannedSubwords: none }, 'https://nice.com/')).toEqual(
      [],
    )
  })
})

test('without a URL a document is kept, unless dropMissing', () => {
  expect(statisticsOf(EXAMPLE_URL_LISTS, null)).toEqual({ has_url: 0 })
  expect(reasonsOf(EXAMPLE_URL_LISTS, null)).toEqual([])
  expect(reasonsOf(EXAMPLE_URL_LISTS, '')).toEqual([])
  expect(reasonsOf({ ...EXAMPLE_URL_LISTS, dropMissing: true }, null)).toEqual(['no_url'])
  expect(reasonsOf({ ...EXAMPLE_URL_LISTS, dropMissing: true }, 'https://nice.com/')).toEqual([])
})

test("the example lists show each rule, in datatrove's order", () => {
  const url = 'https://casino-example.com/porn/adult/bet/free-porn'
  expect(statisticsOf(EXAMPLE_URL_LISTS, url)).toEqual({
    has_url: 1,
    domain: 1,
    subdomain: 1,
    url: 0,
    banned_words: 1,
    // casino, adult, bet
    soft_banned_words: 3,
    banned_subwords: 1,
  })
  expect(reasonsOf(EXAMPLE_URL_LISTS, url)).toEqual([
    'domain',
    'subdomain',
    'hard_blacklisted',
    'soft_blacklisted',
    'blacklisted_subword',
  ])
  expect(reasonsOf(EXAMPLE_URL_LISTS, EXAMPLE_URL_LISTS.urls[0])).toEqual(['url'])
  expect(reasonsOf(EXAMPLE_URL_LISTS, 'https://en.wikipedia.org/wiki/Essex')).toEqual([])
})

test('decisions follow from statistics alone, with another limit too', () => {
  const { statistics } = verdictOf(EXAMPLE_URL_LISTS, 'https://nice.com/adult/bet')
  expect(replayFilters([urlFilter(EXAMPLE_URL_LISTS)], statistics)).toEqual({
    filter: 'url',
    reason: 'soft_blacklisted',
  })
  expect(replayFilters([urlFilter({ softLimit: 3 })], statistics)).toBeNull()
})

test.each([
  ['nonsense', 'not a url at all'],
  ['null bytes', 'https://nice.com/\0\0porn\0'],
  ['lone surrogates', 'https://\ud800.com/\udc00'],
  ['5 MB', `https://nice.com/${'a.b-'.repeat(1_250_000)}`],
  ['a host of 1 MB', `https://${'a.'.repeat(500_000)}com/`],
  ['an address', 'http://[::1]:80/'],
  ['half an address', 'http://[::1'],
  ['percent signs', 'http://%%%/%zz'],
])('hostile URLs are measured: %s', (_name, url) => {
  expect(statisticsOf({ ...EXAMPLE_URL_LISTS, parents: true, foldCase: true }, url)?.['has_url']).toBe(1)
  expect(statisticsOf(EXAMPLE_URL_LISTS, url)?.['has_url']).toBe(1)
})

test('a URL that is no text is none', () => {
  const verdict = applyFilters([urlFilter(EXAMPLE_URL_LISTS)])({ id: '1', text: '', metadata: { url: 5 } })
  expect(verdict.statistics['url']).toEqual({ has_url: 0 })
})

test('lists are lines, without those that begin with #', () => {
  expect(parseUrlList('# a list\nblocked.com\r\n\n  danger.org  \n#x\n # y\n')).toEqual([
    'blocked.com',
    'danger.org',
    '# y',
  ])
  expect(parseUrlList('')).toEqual([])
})

test.each([0, 1.5, Number.NaN, -1])('a limit of %d is none', (softLimit) => {
  expect(() => urlFilter({ softLimit })).toThrow(
    `urlFilter: expected softLimit to be a whole number from 1 on, got ${softLimit}. The default is 2.`,
  )
})
