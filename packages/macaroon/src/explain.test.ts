import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { type Action, actions, isSubset } from './action.ts'
import type { Caveat } from './caveat.ts'
import { parseNetwork } from './network.ts'
import { clearCaveats } from './clear.ts'
import { type Ability, explain, type Scope, type Selection, type Step } from './explain.ts'
import { caveat, fewCaveats, rareCaveat, sensibleAccess } from './testing/arbitraries.ts'

const now = 1_790_000_000
const names = { organizations: new Map([[2n, 'acme']]), apps: new Map([[7n, 'web']]) }
const say = (...caveats: Caveat[]) => explain(caveats, { now, names }).sentences

const organization: Caveat = { type: 'Organization', id: 2n, mask: actions.any }
const isMember: Caveat = { type: 'IsMember' }
const apps = (...entries: readonly (readonly [bigint, Action])[]): Caveat => ({ type: 'Apps', apps: new Map(entries) })
const deploy: Caveat = {
  type: 'IfPresent',
  ifs: [
    apps([7n, actions.any]),
    {
      type: 'FeatureSet',
      features: new Map([
        ['builder', actions.any],
        ['wg', actions.any],
      ]),
    },
  ],
  else: actions.read,
}
const lasting = (from: number, seconds: number): Caveat => ({
  type: 'ValidityWindow',
  notBefore: BigInt(from),
  notAfter: BigInt(now + seconds),
})

const everything = 'read, write, create, delete and control'
const particular = 'Where two of these lines fit, the more particular one counts.'

describe('explain', () => {
  it('says the same in tables: a line for each kind of thing, with what may be done to it', () => {
    const { tables, conditions, sentences } = explain(
      [
        { type: 'Organization', id: 7n, mask: actions.all },
        {
          type: 'Apps',
          apps: new Map([
            [1n, actions.read],
            [2n, actions.read | actions.write],
          ]),
        },
        { type: 'Networks', networks: [parseNetwork('10.0.0.0/8')] },
      ],
      { now: 0 },
    )
    expect(tables).toEqual([
      {
        where: 'In organization 7',
        rows: [
          { what: 'app 2 and everything in it', actions: actions.read | actions.write },
          { what: 'app 1 and everything in it', actions: actions.read },
        ],
        notes: ['It may do nothing else there.'],
      },
    ])
    expect(conditions).toEqual(['It may be used only from addresses in 10.0.0.0/8.', 'It has no end.'])
    expect(sentences.slice(-2)).toEqual(conditions)
    expect(explain([], { now: 0 })).toMatchObject({
      tables: [],
      conditions: [expect.stringContaining('It allows nothing')],
    })
  })

  it('says what an org token can do', () => {
    expect(say(organization, isMember, lasting(now - 10, 3600))).toEqual([
      'In organization acme (2):',
      `It may ${everything}: the organization and everything in it; features wg, domain, site, builder, addon, checks and litefs-cloud.`,
      'It may read: features membership, billing and authentication.',
      'It may do nothing to: every other feature.',
      particular,
      'It ends at 2026-09-21 15:13:20 UTC (in 1 hour).',
    ])
  })

  it('says what a deploy token can do', () => {
    expect(say(organization, deploy, isMember, lasting(0, 86_400 * 3))).toEqual([
      'In organization acme (2):',
      `It may ${everything}: app web (7) and everything in it; features builder and wg.`,
      'It may read: the organization and everything in it.',
      'It may do nothing to: every other app; every other feature.',
      particular,
      'It ends at 2026-09-24 14:13:20 UTC (in 3 days).',
    ])
  })

  it('says what is left of a token that was narrowed, with the least of all masks', () => {
    const machines: Caveat = { type: 'Machines', machines: new Map([['m1', actions.read | actions.control]]) }
    expect(say(organization, apps([7n, actions.read], [9n, 3]), machines, { type: 'Action', mask: 17 })).toEqual([
      'In organization acme (2):',
      'It may read: machine m1 of app web (7); machine m1 of app 9.',
      'It may do nothing else there.',
      'It has no end.',
    ])
  })

  it('says which commands may be run', () => {
    const commands: Caveat = {
      type: 'Commands',
      commands: [
        { args: ['ls', '-l'], exact: true },
        { args: ['bin/rails', 'run this'], exact: false },
      ],
    }
    expect(say(organization, apps([7n, actions.any]), commands)).toEqual([
      'In organization acme (2):',
      `It may ${everything}: command [ls -l] of every machine of app web (7); commands that begin with [bin/rails "run this"] of every machine of app web (7).`,
      'It may do nothing else there.',
      'It has no end.',
    ])
    const machineExec: Caveat = { type: 'IfPresent', ifs: [commands], else: actions.read }
    expect(say(organization, apps([7n, actions.any]), machineExec)).toContain(
      'It may do nothing to: every other command of every machine of app web (7).',
    )
  })

  it('says that a token is only for some mutations', () => {
    expect(say(organization, { type: 'Mutations', mutations: ['addWireGuardPeer', 'issueCertificate'] })[0]).toBe(
      'In organization acme (2), only as GraphQL mutations addWireGuardPeer and issueCertificate:',
    )
  })

  it('says who, when, from where, and what is still needed', () => {
    const text = say(
      organization,
      { type: 'Action', mask: actions.read },
      lasting(now + 7200, 86_400),
      { type: 'FlySrc', organization: 'acme', app: '', instance: 'm1' },
      { type: '3P', location: 'https://auth.example', verifierKey: null, ticket: null },
      { type: 'FlyioUserID', id: 5n },
    )
    expect(text).toEqual([
      'In organization acme (2):',
      'It may read: the organization and everything in it.',
      'It may be used only from machine m1 and organization acme.',
      'It begins at 2026-09-21 16:13:20 UTC (in 2 hours), and allows nothing before.',
      'It ends at 2026-09-22 14:13:20 UTC (in 24 hours).',
      'It says that it acts for user 5.',
      'It needs a discharge from https://auth.example.',
    ])
  })

  it.each<readonly [string, string, readonly Caveat[]]>([
    ['what ended', 'it ended at 2026-09-21 14:13:19 UTC (1 second ago)', [organization, lasting(0, -1)]],
    [
      'what is not understood',
      'caveat number 4242 is not understood here, so it forbids everything',
      [organization, { type: 'Unknown', number: 4242n, body: Uint8Array.of(0xc3) }],
    ],
    ['an empty set', 'Apps: no app at all', [organization, { type: 'Apps', apps: null }]],
    [
      'two that contradict each other, and not the third',
      'its caveats contradict each other (Apps: only app web (7), to read; Apps: only app 8, to read and write)',
      [organization, apps([7n, 1]), apps([8n, 3])],
    ],
    [
      'masks without a common action',
      'its caveats contradict each other (Organization: only organization acme (2), to read; Action: only to write)',
      [{ ...organization, mask: 1 }, isMember, { type: 'Action', mask: 2 }],
    ],
    [
      'an app that would have to be a feature',
      'its caveats contradict each other (Apps: only app web (7), to read; FeatureSet: only feature of the organization wg, to read)',
      [organization, apps([7n, 1]), { type: 'FeatureSet', features: new Map([['wg', 1]]) }],
    ],
    ['no caveats', 'it has no caveat that limits it, and such a token is refused', [{ type: 'FlyioUserID', id: 5n }]],
  ])('says plainly that nothing is allowed: %s', (_, why, caveats) => {
    const explanation = explain(caveats, { now, names })
    expect(explanation).toMatchObject({ nothing: why, scopes: [] })
    expect(explanation.sentences[0]).toBe(`It allows nothing: ${why}.`)
  })

  it('lists the caveats of what names too much to be looked through', () => {
    const many = new Map(Array.from({ length: 2000 }, (_, i) => [`p${i}`, actions.read] as const))
    const hostile: readonly (readonly Caveat[])[] = [
      [organization, deploy, { type: 'Machines', machines: many }, apps([7n, 1], [8n, 1])],
      [organization, { type: 'StorageObjects', prefixes: many }],
      [organization, { type: 'Mutations', mutations: [...many.keys()] }],
    ]
    for (const caveats of hostile) {
      const { scopes, nothing, sentences } = explain(caveats, { now })
      expect({ scopes, nothing }).toEqual({ scopes: undefined, nothing: undefined })
      expect(sentences.slice(1)).toContain(
        'Organization: only organization 2, to read, write, create, delete and control.',
      )
      expect(sentences.join('\n')).toContain('p10')
      expect(sentences.join('\n').length).toBeLessThan(4000)
    }
  })

  it('quotes what could pass for words', () => {
    const text = say(organization, { type: 'Machines', machines: new Map([['m1 and everything\u001b[2J', 1]]) }).join()
    expect(text).toContain(String.raw`machine "m1 and everything\u001b[2J" of every app`)
  })
})

describe('explain, held against clear', () => {
  const anyCaveats = fc.oneof(
    fewCaveats,
    fc.array(caveat(), { minLength: 1, maxLength: 5 }),
    fc.array(caveat(1, fc.constantFrom<Action>(actions.any, 3)), { minLength: 1, maxLength: 3 }),
  )

  it('allows what clear allows, action by action, and nothing else', () => {
    fc.assert(
      fc.property(anyCaveats, fc.array(sensibleAccess, { minLength: 5, maxLength: 20 }), (caveats, accesses) => {
        for (const access of accesses) {
          const explanation = explain(caveats, { now: access.now })
          const source = sourceOf(caveats)
          const { begins, ends } = explanation
          const isTimely = (begins ?? access.now) <= access.now && access.now <= (ends ?? access.now)
          for (const action of [1, 2, 4, 8, 16, access.action].filter((mask) => mask !== actions.none)) {
            const cleared = clearCaveats(caveats, [{ ...access, ...source, action }]).allowed
            const explained = isTimely && isSubset(action, actionsOf(explanation.scopes ?? [], access))
            expect(explained).toBe(cleared)
          }
          if (explanation.nothing !== undefined) {
            expect(clearCaveats(caveats, [{ ...access, ...source, action: actions.read }]).allowed).toBe(false)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('does so in a small world, where everything meets', () => {
    fc.assert(
      fc.property(fc.array(smallCaveat, { minLength: 1, maxLength: 4 }), smallAccess, (caveats, access) => {
        const { scopes = [] } = explain(caveats, { now })
        for (const action of [actions.read, actions.write]) {
          const cleared = clearCaveats(caveats, [{ ...access, action }]).allowed
          expect(isSubset(action, actionsOf(scopes, access))).toBe(cleared)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('says nothing only where every access is denied, and always says something', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(caveat(), rareCaveat), { maxLength: 8 }), sensibleAccess, (caveats, access) => {
        const { nothing, sentences, scopes } = explain(caveats, { now: access.now })
        expect(sentences.length).toBeGreaterThan(0)
        expect(sentences.every((sentence) => /^[A-Z].*[.:]$/s.test(sentence))).toBe(true)
        expect(nothing === undefined).toBe(scopes?.length !== 0)
      }),
      { numRuns: 500 },
    )
  })
})

/** Few ids, and masks of reading and writing only. */
const smallMask = fc.constantFrom<Action>(actions.any, actions.any, 1, 2, 0)
const word = fc.constantFrom('a', 'b', 'ab', 'abc')
const sets = fc.array(fc.tuple(word, smallMask), { maxLength: 3 }).map((entries) => new Map(entries))
const flatSmallCaveat: fc.Arbitrary<Caveat> = fc.oneof(
  fc.record({ type: fc.constant('Organization' as const), id: fc.constantFrom(0n, 1n, 2n), mask: smallMask }),
  fc.record({
    type: fc.constant('Apps' as const),
    apps: fc.array(fc.tuple(fc.constantFrom(1n, 2n), smallMask), { maxLength: 2 }).map((entries) => new Map(entries)),
  }),
  fc.record({ type: fc.constant('Machines' as const), machines: sets }),
  fc.record({ type: fc.constant('Volumes' as const), volumes: sets }),
  fc.record({ type: fc.constantFrom('AppFeatureSet' as const, 'MachineFeatureSet' as const), features: sets }),
  fc.record({ type: fc.constant('StorageObjects' as const), prefixes: sets }),
  fc.record({ type: fc.constant('Clusters' as const), clusters: sets }),
  fc.record({
    type: fc.constant('FeatureSet' as const),
    features: fc
      .array(fc.tuple(fc.constantFrom('wg', 'litefs-cloud', 'billing', 'x'), smallMask), { maxLength: 3 })
      .map((entries) => new Map(entries)),
  }),
  fc.record({
    type: fc.constant('Commands' as const),
    commands: fc.array(fc.record({ args: fc.array(word, { maxLength: 3 }), exact: fc.boolean() }), { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('Mutations' as const), mutations: fc.array(word, { maxLength: 2 }) }),
  fc.record({ type: fc.constant('Action' as const), mask: smallMask }),
  fc.constantFrom<Caveat>({ type: 'IsMember' }, { type: 'AllowedRoles', roles: 2 }),
)
const smallCaveat: fc.Arbitrary<Caveat> = fc.oneof(flatSmallCaveat, {
  weight: 2,
  arbitrary: fc.record({
    type: fc.constant('IfPresent' as const),
    ifs: fc.array(flatSmallCaveat, { maxLength: 3 }),
    else: smallMask,
  }),
})
const machine = { orgId: 1n, appId: 1n, machine: 'a' }
const smallPlace: fc.Arbitrary<Partial<Access>> = fc.oneof(
  fc.record({ orgId: fc.constantFrom(1n, 2n, 3n) }),
  fc.record({ orgId: fc.constantFrom(1n, 3n), appId: fc.constantFrom(1n, 2n, 3n) }),
  fc.record({ orgId: fc.constant(1n), appId: fc.constantFrom(1n, 3n), machine: fc.constantFrom('a', 'z') }),
  fc.record({ orgId: fc.constant(1n), appId: fc.constantFrom(1n, 3n), volume: fc.constantFrom('a', 'z') }),
  fc.record({ orgId: fc.constant(1n), appId: fc.constantFrom(1n, 3n), appFeature: fc.constantFrom('a', 'z') }),
  fc
    .record({ command: fc.array(fc.constantFrom('a', 'b', 'z'), { maxLength: 4 }) })
    .map((own) => ({ ...machine, ...own })),
  fc.constantFrom({ ...machine, machineFeature: 'a' }, { ...machine, machineFeature: 'z' }),
  fc.record({
    orgId: fc.constant(1n),
    feature: fc.constantFrom('wg', 'billing', 'deletion', 'x', 'z', 'litefs-cloud'),
  }),
  fc.record({ orgId: fc.constant(1n), feature: fc.constant('litefs-cloud'), cluster: fc.constantFrom('a', 'z') }),
  fc.record({ orgId: fc.constant(1n), storageObject: fc.constantFrom('a', 'ab', 'abx', 'abcd', 'bz', 'z', '') }),
)
const smallAccess: fc.Arbitrary<Omit<Access, 'action'>> = fc
  .tuple(smallPlace, fc.option(fc.constantFrom('a', 'z'), { nil: undefined }))
  .map(([place, mutation]) => ({ ...place, now, mutation }))

/** From where the caveats demand that it comes, as far as they agree. */
function sourceOf(caveats: readonly Caveat[]): Partial<Access> {
  const flat = (list: readonly Caveat[]): readonly Caveat[] =>
    list.flatMap((each) => (each.type === 'IfPresent' ? flat(each.ifs ?? []) : [each]))
  const sources = flat(caveats)
  const first = (pick: (each: Caveat) => string | undefined) => sources.map(pick).find((text) => text !== undefined)
  return {
    sourceMachine: first((each) => {
      if (each.type === 'FromMachineSource') return each.id
      return each.type === 'FlySrc' && each.instance !== '' ? each.instance : undefined
    }),
    sourceApp: first((each) => (each.type === 'FlySrc' && each.app !== '' ? each.app : undefined)),
    sourceOrganization: first((each) =>
      each.type === 'FlySrc' && each.organization !== '' ? each.organization : undefined,
    ),
  }
}

/** What an explanation says of an access: the most particular line that fits, as a person would read it. */
function actionsOf(scopes: readonly Scope[], access: Omit<Access, 'action'>): Action {
  const { orgId = 0n, mutation } = access
  const scope = scopes.find(
    ({ organizations, mutations }) =>
      selects(organizations, orgId) &&
      (mutation === undefined ? mutations.without : selects(mutations.named, mutation)),
  )
  const fitting = (scope?.abilities ?? []).filter(({ on }) => on.every((step) => fits(step, access)))
  const [best] = fitting.toSorted((a, b) => particularity(b) - particularity(a))
  return best?.actions ?? actions.none
}

function selects<Id>(selection: Selection<Id>, id: Id): boolean {
  return 'only' in selection ? selection.only.includes(id) : !selection.except.includes(id)
}

/** Deeper is more particular; then what is named, then the longest beginning. */
function particularity({ on }: Ability): number {
  const last = on.at(-1)
  if (last === undefined) return 0
  if ('is' in last) return on.length * 10_000 + 9999
  return on.length * 10_000 + ('beginsWith' in last ? 1 + last.beginsWith.length : 0)
}

function fits(step: Step, access: Omit<Access, 'action'>): boolean {
  const field = step.kind === 'app' ? 'appId' : step.kind
  const id = access[field]
  if (id === undefined) return false
  if ('is' in step) return isAlike(id, step.is)
  return 'beginsWith' in step ? begins(id, step.beginsWith) : !step.except.some((each) => isAlike(id, each))
}

function isAlike(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((each, i) => each === b[i]) : a === b
}

function begins(id: bigint | string | readonly string[], beginning: string | readonly string[]): boolean {
  if (typeof id === 'string') return typeof beginning === 'string' && id.startsWith(beginning)
  if (typeof id === 'bigint' || typeof beginning === 'string') return false
  return id.length >= beginning.length && beginning.every((text, i) => text === id[i])
}
