const SVG = 'http://www.w3.org/2000/svg'
const BOX = { left: 44, right: 630, top: 12, bottom: 262 }
const POINTS = 400

/** The loss of every update (means over neighbours), the held-out losses, and the count models' losses as levels. */
export function drawCurve(svg, { losses, evaluations, report }) {
  const points = Array.from(
    { length: Math.min(POINTS, losses.length) },
    (_, i, all = Math.min(POINTS, losses.length)) => {
      const part = losses.slice(Math.floor((i * losses.length) / all), Math.floor(((i + 1) * losses.length) / all))
      return [((i + 0.5) / all) * losses.length, part.reduce((a, b) => a + b, 0) / part.length]
    },
  )
  const levels = report
    ? [
        ['bigram', report.bigram],
        ['trigram', report.trigram],
      ]
    : []
  const heights = [...points.map(([, y]) => y), ...evaluations.map(({ nats }) => nats), ...levels.map(([, y]) => y)]
  const [low, high] = [Math.floor(Math.min(...heights)), Math.ceil(Math.max(...heights))]
  const x = (step) => BOX.left + (step / losses.length) * (BOX.right - BOX.left)
  const y = (nats) => BOX.bottom - ((nats - low) / (high - low)) * (BOX.bottom - BOX.top)
  const add = (name, attributes, text) => {
    const node = document.createElementNS(SVG, name)
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
    if (text !== undefined) node.textContent = text
    svg.append(node)
    return node
  }
  svg.replaceChildren()
  for (let nats = low; nats <= high; nats++) {
    add('line', { class: 'axis', x1: BOX.left, x2: BOX.right, y1: y(nats), y2: y(nats) })
    add('text', { x: BOX.left - 8, y: y(nats) + 4, 'text-anchor': 'end' }, `${nats}`)
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const step = Math.round(share * losses.length)
    add('text', { x: x(step), y: BOX.bottom + 18, 'text-anchor': share === 1 ? 'end' : 'middle' }, `${step}`)
  }
  add('text', { x: BOX.left, y: BOX.bottom + 34 }, 'update; nats a token')
  for (const [name, nats] of levels) {
    add('line', { class: 'level', x1: BOX.left, x2: BOX.right, y1: y(nats), y2: y(nats) })
    add('text', { x: BOX.right, y: y(nats) - 4, 'text-anchor': 'end' }, name)
  }
  add('path', {
    class: 'losses',
    d: `M${points.map(([step, nats]) => `${x(step).toFixed(1)} ${y(nats).toFixed(1)}`).join('L')}`,
  })
  for (const { step, nats } of evaluations) add('circle', { class: 'held', cx: x(step), cy: y(nats), r: 4 })
}
