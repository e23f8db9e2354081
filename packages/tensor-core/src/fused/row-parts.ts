import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { rowsOf } from './row-kernel.js'
import { INVOCATIONS, teamOf } from './row-team.js'

/** Parts of the rows for which sums are made apart: enough for every core of a GPU, few enough to be joined in no time. */
const PARTS = 512
/** The same where a workgroup takes many short rows at once. */
const SHORT_PARTS = 2048

/** How the rows of a launch's first input are dealt out to teams that sum over them: rows of a part, and parts. */
export function rowParts(launch: KernelLaunch): { readonly perPart: number; readonly parts: number } {
  const [rows] = rowsOf(launch.inputs[0] as KernelOperand)
  const most = teamOf(launch).lanes < INVOCATIONS ? SHORT_PARTS : PARTS
  const perPart = Math.max(1, Math.ceil(rows / most))
  return { perPart, parts: Math.ceil(rows / perPart) }
}
