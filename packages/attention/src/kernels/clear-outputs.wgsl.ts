import { defineWgsl, type WgslBuffer } from '@almanac/tensor-core/wgsl'
import { backwardBuffers } from './backward-buffers.js'
import { hasFewRows } from './few-queries.wgsl.js'
import { forwardBuffers } from './gpu-forward-buffers.js'
import { type FlashKind, type FlashLaunch, gpuLaunch } from './gpu-launch.js'

/*
 * Where queries and places may be of no sequence, outputs are filled first; the other kernels write over what they have.
 */

const INVOCATIONS = 256
/** Workgroups at most: the invocations go round. */
const MOST_GROUPS = 4096

const groupsOf = (elements: number): number => Math.min(Math.ceil(elements / INVOCATIONS), MOST_GROUPS)

/** Statements that store a value into so many elements of each of some buffers. */
const fill = (buffers: readonly { readonly size: string; readonly store: (at: string) => string }[], groups: string) =>
  buffers
    .map(
      ({ size, store }) => `  for (var i = group * ${INVOCATIONS} + lid; i < ${size}; i += ${groups} * ${INVOCATIONS}) {
    ${store('i')}
  }`,
    )
    .join('\n')

/** y = 0 and lse = -infinity. */
export const clearResults = (kind: FlashKind) =>
  defineWgsl({
    applies: (launch: FlashLaunch) => launch.attributes.layout !== 'dense' && !hasFewRows(gpuLaunch(launch)),
    paramNames: ['y', 'lse', 'groups'],
    params(launch: FlashLaunch) {
      const { queries, heads, valueChannels } = gpuLaunch(launch)
      const size = queries * heads * valueChannels
      return [size, queries * heads, groupsOf(size)]
    },
    groups(launch: FlashLaunch) {
      const { queries, heads, valueChannels } = gpuLaunch(launch)
      return groupsOf(queries * heads * valueChannels)
    },
    buffers: forwardBuffers(kind, [
      'q',
      'k',
      'v',
      'sequences',
      'ranges',
      'bias',
      'scales',
    ]) as readonly WgslBuffer<string>[],
    text: ({ p, store }) => ({
      workgroupSize: INVOCATIONS,
      body: fill(
        [
          { size: p('y'), store: (at) => store('y', at, '0.0') },
          { size: p('lse'), store: (at) => store('lse', at, 'from_bits(0xff800000u)') },
        ],
        p('groups'),
      ),
    }),
  })

/** dq, dk and dv = 0. */
export const clearGradients = (kind: FlashKind) =>
  defineWgsl({
    applies: (launch: FlashLaunch) => launch.attributes.layout !== 'dense',
    paramNames: ['dq', 'dk', 'dv', 'groups'],
    params(launch: FlashLaunch) {
      const sizes = sizesOf(launch)
      return [...sizes, groupsOf(Math.max(...sizes))]
    },
    groups: (launch: FlashLaunch) => groupsOf(Math.max(...sizesOf(launch))),
    buffers: backwardBuffers(kind, ['dq', 'dk', 'dv'], null) as readonly WgslBuffer<string>[],
    text: ({ p, store }) => ({
      workgroupSize: INVOCATIONS,
      body: fill(
        (['dq', 'dk', 'dv'] as const).map((name) => ({ size: p(name), store: (at) => store(name, at, '0.0') })),
        p('groups'),
      ),
    }),
  })

function sizesOf(launch: FlashLaunch): [number, number, number] {
  const { queries, heads, channels, places, kvHeads, valueStride } = gpuLaunch(launch)
  return [queries * heads * channels, places * kvHeads * channels, places * kvHeads * valueStride]
}
