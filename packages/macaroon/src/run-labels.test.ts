import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actions } from './action.ts'
import type { Caveat, RunLabel } from './caveat.ts'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { clear, clearCaveats } from './clear.ts'
import { dischargeTicket } from './discharge.ts'
import { explain } from './explain.ts'
import { sayRunLabels } from './label-words.ts'
import { attenuate, mintMacaroon } from './mint.ts'
import { caveatsOfWords } from './narrow.ts'
import { runLabels } from './run-labels.ts'
import { access, caveat, caveats, dischargeAccess, minted, runLabel, sensibleAccess } from './testing/arbitraries.ts'
import { caught } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'
import { thirdParty } from './third-party.ts'
import { verify } from './verify.ts'

const runs = { numRuns: 200 }
const label = (agent: string, run = '', onBehalfOf = ''): RunLabel => ({ type: 'RunLabel', agent, run, onBehalfOf })
const organization: Caveat = { type: 'Organization', id: 2n, mask: actions.all }

describe('run labels', () => {
  it('go over the wire as three texts, and through JSON without those that say nothing', () => {
    const one = label('ci', '42')
    expect(Buffer.from(encodeCaveats([one])).toString('hex')).toBe('92cf0001000068616c6c93a26369a23432a0')
    expect(caveatsToJSON([one])).toBe('[{"type":"RunLabel","body":{"agent":"ci","run":"42"}}]')
    expect(caveatsFromJSON('[{"type":"281476727925868","body":{"on_behalf_of":"Ada"}}]')).toEqual([
      label('', '', 'Ada'),
    ])
    fc.assert(
      fc.property(fc.array(runLabel), (labels) => {
        expect(decodeCaveats(encodeCaveats(labels))).toEqual(labels)
        expect(caveatsFromJSON(caveatsToJSON(labels))).toEqual(labels)
      }),
      runs,
    )
  })

  it.each([
    ['nothing', label(''), 'names no agent'],
    ['a text that is too long', label('a'.repeat(129)), 'more than 128 characters'],
    ['a line break', label('a\nb'), 'cannot be seen'],
    ['what turns the direction', label('a', '\u202eb'), 'cannot be seen'],
    ['an escape', label('a', '', '\u001b[2J'), 'cannot be seen'],
    ['a space at an end', label(' a'), 'a space at an end'],
  ])('say something that can be seen, and not %s', (_, wrong, reason) => {
    expect(caught(() => encodeCaveats([wrong]))).toMatchObject({ code: 'bad-caveat' })
    const body = JSON.stringify({ agent: wrong.agent, run: wrong.run, on_behalf_of: wrong.onBehalfOf })
    const error = caught(() => caveatsFromJSON(`[{"type":"RunLabel","body":${body}}]`))
    expect(error.message).toContain(reason)
    const { type: _type, ...words } = wrong
    expect(caught(() => caveatsOfWords({ label: words })).message).toContain(reason)
  })

  it('are refused on the wire where nobody here could have written them', () => {
    for (const texts of ['a0a0a0', 'a16101', 'a161a10aa0', 'a161a0']) {
      const wire = Buffer.from(`92cf0001000068616c6c93${texts}`, 'hex')
      expect(['malformed', 'truncated']).toContain(caught(() => decodeCaveats(wire)).code)
    }
    const longest = label('😀'.repeat(128))
    expect(decodeCaveats(encodeCaveats([longest]))).toEqual([longest])
  })

  it('forbid nothing, wherever they stand', () => {
    const added = fc.tuple(caveats, runLabel, fc.nat())
    fc.assert(
      fc.property(added, fc.oneof(access, sensibleAccess, dischargeAccess), ([list, one, at], attempt) => {
        const labelled = [...list.slice(0, at % 7), one, ...list.slice(at % 7)]
        expect(clearCaveats(labelled, [attempt]).allowed).toBe(clearCaveats(list, [attempt]).allowed)
      }),
      runs,
    )
    const inside = fc.tuple(fc.array(caveat(0), { maxLength: 3 }), runLabel)
    fc.assert(
      fc.property(inside, access, ([ifs, one], attempt) => {
        const judge = (list: readonly Caveat[]) =>
          clearCaveats([{ type: 'IfPresent', ifs: list, else: actions.read }], [attempt]).allowed
        expect(judge([...ifs, one])).toBe(judge(ifs))
      }),
      runs,
    )
    // It has to do with no access, so `else` counts.
    const machines: Caveat = { type: 'Machines', machines: new Map([['m', actions.all]]) }
    const conditional: Caveat = { type: 'IfPresent', ifs: [machines, label('ci')], else: actions.read }
    expect(clearCaveats([conditional], [{ action: actions.write, now: 0, orgId: 2n }]).allowed).toBe(false)
  })

  it('stay in their order, and no child drops, changes or gets before one', () => {
    fc.assert(
      fc.property(
        minted,
        fc.array(runLabel, { maxLength: 4 }),
        caveats,
        runLabel,
        ({ macaroon, key }, labels, more, last) => {
          const parent = attenuate(macaroon, labels)
          const child = attenuate(attenuate(parent, more), [last])
          expect(runLabels(verify(child, key))).toEqual([...labels, last])
          // Whoever has no more than the child makes nothing else of it.
          const dropped = child.unsafeCaveats.filter((each) => each.type !== 'RunLabel')
          const { nonce, location } = child
          const forged = mintMacaroon({
            kid: nonce.kid,
            rnd: nonce.rnd,
            location,
            key: child.bytes.slice(-32),
            caveats: dropped,
          })
          expect(caught(() => verify(forged, key)).code).toBe('forged')
        },
      ),
      runs,
    )
  })

  it('do not count inside IfPresent, nor in a discharge', () => {
    const [key, shared, random] = [new Uint8Array(32), new Uint8Array(32).fill(1), countUp()]
    const demand = thirdParty({ key: shared, location: 'x', random })
    const conditional: Caveat = { type: 'IfPresent', ifs: [label('inside')], else: actions.all }
    const listed = [organization, label('first'), demand, conditional]
    const token = mintMacaroon({ kid: Uint8Array.of(1), rnd: random(16), location: 'here', key, caveats: listed })
    const answer = dischargeTicket({
      key: shared,
      ticket: demand.ticket,
      location: 'x',
      rnd: random(16),
      caveats: [label('third')],
      proof: false,
    })
    const verified = verify(token, key, { discharges: [attenuate(answer, [label('holder')])] })
    expect(verified.caveats).toContainEqual(label('holder'))
    expect(runLabels(verified)).toEqual([label('first')])
    expect(clear(verified, [{ action: actions.read, now: 0, orgId: 2n }]).allowed).toBe(true)
    expect(caught(() => runLabels({} as typeof verified)).code).toBe('bad-argument')
  })

  it('are said whole, in their order, and no text passes for two', () => {
    const hostile = label('x, run 7', '"; then agent y')
    expect(sayRunLabels([label('ci', '42', 'ada@example.com'), hostile])).toBe(
      'agent ci, run 42, on behalf of ada@example.com; then agent "x, run 7", run "\\"; then agent y"',
    )
    const many = Array.from({ length: 12 }, (_, at) => label(`a${at}`))
    expect(sayRunLabels(many, 3)).toMatch(/^agent a0; .*; then agent a7; and 7 more$/)
    const { sentences, caveats: said } = explain([organization, ...many, { type: 'IsMember' }], { now: 0 })
    expect(sentences.filter((each) => each.includes('label'))).toEqual([
      `Its holders labelled it: ${sayRunLabels(many)}.`,
    ])
    expect(said[1]).toBe('RunLabel: agent a0; it forbids nothing')
  })

  it('are added by words, beside what narrows', () => {
    expect(caveatsOfWords({ actions: actions.read, label: { agent: 'ci' } })).toEqual([
      { type: 'Action', mask: actions.read },
      label('ci'),
    ])
    expect(caught(() => caveatsOfWords({ label: { run: 5 as unknown as string } })).message).toContain(
      'words.label.run must be',
    )
  })
})
