// A histogram of durations, by labels that are known beforehand, so that counting a duration looks up no labels.

/** The durations with the same labels. */
export interface Durations {
  /** Counts one, in seconds. */
  observe(seconds: number): void
}

export interface DurationHistogram {
  /** The durations with these labels: the same for the same labels in the same order. */
  of(labels: Readonly<Record<string, string | number>>): Durations
  /** All of them in the text format of Prometheus. */
  print(): string
}

/** `bounds` in seconds, ascending. */
export function createDurationHistogram(options: {
  readonly name: string
  readonly help: string
  readonly bounds: readonly number[]
}): DurationHistogram {
  const { name, help, bounds } = options
  const all = new Map<string, Counted>()
  return {
    of(labels) {
      const key = Object.entries(labels)
        .map(([label, value]) => `${label}=${JSON.stringify(String(value))}`)
        .join(',')
      let counted = all.get(key)
      if (counted === undefined) all.set(key, (counted = new Counted(bounds)))
      return counted
    },
    print() {
      const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
      for (const [labels, { counts, sum }] of all) {
        let below = 0
        for (const [at, count] of counts.entries()) {
          below += count
          lines.push(`${name}_bucket{le="${bounds[at] ?? '+Inf'}",${labels}} ${below}`)
        }
        lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${below}`)
      }
      return `${lines.join('\n')}\n`
    },
  }
}

class Counted implements Durations {
  readonly #bounds: readonly number[]
  /** One count for each bound, and one for everything above the last. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = [...bounds.map(() => 0), 0]
  }

  observe(seconds: number): void {
    let at = 0
    while (seconds > (this.#bounds[at] ?? Infinity)) at += 1
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += seconds
  }
}
