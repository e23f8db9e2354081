import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkPackage } from '../src/check-package.js'
import { formatProblem } from '../src/problem.js'
import { makePackage } from './tree.js'

type Change = Parameters<typeof makePackage>[1]

/** The lines the check prints for a package that is good apart from one change. */
const lines = (name: string, change: Change = {}) => checkPackage(makePackage(name, change)).map(formatProblem)

const core = '@almanac/tensor-core'
const corePeer = { peerDependencies: { [core]: 'workspace:^' }, devDependencies: { [core]: 'workspace:^' } }

test('a good package has no problem', () => {
  expect(lines('attention', { manifest: corePeer })).toEqual([])
})

describe('package contract', () => {
  const cases: [what: string, manifest: Record<string, unknown>, line: string][] = [
    [
      'name',
      { name: '@almanac/other' },
      'expected name "@almanac/moe", got "@almanac/other". Name the package after its folder.',
    ],
    ['version', { version: undefined }, 'expected a version, got nothing. Start with "0.1.0".'],
    [
      'description',
      { description: 'Short.' },
      'expected a description of at least 20 characters, got "Short.". Say in one sentence what the package is for.',
    ],
    ['license', { license: 'ISC' }, 'expected license "MIT", got "ISC". Set it.'],
    ['type', { type: 'commonjs' }, 'expected type "module", got "commonjs". Set it; packages are ESM only.'],
    [
      'sideEffects',
      { sideEffects: undefined },
      'expected sideEffects false, got nothing. Set it; bundlers drop unused modules only then.',
    ],
    ['engines', { engines: { node: '>=18' } }, 'expected engines.node ">=20.19", got ">=18". Set it.'],
    [
      'build',
      { scripts: { build: 'tsc', check: 'almanac-conventions package' } },
      'expected scripts.build "tsup", got "tsc". Use the shared tsup configuration.',
    ],
    [
      'check',
      { scripts: { build: 'tsup' } },
      'expected scripts.check "almanac-conventions package", got nothing. Set it, or the package is never checked.',
    ],
    ['files', { files: ['dist'] }, 'expected files with "src", got ["dist"]. Source maps need both dist and src.'],
    [
      'core as dependency',
      { dependencies: { [core]: 'workspace:^' } },
      `expected ${core} as a peer, got "a dependency". Move it to peerDependencies and devDependencies: two copies in one process do not work.`,
    ],
    [
      'core peer range',
      { ...corePeer, peerDependencies: { [core]: '*' } },
      `expected peerDependencies["${core}"] "workspace:^", got "*". Set it.`,
    ],
    [
      'core not in dev',
      { peerDependencies: { [core]: 'workspace:^' } },
      `expected ${core} in devDependencies too, got nothing. Add "workspace:^", or tests do not find it.`,
    ],
  ]
  test.each(cases)('%s', (_, manifest, line) => {
    expect(lines('moe', { manifest })).toContain(`packages/moe/package.json: ${line}`)
  })

  test('tensor-core has no dependency', () => {
    expect(lines('tensor-core', { manifest: { dependencies: { koffi: '2' } } })).toContain(
      'packages/tensor-core/package.json: expected no dependencies, got {"koffi":"2"}. tensor-core has none at run time; make it an optional peer.',
    )
  })

  test('conditions come in order and name existing sources', () => {
    const exports = {
      '.': { types: './dist/index.d.ts', '@almanac/source': './src/missing.ts', default: './dist/index.js' },
      './package.json': './package.json',
    }
    expect(lines('moe', { manifest: { exports } })).toEqual([
      'packages/moe/package.json: expected exports["."] with the conditions @almanac/source,types,default in this order, got ["types","@almanac/source","default"]. Put the source first, so that the workspace runs on sources.',
      'packages/moe/package.json: expected exports["."] to name an existing source, got "./src/missing.ts". Write the file or take the export away.',
    ])
  })
})

describe('layer arrows', () => {
  test('blocks and workflows never import each other', () => {
    const manifest = { ...corePeer, dependencies: { '@almanac/training': 'workspace:^' } }
    const files = { 'src/one.ts': "import type { Trainer } from '@almanac/training'\nexport type One = Trainer\n" }
    expect(lines('attention', { manifest, files })).toEqual([
      `packages/attention/package.json: expected only ${core} below @almanac/attention, got @almanac/training. Move what both need into a lower layer (types go to @almanac/tensor-core/contracts), or compose them above.`,
      `packages/attention/src/one.ts: expected only ${core} to be imported from @almanac/attention, got @almanac/training. Move what both need into a lower layer (types go to @almanac/tensor-core/contracts), or compose them above.`,
    ])
  })

  test('tensor-core imports no sibling, not even in a test or lazily', () => {
    const files = { 'test/one.test.ts': "export const m = () => import('@almanac/attention')\n" }
    expect(lines('tensor-core', { files }).join('\n')).toContain(
      'packages/tensor-core/test/one.test.ts: expected no other package to be imported from @almanac/tensor-core, got @almanac/attention.',
    )
  })

  test('language-model stands on blocks and workflows, serving above it', () => {
    const manifest = { ...corePeer, dependencies: { '@almanac/attention': 'workspace:^' } }
    const files = { 'src/one.ts': "export { attend } from '@almanac/attention'\n" }
    expect(lines('language-model', { manifest, files })).toEqual([])
    const up = { ...corePeer, dependencies: { '@almanac/serving': 'workspace:^' } }
    expect(lines('language-model', { manifest: up })[0]).toMatch(
      /expected only .* below @almanac\/language-model, got @almanac\/serving/,
    )
  })

  test('a package without a layer', () => {
    expect(lines('astrology')).toEqual([
      'packages/astrology: expected a layer for every package, got a package that no layer names. Give it its arrows in internal/conventions/src/layers.ts and ARCHITECTURE.md.',
    ])
  })
})

describe('declared dependencies', () => {
  test('an import that package.json does not name', () => {
    const files = {
      'src/one.ts':
        "import { pad } from 'left-pad/lib'\nimport { join } from 'node:path'\nexport const one = [pad, join]\n",
    }
    expect(lines('attention', { files })).toEqual([
      'packages/attention/src/one.ts: expected left-pad in dependencies or peerDependencies, got an import that package.json does not declare. Add it to packages/attention/package.json, or do without it.',
    ])
  })

  test('a devDependency is for tests only; words in comments are no imports', () => {
    const manifest = { devDependencies: { 'left-pad': '1' } }
    const importing = "import 'left-pad'\n"
    const files = {
      'src/one.ts': `// ${importing}export const one = "import('left-pad')"\n`,
      'test/one.test.ts': importing,
    }
    expect(lines('attention', { manifest, files })).toEqual([])
    expect(lines('attention', { manifest, files: { 'src/two.ts': importing } })).toHaveLength(1)
  })
})

describe('layers inside a package', () => {
  test.each(['src/kernel/loop.ts', 'src/errors.ts', 'src/dtype.ts', 'src/shape.ts'])('tensor-core %s', (file) => {
    const up = file.startsWith('src/kernel/') ? '..' : '.'
    const files = { [file]: `import type { Add } from '${up}/ops/add.js'\nexport type One = Add\n` }
    expect(lines('tensor-core', { files })).toEqual([
      `packages/tensor-core/${file}: expected nothing from ops/, backends/, got ${up}/ops/add.js. The kernel language, errors, dtypes and shapes are the ground that ops and backends stand on. Turn the arrow round, or move the shared part down.`,
    ])
  })

  test('ops may import the kernel language', () => {
    expect(lines('tensor-core', { files: { 'src/ops/add.ts': "export { f32 } from '../kernel/value.js'\n" } })).toEqual(
      [],
    )
  })

  test('tokenizers are usable without models', () => {
    const files = { 'src/tokenizers/bytes.ts': "export { Llama } from '../models/llama.js'\n" }
    expect(lines('language-model', { files })).toEqual([
      'packages/language-model/src/tokenizers/bytes.ts: expected nothing from models/, checkpoints/, sampling/, got ../models/llama.js. Tokenizers are usable without models. Turn the arrow round, or move the shared part down.',
    ])
  })
})

describe('one concept a file', () => {
  test('file names are kebab-case and no catch-alls', () => {
    const files = {
      'src/RMSNorm.ts': 'export {}\n',
      'src/utils.ts': 'export {}\n',
      'src/swiglu.wasm.ts': 'export {}\n',
      'src/untyped-module.d.ts': 'export {}\n',
    }
    expect(lines('attention', { files })).toEqual([
      'packages/attention/src/RMSNorm.ts: expected a file name in kebab-case, got RMSNorm.ts. Name the file after the concept it holds.',
      'packages/attention/src/utils.ts: expected a file named after one concept, got utils.ts. Give each function a file of its own name.',
    ])
  })

  test('an index only re-exports', () => {
    const files = { 'src/index.ts': 'export const one = 1\n', 'src/nn/index.ts': "import './patch.js'\n" }
    expect(lines('attention', { files })).toEqual([
      'packages/attention/src/index.ts: expected an index that only re-exports, got other statements. Move them to a file named after what they do.',
      'packages/attention/src/nn/index.ts: expected an index that only re-exports, got other statements. Move them to a file named after what they do.',
    ])
  })

  test('a long file says why', () => {
    const long = '\n'.repeat(400)
    const files = {
      'src/long.ts': `${long}export {}\n`,
      'src/reasoned.ts': `// Over 400 lines because the table is one.\n${long}export {}\n`,
      'src/exactly.ts': `${'\n'.repeat(399)}export {}\n`,
    }
    expect(lines('attention', { files })).toEqual([
      'packages/attention/src/long.ts: expected at most 400 lines, or "Over 400 lines because ..." in the first 30, got 401 lines. Split the file by concept, or say in its head why it is long.',
    ])
  })
})

describe('README sections', () => {
  const readme = (text: string) => lines('attention', { files: { 'README.md': text } })

  test('no README', () => {
    const pkg = makePackage('attention')
    rmSync(join(pkg.root, pkg.folder, 'README.md'))
    expect(checkPackage(pkg).map(formatProblem)).toEqual([
      'packages/attention/README.md: expected a README with ## Install, ## In fifteen lines, ## What is inside, ## Limits, got no file. Write it.',
    ])
  })

  test('a missing section and a wrong title', () => {
    expect(readme('# attention\n## Install\n## In fifteen lines\n```ts\n1\n```\n## Limits\n')).toEqual([
      'packages/attention/README.md: expected the title "# @almanac/attention", got "# attention". Begin with the package name.',
      'packages/attention/README.md: expected the section "## What is inside", got none. Add it; a reader finds the same four in every package.',
    ])
  })

  test('an example that is missing or too long', () => {
    const around = (block: string) =>
      readme(`# @almanac/attention\n## Install\n## In fifteen lines\n${block}\n## What is inside\n## Limits\n`)
    expect(around('')).toEqual([
      'packages/attention/README.md: expected a ```ts block in "## In fifteen lines", got none. Show the package at work; the block runs in the tests.',
    ])
    expect(around(`\`\`\`ts\n${'f()\n'.repeat(16)}\`\`\``)).toEqual([
      'packages/attention/README.md: expected at most 15 lines in the first example, got 16. Shorten it, or make the API shorter.',
    ])
  })
})
