import type { ExtractorName } from '@almanac/data-filter/html'
import { type ShallowRef, shallowRef } from 'vue'
import { type LimitedWorker, limitedWorker } from './limited-worker.js'
import type { Judgement } from './protocol.js'

/** What is known of the page that was pasted. */
export interface JudgementState {
  readonly phase: 'reading' | 'judged' | 'refused'
  readonly judgement: Judgement | null
  readonly refusal: { readonly what: string; readonly todo: string } | null
  /** Pages that the worker has read. */
  readonly reads: number
}

export interface UseJudgement {
  readonly state: Readonly<ShallowRef<JudgementState>>
  /** What is known is of a page that was changed since, and will be read soon. */
  outdate(): void
  /** Reads a page; one that is still being read is given up. */
  read(html: string, extractor: ExtractorName): void
  close(): void
}

const FAILED = { what: 'The worker of this page could not be asked.', todo: 'Reload the page.' }

/** The page's side of reading: what the worker found of the newest page. */
export function useJudgement(make: () => LimitedWorker = limitedWorker): UseJudgement {
  const state = shallowRef<JudgementState>({ phase: 'reading', judgement: null, refusal: null, reads: 0 })
  const worker = make()
  const outdate = () => {
    state.value = { ...state.value, phase: 'reading' }
  }
  return {
    state,
    outdate,
    read(html, extractor) {
      outdate()
      void worker.ask({ type: 'judge', html, extractor }).then((answer) => {
        const { reads } = state.value
        if (answer === null) return
        if (answer.type === 'judged') {
          state.value = { phase: 'judged', judgement: answer.judgement, refusal: null, reads: reads + 1 }
        } else {
          const refusal = answer.type === 'refused' ? answer : FAILED
          state.value = { phase: 'refused', judgement: null, refusal, reads: reads + 1 }
        }
      })
    },
    close: () => worker.close(),
  }
}
