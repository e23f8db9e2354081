/** The path of the module whose `forward` is running ("layers.0.mlp.up"), for labels. Calls nest and never await. */
const stack: string[] = []

export function inModule<T>(path: string, run: () => T): T {
  stack.push(path)
  try {
    return run()
  } finally {
    stack.pop()
  }
}

/** `matmul (layers.0.mlp.up)`, or the op's name alone outside of modules. */
export function labelOf(op: string): string {
  const path = stack[stack.length - 1]
  return path ? `${op} (${path})` : op
}

/** Runs the rule that differentiates a node: what it makes belongs to the node's module. `matmul (layers.0.mlp.up, gradient)`. */
export function inGradientOf<T>(label: string, run: () => T): T {
  const path = / \((.*?)(?:, gradient)?\)$/.exec(label)?.[1]
  return path === undefined ? run() : inModule(`${path}, gradient`, run)
}
