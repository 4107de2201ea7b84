import { createRequire } from 'node:module'
import type * as PerfHooks from 'node:perf_hooks'

import { expect, it, vi } from 'vitest'

import { createProcessMetrics } from './process-metrics.ts'

it('measures the process once, however many servers run in it', async () => {
  // The library takes it from this object.
  const hooks = createRequire(import.meta.url)('node:perf_hooks') as typeof PerfHooks
  createProcessMetrics({ dropped: () => 0 })
  const monitor = vi.spyOn(hooks, 'monitorEventLoopDelay')
  const observe = vi.spyOn(hooks.PerformanceObserver.prototype, 'observe')
  try {
    const [first, second] = [1, 2].map((dropped) => createProcessMetrics({ dropped: () => dropped }))
    const text = `${await first?.print()}${await second?.print()}`
    expect(text.match(/^hallpass_log_lines_dropped_total \d+$/gm)).toEqual([
      'hallpass_log_lines_dropped_total 1',
      'hallpass_log_lines_dropped_total 2',
    ])
    expect(text.match(/^nodejs_eventloop_lag_p99_seconds /gm)).toHaveLength(2)
    expect([monitor.mock.calls, observe.mock.calls]).toEqual([[], []])
  } finally {
    vi.restoreAllMocks()
  }
})
