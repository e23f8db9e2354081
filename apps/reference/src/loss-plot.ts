const LEVELS = '▁▂▃▄▅▆▇█'

/** The course of a run in one line of `width` characters, from high to low; each stands for the mean of its updates. */
export function lossPlot(losses: ArrayLike<number>, width = 60): string {
  const columns = Math.min(width, losses.length)
  if (columns === 0) return ''
  const means = Array.from({ length: columns }, (_, i) => {
    const [from, to] = [Math.floor((i * losses.length) / columns), Math.floor(((i + 1) * losses.length) / columns)]
    let total = 0
    for (let j = from; j < to; j++) total += losses[j] as number
    return total / (to - from)
  })
  const [low, high] = [Math.min(...means), Math.max(...means)]
  const level = (x: number) => LEVELS[Math.round(((x - low) / (high - low || 1)) * (LEVELS.length - 1))]
  return `${high.toFixed(2)} ${means.map(level).join('')} ${low.toFixed(2)}`
}
