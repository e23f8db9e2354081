import { BackendError } from '../../errors.js'
import { createClock } from './command-clock.js'
import { COMMAND_WORDS } from './control-layout.js'
import type { LinearMemory } from './memory.js'
import { type CommandList, instantiateKernel, type KernelFunction, type Runner } from './runner.js'

/** Runs every command on this thread, as its only worker. */
export function runCommandsAlone(
  table: readonly KernelFunction[],
  memory: LinearMemory,
  commands: CommandList,
  times = 0,
): void {
  const words = memory.words(commands.address, commands.count * COMMAND_WORDS)
  const clock = times === 0 ? null : createClock(memory, times, commands.count, 0)
  let at = 0
  try {
    for (; at < commands.count; at++) {
      const kernel = table[words[at * COMMAND_WORDS] as number] as KernelFunction
      clock?.begin(at)
      kernel(words[at * COMMAND_WORDS + 1] as number, 0, 1, 0)
      clock?.end(at)
    }
  } catch (error) {
    throw new BackendError(`wasm: ${commands.labels[at]}`, 'a kernel that ends', String(error))
  }
}

/** One thread: no shared memory, no workers. */
export function createSoloRunner(memory: LinearMemory): Runner {
  const table: KernelFunction[] = []
  return {
    workers: 1,
    async install(modules) {
      for (const { index, module } of modules) table[index] = instantiateKernel(module, memory.memory)
    },
    async run(commands, times) {
      runCommandsAlone(table, memory, commands, times)
    },
    async close() {
      table.length = 0
    },
  }
}
