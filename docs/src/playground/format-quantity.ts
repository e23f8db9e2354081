const grouped = new Intl.NumberFormat('en')

/** 14,810 */
export const formatCount = (value: number): string => grouped.format(Math.round(value))

/** Three digits of a rate: 12.3, 1,234. */
export const formatRate = (value: number): string => (value < 100 ? value.toPrecision(3) : formatCount(value))

/** 512 KiB, 12.3 MiB, in powers of 1024. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB']
  let power = 0
  while (bytes >= 1024 ** (power + 1) && power < units.length - 1) power++
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toPrecision(3)} ${units[power]}`
}

/** 45 s, 3 min 20 s, 2 h 5 min. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
