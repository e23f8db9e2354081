import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { OP_NAMES, opTable } from '../../src/ops/op-table.js'

it('holds every record of src/ops under its own name', async () => {
  const folder = new URL('../../src/ops/', import.meta.url)
  const records: string[] = []
  for (const file of readdirSync(folder)) {
    if (file === 'op-table.ts') continue
    const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>
    for (const [name, value] of Object.entries(module))
      if (name.endsWith('Record')) records.push((value as { name: string }).name)
  }
  expect(records.sort()).toEqual([...OP_NAMES].sort())
  for (const name of OP_NAMES) expect(opTable[name].name).toBe(name)
})
