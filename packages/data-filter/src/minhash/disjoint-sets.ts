/** Sets of the numbers from 0 to before a length, each alone at first. A set is named by its smallest member. */
export interface DisjointSets {
  find(member: number): number
  join(a: number, b: number): void
}

/**
 * Four bytes a number. The larger name always goes under the smaller one, so that the order of joining does not show; halving
 * paths keeps it at O(log n) a call. Source: Tarjan & van Leeuwen 1984, "Worst-case analysis of set union algorithms",
 * https://doi.org/10.1145/62.2160.
 */
export function disjointSets(length: number): DisjointSets {
  const above = new Uint32Array(length)
  for (let i = 0; i < length; i++) above[i] = i
  const find = (member: number): number => {
    let at = member
    for (;;) {
      const parent = above[at] as number
      if (parent === at) return at
      const grandparent = above[parent] as number
      above[at] = grandparent
      at = grandparent
    }
  }
  return {
    find,
    join(a, b) {
      const [x, y] = [find(a), find(b)]
      if (x < y) above[y] = x
      else above[x] = y
    },
  }
}
