import { median } from '../measured/median.js'
import type { Figures } from '../measured/workload.js'

/** A system that is measured in turns with others. */
export interface Contestant {
  readonly name: string
  turn(): Promise<Figures>
}

/** Medians of each contestant's figures, by its name, after `rounds` rounds of one turn each: A, B, C, A, B, C, ... */
export async function inTurns(contestants: readonly Contestant[], rounds: number): Promise<Map<string, Figures>> {
  const taken = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, turn } of contestants) taken.get(name)?.push(await turn())
  }
  return new Map([...taken].map(([name, turns]) => [name, medians(turns)]))
}

/** The median of each name. */
export function medians(turns: readonly Figures[]): Figures {
  const names = Object.keys(turns[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, median(turns.map((turn) => turn[name] as number))]))
}
