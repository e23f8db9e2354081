/** Resolves after the event loop has turned once: by MessageChannel, which no browser delays as it does timers. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const scope = globalThis as { setImmediate?: (run: () => void) => void }
    if (scope.setImmediate) {
      scope.setImmediate(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
