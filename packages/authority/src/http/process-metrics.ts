// The metrics of the process, in the text format of Prometheus. Loaded after the startup.
import { Counter, Registry, collectDefaultMetrics, register } from 'prom-client'

import type { LogSink } from '../log.ts'

export interface ProcessMetrics {
  readonly contentType: string
  print(): Promise<string>
}

/** Times of the event loop and of garbage collection count from the first call in a process on. */
export function createProcessMetrics(logSink: Pick<LogSink, 'dropped'>): ProcessMetrics {
  // What measures them cannot be stopped: one for each server that ever ran in a process would slow it down.
  if (register.getMetricsAsArray().length === 0) collectDefaultMetrics()
  const ofServer = new Registry()
  const dropped = new Counter({
    name: 'hallpass_log_lines_dropped_total',
    help: 'Lines of the log that nobody read in time.',
    registers: [ofServer],
    collect() {
      dropped.reset()
      dropped.inc(logSink.dropped())
    },
  })
  const all = Registry.merge([register, ofServer])
  return { contentType: all.contentType, print: () => all.metrics() }
}
