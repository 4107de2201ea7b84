// Measures variants side by side, taking turns within one run, so that a noisy neighbour disturbs all of them alike.

/** One round of a variant; returns the cost of the round. */
export type Round<Sample> = () => Promise<Sample> | Sample

/**
 * Runs every variant once in each round, in a new random order, and keeps the samples of the rounds after the warm-up.
 */
export async function interleave<Name extends string, Sample>(
  variants: Readonly<Record<Name, Round<Sample>>>,
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
): Promise<Readonly<Record<Name, readonly Sample[]>>> {
  const names = Object.keys(variants) as Name[]
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Sample[]>
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of shuffle(names)) {
      const sample = await variants[name]()
      if (round >= 0) samples[name].push(sample)
    }
  }
  return samples
}

/** Microseconds for one of `count` runs, one after the other. */
export async function timeEach(count: number, run: (index: number) => Promise<unknown>): Promise<number> {
  const started = performance.now()
  for (let index = 0; index < count; index++) await run(index)
  return ((performance.now() - started) / count) * 1000
}

/** The same for synchronous work, where an await would add its own cost. */
export function timeEachSync(count: number, run: (index: number) => unknown): number {
  const started = performance.now()
  for (let index = 0; index < count; index++) run(index)
  return ((performance.now() - started) / count) * 1000
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** The value that a tenth of the samples stay below: the figure of a quiet machine. */
export function bestTenth(samples: readonly number[]): number {
  return quantile(samples, 0.1)
}

/** The median of the quotients of each round, so that both halves of a quotient come from the same second. */
export function medianQuotient(dividends: readonly number[], divisors: readonly number[]): number {
  return median(dividends.map((dividend, round) => dividend / (divisors[round] ?? NaN)))
}

/** A variant that always came second would always find the caches and the disk as the first left them. */
function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN
}
