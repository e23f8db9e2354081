// The first command on a fresh clone: needs only Node and npm. Installs, builds what is stale, then runs.
// Everything it says goes to stderr, so that the command behind it owns stdout.

import { runBench } from './bench.mjs'
import { buildAll } from './build.mjs'
import { runCli } from './cli.mjs'
import { runDocs } from './docs.mjs'
import { runExperiment } from './experiment.mjs'
import { installDependencies } from './install.mjs'
import { withLock } from './lock.mjs'
import { requireNode, say } from './process.mjs'
import { runCheck, runTests } from './test.mjs'

const [command, ...args] = process.argv.slice(2)

const prepare = (build) =>
  withLock(async () => {
    await installDependencies()
    if (build) await buildAll()
  })

const commands = {
  start: async () => {
    await prepare(true)
    await runCli(['demo', ...args])
  },
  almanac: async () => {
    await prepare(true)
    await runCli(args)
  },
  bench: async () => {
    await prepare(true)
    process.exitCode = await runBench(args)
  },
  experiment: async () => {
    await prepare(true)
    process.exitCode = await runExperiment(args)
  },
  docs: async () => {
    await prepare(true)
    await runDocs(args)
  },
  build: () => prepare(true),
  check: async () => {
    await prepare(false)
    process.exitCode = await runCheck()
  },
  test: async () => {
    await prepare(false)
    process.exitCode = await runTests(args)
  },
}

requireNode(20, 19)
if (!Object.hasOwn(commands, command ?? '')) {
  say(
    `expected one of ${Object.keys(commands).join(', ')}, got ${command ?? 'nothing'}. Run it as "npm run <command>".`,
  )
  process.exit(2)
}
try {
  await commands[command]()
} catch (error) {
  // A step that failed has already said why; anything else is a defect and shows its stack.
  say(error?.expected === true ? error.message : (error?.stack ?? String(error)))
  process.exit(error?.exitCode ?? 1)
}
