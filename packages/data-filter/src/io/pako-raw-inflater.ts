import { BaseAsyncIterReader, NoConcatInflator } from 'warcio'
import { InflateError, type RawInflater } from './raw-inflater.js'

/** pako inflates all of an input at once: 4 KiB become 4 MiB at most. */
const SLICE = 4096

/** pako's streams are passed on by warcio, whose types do not have all that is there. */
interface Pako {
  push(data: Uint8Array, mode: boolean | number): boolean
  readonly chunks: Uint8Array[]
  readonly ended: boolean
  readonly err: number
  readonly msg: string
  readonly strm: { readonly avail_in: number }
}

/** A raw inflater on pako, as warcio brings it along: for browsers, whose own streams do not say where a member ends. */
export function pakoRawInflater(): RawInflater {
  const counter = Object.assign(Object.create(BaseAsyncIterReader.prototype) as BaseAsyncIterReader, { _rawOffset: 0 })
  const pako = new NoConcatInflator({ raw: true }, counter) as unknown as Pako
  let consumed = 0
  return {
    async *inflate(input) {
      consumed = 0
      while (consumed < input.length && !pako.ended) {
        const slice = input.subarray(consumed, consumed + SLICE)
        // 2 is Z_SYNC_FLUSH: whatever can come out does.
        pako.push(slice, 2)
        if (pako.err < 0 || (pako.ended && pako.err !== 0)) throw new InflateError(pako.msg || `pako error ${pako.err}`)
        consumed += slice.length - pako.strm.avail_in
        yield* pako.chunks.splice(0)
      }
    },
    get consumed() {
      return consumed
    },
    get ended() {
      return pako.ended
    },
    close() {},
  }
}
