/** What URLs are dropped for. Bring your own: datatrove's archive of domains and URLs has no licence to pass it on. */
export interface UrlLists {
  /** Registered domains (`example.co.uk`) and full hosts (`www.example.co.uk`), in lower case. */
  readonly domains?: Iterable<string>
  /** Whole URLs, as they are written. */
  readonly urls?: Iterable<string>
  /** One of them among the words of a URL drops it. */
  readonly bannedWords?: Iterable<string>
  /** Several different ones drop it. */
  readonly softBannedWords?: Iterable<string>
  /** One of them anywhere in the URL's letters and digits drops it. */
  readonly bannedSubwords?: Iterable<string>
}
