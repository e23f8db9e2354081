import ipaddr from 'ipaddr.js'
import type { Found } from './find-emails.js'

const RUN = /[0-9A-Fa-f:.]+/g
/** Eight groups of four digits and their colons, or six groups and an IPv4 address. */
const [SHORTEST, LONGEST] = [2, 45]
const WORD = /^[\p{L}\p{N}_]$/u

/**
 * The IPv6 addresses of a text; with `publicOnly` those of 2000::/3 that are no documentation or tunnels' own. They are not
 * found within words, so that `std::advance` is none.
 */
export function findIpv6(text: string, publicOnly: boolean): Found[] {
  if (!text.includes(':')) return []
  const found: Found[] = []
  for (const match of text.matchAll(RUN)) {
    const [start, end] = [match.index, match.index + match[0].length]
    // The end of a sentence, or a colon before a list.
    const address = match[0].replace(/\.$|(?<!:):$/, '')
    if (address.length < SHORTEST || address.length > LONGEST || !address.includes(':')) continue
    if (WORD.test(text[start - 1] ?? '') || WORD.test(text[end] ?? '') || !ipaddr.IPv6.isValid(address)) continue
    if (publicOnly && !isGlobal(ipaddr.IPv6.parse(address))) continue
    found.push({ start, end: start + address.length })
  }
  return found
}

const isGlobal = (address: ipaddr.IPv6): boolean =>
  (address.parts[0] as number) >> 13 === 1 && address.range() === 'unicast'
