import { computeTypeOf, isFloat } from '../../dtype.js'
import { KernelTypeError } from '../../errors.js'
import type { BufferRef, KernelCode } from '../../kernel/value.js'
import type { BindingPlan, StorageBinding } from './plan-bindings.js'
import { decodeElement, NATIVE, storePartOfWord } from './wgsl-storage.js'

/** A shader's buffers as its bindings hold them, and the functions that load and store what WGSL has no type for. */
export interface Accessors {
  readonly where: string
  readonly code: KernelCode
  readonly plan: BindingPlan
  /** Their sources, by name. */
  readonly accessors: Map<string, string>
}

/** A parameter, as an i32. */
export const parameter = (index: number): string => `params[${index >> 2}].${'xyzw'[index & 3]}`

interface Place {
  readonly name: string
  readonly binding: StorageBinding
  readonly packedIndex: number
}

function placeOf({ plan }: Accessors, buffer: BufferRef): Place {
  const { binding, packedIndex } = plan.placements[buffer.index] as BindingPlan['placements'][number]
  return { name: `b${binding}`, binding: plan.bindings[binding] as StorageBinding, packedIndex }
}

/** A word of a buffer as u32; `index` counts words. */
function wordOf(scope: Accessors, { name, binding: { element }, packedIndex }: Place) {
  const base = packedIndex < 0 ? '' : `${parameter(scope.code.params.length + packedIndex)} + `
  return (index: string): string => {
    const at = `${base}${index}`
    if (element === 'atomic<u32>') return `atomicLoad(&${name}[${at}])`
    if (element === 'vec4<f32>') return `bitcast<u32>(${name}[(${at}) >> 2u][(${at}) & 3])`
    return element === 'u32' ? `${name}[${at}]` : `bitcast<u32>(${name}[${at}])`
  }
}

function declare(scope: Accessors, name: string, source: () => string): string {
  if (!scope.accessors.has(name)) scope.accessors.set(name, source())
  return name
}

const suffix = ({ name, packedIndex }: Place): string => `${name.slice(1)}_${packedIndex < 0 ? '' : `${packedIndex}_`}`

/** The element at index `at`, in the dtype's compute type. */
export function loadElement(scope: Accessors, buffer: BufferRef, at: string): string {
  const place = placeOf(scope, buffer)
  const { element } = place.binding
  if (NATIVE[buffer.dtype] === element && place.packedIndex < 0) return `${place.name}[${at}]`
  const name = declare(scope, `load_${suffix(place)}${buffer.dtype}`, () => {
    const type = computeTypeOf(buffer.dtype)
    const body = decodeElement(buffer.dtype, wordOf(scope, place))
    return `fn load_${suffix(place)}${buffer.dtype}(i: i32) -> ${type} {\n  return ${body};\n}\n`
  })
  return `${name}(${at})`
}

/** Four elements of a float buffer from index `at` on. */
export function loadFour(scope: Accessors, buffer: BufferRef, at: string): string {
  if (!isFloat(buffer.dtype)) {
    throw new KernelTypeError(scope.where, 'four floats', `${buffer.name} of ${buffer.dtype}`)
  }
  const place = placeOf(scope, buffer)
  if (place.binding.element === 'vec4<f32>') return `${place.name}[(${at}) >> 2u]`
  const name = declare(scope, `load4_${suffix(place)}${buffer.dtype}`, () => {
    const element = (offset: number): string => loadElement(scope, buffer, offset ? `i + ${offset}` : 'i')
    const head = `fn load4_${suffix(place)}${buffer.dtype}(i: i32) -> vec4<f32> {\n  `
    return `${head}return vec4<f32>(${[0, 1, 2, 3].map(element).join(', ')});\n}\n`
  })
  return `${name}(${at})`
}

/** The word at an index that counts words, as u32. */
export function loadWord(scope: Accessors, buffer: BufferRef, at: string): string {
  return wordOf(scope, placeOf(scope, buffer))(at)
}

/** A statement that stores a value of the dtype's compute type. */
export function storeElement(scope: Accessors, buffer: BufferRef, at: string, value: string): string {
  const place = placeOf(scope, buffer)
  const { element, access } = place.binding
  if (access === 'read' || place.packedIndex >= 0) {
    throw new KernelTypeError(scope.where, `stores into writable buffers only`, `one into ${buffer.name}`)
  }
  if (NATIVE[buffer.dtype] === element) return `${place.name}[${at}] = ${value};`
  const name = `store_${place.name.slice(1)}_${buffer.dtype}`
  declare(scope, name, () => {
    const body =
      element === 'u32'
        ? `${place.name}[i] = bitcast<u32>(v);`
        : NATIVE[buffer.dtype]
          ? `atomicStore(&${place.name}[i], bitcast<u32>(v));`
          : storePartOfWord(place.name, buffer.dtype)
    return `fn ${name}(i: i32, v: ${computeTypeOf(buffer.dtype)}) {\n  ${body}\n}\n`
  })
  return `${name}(${at}, ${value});`
}
