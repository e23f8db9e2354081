/** Memory that a program needs from launch `first` to launch `last`, both included. */
export interface Temporary {
  readonly bytes: number
  readonly first: number
  readonly last: number
}

export interface TemporaryPlan {
  /** Sizes of the blocks, largest first, so that the plans of several programs can share one set of buffers. */
  readonly blocks: readonly number[]
  /** The block of each temporary. Two in one block never live at the same time. */
  readonly assignment: readonly number[]
}

/** Deals temporaries out to blocks: the smallest free one that fits, else the largest free one, grown, else a new one. */
export function planTemporaries(temporaries: readonly Temporary[]): TemporaryPlan {
  const blocks: { bytes: number; busyUntil: number; members: number[] }[] = []
  const order = temporaries.map((_, index) => index)
  order.sort((a, b) => (temporaries[a] as Temporary).first - (temporaries[b] as Temporary).first || a - b)
  for (const index of order) {
    const { bytes, first, last } = temporaries[index] as Temporary
    const free = blocks.filter((block) => block.busyUntil < first).sort((a, b) => a.bytes - b.bytes)
    let block = free.find((candidate) => candidate.bytes >= bytes) ?? free.at(-1)
    if (!block) {
      block = { bytes: 0, busyUntil: -1, members: [] }
      blocks.push(block)
    }
    block.bytes = Math.max(block.bytes, bytes)
    block.busyUntil = Math.max(first, last)
    block.members.push(index)
  }
  blocks.sort((a, b) => b.bytes - a.bytes)
  const assignment = new Array<number>(temporaries.length).fill(-1)
  blocks.forEach((block, at) => {
    for (const member of block.members) assignment[member] = at
  })
  return { blocks: blocks.map((block) => block.bytes), assignment }
}
