// Prints "N passed, N failed, N skipped" alone on the last line, which is what a CI reads; with HALLPASS_REQUIRE_ALL=1 a
// skipped test counts as failed, unless allowed-skips.ts has an excuse for it. Names each test that passed at its second try.
import type { Reporter, TestModule } from 'vitest/node'

import { excuseOf } from './allowed-skips.ts'

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const requireAll = process.env['HALLPASS_REQUIRE_ALL'] === '1'
    const count = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result()
        if (state === 'pending') continue
        const file = module.relativeModuleId
        if (test.diagnostic()?.flaky === true)
          process.stderr.write(
            `passed only at its second try: ${file} > ${test.fullName}: ${errors.map(({ message }) => message).join('; ')}\n`,
          )
        const excuse = state === 'skipped' && requireAll ? excuseOf(file, test.fullName) : undefined
        const isForbidden = state === 'skipped' && requireAll && excuse === undefined
        count[isForbidden ? 'failed' : state] += 1
        if (excuse !== undefined)
          process.stdout.write(`skipped, and allowed to be (${excuse}): ${file} > ${test.fullName}\n`)
        if (!isForbidden) continue
        process.stderr.write(`FAILED, for it was skipped and HALLPASS_REQUIRE_ALL is set: ${file} > ${test.fullName}\n`)
        process.exitCode = 1
      }
      // A module that could not be loaded has no tests, and must not pass for a success.
      count.failed += module.errors().length
    }
    count.failed += errors.length
    process.once('exit', () => {
      process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`)
    })
  }
}
