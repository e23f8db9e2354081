import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cutDocuments } from '../src/cut-documents.js'
import { folderTexts, splitTexts } from '../src/source-text.js'

test('a folder gives its .txt files; others are refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'texts-'))
  expect(() => folderTexts(join(folder, 'none'))).toThrow(
    `fineweb: expected a folder for --text, got ${join(folder, 'none')} (ENOENT). Check the path.`,
  )
  for (const name of ['b.txt', 'a.txt', 'c.md']) writeFileSync(join(folder, name), name)
  expect(folderTexts(folder)).toEqual([
    { name: 'a.txt', text: 'a.txt' },
    { name: 'b.txt', text: 'b.txt' },
  ])
  const lone = mkdtempSync(join(tmpdir(), 'texts-'))
  writeFileSync(join(lone, 'a.txt'), '')
  expect(() => folderTexts(lone)).toThrow(
    `fineweb: expected two .txt files or more in ${lone}, got 1. One text in eight is held out as a whole.`,
  )
})

test.each([2, 5, 8, 40])('of %i texts some are held out as a whole, and none is in both', (count) => {
  const texts = Array.from({ length: count }, (_, i) => ({ name: `${i}`, text: '' }))
  const { train, heldOut } = splitTexts(texts)
  expect(heldOut).toHaveLength(Math.max(1, Math.floor(count / 8)))
  expect([...train, ...heldOut].map(({ name }) => name).sort()).toEqual(texts.map(({ name }) => name).sort())
})

test('documents are paragraphs of whole sentences, and together the text', () => {
  const sentences = Array.from({ length: 200 }, (_, i) => `This is sentence ${i} of a speech, which says little.`)
  const text = sentences.join(' ')
  const documents = cutDocuments({ name: 'speech', text })
  expect(documents.length).toBeGreaterThan(2)
  for (const document of documents) {
    expect(document.text.length).toBeGreaterThanOrEqual(2000)
    for (const line of document.text.split('\n')) expect(line).toMatch(/^This .{340,}\.$/)
    expect(document.metadata).toEqual({ kind: 'clean', source: 'speech' })
  }
  expect(documents.map((document) => document.text.replaceAll('\n', ' ')).join(' ')).toBe(text)
  expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length)
})
