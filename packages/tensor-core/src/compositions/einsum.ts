import { ArgumentError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { matmul } from '../ops/matmul.js'
import { mul } from '../ops/mul.js'
import { pad } from '../ops/pad.js'
import { permute } from '../ops/permute.js'
import { reshape } from '../ops/reshape.js'
import { slice } from '../ops/slice.js'
import { sum } from '../ops/sum.js'
import { formatShape } from '../shape.js'

/**
 * Einstein summation: 'bthd,bshd->bhts'. Letters are axes; those missing from the result are summed. Operands are combined
 * from left to right, each pair by one matrix product. A letter twice in an operand means its diagonal. No ellipsis.
 */
export function einsum(equation: string, ...operands: TensorLike[]): Tensor {
  const tensors = operands.map(asTensor)
  const match = /^([a-zA-Z]*(?:,[a-zA-Z]*)*)->([a-zA-Z]*)$/.exec(equation.replaceAll(' ', ''))
  if (!match) throw new ArgumentError('einsum', "an equation such as 'ij,jk->ik'", `'${equation}'`)
  const inputs = (match[1] as string).split(',')
  const output = match[2] as string
  if (inputs.length !== tensors.length)
    throw new ArgumentError('einsum', `${inputs.length} operands for '${equation}'`, `${tensors.length}`)
  const extents = new Map<string, number>()
  inputs.forEach((letters, i) => {
    const { shape } = tensors[i] as Tensor
    if (letters.length !== shape.length) {
      throw new ShapeError('einsum', `an operand with axes '${letters}'`, formatShape(shape))
    }
    ;[...letters].forEach((letter, axis) => {
      const n = shape[axis] as number
      if ((extents.get(letter) ?? n) !== n)
        throw new ShapeError('einsum', `${extents.get(letter)} along '${letter}'`, `${n}`)
      extents.set(letter, n)
    })
  })
  for (const letter of output)
    if (!extents.has(letter)) throw new ArgumentError('einsum', 'letters of the operands in the result', `'${letter}'`)

  inputs.forEach((letters, i) => {
    ;[inputs[i], tensors[i]] = diagonals(letters, tensors[i] as Tensor)
  })
  let [letters, value] = [inputs[0] as string, tensors[0] as Tensor]
  const needed = (from: number) => new Set([...inputs.slice(from).join(''), ...output])
  for (let i = 1; i < tensors.length; i++) {
    ;[letters, value] = contract(letters, value, inputs[i] as string, tensors[i] as Tensor, needed(i + 1), extents)
  }
  ;[letters, value] = sumOut(letters, value, needed(tensors.length))
  return permute(
    value,
    [...output].map((letter) => letters.indexOf(letter)),
  )
}

/** The operand with one axis for each letter: elements where the indices of equal letters agree. */
function diagonals(letters: string, value: Tensor): [string, Tensor] {
  const second = [...letters].findIndex((letter, axis) => letters.indexOf(letter) < axis)
  if (second < 0) return [letters, value]
  const first = letters.indexOf(letters[second] as string)
  const others = [...letters].flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]))
  const rest = others.map((axis) => value.shape[axis] as number)
  const n = value.shape[first] as number
  // Rows of n + 1 in place of n: each row begins one element later, so that column 0 is the diagonal.
  const flat = reshape(permute(value, [...others, first, second]), [...rest, n * n])
  const longer = pad(flat, [...rest.map(() => [0, 0] as const), [0, n]])
  const column = slice(reshape(longer, [...rest, n, n + 1]), [...rest.map(() => null), null, [0, 1]])
  const kept = others.map((axis) => letters[axis]).join('') + letters[first]
  return diagonals(kept, reshape(column, [...rest, n]))
}

/** The operand without the axes that nothing later names. */
function sumOut(letters: string, value: Tensor, needed: ReadonlySet<string>): [string, Tensor] {
  const axes = [...letters].flatMap((letter, axis) => (needed.has(letter) ? [] : [axis]))
  return axes.length === 0 ? [letters, value] : [[...letters].filter((l) => needed.has(l)).join(''), sum(value, axes)]
}

function contract(
  aLetters: string,
  a: Tensor,
  bLetters: string,
  b: Tensor,
  needed: ReadonlySet<string>,
  extents: ReadonlyMap<string, number>,
): [string, Tensor] {
  ;[aLetters, a] = sumOut(aLetters, a, new Set([...needed, ...bLetters]))
  ;[bLetters, b] = sumOut(bLetters, b, new Set([...needed, ...aLetters]))
  const batch = [...aLetters].filter((l) => bLetters.includes(l) && needed.has(l))
  const summed = [...aLetters].filter((l) => bLetters.includes(l) && !needed.has(l))
  const rows = [...aLetters].filter((l) => !bLetters.includes(l))
  const columns = [...bLetters].filter((l) => !aLetters.includes(l))
  const size = (list: string[]) => list.reduce((n, l) => n * (extents.get(l) as number), 1)
  const arrange = (letters: string, x: Tensor, order: string[], shape: number[]) =>
    reshape(
      permute(
        x,
        order.map((l) => letters.indexOf(l)),
      ),
      shape,
    )
  const letters = [...batch, ...rows, ...columns].join('')
  const shape = [...letters].map((l) => extents.get(l) as number)
  const left = arrange(aLetters, a, [...batch, ...rows, ...summed], [size(batch), size(rows), size(summed)])
  const right = arrange(bLetters, b, [...batch, ...summed, ...columns], [size(batch), size(summed), size(columns)])
  const product = summed.length === 0 ? mul(reshape(left, [size(batch), size(rows), 1]), right) : matmul(left, right)
  return [letters, reshape(product, shape)]
}
