import { BARRIER_BEFORE, COMMAND_WORDS, CONTROL, REASON_UNITS, SOLO, SPIN_MICROSECONDS } from './control-layout.js'

/**
 * What a worker thread runs, as text: it must work from a Blob and from Node's eval, without a bundler's help.
 * It sleeps until the turn changes, then either runs the program at hand with everybody else, or leaves the loop to
 * let its letters (new kernels) arrive, and comes back.
 */
export const workerSource = `'use strict'
const C = ${JSON.stringify(CONTROL)}
let control, memory, worker, workers, post
let seen = 0
let read = 0
const table = []

function changed(word, old) {
  if (Atomics.load(control, word) !== old) return true
  const until = performance.now() + ${SPIN_MICROSECONDS / 1000}
  do {
    for (let i = 0; i < 64; i++) if (Atomics.load(control, word) !== old) return true
  } while (performance.now() < until)
  return false
}

function barrier() {
  const generation = Atomics.load(control, C.generation)
  if (Atomics.add(control, C.arrived, 1) === workers - 1) {
    Atomics.store(control, C.arrived, 0)
    Atomics.add(control, C.generation, 1)
    if (Atomics.load(control, C.sleepers) > 0) Atomics.notify(control, C.generation)
  } else if (!changed(C.generation, generation)) {
    Atomics.add(control, C.sleepers, 1)
    while (Atomics.load(control, C.generation) === generation) Atomics.wait(control, C.generation, generation)
    Atomics.sub(control, C.sleepers, 1)
  }
  return Atomics.load(control, C.abort) === 0
}

function fail(command, reason) {
  for (let i = 0; i < reason.length; i++) control[C.reason + i] = reason.charCodeAt(i)
  control[C.reasonLength] = reason.length
  Atomics.store(control, C.failedCommand, command)
  Atomics.store(control, C.failedWorker, worker)
  Atomics.store(control, C.abort, 1)
  Atomics.add(control, C.generation, 1)
  Atomics.notify(control, C.generation)
}

function runProgram() {
  const address = Atomics.load(control, C.commands) >>> 0
  const count = Atomics.load(control, C.commandCount)
  // Another thread may have grown the memory: the buffer that this one sees follows with a delay.
  let buffer = memory.buffer
  while (buffer.byteLength < address + count * ${COMMAND_WORDS * 4}) buffer = memory.buffer
  const words = new Int32Array(buffer, address, count * ${COMMAND_WORDS})
  const times = Atomics.load(control, C.times) >>> 0
  const own = times + worker * count * 16
  while (times !== 0 && memory.buffer.byteLength < own + count * 16);
  const clock = times === 0 ? null : new Float64Array(memory.buffer, own, count * 2)
  let at = 0
  try {
    for (; at < count; at++) {
      const flags = words[at * ${COMMAND_WORDS} + 2]
      if (flags & ${BARRIER_BEFORE} && !barrier()) return false
      if (flags & ${SOLO}) continue
      if (clock) clock[2 * at] = performance.timeOrigin + performance.now()
      table[words[at * ${COMMAND_WORDS}]](words[at * ${COMMAND_WORDS} + 1], worker, workers, words[at * ${COMMAND_WORDS} + 3])
      if (clock) clock[2 * at + 1] = performance.timeOrigin + performance.now()
    }
  } catch (error) {
    if (Atomics.compareExchange(control, C.failing, 0, 1) === 0) fail(at, String(error).slice(0, ${REASON_UNITS}))
    return false
  }
  return barrier()
}

function loop() {
  for (;;) {
    if (Atomics.load(control, C.abort)) return
    if (Atomics.load(control, C.mail) !== read) return
    if (!changed(C.turn, seen)) while (Atomics.load(control, C.turn) === seen) Atomics.wait(control, C.turn, seen)
    seen = Atomics.load(control, C.turn)
    if (Atomics.load(control, C.abort) || Atomics.load(control, C.mail) !== read) continue
    if (!runProgram()) return
  }
}

function receive(letter) {
  if (letter.control) {
    ;({ control, memory, worker, workers } = letter)
  } else {
    for (const { index, module } of letter.modules) {
      table[index] = new WebAssembly.Instance(module, { env: { memory } }).exports.kernel
    }
    read = letter.number
    // Turns that passed before this letter came brought nothing else.
    seen = letter.turn
  }
  post({ read })
  loop()
}

if (typeof process === 'object' && process.versions && process.versions.node) {
  import('node:worker_threads').then(({ parentPort }) => {
    post = (message) => parentPort.postMessage(message)
    parentPort.on('message', receive)
  })
} else {
  post = (message) => self.postMessage(message)
  self.onmessage = (event) => receive(event.data)
}
`
