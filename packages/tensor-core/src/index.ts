export { type BackwardRule, customVjp } from './autograd/custom-vjp.js'
export { fallbackVjp } from './autograd/fallback-vjp.js'
export { type Gradients, type GradOptions, grad, valueAndGrad, vjp, type Wrt } from './autograd/grad.js'
export type { Backend, BackendLimits, BackendMemory, BufferHandle, Executable } from './backends/backend.js'
export type { TuneOptions, TuningProgress } from './backends/webgpu/tuning/tune-kernels.js'
export type { TunedAdapter, Tuning } from './backends/webgpu/tuning/tuning.js'
export { type Compiled, type CompileOptions, compile, keep } from './compile/compile.js'
export { bumpModuleEpoch } from './compile/module-epoch.js'
export { observe } from './compile/observe.js'
export { causalConv1d } from './compositions/causal-conv1d.js'
export { einsum } from './compositions/einsum.js'
export { gelu } from './compositions/gelu.js'
export { logsumexp } from './compositions/logsumexp.js'
export { maskedFill } from './compositions/masked-fill.js'
export { relu } from './compositions/relu.js'
export { associativeScan, scan } from './compositions/scan.js'
export { sigmoid } from './compositions/sigmoid.js'
export { silu } from './compositions/silu.js'
export { softplus } from './compositions/softplus.js'
export { square } from './compositions/square.js'
export {
  type NestedNumbers,
  packElements,
  type TensorOptions,
  type TypedArray,
  tensor,
  tensorFromBytes,
} from './create.js'
export {
  cpuDevice,
  currentDevice,
  setDefaultDevice,
  type WasmDeviceOptions,
  type WebGpuDeviceOptions,
  wasmDevice,
  webgpuDevice,
} from './default-device.js'
export { Device } from './device.js'
export {
  byteLengthOf,
  computeTypeOf,
  type DType,
  dtypeName,
  isBlock,
  isFloat,
  isInteger,
  SCALAR_DTYPES,
  type ScalarDType,
} from './dtype.js'
export * from './errors.js'
export { type BackendName, type FindBackendsOptions, type FoundBackend, findBackends } from './find-backends.js'
export { floatBits } from './float-bits.js'
export {
  type BlockFormat,
  type BlockFormatDefinition,
  type BlockReader,
  type BlockWgsl,
  blockByteLength,
  defineFormat,
  q4_0,
  q8_0,
} from './formats/index.js'
export { type AdamWOptions, adamwStep } from './fused/adamw-step.js'
export { blockMatmul } from './fused/block-matmul.js'
export { blockTake } from './fused/block-take.js'
export {
  type CrossEntropyOptions,
  crossEntropy,
  crossEntropyBackward,
  crossEntropyRows,
} from './fused/cross-entropy.js'
export { defineFused, type FusedOp, type FusedSpec } from './fused/define-fused.js'
export type { FusedDefinition, FusedKernelModule } from './fused/fused-definition.js'
export { gatherMatmul } from './fused/gather-matmul.js'
export { layerNorm, layerNormBackward } from './fused/layer-norm.js'
export { logSoftmax, logSoftmaxRows } from './fused/log-softmax.js'
export { rmsNorm, rmsNormBackward } from './fused/rms-norm.js'
export { segmentedMatmul } from './fused/segmented-matmul.js'
export { softmax, softmaxBackward, softmaxRows } from './fused/softmax.js'
export { swiglu, swigluBackward } from './fused/swiglu.js'
export { inModule } from './graph/module-scope.js'
export { Tensor } from './graph/tensor.js'
export { asTensor, type TensorLike } from './graph/tensor-like.js'
export { type InitOptions, init } from './init.js'
export { memory } from './memory.js'
export { abs } from './ops/abs.js'
export { add } from './ops/add.js'
export { amax } from './ops/amax.js'
export { amin } from './ops/amin.js'
export { argmax, argmin } from './ops/argmax.js'
export { argsort, sort } from './ops/argsort.js'
export { bitAnd } from './ops/bit-and.js'
export { bitNot } from './ops/bit-not.js'
export { bitOr } from './ops/bit-or.js'
export { bitXor } from './ops/bit-xor.js'
export { bitcast } from './ops/bitcast.js'
export { cast } from './ops/cast.js'
export { ge, gt, ne } from './ops/compare.js'
export { concat, stack } from './ops/concat.js'
export { copy } from './ops/copy.js'
export { cos } from './ops/cos.js'
export { cumsum } from './ops/cumsum.js'
export { div } from './ops/div.js'
export { dynamicSlice } from './ops/dynamic-slice.js'
export { dynamicUpdateSlice } from './ops/dynamic-update-slice.js'
export { eq } from './ops/eq.js'
export { erf } from './ops/erf.js'
export { exp } from './ops/exp.js'
export { expand } from './ops/expand.js'
export { flip } from './ops/flip.js'
export { floor } from './ops/floor.js'
export { floorDivide } from './ops/floor-divide.js'
export { full, ones, zeros, zerosLike } from './ops/full.js'
export { arange, iota } from './ops/iota.js'
export { le } from './ops/le.js'
export { log } from './ops/log.js'
export { logicalNot } from './ops/logical-not.js'
export { lt } from './ops/lt.js'
export { type MatmulOptions, matmul } from './ops/matmul.js'
export { maximum } from './ops/maximum.js'
export { mean } from './ops/mean.js'
export { minimum } from './ops/minimum.js'
export { mod } from './ops/mod.js'
export { mul } from './ops/mul.js'
export { neg } from './ops/neg.js'
export type {
  ElementwiseRecord,
  HostValue,
  KernelLaunch,
  KernelOperand,
  KernelSignature,
  KernelSource,
  OpaqueRecord,
  OpRecord,
  TensorSpec,
  VjpContext,
} from './ops/op-record.js'
export { pad } from './ops/pad.js'
export { permute, transpose } from './ops/permute.js'
export { pow } from './ops/pow.js'
export { randomBits } from './ops/random-bits.js'
export { reshape } from './ops/reshape.js'
export { roundHalfEven } from './ops/round-half-even.js'
export { rsqrt } from './ops/rsqrt.js'
export { type ScatterOptions, scatter } from './ops/scatter.js'
export { scatterAdd } from './ops/scatter-add.js'
export { bincount, segmentSum } from './ops/segment-sum.js'
export { shiftLeft } from './ops/shift-left.js'
export { shiftRight } from './ops/shift-right.js'
export { sign } from './ops/sign.js'
export { sin } from './ops/sin.js'
export { slice, split } from './ops/slice.js'
export { sqrt } from './ops/sqrt.js'
export { squeeze, unsqueeze } from './ops/squeeze.js'
export { stopGradient } from './ops/stop-gradient.js'
export { sub } from './ops/sub.js'
export { sum } from './ops/sum.js'
export { take } from './ops/take.js'
export { takeAlongAxis } from './ops/take-along-axis.js'
export { tanh } from './ops/tanh.js'
export { topK } from './ops/top-k.js'
export { where } from './ops/where.js'
export { type ChromeTrace, chromeTrace, type ProfiledPhase } from './profile/chrome-trace.js'
export { type ExplainedLaunch, type Explanation, explain } from './profile/explain.js'
export type { KernelRun } from './profile/kernel-run.js'
export { type MachinePeaks, measurePeaks, type PeakProbes, peakProbes } from './profile/machine-peaks.js'
export { peakShare } from './profile/peak-share.js'
export { type Profile, profile } from './profile/profile.js'
export { type ProfileGrouping, type ProfileRow, profileRows } from './profile/profile-rows.js'
export { profileTable } from './profile/profile-table.js'
export { bernoulli, categorical, dropout, normal, uniform } from './random/distributions.js'
export { foldIn, key, splitKey } from './random/key.js'
export { RandomState } from './random/random-state.js'
export { threefry2x32 } from './random/threefry.js'
export type { ElementArray } from './realize/read-data.js'
export { type RealizeOptions, realize, realizeAll } from './realize/realize.js'
export type { PeakMemory } from './schedule/peak-memory.js'
export type {
  Expression,
  FusedLaunch,
  Launch,
  MapLaunch,
  Operand,
  OpLaunch,
  Program,
  ReduceLaunch,
  Slot,
} from './schedule/program.js'
export { formatShape, type Shape, sameShape, sizeOf } from './shape.js'
export { State, type StateOptions } from './state/state.js'
export { tune } from './tune.js'
export { contiguousView, isContiguous, type View } from './view.js'
