import type { Command } from '../command.js'
import { FILTER_HELP, FILTER_OPTIONS } from '../filter/filter-options.js'
import { readArguments } from '../read-options.js'
import { UsageError } from '../usage-error.js'

export const filterCommand: Command = {
  name: 'filter',
  summary: 'make training data of web pages, as FineWeb does',
  help: FILTER_HELP,
  async run(args) {
    const { values, positionals } = readArguments('filter', args, FILTER_OPTIONS)
    const modes = (['replay', 'launcher', 'stage'] as const).filter((mode) => values[mode] !== undefined)
    if (modes.length > 1) {
      throw new UsageError(
        `filter: expected one of ${modes.map((mode) => `--${mode}`).join(', ')}, got ${modes.length}.`,
      )
    }
    if ((values.replay || values.stage !== undefined) && positionals.length > 0) {
      throw new UsageError(
        `filter: expected no inputs with --${modes[0]}, got '${positionals[0]}'. They are those of the run in --out.`,
      )
    }
    if (values.replay) await (await import('../filter/replay-filter.js')).replayFilter(values)
    else if (values.stage !== undefined) await (await import('../filter/run-filter-task.js')).runFilterTask(values)
    else if (values.launcher !== undefined) {
      await (await import('../filter/launch-filter.js')).launchFilter(positionals, values)
    } else await (await import('../filter/run-filter.js')).runFilter(positionals, values)
  },
}
