import type { Figures } from '../measured/workload.js'
import { PeerError } from '../shared/bench-error.js'
import type { BenchOptions } from '../shared/bench-options.js'
import { type Contestant, inTurns, type Rounds } from '../shared/in-turns.js'
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
      if (setup.remark) report.note(setup.remark)
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
      const rounds = await inTurns([{ name: OURS, turn: ours.turn }, ...others], options.rounds ?? 7)
      await ours.close()
      emit(size, threads, rounds, peers, report)
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

function emit(size: number, threads: number, rounds: Rounds, peers: readonly Peer[], report: Report): void {
  const gflops = (name: string) => rounds.of(name)['gflops'] as number
  const { probe, share } = rounds.of(OURS) as { probe: number; share: number }
  const table = `Products on ${threads} thread${threads === 1 ? '' : 's'}`
  const row = (system: string) => ({ system, size, threads, gflops: roundTo(gflops(system), 1) })
  report.row(table, { ...row(OURS), probe: roundTo(probe, 1), share: roundTo(share, 3) })
  const measured = peers.filter(({ name }) => rounds.has(name))
  for (const { name } of measured) {
    report.row(table, { ...row(name), oursToTheirs: roundTo(rounds.ratio('gflops', OURS, name), 3) })
  }
  const javascript = measured.filter(({ language }) => language === 'JavaScript')
  const [best] = javascript.sort((a, b) => gflops(b.name) - gflops(a.name))
  if (!best) return
  const ratio = roundTo(rounds.ratio('gflops', OURS, best.name), 2)
  report.row('Ours against the best JavaScript peer', { size, threads, best: best.name, ratio })
}
