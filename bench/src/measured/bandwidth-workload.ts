import type { Workload } from './workload.js'

/** Words that an invocation of the read probe adds up: what it writes is a part in so many of what it reads. */
const READS = 32
const GROUP = 256
/** Bytes that a workgroup reads. */
const GROUP_BYTES = GROUP * READS * 16

const READ = `
@group(0) @binding(0) var<storage, read> words: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;
@compute @workgroup_size(${GROUP}) fn main(
  @builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
) {
  var sum = vec4<u32>();
  let stride = groups.x * ${GROUP}u;
  for (var i = 0u; i < ${READS}u; i++) { sum += words[i * stride + id.x]; }
  sums[id.x] = sum.x + sum.y + sum.z + sum.w;
}
`

/** A GPU of its own, without any of our kernels or our planning. */
async function openGpu(): Promise<{ readonly gpu: GPU; readonly device: GPUDevice }> {
  const inPage = globalThis.navigator?.gpu as GPU | undefined
  const gpu = inPage ?? ((await import('webgpu')) as unknown as { create(options: string[]): GPU }).create([])
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw new Error('bench: bandwidth: expected a GPU adapter, got none. Install a driver.')
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } })
  return { gpu, device }
}

/**
 * What a GPU's memory gives: reading `bytes` with a kernel that adds them up, and copying them (read and written: twice the
 * bytes), in GB/s of 10^9. `gigabytesPerSecond` is the larger of the two.
 */
export async function prepareBandwidth(bytes: number, milliseconds: number): Promise<Workload> {
  // The instance is held here: its devices end with it.
  const { gpu, device } = await openGpu()
  const groups = Math.max(1, Math.floor(bytes / GROUP_BYTES))
  const size = groups * GROUP_BYTES
  // GPUBufferUsage is no global in Node: COPY_SRC, COPY_DST and STORAGE.
  const buffer = (length: number) => device.createBuffer({ size: length, usage: 0x4 | 0x8 | 0x80 })
  const [source, target, sums] = [buffer(size), buffer(size), buffer(4 * groups * GROUP)]
  const module = device.createShaderModule({ code: READ })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } })
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [source, sums].map((bound, binding) => ({ binding, resource: { buffer: bound } })),
  })
  const read = (encoder: GPUCommandEncoder): void => {
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(groups)
    pass.end()
  }
  const copy = (encoder: GPUCommandEncoder): void => encoder.copyBufferToBuffer(source, 0, target, 0, size)
  const timed = async (work: (encoder: GPUCommandEncoder) => void, times: number): Promise<number> => {
    const encoder = device.createCommandEncoder()
    for (let i = 0; i < times; i++) work(encoder)
    const commands = encoder.finish()
    const start = performance.now()
    device.queue.submit([commands])
    await device.queue.onSubmittedWorkDone()
    return performance.now() - start
  }
  const calibrated = async (work: (encoder: GPUCommandEncoder) => void): Promise<number> => {
    let times = 1
    while ((await timed(work, times)) < milliseconds) times *= 2
    return times
  }
  const [reads, copies] = [await calibrated(read), await calibrated(copy)]
  return {
    async turn() {
      const readRate = (size * reads) / (await timed(read, reads)) / 1e6
      const copyRate = (2 * size * copies) / (await timed(copy, copies)) / 1e6
      return { read: readRate, copy: copyRate, gigabytesPerSecond: Math.max(readRate, copyRate) }
    },
    async close() {
      device.destroy()
      void gpu
    },
  }
}
