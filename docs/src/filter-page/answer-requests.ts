import type { JudgePage } from './judge-page.js'
import type { Report, Request } from './protocol.js'

/**
 * What the worker does with a request. Extraction and hashing are loaded when they are first asked for; whatever fails is reported, in
 * words.
 */
export const answerRequests = (report: (report: Report) => void) => {
  let judge: Promise<JudgePage> | undefined
  return async (request: Request): Promise<void> => {
    try {
      if (request.type === 'judge') {
        judge ??= import('./judge-page.js').then(({ openJudge }) => openJudge())
        const judgePage = await judge
        report({ type: 'loaded' })
        report(judgePage(request.html, request.extractor))
      } else {
        const { compareTexts } = await import('./compare-texts.js')
        report({ type: 'loaded' })
        report({ type: 'compared', comparison: await compareTexts(request.texts, request.normalisation) })
      }
    } catch (error) {
      const what = `Something failed that should not: ${error instanceof Error ? error.message : String(error)}`
      report({ type: 'refused', what, todo: 'Change the text, or reload the page.' })
    }
  }
}
