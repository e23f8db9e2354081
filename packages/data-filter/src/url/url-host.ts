import { parse } from 'tldts'

/** The names of a URL's host that lists are searched for. */
export interface UrlHost {
  /** The name that is registered under a public suffix; null for an address, a bare name, or an unknown suffix. */
  readonly registered: string | null
  /** All of the host's name; null likewise. */
  readonly full: string | null
  /** The host, whatever it is. */
  readonly host: string | null
}

/**
 * Takes a URL's host apart by the public suffix list (tldts), as tldextract does: suffixes that companies give out
 * (`blogspot.com`) are names like others, and a suffix that the list does not have is none. The case of the URL stays with
 * `foldCase` false.
 */
export function hostOf(url: string, foldCase: boolean): UrlHost {
  const { hostname, domain, isIcann } = parse(url)
  if (!hostname) return { registered: null, full: null, host: null }
  const at = foldCase ? -1 : url.toLowerCase().indexOf(hostname)
  const host = at < 0 ? hostname : url.slice(at, at + hostname.length)
  if (!domain || !isIcann) return { registered: null, full: null, host }
  return { registered: host.slice(host.length - domain.length), full: host, host }
}
