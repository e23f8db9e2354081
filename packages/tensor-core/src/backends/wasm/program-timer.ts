import type { KernelRun, KernelTimer } from '../../profile/kernel-run.js'
import type { LoadedProgram } from './loaded-program.js'
import type { LinearMemory } from './memory.js'
import { type Runner, timesBytes } from './runner.js'

export interface ProgramTimer extends KernelTimer {
  /** Runs a program; while the timer is on, with the times of its kernels. */
  run(program: LoadedProgram): Promise<void>
}

/** Takes times in a piece of linear memory, where every thread writes its own. Without room for it none are taken. */
export function createProgramTimer(runner: Runner, memory: LinearMemory): ProgramTimer {
  let runs: KernelRun[] | null = null

  const collect = ({ program, commands, passes }: LoadedProgram, times: number): void => {
    const threads = commands.solo ? 1 : runner.workers
    for (let thread = 0; thread < threads; thread++) {
      const own = memory.doubles(times + thread * commands.count * 16, commands.count * 2)
      passes.forEach(({ name, launch }, at) => {
        const [begin, end] = [own[2 * at] as number, own[2 * at + 1] as number]
        // A thread that leaves a kernel to another writes nothing.
        if (begin > 0) runs?.push({ program, launch, kernel: name, thread, begin, end })
      })
    }
  }

  return {
    threads: runner.workers,
    start() {
      runs = []
    },
    stop() {
      const taken = runs ?? []
      runs = null
      return taken
    },
    async run(program) {
      const { allocator } = memory
      const bytes = timesBytes(program.commands, runner.workers)
      const times = runs === null ? null : allocator.allocate(bytes)
      if (times === null) return runner.run(program.commands)
      memory.bytes(times, bytes).fill(0)
      try {
        await runner.run(program.commands, times)
        collect(program, times)
      } finally {
        allocator.release(times)
      }
    },
  }
}
