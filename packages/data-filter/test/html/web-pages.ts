import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sharedData } from '@almanac/test-kit'

export interface BenchmarkPage {
  readonly name: string
  readonly url: string
  readonly html: string
  readonly truth: string
}

/** What a test that wants the pages says where they are not. */
export const NO_PAGES = 'needs ../shared/data/web-pages (or ALMANAC_SHARED, the folder shared/)'

/** The pages of the article extraction benchmark that lie in the shared data, in the order of their names; undefined where there are none. */
export function webPages(): BenchmarkPage[] | undefined {
  const shared = process.env['ALMANAC_SHARED']
  const folder = shared ? join(shared, 'data', 'web-pages') : sharedData('web-pages')
  if (!folder || !existsSync(folder)) return undefined
  const truths = JSON.parse(readFileSync(join(folder, 'ground-truth.json'), 'utf8')) as Record<
    string,
    { readonly articleBody: string; readonly url: string }
  >
  return Object.keys(truths)
    .sort()
    .map((name) => {
      const { articleBody, url } = truths[name] as { articleBody: string; url: string }
      return {
        name,
        url,
        truth: articleBody,
        html: gunzipSync(readFileSync(join(folder, `${name}.html.gz`))).toString('utf8'),
      }
    })
}
