// Measures variants side by side: they take turns within one run, so that a noisy neighbour disturbs all of them alike.

/** The cost of a round in microseconds, or several costs by name. */
export type Sample = number | Readonly<Record<string, number>>

/** Runs every variant once in each round, in a new random order, and keeps the samples of the rounds after the warm-up. */
export async function interleave<Variant extends (world: World, round: number) => Promise<Sample> | Sample, World>(
  variants: ReadonlySet<Variant>,
  world: World,
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
): Promise<ReadonlyMap<Variant, readonly Sample[]>> {
  const samples = new Map([...variants].map((variant): [Variant, Sample[]] => [variant, []]))
  for (let round = 0; round < warmUp + rounds; round++) {
    // A variant that always came second would always find the caches and the disk as the first left them.
    for (const [variant, kept] of shuffle([...samples])) {
      const sample = await variant(world, round)
      if (round >= warmUp) kept.push(sample)
    }
  }
  return samples
}

/** The one whose turn it is in this round. */
export function inTurn<Item>(items: readonly Item[], round: number): Item {
  const item = items[round % items.length]
  if (item === undefined) throw new Error('there is none')
  return item
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

/** The value below which this share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN
}

function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
