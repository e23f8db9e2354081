/** Words of the shared control block through which threads meet. */
export const CONTROL = {
  /** Grows by one with every program, mail or stop; idle workers wait on it. */
  turn: 0,
  /** Threads that have reached the present barrier. */
  arrived: 1,
  /** Grows by one with every barrier that opens. */
  generation: 2,
  /** Threads that wait, rather than spin, at a barrier. */
  sleepers: 3,
  /** Byte address and number of the program's commands. */
  commands: 4,
  commandCount: 5,
  /** Number of the last letter; a worker that has read fewer leaves its loop to read. */
  mail: 6,
  /** 1: the program is given up; nobody waits any more. */
  abort: 7,
  /** Index of a worker that failed, and of the command that it ran. 0: none. */
  failedWorker: 8,
  failedCommand: 9,
  /** The first worker to fail takes this word, and with it the right to give the reason. */
  failing: 10,
  /** Byte address of the program's times; 0: nobody takes any. */
  times: 11,
  /** The reason: how many UTF-16 units, and the units. Written before failedWorker, so it is there when that is seen. */
  reasonLength: 12,
  reason: 13,
} as const

/** Longer reasons are cut. */
export const REASON_UNITS = 243
export const CONTROL_WORDS = 256

/** A command: table index, byte address of its arguments, flags, and byte address of its workers' counters. */
export const COMMAND_WORDS = 4
/** The flags of a command. */
export const SOLO = 1
export const BARRIER_BEFORE = 2

/** A thread that waits spins this long before it lets the processor go. */
export const SPIN_MICROSECONDS = 50
