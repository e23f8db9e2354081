import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

/**
 * SwiftShader, a Vulkan driver on the CPU, so that Dawn (the npm package `webgpu`) runs shaders on a machine without a
 * GPU. It comes from the npm package `@sparticuz/chromium`, whose archive holds the driver and the Vulkan loader.
 */
export type SwiftShader =
  | {
      readonly icd: string
      /** What a process that is started anew needs in its environment to find the driver and the loader. */
      readonly environment: Readonly<Record<'VK_ICD_FILENAMES' | 'LD_LIBRARY_PATH', string>>
    }
  | { readonly missing: string }

/** Where Debian's chromium package keeps its driver. */
const DEBIAN_ICD = '/usr/lib/chromium/vk_swiftshader_icd.json'
const LOADER = 'libvulkan.so.1'
/** glibc's flag that keeps a library mapped after dlclose; Node has no name for it. */
const RTLD_NODELETE = 0x1000

/**
 * Makes Dawn find SwiftShader: sets VK_ICD_FILENAMES and loads the Vulkan loader. Call it before `webgpu` makes its
 * first instance. A driver that the environment names already is left alone.
 */
export function useSwiftShader(): SwiftShader {
  if (process.platform !== 'linux')
    return { missing: `SwiftShader is set up on linux only, this is ${process.platform}` }
  const named = process.env['VK_ICD_FILENAMES']
  const icd = named ?? (existsSync(DEBIAN_ICD) ? DEBIAN_ICD : unpacked())
  if (icd === undefined) return { missing: "neither @sparticuz/chromium nor Debian's chromium is installed" }
  const beside = join(dirname(icd), LOADER)
  if (!loaded(LOADER) && !(existsSync(beside) && loaded(beside)) && !loaded(join(dirname(unpacked() ?? ''), LOADER))) {
    return { missing: `no Vulkan loader (${LOADER}) on this machine` }
  }
  process.env['VK_ICD_FILENAMES'] = icd
  const folder = existsSync(beside) ? dirname(beside) : dirname(unpacked() ?? '')
  const paths = [process.env['LD_LIBRARY_PATH'], folder].filter((path) => path)
  return { icd, environment: { VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: paths.join(':') } }
}

/**
 * Maps a library for the life of the process, so that Dawn's own dlopen finds it by its name: LD_LIBRARY_PATH is read
 * only when a process starts. Node refuses it as an addon after it was mapped; NODELETE keeps it there.
 */
function loaded(path: string): boolean {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | RTLD_NODELETE)
  } catch (error) {
    return String(error).includes('did not self-register')
  }
  return true
}

/** The driver's ICD file from the npm package's archive, unpacked once a version; undefined without the package. */
function unpacked(): string | undefined {
  const require = createRequire(import.meta.url)
  let packageRoot: string
  try {
    packageRoot = dirname(dirname(require.resolve('@sparticuz/chromium')))
  } catch {
    return undefined
  }
  // The package holds x64 binaries; there is none for other machines in it.
  const archive = join(packageRoot, 'bin', 'swiftshader.tar.br')
  if (process.arch !== 'x64' || !existsSync(archive)) return undefined
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  const folder = join(cacheRoot(), `swiftshader-${version}`)
  const icd = join(folder, 'vk_swiftshader_icd.json')
  if (existsSync(icd)) return icd
  // Another process may do the same at once: unpack beside and rename, which is atomic.
  const fresh = `${folder}.${process.pid}`
  mkdirSync(fresh, { recursive: true })
  for (const { name, bytes } of tarEntries(brotliDecompressSync(readFileSync(archive)))) {
    writeFileSync(join(fresh, name), bytes)
  }
  const driver = { library_path: join(folder, 'libvk_swiftshader.so'), api_version: '1.0.5' }
  writeFileSync(join(fresh, 'vk_swiftshader_icd.json'), JSON.stringify({ file_format_version: '1.0.0', ICD: driver }))
  try {
    renameSync(fresh, folder)
  } catch {
    rmSync(fresh, { recursive: true, force: true })
  }
  return existsSync(icd) ? icd : undefined
}

function cacheRoot(): string {
  for (let folder = import.meta.dirname; dirname(folder) !== folder; folder = dirname(folder)) {
    if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return join(folder, 'node_modules', '.cache')
  }
  return tmpdir()
}

/** The plain files of a tar archive whose names have no folder: 512-byte headers, each followed by padded contents. */
function* tarEntries(tar: Buffer): Generator<{ name: string; bytes: Buffer }> {
  const text = (start: number, length: number) => tar.toString('latin1', start, start + length).split('\0')[0] as string
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const name = text(at, 100)
    const size = Number.parseInt(text(at + 124, 12), 8) || 0
    const plain = tar[at + 156] === 0x30 || tar[at + 156] === 0
    if (plain && !name.includes('/')) yield { name, bytes: tar.subarray(at + 512, at + 512 + size) }
    at += 512 + Math.ceil(size / 512) * 512
  }
}
