/** Seconds as people say them: 45s, 3m10s, 2h05m. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`
}

/** A bar of `width` characters for a fraction. */
export function bar(fraction: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}

/** Seconds between lines where the output is no terminal. */
const QUIET_SECONDS = 15

/**
 * Progress on standard error: one line that is written over on a terminal; elsewhere a line every 15 seconds. `note` writes
 * a line that stays; `clear` takes the last one away, for what goes to standard output.
 */
export function progressLine(stream: NodeJS.WriteStream = process.stderr) {
  let last = 0
  let open = false
  const clear = () => {
    if (open) stream.write('\r\x1b[2K')
    open = false
  }
  return {
    clear,
    update(text: string, important = false) {
      const now = performance.now()
      if (stream.isTTY) {
        if (!important && now - last < 100) return
        stream.write(`\r\x1b[2K${text.slice(0, Math.max(20, stream.columns - 1))}`)
        open = true
      } else if (important || now - last > QUIET_SECONDS * 1000) stream.write(`${text}\n`)
      else return
      last = now
    },
    note(text: string) {
      clear()
      stream.write(`${text}\n`)
    },
  }
}
