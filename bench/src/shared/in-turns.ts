import { median } from '../measured/median.js'
import type { Figures } from '../measured/workload.js'

/** A system that is measured in turns with others. */
export interface Contestant {
  readonly name: string
  turn(): Promise<Figures>
}

/** What contestants gave in rounds of one turn each: A, B, C, A, B, C, ... */
export interface Rounds {
  has(name: string): boolean
  /** Medians of a contestant's figures. */
  of(name: string): Figures
  /**
   * The median, over the rounds, of one's figure by another's of the same round: what a machine that slows down for a while
   * does to both does little to it.
   */
  ratio(figure: string, above: string, below: string): number
}

export async function inTurns(contestants: readonly Contestant[], rounds: number): Promise<Rounds> {
  const taken = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, turn } of contestants) taken.get(name)?.push(await turn())
  }
  const turnsOf = (name: string) => taken.get(name) ?? []
  return {
    has: (name) => taken.has(name),
    of: (name) => medians(turnsOf(name)),
    ratio: (figure, above, below) =>
      median(turnsOf(above).map((turn, i) => (turn[figure] as number) / (turnsOf(below)[i]?.[figure] as number))),
  }
}

/** The median of each name. */
export function medians(turns: readonly Figures[]): Figures {
  const names = Object.keys(turns[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, median(turns.map((turn) => turn[name] as number))]))
}
