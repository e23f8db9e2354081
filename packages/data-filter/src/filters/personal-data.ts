import { OptionError } from '../data-filter-error.js'
import type { Filter } from './filter.js'
import { type Found, findEmails } from './find-emails.js'
import { findIps } from './find-ips.js'
import { findIpv6 } from './find-ipv6.js'

export interface PersonalDataOptions {
  /** Replaces e-mail addresses. Default: true. */
  readonly emails?: boolean
  /** Replaces IPv4 addresses. Default: true. */
  readonly ips?: boolean
  /** Leaves addresses of private networks. Default: true. */
  readonly publicIps?: boolean
  /**
   * Leaves IPv4 addresses that are parts of longer words or numbers, such as versions; datatrove replaces them. Default: false.
   */
  readonly wholeIps?: boolean
  /** Also replaces IPv6 addresses, which datatrove does not. Default: false. */
  readonly ipv6?: boolean
  /** What takes the place of addresses, one after the other and again from the first. */
  readonly emailReplacements?: readonly string[]
  readonly ipReplacements?: readonly string[]
  readonly ipv6Replacements?: readonly string[]
  /**
   * When replacements begin again with the first. `never`, as in datatrove: they go on from document to document as long as
   * this filter is in use, so that make one filter a task if its output is to be the same again. With `document` a document's
   * text depends on nothing else. Default: never.
   */
  readonly restart?: 'never' | 'document'
}

/** Names that RFC 2606 keeps for examples. */
const EMAILS = ['email@example.com', 'firstname.lastname@example.org']
/** Nobody answered at these when datatrove's authors chose them. */
const IPS = ['22.214.171.124', '126.96.36.199', '188.8.131.52', '184.108.40.206', '220.127.116.11', '18.104.22.168']
/** RFC 3849 keeps this prefix for documentation. */
const IPS_V6 = ['2001:db8::1', '2001:db8::2']

/**
 * Replaces e-mail and IP addresses, as datatrove's `PIIFormatter`, in time proportional to the text's length whatever the text.
 * Drops nothing. Statistics: `emails`, `ips` and, if asked for, `ipv6`: how many were replaced. Throws OptionError where there
 * is nothing to replace them with.
 */
export function personalData(options: PersonalDataOptions = {}): Filter {
  const { emails = true, ips = true, publicIps = true, wholeIps = false, ipv6 = false, restart = 'never' } = options
  const { emailReplacements = EMAILS, ipReplacements = IPS, ipv6Replacements = IPS_V6 } = options
  for (const [name, list] of Object.entries({ emailReplacements, ipReplacements, ipv6Replacements })) {
    if (list.length > 0) continue
    throw new OptionError(
      'personalData',
      `${name} to have one text at least`,
      'none',
      'An empty text takes addresses out.',
    )
  }
  const steps: readonly { readonly statistic: string; find(text: string): Found[]; readonly by: readonly string[] }[] =
    [
      ...(emails ? [{ statistic: 'emails', find: findEmails, by: emailReplacements }] : []),
      ...(ipv6 ? [{ statistic: 'ipv6', find: (text: string) => findIpv6(text, publicIps), by: ipv6Replacements }] : []),
      ...(ips
        ? [
            {
              statistic: 'ips',
              find: (text: string) => findIps(text, { publicOnly: publicIps, whole: wholeIps }),
              by: ipReplacements,
            },
          ]
        : []),
    ]
  const turns = steps.map(() => 0)
  return {
    name: 'personal-data',
    rules: [],
    settings: { emails, ips, publicIps, wholeIps, ipv6, restart, emailReplacements, ipReplacements, ipv6Replacements },
    measure(text) {
      if (restart === 'document') turns.fill(0)
      const statistics: Record<string, number> = {}
      let current = text
      steps.forEach(({ statistic, find, by }, i) => {
        const found = find(current)
        const turn = turns[i] as number
        statistics[statistic] = found.length
        current = replaced(current, found, by, turn)
        turns[i] = (turn + found.length) % by.length
      })
      return { statistics, text: current }
    },
  }
}

function replaced(text: string, found: readonly Found[], by: readonly string[], turn: number): string {
  if (found.length === 0) return text
  const parts: string[] = []
  let from = 0
  found.forEach(({ start, end }, i) => {
    parts.push(text.slice(from, start), by[(turn + i) % by.length] as string)
    from = end
  })
  parts.push(text.slice(from))
  return parts.join('')
}
