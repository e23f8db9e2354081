import { type FunctionalComponent, h } from 'vue'
import { collisionProbability } from './collision-probability.js'
import type { Comparison } from './protocol.js'

const [WIDTH, HEIGHT] = [420, 250]
const BOX = { left: 40, right: 404, top: 14, bottom: 206 }
const POINTS = 120
const SHARES = [0, 0.25, 0.5, 0.75, 1]

const x = (similarity: number) => BOX.left + similarity * (BOX.right - BOX.left)
const y = (probability: number) => BOX.bottom - probability * (BOX.bottom - BOX.top)

type CollisionPlotProps = Pick<Comparison, 'buckets' | 'hashesPerBucket' | 'jaccard'>

/** How probable it is that a pair is found, by its similarity, and where this pair stands. */
export const CollisionPlot: FunctionalComponent<CollisionPlotProps> = ({ buckets, hashesPerBucket, jaccard }) => {
  const probability = (similarity: number) => collisionProbability(similarity, buckets, hashesPerBucket)
  const curve = Array.from({ length: POINTS + 1 }, (_, i) => {
    const at = i / POINTS
    return `${i === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(probability(at)).toFixed(1)}`
  }).join('')
  const label =
    jaccard === null
      ? 'Probability of being found, by similarity'
      : `Probability of being found, by similarity: ${probability(jaccard).toFixed(3)} at ${jaccard.toFixed(3)}, where this pair stands`
  return h('figure', { class: 'plot' }, [
    h('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label }, [
      ...SHARES.flatMap((share) => [
        h('line', { class: 'grid', x1: BOX.left, x2: BOX.right, y1: y(share), y2: y(share) }),
        h('text', { x: BOX.left - 8, y: y(share) + 4, 'text-anchor': 'end' }, `${share}`),
        h('text', { x: x(share), y: BOX.bottom + 18, 'text-anchor': 'middle' }, `${share}`),
      ]),
      h('text', { x: BOX.right, y: HEIGHT - 6, 'text-anchor': 'end' }, 'similarity s of the two sets of shingles'),
      h('path', { class: 'curve', d: curve }),
      jaccard !== null && [
        h('path', {
          class: 'drop',
          d: `M${x(jaccard).toFixed(1)} ${BOX.bottom}V${y(probability(jaccard)).toFixed(1)}H${BOX.left}`,
        }),
        h('circle', { class: 'pair', cx: x(jaccard), cy: y(probability(jaccard)), r: 5 }),
      ],
    ]),
    h('figcaption', [
      `Probability of sharing a bucket: 1 − (1 − s`,
      h('sup', hashesPerBucket),
      ')',
      h('sup', buckets),
      `, ${buckets} buckets of ${hashesPerBucket} hashes.`,
    ]),
  ])
}
CollisionPlot.props = ['buckets', 'hashesPerBucket', 'jaccard']
