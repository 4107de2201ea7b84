// The runs that changed and were not read yet: each once, so that a slow reader costs nothing.

export interface ChangedRuns {
  add(runId: string): void
  /** What `next` throws when nothing is left. */
  end(reason: unknown): void
  next(): Promise<string>
}

export function createChangedRuns(): ChangedRuns {
  const dirty = new Set<string>()
  let wake = (): void => {}
  let ended: { readonly reason: unknown } | undefined
  return {
    add(runId) {
      dirty.add(runId)
      wake()
    },
    end(reason) {
      ended ??= { reason }
      wake()
    },
    async next() {
      for (;;) {
        const [runId] = dirty
        if (runId !== undefined) {
          dirty.delete(runId)
          return runId
        }
        if (ended !== undefined) throw ended.reason
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
