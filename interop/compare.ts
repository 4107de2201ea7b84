/**
 * Plays random cases with @hallpass/macaroon and with superfly/macaroon in Go, and compares everything:
 *
 *     node interop/compare.ts --cases 50000 --seed 1 [--from 0]
 *
 * A case follows from its seed and its number alone. The first disagreements are printed with both, and it ends with 1.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeClearance } from '../packages/macaroon/src/testing/vectors.ts'
import { describeToken, findDisagreement } from './agreement.ts'
import { type Case, rollCase } from './case.ts'
import { buildGoProgram, GoPlayer, whatIsMissing } from './go-program.ts'
import { type Outcome, playOurs } from './ours.ts'
import { isHarmless } from './presented.ts'
import { base64, type GoOutcome, readOutcome, writeQuestion } from './question.ts'

const batchSize = 250
/** While Go answers one batch, the next is made. */
const batchesAhead = 3
const mostPrinted = 10

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
})
const [cases, seed, from] = [values.cases, values.seed, values.from].map(readNumber)
const missing = whatIsMissing()
if (missing !== undefined) {
  process.stdout.write(`skipped: ${missing}\n`)
  process.exit(0)
}
process.exit(await compareAll(cases ?? 0, seed ?? 0, from ?? 0))

async function compareAll(count: number, seed: number, from: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-interop-'))
  const tally = new Map<string, number>()
  let disagreements = 0
  try {
    const player = new GoPlayer(buildGoProgram(folder))
    const started = performance.now()
    const open: Promise<void>[] = []
    for (let first = from; first < from + count && disagreements < mostPrinted; first += batchSize) {
      open.push(playBatch(player, seed, first, Math.min(batchSize, from + count - first)))
      if (open.length >= batchesAhead) await open.shift()
    }
    await Promise.all(open)
    await player.end()
    const seconds = (performance.now() - started) / 1000
    report(count, seed, seconds)
  } finally {
    rmSync(folder, { recursive: true })
  }
  return disagreements === 0 ? 0 : 1

  async function playBatch(player: GoPlayer, seed: number, first: number, size: number): Promise<void> {
    const played = Array.from({ length: size }, (_, i) => {
      const one = rollCase(seed, first + i)
      const ours = playOurs(one)
      return { one, ours }
    })
    const answers = await player.ask(played.map(({ one, ours }) => ask(one, ours)))
    for (const [i, { one, ours }] of played.entries()) {
      const gos = readOutcome(answers[i] ?? '')
      count1(ours, gos)
      const found = findDisagreement(ours, gos)
      if (found === undefined) continue
      disagreements += 1
      process.stdout.write(describeCase(seed, one, ours, found))
    }
  }

  function count1(ours: Outcome, gos: GoOutcome): void {
    const add = (name: string) => tally.set(name, (tally.get(name) ?? 0) + 1)
    add(ours.kind === gos.kind ? ours.kind : `${ours.kind} (Go: ${gos.kind})`)
    for (const clearance of ours.clearances) {
      add(clearance.allowed ? 'access: allowed' : `access: ${describeClearance(clearance).replace(/^\d+:| .*$/g, '')}`)
    }
  }

  function report(count: number, seed: number, seconds: number): void {
    const lines = [...tally]
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, number]) => `  ${String(number).padStart(9)}  ${name}`)
    const speed = Math.round(count / seconds)
    process.stdout.write(
      `${lines.join('\n')}\n${count} cases of seed ${seed}, ${disagreements} disagreements, ${seconds.toFixed(1)} s, ${speed} cases a second\n`,
    )
  }
}

/** The question; what might make Go's library exhaust the memory is made, but not presented. */
function ask(one: Case, { presented }: Outcome): string {
  const harmless = one.damage === 'none' || [presented.token, ...presented.discharges].every(isHarmless)
  return writeQuestion(one, harmless ? presented : { token: new Uint8Array(0), discharges: [] })
}

function describeCase(seed: number, one: Case, { presented }: Outcome, found: string): string {
  return [
    `Disagreement: seed ${seed}, case ${one.number} (again: --seed ${seed} --from ${one.number} --cases 1)`,
    found,
    `  damage: ${one.damage}; caveats: ${describeToken(presented.token)}`,
    `  token ${base64(presented.token)}`,
    ...presented.discharges.map((discharge) => `  discharge ${base64(discharge)}`),
    '',
  ].join('\n')
}

function readNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`not a number of cases or a seed: ${text}`)
  return number
}
