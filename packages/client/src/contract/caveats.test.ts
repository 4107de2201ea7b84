import { caveatsFromJSON } from '@hallpass/macaroon/json'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { requestedCaveats } from './caveats.ts'

const member = { type: 'IsMember', body: {} }

function refuse(value: unknown): { readonly path: string; readonly message: string } {
  const { error } = requestedCaveats.safeParse(value)
  const [issue] = error?.issues ?? []
  if (issue === undefined) throw new Error('this was taken')
  return { path: issue.path.join('.'), message: issue.message }
}

describe('requested caveats', () => {
  it('are read as the tools of this format write them', () => {
    const json = [
      { type: 'Apps', body: { apps: { '12': 'rw' } } },
      { type: 'ValidityWindow', body: { not_before: 0, not_after: 1_900_000_000 } },
      { type: 'IfPresent', body: { ifs: [{ type: 'Machines', body: { machines: { m1: '*' } } }], else: 'r' } },
      { type: '9999', body: { msgpack: 'ww==' } },
    ]
    expect(requestedCaveats.parse(json)).toEqual(caveatsFromJSON(JSON.stringify(json)))
    expect(requestedCaveats.parse([])).toEqual([])
  })

  it.each([
    ['a type that nobody knows', [member, { type: 'Nonsense', body: {} }], '1.type', 'unknown caveat type'],
    ['an action that is none', [{ type: 'Action', body: 'rx' }], '0.body', 'unknown action (known are'],
    [
      'an action that is none, of a resource',
      [member, { type: 'Volumes', body: { volumes: { 'vol_1"]': 'x' } } }],
      '1.body.volumes',
      'unknown action (known are',
    ],
    ['a field too many', [{ type: 'Action', body: 'r', more: 1 }], '0', 'unknown field'],
    ['a body that is missing', [{ type: 'Action' }], '0.body', 'is missing'],
    ['what is no caveat at all', [member, null], '1', 'must be an object'],
    [
      'a number that JavaScript rounds',
      JSON.parse('[{"type":"ConfineUser","body":{"id":9007199254740993}}]'),
      '0',
      'below 2^53',
    ],
    ['a fraction', [member, { type: 'ConfineUser', body: { id: 1.5 } }], '1', 'below 2^53'],
    [
      'a question to a third party',
      [{ type: '3P', body: { Location: 'x', VerifierKey: null, Ticket: null } }],
      '0',
      'no token is minted with a caveat of type 3P',
    ],
    [
      'a binding deep inside',
      [member, { type: 'IfPresent', body: { ifs: [{ type: 'BindToParentToken', body: 'AAAA' }], else: 'r' } }],
      '1',
      'type BindToParentToken',
    ],
    ['an attestation', [{ type: 'FlyioUserID', body: 1 }], '0', 'type FlyioUserID'],
  ])('are refused for %s, by index and without the value', (_, value, path, what) => {
    const { message, ...at } = refuse(value)
    expect(at.path).toBe(path)
    expect(message).toContain(what)
    expect(message).not.toMatch(/Nonsense|vol_1|9007199|more"/)
  })

  it('are bounded in number, size and depth', () => {
    expect(requestedCaveats.safeParse(Array.from({ length: 32 }, () => member)).success).toBe(true)
    expect(requestedCaveats.safeParse(Array.from({ length: 33 }, () => member)).success).toBe(false)
    const machines = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`machine-${index}`, 'r']))
    expect(refuse([{ type: 'Machines', body: { machines } }]).message).toContain('more than 16384 characters')
    let deep: unknown = member
    for (let depth = 0; depth < 9; depth++) deep = { type: 'IfPresent', body: { ifs: [deep], else: 'r' } }
    expect(refuse([deep]).message).toContain('deep')
    const abyss: unknown = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000))
    expect(refuse([member, abyss])).toMatchObject({ path: '1', message: expect.stringContaining('more than 32 deep') })
  })

  it('never repeat what was sent, and fail only by refusing', () => {
    const marker = 'SECRET'
    const marked = fc.string().map((text) => `${marker}${text}`)
    const anything = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('Apps', 'Action', 'Commands', 'IfPresent', 'StorageObjects', '77', 'type', 'body', 'rwcdC'),
        fc.jsonValue(),
        marked,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.oneof(fc.constantFrom('type', 'body', 'apps', 'ifs', 'else', 'prefixes'), marked),
          tie('value'),
          {
            maxKeys: 4,
          },
        ),
        fc.record({ type: fc.constantFrom('Apps', 'StorageObjects', 'IfPresent', 'Commands'), body: tie('value') }),
      ),
    })).value
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), (values) => {
        const { error } = requestedCaveats.safeParse(values)
        for (const { path, message } of error?.issues ?? []) {
          expect(path.join('.') + message).not.toContain(marker)
        }
      }),
      { numRuns: 500 },
    )
  })
})
