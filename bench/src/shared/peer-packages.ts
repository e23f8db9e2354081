import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { PeerError } from './bench-error.js'

/** The folder that `npm install --prefix bench/peers` fills. */
export const PEERS = resolve(process.cwd(), 'bench/peers')

/** Throws PeerError where an npm package of bench/peers is not installed. */
export function needPeerPackage(name: string): void {
  if (existsSync(resolve(PEERS, 'node_modules', name))) return
  throw new PeerError(name, 'it in bench/peers/node_modules', 'nothing', 'Run "npm install --prefix bench/peers".')
}
