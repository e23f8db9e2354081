import { existsSync } from 'node:fs'
import sparticuz from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

/** Where Debian's chromium package puts its browser. */
const DEBIAN = '/usr/bin/chromium'

/** WebGPU on SwiftShader, a CPU: without these the browser finds no adapter where there is no GPU. */
export const SOFTWARE_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] as const

/**
 * A real headless Chromium: the npm package's where there is one for this machine, else Debian's. Close it.
 * `more`: arguments of its command line.
 */
export async function launchChromium(more: readonly string[] = []): Promise<Browser> {
  if (process.platform === 'linux' && process.arch === 'x64') {
    // Of the package's arguments only what containers need: the others switch off what a test should see, as CORS.
    const args = [
      '--no-sandbox',
      '--disable-setuid-sandbox',
      '--no-zygote',
      '--use-gl=angle',
      '--use-angle=swiftshader',
    ]
    return chromium.launch({
      executablePath: await sparticuz.executablePath(),
      args: [...args, ...more, "--headless='shell'"],
    })
  }
  if (existsSync(DEBIAN)) return chromium.launch({ executablePath: DEBIAN, args: ['--no-sandbox', ...more] })
  throw new Error(
    `expected @sparticuz/chromium's browser (linux, x64) or ${DEBIAN}, got neither. Install Debian's chromium.`,
  )
}
