import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSafetensorsFile } from '../../src/safetensors/open-safetensors-file.js'
import { serializeSafetensors } from '../../src/safetensors/write-safetensors.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safetensors-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('reads tensors of a file on demand', async () => {
  const path = join(folder, 'model.safetensors')
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i)
  writeFileSync(path, serializeSafetensors([['x', { dtype: 'F32', shape: [2, 2], bytes }]], { step: '3' }))
  const file = await openSafetensorsFile(path)
  expect(file.metadata).toEqual({ step: '3' })
  expect(await file.read('x')).toEqual({ dtype: 'F32', shape: [2, 2], bytes })
  await file.close()
  await expect(file.read('x')).rejects.toThrow()
})

it('refuses a 3 GB file whose header claims 2 GB without reading it', async () => {
  const path = join(folder, 'hostile.safetensors')
  const handle = openSync(path, 'w')
  const start = new Uint8Array(8)
  new DataView(start.buffer).setBigUint64(0, 2n ** 31n, true)
  writeSync(handle, start)
  ftruncateSync(handle, 3 * 2 ** 30) // sparse: it takes no space
  closeSync(handle)
  expect(statSync(path).size).toBe(3 * 2 ** 30)
  const before = process.memoryUsage().rss
  await expect(openSafetensorsFile(path)).rejects.toThrow(
    `${path}: expected a header of at most 100000000 bytes, got 2147483648. The file is damaged or is not a safetensors file.`,
  )
  expect(process.memoryUsage().rss - before).toBeLessThan(16 * 2 ** 20)
})

it('names the path of a broken file and passes on the error of a missing one', async () => {
  const path = join(folder, 'short.safetensors')
  writeFileSync(path, new Uint8Array(4))
  await expect(openSafetensorsFile(path)).rejects.toThrow(`${path}: expected at least 8 bytes, got 4.`)
  await expect(openSafetensorsFile(join(folder, 'none'))).rejects.toThrow('ENOENT')
})
