import { expect, test } from 'vitest'
import { planDocuments } from '../src/plan-documents.js'
import { varyText } from '../src/vary-text.js'

test('the same seed plans the same documents, one in five an earlier one again', () => {
  const plan = planDocuments(10, 5000, 3)
  expect(planDocuments(10, 5000, 3)).toEqual(plan)
  expect(planDocuments(10, 5000, 4)).not.toEqual(plan)
  const seen = new Set<string>()
  let [again, near] = [0, 0]
  for (const one of plan) {
    const key = JSON.stringify({ ...one, again: null })
    if (seen.has(key)) {
      again++
      if (one.again !== null) near++
    }
    seen.add(key)
  }
  expect(again / plan.length).toBeGreaterThan(0.17)
  expect(again / plan.length).toBeLessThan(0.23)
  expect(near / again).toBeGreaterThan(0.35)
  expect(near / again).toBeLessThan(0.7)
})

test('words are exchanged, markup stays', () => {
  const page = '<html><script>longword()</script><p class="longclass">River stone garden window silver</p></html>'
  const varied = varyText(page, 1, 1)
  expect(varied).not.toBe(page)
  expect(varyText(page, 1, 1)).toBe(varied)
  expect(varied.replace(/>[^<]*</g, '><')).toBe(page.replace(/>[^<]*</g, '><'))
  expect(varied).toContain('longword()')
  expect(varyText(page, 2, 0)).toBe(page)
  const words = new Set('River stone garden window silver longword'.split(' '))
  for (const word of varied.match(/<p[^>]*>([^<]*)/)?.[1]?.split(' ') ?? []) expect(words).toContain(word)
})
