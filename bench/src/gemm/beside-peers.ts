import type { Figures } from '../measured/workload.js'
import { PeerError } from '../shared/bench-error.js'
import type { BenchOptions } from '../shared/bench-options.js'
import { type Contestant, inTurns } from '../shared/in-turns.js'
import { JS_PEERS, startJsPeer } from '../shared/js-peers.js'
import type { LineProcess } from '../shared/line-process.js'
import { ownProcess } from '../shared/own-process.js'
import { PYTORCH_SETUPS, startPyTorch } from '../shared/pytorch-peer.js'
import type { Report } from '../shared/report.js'
import { roundTo } from '../shared/round-to.js'

const OURS = 'almanac wasm'

interface Peer {
  readonly name: string
  readonly language: 'JavaScript' | 'native'
  readonly process: LineProcess
  readonly remark: string
}

/** Every peer that is installed; of the others a note says how to get them. */
async function startPeers(threads: number, node: string | undefined, report: Report): Promise<Peer[]> {
  const peers: Peer[] = []
  const attempt = async (start: () => Promise<Peer>) => {
    try {
      const peer = await start()
      report.version(peer.name, `${peer.process.hello['version']}${peer.remark ? `, ${peer.remark}` : ''}`)
      peers.push(peer)
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      report.note(error.message)
    }
  }
  for (const setup of PYTORCH_SETUPS) {
    await attempt(async () => {
      const process = await startPyTorch(setup, threads)
      return { name: setup.name, language: 'native', process, remark: `OpenBLAS kernel ${process.hello['core']}` }
    })
  }
  for (const peer of JS_PEERS) {
    await attempt(async () => {
      const process = await startJsPeer(peer, threads, node)
      const used = Number(process.hello['threads'])
      if (used < threads)
        report.note(`${peer.name} uses ${used} thread where ${threads} are asked for: it has none in Node`)
      return { name: peer.name, language: 'JavaScript', process, remark: '' }
    })
  }
  return peers
}

export async function gemmBesidePeers(threads: number, options: BenchOptions, report: Report): Promise<void> {
  const peers = options.peers ? await startPeers(threads, options.node, report) : []
  try {
    for (const size of options.sizes ?? [256, 512, 1024, 2048]) {
      const ours = await ownProcess({ kind: 'gemm', threads, size })
      const others = await warmedUp(peers, size, report)
      const figures = await inTurns([{ name: OURS, turn: ours.turn }, ...others], options.rounds ?? 7)
      await ours.close()
      emit(size, threads, figures, peers, report)
    }
  } finally {
    for (const { process } of peers) await process.close()
  }
}

/** Those that multiply this size: a peer may fail at one. */
async function warmedUp(peers: readonly Peer[], size: number, report: Report): Promise<Contestant[]> {
  const contestants: Contestant[] = []
  for (const { name, process } of peers) {
    const turn = async () => (await process.ask({ gemm: size })) as Figures
    try {
      await turn()
      contestants.push({ name, turn })
    } catch (error) {
      report.note(`${name} at ${size}: ${(error as Error).message}`)
    }
  }
  return contestants
}

function emit(
  size: number,
  threads: number,
  figures: ReadonlyMap<string, Figures>,
  peers: readonly Peer[],
  report: Report,
): void {
  const of = (name: string) => figures.get(name)?.['gflops'] as number
  const { gflops, probe } = figures.get(OURS) as { gflops: number; probe: number }
  const table = `Products on ${threads} thread${threads === 1 ? '' : 's'}`
  const ours = { system: OURS, size, threads, gflops: roundTo(gflops, 1) }
  report.row(table, { ...ours, probe: roundTo(probe, 1), share: roundTo(gflops / probe, 3) })
  for (const name of figures.keys()) {
    if (name === OURS) continue
    report.row(table, {
      system: name,
      size,
      threads,
      gflops: roundTo(of(name), 1),
      oursToTheirs: roundTo(gflops / of(name), 3),
    })
  }
  const javascript = peers.filter((peer) => peer.language === 'JavaScript' && figures.has(peer.name))
  const [best] = javascript.sort((a, b) => of(b.name) - of(a.name))
  if (!best) return
  const ratio = roundTo(gflops / of(best.name), 2)
  report.row('Ours against the best JavaScript peer', { size, threads, best: best.name, ratio })
}
