import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { PeerError } from './bench-error.js'
import { type LineProcess, startLineProcess } from './line-process.js'
import { PEERS } from './peer-packages.js'

const PYTHON = '/usr/bin/python3'
const INSTALL = 'On Debian: apt-get install python3-torch libopenblas0-pthread libopenblas0-openmp.'

/** How PyTorch finds its BLAS and its threads. */
export interface PyTorchSetup {
  readonly name: string
  environment(threads: number): Record<string, string>
  /** What a reader of its figures has to know. */
  readonly remark?: string
}

const openmp = ['x86_64', 'aarch64']
  .map((architecture) => `/usr/lib/${architecture}-linux-gnu/openblas-openmp`)
  .find((folder) => existsSync(folder))
/** Torch's threads are OpenMP's and the usual OpenBLAS brings its own: the two fight unless BLAS uses OpenMP, too. */
const repaired = (threads: number) => ({ LD_LIBRARY_PATH: openmp ?? '', OMP_NUM_THREADS: `${threads}` })

/** As Debian installs it; with its threads repaired; and with the kernels for AVX-512, which are not always chosen. */
export const PYTORCH_SETUPS: readonly PyTorchSetup[] = [
  {
    name: 'PyTorch as installed',
    environment: () => ({}),
    remark: 'PyTorch as installed: torch has the threads of the table, its OpenBLAS takes every core beside them',
  },
  ...(openmp
    ? [
        { name: 'PyTorch, OpenMP BLAS', environment: repaired },
        {
          name: 'PyTorch, OpenMP BLAS, SkylakeX',
          environment: (threads: number) => ({ ...repaired(threads), OPENBLAS_CORETYPE: 'SKYLAKEX' }),
        },
      ]
    : []),
]

/** bench/peers/pytorch.py in a process of its own. Rejects with PeerError where PyTorch is not installed. */
export async function startPyTorch(setup: PyTorchSetup, threads: number): Promise<LineProcess> {
  if (!existsSync(PYTHON)) throw new PeerError('PyTorch', PYTHON, 'nothing', INSTALL)
  // What the person's shell says of threads would make every setup the same.
  const plain = Object.entries(process.env).filter(
    ([name]) => !/^(OMP|GOMP|OPENBLAS|MKL)_|^LD_LIBRARY_PATH$/.test(name),
  )
  try {
    return await startLineProcess(PYTHON, [resolve(PEERS, 'pytorch.py'), `${threads}`], {
      ...Object.fromEntries(plain),
      ...setup.environment(threads),
    })
  } catch (error) {
    throw new PeerError('PyTorch', 'Python to import torch', (error as Error).message, INSTALL)
  }
}
