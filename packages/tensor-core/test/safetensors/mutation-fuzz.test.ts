import { loadGolden, type SeededRandom, seededRandom } from '@almanac/test-kit'
import { expect, it } from 'vitest'
import { SafetensorsError } from '../../src/errors.js'
import { bytesSource } from '../../src/safetensors/random-access.js'
import { openSafetensors, parseSafetensors } from '../../src/safetensors/read-safetensors.js'

const MUTATIONS = 2000
const original = new Uint8Array(
  Buffer.from(loadGolden<{ file: string }>(import.meta.url, './goldens/reference-file.json').file, 'base64'),
)
const headerEnd = 8 + new DataView(original.buffer).getUint32(0, true)

/** Pieces that make JSON and numbers go wrong in interesting ways. */
const SPLICES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-',
  '9',
  '0',
  'e9',
  '.5',
  '\\',
  '\\u0000',
  '99999999999',
  '1e308',
  'null',
]
const SPLICES_OF_HEADER = [
  '"dtype"',
  '"F32"',
  '"I64"',
  '"shape":[]',
  '"x":{},',
  '"__proto__":{},',
  '"__metadata__":{},',
]

/** Damage to bytes: mostly to the header, where the decisions are made. */
function mutateBytes(random: SeededRandom): Uint8Array {
  let bytes = original.slice()
  for (let rounds = 1 + random.integer(3); rounds > 0; rounds--) {
    const at = random.next() < 0.9 ? random.integer(headerEnd) : random.integer(bytes.length)
    const kind = random.integer(7)
    if (kind === 0) bytes[at % bytes.length] = random.integer(256)
    else if (kind === 1) bytes[at % bytes.length] ^= 1 << random.integer(8)
    else if (kind === 2) bytes = bytes.slice(0, random.integer(bytes.length + 1))
    else if (kind === 3) bytes[random.integer(8) % bytes.length] = random.integer(256)
    else if (kind === 4) {
      const digits = [...bytes.keys()].filter((i) => i >= 8 && i < headerEnd && bytes[i] >= 48 && bytes[i] <= 57)
      if (digits.length > 0) bytes[random.pick(digits)] = 48 + random.integer(10)
    } else {
      // Insert or overwrite with a piece, keeping the header's length right half of the time.
      const piece = Buffer.from(random.pick(random.next() < 0.5 ? SPLICES : SPLICES_OF_HEADER))
      const place = Math.max(8, at) % (bytes.length + 1)
      const rest = place + (kind === 5 ? piece.length : 0)
      bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(rest)]))
      if (kind === 6 && random.next() < 0.5 && bytes.length >= 8) {
        const view = new DataView(bytes.buffer)
        view.setUint32(0, view.getUint32(0, true) + piece.length, true)
      }
    }
    if (bytes.length === 0) break
  }
  return bytes
}

/** Damage to the meaning: well-formed JSON of the right length with fields that are wrong or only nearly right. */
function mutateFields(random: SeededRandom): Uint8Array {
  type Entry = { dtype: unknown; shape: unknown[]; data_offsets: unknown[] }
  const header = JSON.parse(new TextDecoder().decode(original.subarray(8, headerEnd))) as Record<string, Entry>
  const names = Object.keys(header).filter((name) => name !== '__metadata__')
  const numbers = [0, 1, 2, 7, 8, -1, 0.5, 44, 110, 111, 2 ** 31, 2 ** 53, 1e300, null, '1', [], {}]
  for (let rounds = 1 + random.integer(2); rounds > 0; rounds--) {
    const name = random.pick(names)
    const entry = structuredClone(header[name] ?? header['alpha'])
    if (typeof entry?.data_offsets !== 'object') continue
    const kind = random.integer(7)
    if (kind === 0) entry.data_offsets[random.integer(2)] = random.pick(numbers)
    else if (kind === 1) entry.data_offsets = entry.data_offsets.map((offset) => Number(offset) + random.integer(9) - 4)
    else if (kind === 2) entry.shape[random.integer(3)] = random.pick(numbers)
    else if (kind === 3) entry.dtype = random.pick(['U8', 'F32', 'F64', 'F4', 8, null])
    else if (kind === 4) delete entry[random.pick(['dtype', 'shape', 'data_offsets'] as const)]
    if (kind === 5) delete header[name]
    else header[kind === 6 ? `${name}.copy` : name] = entry
  }
  const json = Buffer.from(JSON.stringify(header))
  const data = original.subarray(headerEnd, original.length - (random.next() < 0.1 ? random.integer(20) : 0))
  const file = new Uint8Array(Buffer.concat([new Uint8Array(8), json, data]))
  new DataView(file.buffer).setUint32(0, json.length, true)
  return file
}

it(`gives a SafetensorsError or a consistent file for ${MUTATIONS} damaged files, and never reads more than there is`, async () => {
  const random = seededRandom(20_241_123)
  const reasons = new Map<string, number>()
  let accepted = 0
  for (let i = 0; i < MUTATIONS; i++) {
    const bytes = i % 2 === 0 ? mutateBytes(random) : mutateFields(random)
    let outcome: string
    try {
      const { tensors } = parseSafetensors(bytes)
      accepted++
      let total = 0
      for (const tensor of tensors.values()) {
        expect(tensor.bytes.buffer).toBe(bytes.buffer)
        total += tensor.bytes.length
      }
      expect(total).toBeLessThanOrEqual(bytes.length)
      outcome = 'accepted'
    } catch (error) {
      if (!(error instanceof SafetensorsError)) throw new Error(`mutation ${i} gave ${String(error)}`)
      outcome = `${error.expected} | ${error.got}`
      const reason = error.expected.replace(/\d+|"[^"]*"|\[.*\]/g, '#')
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
    // Reading on demand decides alike, and what it asks for adds up to no more than the file.
    const source = bytesSource(bytes)
    let asked = 0
    const counting = {
      size: source.size,
      read(offset: number, length: number) {
        asked += length
        return source.read(offset, length)
      },
    }
    try {
      const file = await openSafetensors(counting)
      for (const name of file.tensors.keys()) await file.read(name)
      expect(outcome).toBe('accepted')
    } catch (error) {
      if (!(error instanceof SafetensorsError)) throw error
      expect(`${error.expected} | ${error.got}`).toBe(outcome)
    }
    expect(asked).toBeLessThanOrEqual(bytes.length)
  }
  // The damage must reach the deep checks, not only the JSON parser.
  const deep = [
    'data_offsets that rise',
    'tensors that do not overlap',
    'tensors without holes between them',
    'tensor # inside # bytes of data',
  ]
  expect([...reasons.keys()]).toEqual(expect.arrayContaining(deep))
  expect(accepted).toBeGreaterThan(0)
  expect(accepted).toBeLessThan(MUTATIONS / 2)
})
