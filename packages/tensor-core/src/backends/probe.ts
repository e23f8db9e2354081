/** What a look at a backend found, without anything of it left running. */
export interface Probe {
  readonly works: boolean
  /** It stands for a GPU and computes on the CPU, slower than wasm. */
  readonly software: boolean
  /** What it is, or why it does not work. */
  readonly detail: string
}
