let epoch = 0

/** Part of every compiled function's key: what was traced before a module changed is traced again. */
export function moduleEpoch(): number {
  return epoch
}

/** To be called when a module changes shape: an adapter added, a parameter frozen, a child replaced. */
export function bumpModuleEpoch(): void {
  epoch++
}
