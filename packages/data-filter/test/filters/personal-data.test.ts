import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { findEmails } from '../../src/filters/find-emails.js'
import { applyFilters, type PersonalDataOptions, personalData } from '../../src/index.js'
import { measured } from './reasons-of.js'

const clean = (text: string, options: PersonalDataOptions = {}): string =>
  measured(
    personalData({ emailReplacements: ['EMAIL'], ipReplacements: ['IP'], ipv6Replacements: ['IP6'], ...options }),
    text,
  ).text as string

describe('e-mail addresses', () => {
  // datatrove's own cases (test_pii_removal.py), one a line, with others between.
  test.each([
    ['email@example.com', 'EMAIL'],
    ['firstname.lastname@example.com', 'EMAIL'],
    ['email@subdomain.example.com', 'EMAIL'],
    ['firstname+lastname@example.com', 'EMAIL'],
    ['email@123.123.123.123', 'EMAIL'],
    ['email@[123.123.123.123]', 'EMAIL'],
    ['email@[1.2.3.tag:]', 'EMAIL'],
    ['email@[1.2.3.tag]', 'email@[1.2.3.tag]'],
    ['email@[1.2.3.-:]', 'email@[1.2.3.-:]'],
    ['email@[1.2.256.1]', 'email@[1.2.256.1]'],
    ['"email"@example.com', '"email"@example.com'],
    ['1234567890@example.com', 'EMAIL'],
    ['email@example-one.com', 'EMAIL'],
    ['_______@example.com', 'EMAIL'],
    ['email@example.co.jp', 'EMAIL'],
    ['NAME@MYSITE.COM', 'EMAIL'],
    ['very.unusual.”@”.unusual.com@example.com', 'very.unusual.”@”.EMAIL'],
    ['plainaddress', 'plainaddress'],
    ['#@%^%#$@#$@#.com', '#@%^%#$@#$@#.com'],
    ['@example.com', '@example.com'],
    ['Joe Smith <email@example.com>', 'Joe Smith <EMAIL>'],
    ['email@example@example.com', 'email@EMAIL'],
    ['.email@example.com', '.EMAIL'],
    ['email.@example.com', 'email.@example.com'],
    ['email..email@example.com', 'email..EMAIL'],
    ['あいうえお@example.com', 'あいうえお@example.com'],
    ['email@example', 'email@example'],
    ['email@-example.com', 'email@-example.com'],
    ['email@111.222.333.44444', 'EMAIL'],
    ['email@example..com', 'email@example..com'],
    ['Abc..123@example.com', 'Abc..EMAIL'],
    ['just”not”right@example.com', 'just”not”EMAIL'],
    ['Write to me@example.com.', 'Write to EMAIL.'],
    ['me@example.com-', 'EMAIL-'],
    ['me@example.c-.d', 'EMAIL-.d'],
    ['é!me@example.com', 'éEMAIL'],
    ['e!me@example.com', 'EMAIL'],
    [' !me@example.com', ' !EMAIL'],
    ['éme@example.com', 'éme@example.com'],
    ['éme.you@example.com', 'éme.EMAIL'],
    ['\u{10400}!me@example.com', '\u{10400}EMAIL'],
    ['\u{1f600}!me@example.com', '\u{1f600}!EMAIL'],
    ['a@b.c@d.e', 'EMAIL@d.e'],
    ['a@b.c!x@d.e', 'EMAILEMAIL'],
    ['@', '@'],
    ['a@', 'a@'],
  ])('%s', (text, wanted) => {
    expect(clean(text)).toBe(wanted)
    expect(clean(text, { emails: false, ips: false })).toBe(text)
  })

  /** datatrove's expression, with Python's `\b`, which knows all scripts. */
  const [IN, NOT] = ['[\\p{L}\\p{N}_]', '(?![\\p{L}\\p{N}_])']
  const EDGE = `(?:(?<=${IN})${NOT}|(?<!${IN})(?=${IN}))`
  const PART = "[A-Za-z0-9!#$%&'*+\\/=?^_`\\{\\|\\}~\\-]+"
  const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9\\-]*[A-Za-z0-9])?'
  const OCTET = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)'
  const PLAIN = new RegExp(
    `${EDGE}${PART}(?:\\.${PART})*@(?:(?:${LABEL}\\.)+${LABEL}|\\[(?:${OCTET}\\.){3}(?:${OCTET}|[A-Za-z0-9\\-]*[A-Za-z0-9]:)\\])`,
    'gu',
  )
  test('50,000 texts at random: the same as by the plain expression', () => {
    const random = seededRandom(11)
    const signs = [
      'a@b.c',
      'a@',
      'a',
      'b',
      'Z',
      '1',
      '25',
      '.',
      '.',
      '-',
      '@',
      '@',
      '!',
      '_',
      ' ',
      'é',
      '"',
      '[',
      ']',
      ':',
      '\u{1f600}',
      '\u{10400}',
    ]
    let found = 0
    for (let i = 0; i < 50_000; i++) {
      const text = Array.from({ length: 3 + random.integer(25) }, () => random.pick(signs)).join('')
      const wanted = text.replace(PLAIN, 'EMAIL')
      if (wanted !== text) found++
      expect(clean(text, { ips: false }), text).toBe(wanted)
    }
    expect(found).toBeGreaterThan(2000)
  })
  test('ordinary text: the same as by the plain expression', () => {
    const text = 'Write to Jane.Doe@mail.example.co.uk (or j_doe@x.org), not to jane@localhost. '.repeat(50)
    expect(clean(text)).toBe(text.replace(PLAIN, 'EMAIL'))
  })
})

describe('IPv4 addresses', () => {
  test.each([
    ['999.999.999.999.', '999.999.999.999.'],
    ['108.0.0.01', '108.0.0.01'],
    ['0.1.2.3', '0.1.2.3'],
    ['00.0000.00.00', '00.0000.00.00'],
    ['192.168.l.1', '192.168.l.1'],
    ['912.456.123.123', '912.456.123.123'],
    ['.3.3.3.0', '.IP'],
    ['163.36.107.25', 'IP'],
    ['35.88.121.75,4.132.211.142', 'IP,IP'],
    ['version 1.22.33.44', 'version IP'],
    ['1.22.33.441', 'IP1'],
    ['1.2.3.4.5.6.7.8', 'IP.IP'],
    ['256.1.1.1', '2IP'],
  ])('%s', (text, wanted) => {
    expect(clean(text)).toBe(wanted)
  })
  // The first and last of each network that is not global, and their neighbours: Python's ipaddress, of IANA's register.
  test.each([
    ['0.0.0.0', '0.255.255.255', null, '1.0.0.0'],
    ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
    ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
    ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
    ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
    ['192.0.0.0', '192.0.0.8', '191.255.255.255', '192.0.0.9'],
    ['192.0.0.11', '192.0.0.255', '192.0.0.10', '192.0.1.0'],
    ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
    ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
    ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
    ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
    ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
    ['240.0.0.0', '255.255.255.255', '239.255.255.255', null],
  ])('%s to %s stay', (first, last, before, after) => {
    for (const inside of [first, last]) {
      expect(clean(inside)).toBe(inside)
      expect(clean(inside, { publicIps: false })).toBe('IP')
    }
    for (const outside of [before, after]) if (outside) expect(clean(outside)).toBe('IP')
  })
  test.each(['224.0.0.1', '192.88.99.1', '192.31.196.1', '192.52.193.1', '192.175.48.1'])('%s is global', (address) => {
    expect(clean(address)).toBe('IP')
  })
  test.each([
    ['at 4.3.2.1.', 'at IP.'],
    ['(4.3.2.1)', '(IP)'],
    ['v4.3.2.1', 'v4.3.2.1'],
    ['4.3.2.1rc', '4.3.2.1rc'],
    ['4.3.2.1.5', '4.3.2.1.5'],
    ['5.4.3.2.1', '5.4.3.2.1'],
    ['4.3.2.100000', '4.3.2.100000'],
    ['é4.3.2.1', 'é4.3.2.1'],
    ['see.4.3.2.1', 'see.IP'],
  ])('whole ones only: %s', (text, wanted) => {
    expect(clean(text, { wholeIps: true })).toBe(wanted)
  })
})

describe('IPv6 addresses', () => {
  test.each([
    ['at 2001:4860:4860::8888.', 'at IP6.'],
    ['2a00:1450:4001:81b:0:0:0:200e: yes', 'IP6: yes'],
    ['[2606:4700::1111]:443', '[IP6]:443'],
    ['2001:db8::1', '2001:db8::1'],
    ['fe80::1 ::1 ::', 'fe80::1 ::1 ::'],
    ['std::advance dead::beef a::b 12:30:45', 'std::advance dead::beef a::b 12:30:45'],
    ['x2606:4700::1111', 'x2606:4700::1111'],
    ['2606:4700::1111g', '2606:4700::1111g'],
    ['2606:4700::1111::2', '2606:4700::1111::2'],
  ])('%s', (text, wanted) => {
    expect(clean(text, { ipv6: true })).toBe(wanted)
    expect(clean(text)).toBe(text)
  })
  test('private ones too', () => {
    expect(clean('fe80::1 ::1', { ipv6: true, publicIps: false })).toBe('IP6 IP6')
  })
})

describe('replacements', () => {
  const document = (id: string) => ({ id, text: 'a@b.co c@d.co e@f.co 4.3.2.1 1.1.1.1', metadata: {} })
  const [first, second] = ['email@example.com', 'firstname.lastname@example.org']
  test('go round, and on from document to document, as in datatrove', () => {
    const apply = applyFilters([personalData()])
    expect(apply(document('1')).document.text).toBe(`${first} ${second} ${first} 22.214.171.124 126.96.36.199`)
    expect(apply(document('2')).document.text).toBe(`${second} ${first} ${second} 188.8.131.52 184.108.40.206`)
    expect(apply(document('3')).document.text).toBe(`${first} ${second} ${first} 220.127.116.11 18.104.22.168`)
    expect(apply(document('4')).document.text).toBe(`${second} ${first} ${second} 22.214.171.124 126.96.36.199`)
  })
  test('or begin again with each document', () => {
    const apply = applyFilters([personalData({ restart: 'document' })])
    const [one, two] = [apply(document('1')), apply(document('2'))]
    expect(one.document.text).toBe(`${first} ${second} ${first} 22.214.171.124 126.96.36.199`)
    expect(two.document.text).toBe(one.document.text)
  })
  test('are counted, and nothing is dropped', () => {
    const { statistics, dropped } = applyFilters([personalData()])(document('1'))
    expect(statistics['personal-data']).toEqual({ emails: 3, ips: 2 })
    expect(dropped).toBeNull()
    expect(measured(personalData({ ipv6: true }), '').statistics).toEqual({ emails: 0, ips: 0, ipv6: 0 })
  })
  test('stay as they are when cleaned again', () => {
    const once = clean('a@b.co', { emailReplacements: [first] })
    expect(clean(once, { emailReplacements: [first] })).toBe(once)
  })
  test.each(['emailReplacements', 'ipReplacements', 'ipv6Replacements'])('%s must not be empty', (name) => {
    expect(() => personalData({ [name]: [] })).toThrow(
      `personalData: expected ${name} to have one text at least, got none. An empty text takes addresses out.`,
    )
  })
})

describe('texts that make the plain expression slow', () => {
  /** A million characters each; the plain expression needs minutes for some. Here a test is over or runs into its limit. */
  const long = (piece: string): string => piece.repeat(Math.ceil(1_000_000 / piece.length))
  test.each([
    ['a@', 'a@a@'],
    ['a.', 'a.a.a.'],
    ['1.', '1.1.1.'],
    ['a', 'aaaa'],
    ['a-', 'a-a-'],
    ['!', '!!!'],
    ['a@b.', 'a@b.a@b.'],
    ['a@b-', 'a@b-'],
    ['@', '@@@'],
    ['@a.', '@a.@a.'],
    ['a@[1.2.3.', 'a@[1.2.3.a@'],
    ['a@[1.2.3.4', 'a@[1.2.3.4'],
    ['255.', '255.255.'],
    ['fe80:', 'fe80:'],
    [':', '::::'],
    ['\0', 'nulls'],
    ['\ud800', 'lone surrogates'],
    ['\udc00!', 'lone surrogates'],
  ])('%j over and over', (piece) => {
    const shorter = long(piece).slice(0, 100_000)
    for (const text of [long(piece), `${shorter}@`, `@${shorter}`, `x@[1.2.3.${shorter}`]) {
      const { statistics } = measured(personalData({ ipv6: true, wholeIps: piece.length > 1 }), text)
      expect(statistics['emails']).toBeLessThanOrEqual(250_000)
    }
  })
  test('steps grow with the length, not with its square', () => {
    // Characters looked at are counted, not time: a text that says what of it was read.
    const steps = (length: number): number => {
      let count = 0
      const text = 'a@'.repeat(length / 2)
      const counting = Object.assign(Object(text) as string, {
        charCodeAt(at: number) {
          count++
          return text.charCodeAt(at)
        },
      })
      findEmails(counting)
      return count
    }
    expect(steps(20_000) / steps(10_000)).toBeLessThan(2.1)
    expect(steps(20_000)).toBeLessThan(20 * 20_000)
  })
})
