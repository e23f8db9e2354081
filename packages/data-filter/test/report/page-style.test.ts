import { expect, test } from 'vitest'
import { PAGE_STYLE } from '../../src/report/page-style.js'

/** Relative luminance of `#rrggbb`: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const [light, dark] = [...PAGE_STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) =>
  Object.fromEntries([...(block as string).matchAll(/--([\w-]+): (#\w{6});/g)].map(([, name, value]) => [name, value])),
) as [Record<string, string>, Record<string, string>]

test.for([
  ['light', light],
  ['dark', dark],
] as const)('%s: text has the contrast of WCAG AA, and so have bars', ([, colours]) => {
  const between = (a: string, b: string) => contrast(colours[a] as string, colours[b] as string)
  for (const text of ['ink', 'faint', 'kept', 'dropped'])
    expect(between(text, 'paper'), text).toBeGreaterThanOrEqual(4.5)
  expect(between('dropped', 'shade')).toBeGreaterThanOrEqual(4.5)
  for (const bar of ['kept', 'dropped']) expect(between(bar, 'shade'), bar).toBeGreaterThanOrEqual(3)
})

test('nothing is loaded by the style', () => {
  expect(PAGE_STYLE).not.toMatch(/url\(|@import/)
})
