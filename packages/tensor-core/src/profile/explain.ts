import { describeArguments } from '../compile/argument-tree.js'
import type { Compiled } from '../compile/compile.js'
import { type AnyFunction, planTraced, traceFunction } from '../compile/trace-function.js'
import { dtypeName } from '../dtype.js'
import { type PeakMemory, peakMemory } from '../schedule/peak-memory.js'
import type { Expression, Launch, Operand, Program } from '../schedule/program.js'
import { formatShape } from '../shape.js'

/** One launch of a program, for reading. */
export interface ExplainedLaunch {
  readonly kind: Launch['kind']
  /** The op and the module path that asked for it. */
  readonly label: string
  /** What it computes, innermost first: several where ops were fused. */
  readonly ops: readonly string[]
  /** "%3 float32 [8, 256]": slot, dtype and shape. */
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  /** Text of its kernels, in the order in which they run; none on a backend without kernels (cpu). */
  readonly kernels: readonly string[]
}

export interface Explanation {
  readonly backend: string
  readonly launches: readonly ExplainedLaunch[]
  /** Where the most temporaries are alive, and which: workspaces of kernels are not counted. */
  readonly peak: PeakMemory
  readonly program: Program
  /** All of it as text: the launches, then each kernel once. */
  toString(): string
}

/**
 * The program that a function of tensors (compiled or not) becomes for these arguments: launches, what was fused, sizes,
 * memory and the kernels' text. Nothing runs. Throws TraceError as `compile` does.
 */
export async function explain<F extends AnyFunction>(
  fn: F | Compiled<F>,
  ...args: Parameters<F>
): Promise<Explanation> {
  const plain: AnyFunction = 'fn' in fn ? fn.fn : fn
  const traced = traceFunction(plain.name || 'explained function', plain, args, describeArguments(args).tensors)
  const { backend, program, kernels } = await traced.device.enqueue('explain', async (backend) => {
    const { program } = planTraced(traced, backend)
    return { backend: backend.name, program, kernels: (await backend.print?.(program)) ?? [] }
  })
  const launches = program.launches.map(
    (launch, i): ExplainedLaunch => ({
      kind: launch.kind,
      label: launch.label,
      ops: opsOf(launch),
      reads: launch.inputs.map(describe),
      writes: (launch.kind === 'reduce' ? [launch.output] : launch.outputs).map(describe),
      kernels: kernels[i] ?? [],
    }),
  )
  const explained = { backend, launches, peak: peakMemory(program), program }
  return { ...explained, toString: () => asText(explained) }
}

const describe = ({ slot, dtype, view }: Operand): string => `%${slot} ${dtypeName(dtype)} ${formatShape(view.shape)}`

function opsOf(launch: Launch): string[] {
  const epilogue = 'epilogue' in launch && launch.epilogue ? applied([launch.epilogue.expression]) : []
  switch (launch.kind) {
    case 'op':
      return [launch.record.name, ...epilogue]
    case 'fused':
      return [launch.definition.name]
    case 'reduce':
      return [...applied([launch.expression]), launch.combine, ...epilogue]
    case 'map':
      return launch.expressions.some(({ kind }) => kind === 'apply') ? applied(launch.expressions) : ['copy']
  }
}

/** The ops of expressions, each after those that it takes. */
function applied(roots: readonly Expression[]): string[] {
  const ops: string[] = []
  const seen = new Set<Expression>()
  const visit = (expression: Expression): void => {
    if (expression.kind !== 'apply' || seen.has(expression)) return
    seen.add(expression)
    for (const arg of expression.args) visit(arg)
    ops.push(expression.record.name)
  }
  for (const root of roots) visit(root)
  return ops
}

function asText({ backend, launches, peak }: Omit<Explanation, 'toString'>): string {
  const kernels = new Set(launches.flatMap((launch) => launch.kernels).map(withoutParams))
  const lines = launches.map(({ kind, label, ops, reads, writes }, i) => {
    const what = ops.length === 1 && label.startsWith(ops[0] as string) ? label : `${label} = ${ops.join(', ')}`
    return `${i}  ${kind}  ${what}: ${[...reads].join(', ') || 'nothing'} -> ${writes.join(', ')}`
  })
  const memory = `${peak.bytes} bytes of temporaries at most${peak.launch < 0 ? '' : ` (at launch ${peak.launch})`}`
  return [`${backend}: ${launches.length} launches, ${kernels.size} kernels, ${memory}`, ...lines, '', ...kernels].join(
    '\n',
  )
}

/** A kernel without the line of one launch's parameters. */
const withoutParams = (text: string): string => text.replace(/^\/\/.*\n/, '')
