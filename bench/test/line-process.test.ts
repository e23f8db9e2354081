import { expect, test } from 'vitest'
import { startLineProcess } from '../src/shared/line-process.js'

const node = (script: string) => startLineProcess(process.execPath, ['--input-type=module', '-e', script])

test('a process answers line by line; what a library prints is passed over', async () => {
  const child = await node(`
    import { createInterface } from 'node:readline'
    console.log('{"version":"1"}')
    for await (const line of createInterface({ input: process.stdin })) {
      console.log('some library says hello')
      console.log(JSON.stringify({ twice: 2 * JSON.parse(line).x }))
    }`)
  expect(child.hello).toEqual({ version: '1' })
  expect(await child.ask({ x: 4 })).toEqual({ twice: 8 })
  expect(await child.ask({ x: 5 })).toEqual({ twice: 10 })
  await child.close()
})

test('a process that ends instead of answering is an error with its last words', async () => {
  await expect(node(`console.error('no such library'); process.exit(3)`)).rejects.toThrow(
    'expected an answer, got no such library.',
  )
  const child = await node(`console.log('{}'); process.stdin.once('data', () => process.exit(4))`)
  await expect(child.ask({})).rejects.toThrow('its end (exit code 4)')
  await expect(child.ask({})).rejects.toThrow('its end (exit code 4)')
})
