import { expect, test } from 'vitest'
import { parseBenchOptions } from '../src/shared/bench-options.js'

test('options are read, and what nobody said stays open', () => {
  const options = parseBenchOptions(['--threads', '1', '--threads', '2', '--sizes', '256,512', '--peers', '--json'])
  expect(options).toMatchObject({ threads: [1, 2], sizes: [256, 512], peers: true, json: true, dry: false })
  expect(options.rounds).toBeUndefined()
})

test('--nodes takes several paths', () => {
  const node = process.execPath
  expect(parseBenchOptions(['--nodes', node, node, '--json']).nodes).toEqual([node, node])
})

test('mistakes are said', () => {
  const message = (...args: string[]): string => {
    try {
      parseBenchOptions(args)
    } catch (error) {
      return (error as Error).message
    }
    return 'no error'
  }
  expect(message('--round', '3')).toBe("bench: expected known options, got Unknown option '--round'. See --help.")
  expect(message('--rounds', '0')).toBe(
    'bench: --rounds: expected whole numbers of at least 1, got "0". Give a number.',
  )
  expect(message('--backend', 'cuda')).toBe('bench: --backend: expected wasm or webgpu, got "cuda". Name one of them.')
  expect(message('--json', 'train')).toBe(
    'bench: expected names before options, got train. Write "bench -- gemm train --peers".',
  )
  expect(message('--nodes', 'no-such-node')).toContain('got "no-such-node", where there is no file')
})
