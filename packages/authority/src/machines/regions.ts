// The regions of an engine, as they were a moment ago: an operation does not wait for an engine to say them.
import type { Engine } from '@hallpass/engine'

export interface KnownRegions {
  known(): readonly string[]
  stop(): void
}

export function followRegions(engine: Pick<Engine, 'regions'>, everyMs = 30_000): KnownRegions {
  let regions: readonly string[] = []
  const look = async (): Promise<void> => {
    // Those of an engine that is away are as they were.
    regions = await engine.regions().catch(() => regions)
  }
  void look()
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  return { known: () => regions, stop: () => clearInterval(timer) }
}
