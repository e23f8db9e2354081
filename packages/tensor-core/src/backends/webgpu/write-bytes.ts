import { BUFFER_USAGE } from './gpu-constants.js'

/** Writes bytes at any offset: WebGPU writes whole words, so the partial words at the ends are merged on the device. */
export type WriteBytes = (target: GPUBuffer, usedBytes: number, bytes: Uint8Array, byteOffset: number) => void

const MERGE = `
@group(0) @binding(0) var<uniform> edge: vec4<u32>; // word, mask, bits
@group(0) @binding(1) var<storage, read_write> words: array<u32>;
@compute @workgroup_size(1) fn main() { words[edge.x] = (words[edge.x] & ~edge.y) | edge.z; }
`

/** What the offsets of storage bindings are aligned to unless a device asks for less. */
const WINDOW = 256

export function createWriteBytes(device: GPUDevice): WriteBytes {
  let pipeline: GPUComputePipeline | undefined
  const merge = (target: GPUBuffer, word: number, bytes: Uint8Array, at: number): void => {
    pipeline ??= device.createComputePipeline({
      label: 'merge bytes',
      layout: 'auto',
      compute: { module: device.createShaderModule({ code: MERGE }), entryPoint: 'main' },
    })
    let mask = 0
    let bits = 0
    bytes.forEach((byte, i) => {
      mask |= 0xff << ((at + i) * 8)
      bits |= byte << ((at + i) * 8)
    })
    const edge = device.createBuffer({ size: 16, usage: BUFFER_USAGE.uniform | BUFFER_USAGE.copyDestination })
    // A window around the word: the whole buffer may be more than can be bound.
    const offset = Math.floor((4 * word) / WINDOW) * WINDOW
    const window = { buffer: target, offset, size: Math.min(WINDOW, target.size - offset) }
    device.queue.writeBuffer(edge, 0, Int32Array.of(word - offset / 4, mask, bits, 0))
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: edge } },
        { binding: 1, resource: window },
      ],
    })
    const encoder = device.createCommandEncoder({ label: 'merge bytes' })
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(1)
    pass.end()
    device.queue.submit([encoder.finish()])
    edge.destroy()
  }

  return (target, usedBytes, given, byteOffset) => {
    if (given.length === 0) return
    // Shared memory may change while it is sent; WebGPU refuses it in places.
    const shared = typeof SharedArrayBuffer !== 'undefined' && given.buffer instanceof SharedArrayBuffer
    const bytes = (shared ? given.slice() : given) as Uint8Array<ArrayBuffer>
    const head = Math.min(bytes.length, (4 - (byteOffset % 4)) % 4)
    const middle = Math.floor((bytes.length - head) / 4) * 4
    const tail = bytes.length - head - middle
    if (head > 0) merge(target, byteOffset >> 2, bytes.subarray(0, head), byteOffset % 4)
    if (middle > 0) device.queue.writeBuffer(target, byteOffset + head, bytes, head, middle)
    if (tail === 0) return
    const at = byteOffset + head + middle
    const rest = bytes.subarray(head + middle)
    // Beyond the buffer's last byte there is nothing to keep.
    if (at + tail === usedBytes) device.queue.writeBuffer(target, at, Uint8Array.of(...rest, 0, 0, 0), 0, 4)
    else merge(target, at / 4, rest, 0)
  }
}
