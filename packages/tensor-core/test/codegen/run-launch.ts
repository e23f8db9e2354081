import type { LaunchPass } from '../../src/codegen/launch-pass.js'
import { lowerLaunch } from '../../src/codegen/lower-launch.js'
import { emitWasm } from '../../src/kernel/emit-wasm.js'
import { buildKernel, type KernelTarget } from '../../src/kernel/kernel-builder.js'
import type { Launch } from '../../src/schedule/program.js'

export const target = (vectorLanes: number): KernelTarget => ({ name: 'wasm', vectorLanes })

export function lower(launch: Launch, vectorLanes = 4): LaunchPass[] {
  return lowerLaunch(launch, target(vectorLanes), () => [])
}

const align = (bytes: number): number => (bytes + 63) & ~63

/** Runs a launch's passes on slots of bytes, with each worker's share one after the other, and gives the slots afterwards. */
export function runLaunch(launch: Launch, slots: readonly Uint8Array[], vectorLanes = 4, workers = 1): Uint8Array[] {
  const passes = lower(launch, vectorLanes)
  const addresses: number[] = []
  let end = 4096
  for (const bytes of slots) {
    addresses.push(end)
    end = align(end + bytes.length)
  }
  const workspace = end
  const args = align(end + Math.max(0, ...passes.map((pass) => pass.workspaceBytes)))
  const pages = Math.ceil((args + 4096) / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const bytes = new Uint8Array(memory.buffer)
  const words = new Int32Array(memory.buffer)
  slots.forEach((slot, i) => {
    bytes.set(slot, addresses[i])
  })
  for (const pass of passes) {
    const code = buildKernel(pass.name, target(vectorLanes), (k) => pass.build(k))
    const module = new WebAssembly.Module(
      emitWasm(code, { sharedMemory: false, maximumPages: 65536, relaxedSimd: false }) as BufferSource,
    )
    const { kernel } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
      kernel: (args: number, worker: number, workers: number) => void
    }
    const list = pass.buffers.map((b) => (b === 'workspace' ? workspace : (addresses[b.slot] as number)))
    words.set([...list, ...pass.params], args / 4)
    for (let worker = 0; worker < workers; worker++) kernel(args, worker, workers)
  }
  return slots.map((slot, i) => bytes.slice(addresses[i], (addresses[i] as number) + slot.length))
}
