/** Milliseconds without a key before a text is read. */
const PAUSE_MS = 250

/** Calls `act` when nobody has asked for it for a while. */
export function afterPause(act: () => void): { call(): void; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  const cancel = () => clearTimeout(timer)
  return {
    call() {
      cancel()
      timer = setTimeout(act, PAUSE_MS)
    },
    cancel,
  }
}
