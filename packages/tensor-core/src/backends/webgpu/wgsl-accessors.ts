import { computeTypeOf, isFloat, type StoredDType } from '../../dtype.js'
import { KernelTypeError } from '../../errors.js'
import type { BufferRef, KernelCode } from '../../kernel/value.js'
import type { BindingPlan, StorageBinding } from './plan-bindings.js'
import { decodeElement, FORMATS, halfBits, NATIVE, packFour, storePartOfWord, unpackFour } from './wgsl-storage.js'

/** A shader's buffers as its bindings hold them, and the functions that load and store what WGSL has no type for. */
export interface Accessors {
  readonly where: string
  readonly code: KernelCode
  readonly plan: BindingPlan
  /** Their sources, by name. */
  readonly accessors: Map<string, string>
  /** Set for a pass written in WGSL. */
  readonly template?: {
    /** Buffers that are touched by fours only, at multiples of four, each four by one invocation. */
    readonly fours: ReadonlySet<BufferRef>
  }
}

/** A parameter, as an i32. */
export const parameter = (index: number): string => `params[${index >> 2}].${'xyzw'[index & 3]}`

/** The parameters of a plan after the kernel's own: offsets of packed buffers, then formats. */
export const packedCount = ({ bindings }: BindingPlan): number =>
  bindings.find((binding) => binding.packed)?.members.length ?? 0

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
    if (element === 'vec2<u32>') return `${name}[(${at}) >> 1u][(${at}) & 1]`
    if (element === 'vec4<f16>') return `bitcast<vec2<u32>>(${name}[(${at}) >> 1u])[(${at}) & 1]`
    if (element === 'f16') return `bitcast<u32>(vec2<f16>(${name}[2 * (${at})], ${name}[2 * (${at}) + 1]))`
    return element === 'u32' ? `${name}[${at}]` : `bitcast<u32>(${name}[${at}])`
  }
}

/** The parameter that holds a buffer's format, where it has one. */
function formatOf({ code, plan }: Accessors, buffer: BufferRef): string | null {
  const at = plan.formats.indexOf(buffer.index)
  return at < 0 ? null : parameter(code.params.length + packedCount(plan) + at)
}

/** What tells the accessors of a buffer apart. */
const storedName = (format: string | null, dtype: StoredDType): string =>
  (format === null ? undefined : FORMATS[dtype]?.name) ?? dtype

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
  const format = formatOf(scope, buffer)
  const label = `load_${suffix(place)}${storedName(format, buffer.dtype)}`
  const name = declare(scope, label, () => {
    const type = computeTypeOf(buffer.dtype)
    const body =
      element === 'f16' && buffer.dtype === 'float16'
        ? loadHalf(scope, `${place.name}[i]`)
        : decodeElement(buffer.dtype, wordOf(scope, place), format)
    return `fn ${label}(i: i32) -> ${type} {\n  return ${body};\n}\n`
  })
  return `${name}(${at})`
}

/**
 * A native float16 as f32. WGSL lets its own conversion flush subnormals; kernels in the kernel language
 * keep them, those in WGSL, which multiply and add, take the speed.
 */
const loadHalf = ({ template }: Accessors, element: string): string =>
  template ? `f32(${element})` : `f16_to_f32(bitcast<u32>(vec2<f16>(${element}, f16())))`

/** Four elements of a float buffer from index `at` on. */
export function loadFour(scope: Accessors, buffer: BufferRef, at: string): string {
  if (!isFloat(buffer.dtype)) {
    throw new KernelTypeError(scope.where, 'four floats', `${buffer.name} of ${buffer.dtype}`)
  }
  const place = placeOf(scope, buffer)
  const { element } = place.binding
  if (element === 'vec4<f32>') return `${place.name}[(${at}) >> 2u]`
  if (element === 'vec4<f16>') return `vec4<f32>(${place.name}[(${at}) >> 2u])`
  const label = `load4_${suffix(place)}${storedName(formatOf(scope, buffer), buffer.dtype)}`
  const name = declare(scope, label, () => {
    const each = (offset: number): string => loadElement(scope, buffer, offset ? `i + ${offset}` : 'i')
    const word = wordOf(scope, place)
    const words = `vec2<u32>(${word('(i >> 1u)')}, ${word('(i >> 1u) + 1')})`
    const narrow = buffer.dtype !== 'float32' && element !== 'f16'
    let body = `return vec4<f32>(${[0, 1, 2, 3].map(each).join(', ')});`
    if (element === 'vec2<u32>') body = `let w = ${place.name}[i >> 2u];\n  return ${unpackFour(buffer.dtype, 'w')};`
    else if (narrow && scope.template?.fours.has(buffer)) {
      body = `let w = ${words};\n  return ${unpackFour(buffer.dtype, 'w')};`
    }
    return `fn ${label}(i: i32) -> vec4<f32> {\n  ${body}\n}\n`
  })
  return `${name}(${at})`
}

/** Four elements of a float16 buffer as a vec4<f16>, in shaders that have it. */
export function loadHalfFour(scope: Accessors, buffer: BufferRef, at: string): string {
  const place = placeOf(scope, buffer)
  const { element } = place.binding
  if (buffer.dtype !== 'float16') {
    throw new KernelTypeError(scope.where, 'four elements of float16', `${buffer.name} of ${buffer.dtype}`)
  }
  if (element === 'vec4<f16>') return `${place.name}[(${at}) >> 2u]`
  if (element !== 'f16') return `vec4<f16>(${loadFour(scope, buffer, at)})`
  const name = declare(scope, `half4_${suffix(place)}`, () => {
    const each = [0, 1, 2, 3].map((offset) => `${place.name}[i + ${offset}]`)
    return `fn half4_${suffix(place)}(i: i32) -> vec4<f16> {\n  return vec4<f16>(${each.join(', ')});\n}\n`
  })
  return `${name}(${at})`
}

/** The word at an index that counts words, as u32. */
export function loadWord(scope: Accessors, buffer: BufferRef, at: string): string {
  return wordOf(scope, placeOf(scope, buffer))(at)
}

/** A statement that stores a value of the dtype's compute type. */
export function storeElement(scope: Accessors, buffer: BufferRef, at: string, value: string): string {
  const place = writableOf(scope, buffer)
  const { element } = place.binding
  if (NATIVE[buffer.dtype] === element) return `${place.name}[${at}] = ${value};`
  if (scope.template?.fours.has(buffer)) {
    throw new KernelTypeError(scope.where, `stores by fours into ${buffer.name}, one of its \`vectors\``, 'one element')
  }
  const format = formatOf(scope, buffer)
  const name = `store_${place.name.slice(1)}_${storedName(format, buffer.dtype)}`
  declare(scope, name, () => {
    const body =
      element === 'u32'
        ? `${place.name}[i] = bitcast<u32>(v);`
        : NATIVE[buffer.dtype]
          ? `atomicStore(&${place.name}[i], bitcast<u32>(v));`
          : element === 'f16'
            ? `${place.name}[i] = bitcast<vec2<f16>>(${halfBits('float16', 'v')}).x;`
            : storePartOfWord(place.name, buffer.dtype, format)
    return `fn ${name}(i: i32, v: ${computeTypeOf(buffer.dtype)}) {\n  ${body}\n}\n`
  })
  return `${name}(${at}, ${value});`
}

/** A statement that stores a vec4<f32> from an index on. */
export function storeFour(scope: Accessors, buffer: BufferRef, at: string, value: string): string {
  if (!isFloat(buffer.dtype)) {
    throw new KernelTypeError(scope.where, 'four floats', `${buffer.name} of ${buffer.dtype}`)
  }
  const place = writableOf(scope, buffer)
  const { element } = place.binding
  const { dtype } = buffer
  if (element === 'vec4<f32>') return `${place.name}[(${at}) >> 2u] = ${value};`
  const name = `store4_${place.name.slice(1)}_${storedName(formatOf(scope, buffer), dtype)}`
  declare(scope, name, () => {
    const body: string[] = []
    const packed = packFour(dtype, 'v')
    if (element === 'vec2<u32>') body.push(`${place.name}[i >> 2u] = ${packed};`)
    else if (element === 'vec4<f16>') body.push(`${place.name}[i >> 2u] = bitcast<vec4<f16>>(${packed});`)
    else if (element === 'atomic<u32>' && dtype !== 'float32' && scope.template?.fours.has(buffer)) {
      body.push(`let w = ${packed};`)
      for (const half of [0, 1]) body.push(`atomicStore(&${place.name}[(i >> 1u) + ${half}], w[${half}]);`)
    } else {
      const single = { ...scope, template: undefined }
      for (const lane of [0, 1, 2, 3]) body.push(storeElement(single, buffer, `i + ${lane}`, `v[${lane}]`))
    }
    return `fn ${name}(i: i32, v: vec4<f32>) {\n  ${body.join('\n  ')}\n}\n`
  })
  return `${name}(${at}, ${value});`
}

function writableOf(scope: Accessors, buffer: BufferRef): Place {
  const place = placeOf(scope, buffer)
  if (place.binding.access === 'read' || place.packedIndex >= 0) {
    throw new KernelTypeError(scope.where, `stores into writable buffers only`, `one into ${buffer.name}`)
  }
  return place
}
