/**
 * Compares the package with superfly/macaroon itself on random input: tokens that Go makes, and what Go makes of ours.
 * For as many cases as one likes there is interop/compare.ts, of which some are played here.
 * Needs Go and its modules; where they are missing, the recorded vectors (vectors.test.ts) must do.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import {
  attenuate,
  type Caveat,
  clearCaveats,
  decodeMacaroon,
  formatAuthorization,
  MacaroonError,
  parseAuthorization,
  tokenId,
  verify,
} from './index.ts'
import { encodeCaveats } from './caveat-set.ts'
import { parseJson } from './json.ts'
import { access, caveat, caveats, dischargeAccess, minted, rareCaveat, sensibleAccess } from './testing/arbitraries.ts'
import {
  agrees,
  describeClearance,
  fromHex,
  plain,
  readAccess,
  toHex,
  writeAccess,
  type WrittenAccess,
} from './testing/vectors.ts'

const source = fileURLToPath(new URL('../../../interop/go', import.meta.url))
const compiler = 'go'
const missing = whatIsMissing()
if (missing !== undefined) console.warn(`The comparison with Go is skipped: ${missing}`)

const seed = 20261123
const cases = 500

describe.skipIf(missing !== undefined)('superfly/macaroon in Go', () => {
  let folder = ''
  let program = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallpass-interop-'))
    program = join(folder, 'interop')
    const build = spawnSync(compiler, ['build', '-o', program, '.'], { cwd: source, encoding: 'utf8' })
    if (build.status !== 0) throw new Error(`The Go program does not build:\n${build.stderr}`)
  }, 240_000)

  afterAll(() => rmSync(folder, { recursive: true }))

  it('mints, asks, discharges, verifies and clears as we do, case by case', () => {
    const script = fileURLToPath(new URL('../../../interop/compare.ts', import.meta.url))
    const played = process.env['CI'] === undefined ? 2000 : 50_000
    const args = [script, '--cases', String(played), '--seed', String(seed)]
    const result = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(result.status, result.stdout + result.stderr).toBe(0)
    expect(result.stdout).toContain(`${played} cases of seed ${seed}, 0 disagreements`)
  }, 600_000)

  it('makes the vectors that are recorded', () => {
    const written = join(folder, 'vectors')
    mkdirSync(written)
    run(program, ['vectors', written], [])
    const names = readdirSync(written)
    expect(names.length).toBeGreaterThan(5)
    for (const name of names) {
      const recorded = readFileSync(new URL(`../../../vectors/${name}`, import.meta.url), 'utf8')
      expect(readFileSync(join(written, name), 'utf8') === recorded, name).toBe(true)
    }
  })

  it('makes tokens that verify here, and clears them as we do', () => {
    interface Line {
      key: string
      token: string
      uuid: string
      caveats: string
      json?: string
      accesses: WrittenAccess[]
      verdicts: string[]
    }
    const lines = run<Line>(program, ['generate', String(seed), String(cases)], [])
    expect(lines).toHaveLength(cases)
    for (const line of lines) {
      const macaroon = decodeMacaroon(fromHex(line.token))
      const verified = verify(macaroon, fromHex(line.key))
      expect(tokenId(verified.nonce)).toBe(line.uuid)
      expect(toHex(encodeCaveats(verified.caveats))).toBe(line.caveats)
      if (line.json !== undefined) {
        expect(plain(parseJson(caveatsToJSON(verified.caveats)))).toEqual(plain(parseJson(line.json)))
      }
      for (const [i, written] of line.accesses.entries()) {
        const clearance = clearCaveats(verified.caveats, [readAccess(written)])
        expectAgreement(clearance, line.verdicts[i] ?? '', verified.caveats)
      }
    }
  })

  it('verifies the tokens that we mint and attenuate, and attenuates to the same bytes', () => {
    const tokens = fc.sample(fc.tuple(minted, caveats), { seed, numRuns: cases })
    const questions = tokens.flatMap(([{ macaroon, key }, more]) => [
      { ask: 'token', token: base64(attenuate(macaroon, more).bytes), key: base64(key) },
      { ask: 'attenuate', token: base64(macaroon.bytes), caveats: base64(encodeCaveats(more)) },
    ])
    const answers = judge(program, questions)
    for (const [i, [{ macaroon }, more]] of tokens.entries()) {
      const narrowed = base64(attenuate(macaroon, more).bytes)
      expect(answers[2 * i]).toMatchObject({ verdict: 'verifies', uuid: tokenId(macaroon.nonce), token: narrowed })
      // Go cannot look for third parties inside an IfPresent that holds nothing.
      if (!holdsNothing([...macaroon.unsafeCaveats, ...more])) expect(answers[2 * i + 1]?.token).toBe(narrowed)
    }
  })

  it('verifies whatever changed token verifies here', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    const changed = fc
      .sample(fc.tuple(minted, fc.array(change, { minLength: 1, maxLength: 2 })), { seed, numRuns: cases * 10 })
      .flatMap(([{ macaroon, key }, changes]) => {
        const bytes = new Uint8Array(macaroon.bytes)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        return parses(bytes) ? [{ bytes, key }] : []
      })
    const answers = judge(
      program,
      changed.map(({ bytes, key }) => ({ ask: 'token', token: base64(bytes), key: base64(key) })),
    )
    for (const [i, { bytes, key }] of changed.entries()) {
      expect(answers[i]?.verdict === 'verifies').toBe(verifies(bytes, key))
      // What parses and is understood here is spelt as Go spells it. What is not understood, Go may understand and refuse.
      if (!holdsUnknown(decodeMacaroon(bytes).unsafeCaveats)) expect(answers[i]?.token).toBe(base64(bytes))
    }
    expect(changed.length).toBeGreaterThan(100)
  })

  it('reads our caveats, writes the same JSON and comes to the same verdicts', () => {
    // Attestations alone are not cleared here.
    const any = fc
      .tuple(caveat(3), fc.array(fc.oneof(caveat(3), rareCaveat), { maxLength: 4 }))
      .map(([first, rest]) => [first, ...rest])
    const accesses = fc.tuple(access, sensibleAccess, sensibleAccess, dischargeAccess)
    const samples = fc.sample(fc.tuple(any, accesses), { seed, numRuns: cases })
    const answers = judge(
      program,
      samples.map(([list, attempts]) => ({
        ask: 'caveats',
        caveats: base64(encodeCaveats(list)),
        accesses: attempts.map(writeAccess),
      })),
    )
    for (const [i, [list, attempts]] of samples.entries()) {
      const answer = answers[i]
      expect(answer?.caveats).toBe(base64(encodeCaveats(list)))
      if (answer?.json !== undefined) {
        expect(plain(parseJson(caveatsToJSON(list)))).toEqual(plain(parseJson(answer.json)))
      }
      for (const [j, attempt] of attempts.entries()) {
        expectAgreement(clearCaveats(list, [attempt]), answer?.verdicts?.[j] ?? '', list)
      }
    }
  })

  it('reads our JSON as the same caveats', () => {
    const known = fc.array(fc.oneof(caveat(2), rareCaveat), { maxLength: 5 }).filter((list) => !holdsUnknown(list))
    const texts = fc.sample(known, { seed, numRuns: cases }).map((list) => caveatsToJSON(list))
    const answers = judge(
      program,
      texts.map((text) => ({ ask: 'json', text })),
    )
    for (const [i, text] of texts.entries()) {
      // Go writes null for lists that were never set, and falls over it when it reads them.
      if (text.includes('"body":null')) continue
      expect(answers[i]?.caveats).toBe(base64(encodeCaveats(caveatsFromJSON(text))))
    }
  })

  it('reads the headers that we write, and accepts none that we accept otherwise', () => {
    const piece = fc.constantFrom('fm2_', 'fm1r_', 'FlyV1 ', 'bearer ', ',', 'AAAA', 'AB==', 'AA==', '=', '-', 'fo1_x')
    const texts = fc.sample(
      fc.oneof(
        fc
          .array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 5 })
          .map((list) => formatAuthorization(list)),
        fc.array(piece, { maxLength: 8 }).map((list) => list.join('')),
      ),
      { seed, numRuns: cases * 4 },
    )
    const answers = judge(
      program,
      texts.map((text) => ({ ask: 'header', text })),
    )
    let accepted = 0
    for (const [i, text] of texts.entries()) {
      const ours = macaroonsIn(text)
      if (ours === undefined || ours.length === 0) continue
      accepted += 1
      expect(answers[i]?.tokens).toEqual(ours.map(base64))
    }
    expect(accepted).toBeGreaterThan(cases)
  })
})

interface Answer {
  verdict?: string
  uuid?: string
  token?: string
  caveats?: string
  json?: string
  verdicts?: string[]
  tokens?: string[]
}

function judge(program: string, questions: readonly object[]): Answer[] {
  const written = questions.map((question) =>
    // JSON.stringify knows no bigint; a marker stands for the bare number.
    JSON.stringify(question, (_, value: unknown) => (typeof value === 'bigint' ? `#${value}#` : value)).replace(
      /"#(\d+)#"/g,
      '$1',
    ),
  )
  const answers = run<Answer>(program, ['judge'], written)
  expect(answers).toHaveLength(questions.length)
  return answers
}

function run<T>(program: string, args: readonly string[], lines: readonly string[]): T[] {
  const result = spawnSync(program, args, { input: lines.join('\n'), encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (result.status !== 0) throw new Error(`The Go program failed:\n${result.stderr}`)
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => plain(parseJson(line)) as T)
}

function whatIsMissing(): string | undefined {
  const go = spawnSync(compiler, ['version'], { encoding: 'utf8' })
  if (go.status !== 0) return 'there is no go on the PATH'
  const modules = spawnSync(compiler, ['mod', 'download'], { cwd: source, encoding: 'utf8', timeout: 60_000 })
  return modules.status === 0 ? undefined : 'the modules that interop/go needs cannot be fetched'
}

function expectAgreement(clearance: ReturnType<typeof clearCaveats>, verdict: string, list: readonly Caveat[]): void {
  if (verdict === 'panics') {
    expect(holdsNothing(list)).toBe(true)
    expect(clearance.allowed).toBe(false)
    return
  }
  // A window that begins beyond the end of Go's clock has begun for Go, and not for us.
  if (beginsTooLate(list)) return
  expect(agrees(clearance, verdict), `ours ${describeClearance(clearance)}, Go's ${verdict}`).toBe(true)
}

function holdsNothing(list: readonly Caveat[]): boolean {
  return list.some((one) => one.type === 'IfPresent' && (one.ifs === null || holdsNothing(one.ifs)))
}

function holdsUnknown(list: readonly Caveat[]): boolean {
  return list.some((one) => one.type === 'Unknown' || (one.type === 'IfPresent' && holdsUnknown(one.ifs ?? [])))
}

function beginsTooLate(list: readonly Caveat[]): boolean {
  const last = 0x7fffffffffffffffn - 62_135_596_800n
  return list.some(
    (one) =>
      (one.type === 'ValidityWindow' && one.notBefore > last) ||
      (one.type === 'IfPresent' && beginsTooLate(one.ifs ?? [])),
  )
}

function parses(bytes: Uint8Array): boolean {
  return succeeds(() => decodeMacaroon(bytes))
}

function verifies(bytes: Uint8Array, key: Uint8Array): boolean {
  return succeeds(() => verify(decodeMacaroon(bytes), key))
}

function macaroonsIn(text: string): readonly Uint8Array[] | undefined {
  if (!succeeds(() => parseAuthorization(text))) return undefined
  const { macaroons, leftOut } = parseAuthorization(text)
  // What is kept beside what is none, Go's Parse refuses and its bundle keeps: see headers.json.
  return leftOut.length === 0 ? macaroons : undefined
}

function succeeds(call: () => unknown): boolean {
  try {
    call()
    return true
  } catch (error) {
    if (error instanceof MacaroonError) return false
    throw error
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
