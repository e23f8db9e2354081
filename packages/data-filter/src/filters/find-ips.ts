import ipaddr from 'ipaddr.js'
import type { Found } from './find-emails.js'

export interface FindIpsOptions {
  /** Only addresses that are reachable in the public internet. */
  readonly publicOnly: boolean
  /** Only where no letter, digit, or further number follows or precedes: not in `v1.22.33.44` or `1.2.3.4.5`. */
  readonly whole: boolean
}

const OCTET = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)'
const ADDRESS = `(?:${OCTET}\\.){3}${OCTET}`
/** A match is at most 15 characters: each place costs no more than a few steps, whatever the text. */
const ANYWHERE = new RegExp(ADDRESS, 'g')
const WHOLE = new RegExp(`(?<![\\p{L}\\p{N}_]|[0-9]\\.)${ADDRESS}(?![\\p{L}\\p{N}_]|\\.[0-9])`, 'gu')
/** Zeros in front may mean octal numbers; Python takes such an address for none. */
const LEADING_ZERO = /(?:^|\.)0[0-9]/

/** Kinds of addresses that Python calls global: multicast ones too. */
const GLOBAL = new Set(['unicast', 'multicast', 'as112', 'amt'])
const RELAYS = ipaddr.parseCIDR('192.88.99.0/24')

function isGlobal(text: string): boolean {
  const address = ipaddr.parse(text)
  return GLOBAL.has(address.range()) || address.match(RELAYS) || text === '192.0.0.9' || text === '192.0.0.10'
}

/**
 * The IPv4 addresses of a text, as datatrove finds them; public ones as Python's `ipaddress` says (`is_global`, of IANA's
 * register).
 */
export function findIps(text: string, { publicOnly, whole }: FindIpsOptions): Found[] {
  const found: Found[] = []
  for (const match of text.matchAll(whole ? WHOLE : ANYWHERE)) {
    const [address] = match
    if (LEADING_ZERO.test(address) || (publicOnly && !isGlobal(address))) continue
    found.push({ start: match.index, end: match.index + address.length })
  }
  return found
}
