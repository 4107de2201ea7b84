// The metrics of the process, in the text format of Prometheus. Loaded after the startup.
import { Counter, Registry, collectDefaultMetrics } from 'prom-client'

import type { LogSink } from '../log.ts'

export interface ProcessMetrics {
  readonly contentType: string
  print(): Promise<string>
}

/** Times of the event loop and of garbage collection count from here on. */
export function createProcessMetrics(logSink: Pick<LogSink, 'dropped'>): ProcessMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const dropped = new Counter({
    name: 'hallpass_log_lines_dropped_total',
    help: 'Lines of the log that nobody read in time.',
    registers: [registry],
    collect() {
      dropped.reset()
      dropped.inc(logSink.dropped())
    },
  })
  return { contentType: registry.contentType, print: () => registry.metrics() }
}
