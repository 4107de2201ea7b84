import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineConfig } from 'vitest/config'

import { ProgramsFirst } from './scripts/programs-first.ts'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'e2e/**/*.test.ts', 'scripts/*.test.ts'],
    globalSetup: './scripts/prepare-tests.ts',
    reporters: ['default', './scripts/closing-line.ts'],
    // Files that share a process share its modules, which keep no state: loading them anew took half of the time.
    isolate: false,
    // Tests wait for other programs for about as long as they reckon: two workers would leave two cores idle too often.
    maxWorkers: Math.max(4, availableParallelism()),
    // On a busy machine a test is tried again where a failure would stop a landing; closing-line.ts names it.
    retry: process.env['HALLPASS_REQUIRE_ALL'] === '1' ? 1 : 0,
    env: {
      // Programs that tests start find the compiled code of the last start, where `hallpass` itself keeps it too.
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
      // Go programs run for seconds: on a clean machine, compiling them takes far longer.
      CGO_ENABLED: '0',
      GOFLAGS: `${process.env['GOFLAGS'] ?? ''} '-gcflags=all=-N -l -dwarf=false' '-ldflags=-s -w'`.trim(),
    },
    sequence: { sequencer: ProgramsFirst },
    // For what never comes. What comes is waited for, however busy the machine is.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
