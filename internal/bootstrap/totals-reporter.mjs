// A vitest reporter: writes the totals for the closing line and names every skipped test with its reason.
import { writeFileSync } from 'node:fs'

const reason = (test) => {
  const result = test.result()
  return (result.state === 'skipped' && result.note) || 'no reason given in the test'
}

export default class TotalsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      let failed = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') totals.passed++
        else if (state === 'failed') failed++
        else {
          totals.skipped++
          console.log(`skipped: ${module.relativeModuleId}: ${test.fullName} (${reason(test)})`)
        }
      }
      // A file that cannot be loaded, or a hook that throws, is a failure even if no test of it ran.
      if (failed === 0 && module.state() === 'failed') failed = 1
      totals.failed += failed
    }
    const file = process.env.ALMANAC_TEST_TOTALS
    if (file) writeFileSync(file, JSON.stringify(totals))
  }
}
