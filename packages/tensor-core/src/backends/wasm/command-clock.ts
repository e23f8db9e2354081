import type { LinearMemory } from './memory.js'

/** Writes when a thread began and ended each command, in milliseconds since 1970. */
export interface CommandClock {
  begin(command: number): void
  end(command: number): void
}

/** `times`: address of the program's times; each thread has a pair of doubles a command. */
export function createClock(memory: LinearMemory, times: number, commands: number, thread: number): CommandClock {
  const own = memory.doubles(times + thread * commands * 16, commands * 2)
  const write = (at: number): void => {
    own[at] = performance.timeOrigin + performance.now()
  }
  return { begin: (command) => write(2 * command), end: (command) => write(2 * command + 1) }
}
