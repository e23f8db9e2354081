import { buildKernel, type KernelTarget } from '../kernel/kernel-builder.js'
import { printKernel } from '../kernel/print-kernel.js'
import type { LaunchPass } from './launch-pass.js'

/** The kernel of a pass as text, under the values of its parameters. */
export function printPass(pass: LaunchPass, target: KernelTarget): string {
  const code = buildKernel(pass.name, target, (k) => pass.build(k))
  const params = code.params.map((name, i) => `${name} = ${pass.params[i]}`).join(', ')
  return `${params ? `// ${params}\n` : ''}${printKernel(code)}`
}
