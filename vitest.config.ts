import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'e2e/**/*.test.ts'],
    globalSetup: './scripts/prepare-tests.ts',
    reporters: ['default', './scripts/closing-line.ts'],
    // Files that share a process share its modules, which keep no state: loading them anew took half of the time.
    isolate: false,
    // Tests wait for other programs as much as they reckon.
    maxWorkers: '100%',
    // On a busy machine a test is tried again where a failure would stop a landing; closing-line.ts names it.
    retry: process.env['HALLPASS_REQUIRE_ALL'] === '1' ? 1 : 0,
    // Programs that tests start find the compiled code of the last start, where `hallpass` itself keeps it too.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') },
    // For what never comes. What comes is waited for, however busy the machine is.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
