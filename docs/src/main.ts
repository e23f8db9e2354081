// npm run docs: makes the site; with --serve it shows it, too. Started at the repository's root.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSite } from './build-site.js'
import { serveSite } from './serve-site.js'

const HELP = `npm run docs -- [options]

  --serve       show the site when it is made (Ctrl-C ends it)
  --port N      default 8190; 0 takes any free one
  --out FOLDER  where the site goes, inside docs/ (default docs/.site)`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean', default: false },
      port: { type: 'string', default: '8190' },
      out: { type: 'string', default: 'docs/.site' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(HELP)
  const { html, pages, api } = await buildSite(process.cwd(), resolve(values.out))
  console.log(`site: ${pages.length} pages and ${api.length} of API reference, ${html}/index.html`)
  if (!values.serve) return console.log('next: npm run docs -- --serve')
  console.log(`at ${(await serveSite(html, Number(values.port))).url}/ (Ctrl-C ends it)`)
}

try {
  await main()
} catch (error) {
  console.error(`docs: ${(error as Error).message}`)
  process.exitCode = 1
}
