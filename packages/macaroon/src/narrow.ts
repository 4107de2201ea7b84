/** Narrowing a token by words, such as flags of a command line or fields of a page: what they mean as caveats. */

import { type Action, actions, describeAction, isAction, isSubset } from './action.ts'
import { badArgument, expectFields, expectId, expectText, takeList } from './boundary.ts'
import type { Caveat, Command } from './caveat.ts'
import { type LabelWords, takeLabel, whatIsWrong } from './label-words.ts'
import { MacaroonError } from './errors.ts'
import { arrange, parseNetwork } from './network.ts'

export { parseNetwork } from './network.ts'
export { splitShellWords } from './shell-words.ts'

/** What a token is narrowed to, and who uses it; what is left out is not narrowed. */
export interface NarrowingWords {
  readonly organisation?: bigint | undefined
  readonly apps?: readonly bigint[] | undefined
  readonly machines?: readonly string[] | undefined
  readonly volumes?: readonly string[] | undefined
  /** Features of the organisation; where no actions are given, `actions` holds. */
  readonly features?: ReadonlyMap<string, Action | undefined> | undefined
  readonly commands?: readonly Command[] | undefined
  readonly mutations?: readonly string[] | undefined
  /** What may be done at most, to whatever. */
  readonly actions?: Action | undefined
  /** From where it may be used: networks as `parseNetwork` reads them. */
  readonly networks?: readonly string[] | undefined
  /** Unix seconds. */
  readonly notAfter?: number | undefined
  /** Who uses it; this narrows nothing. */
  readonly label?: LabelWords | undefined
}

/** The items of a list with commas or spaces between them, each once; an item that is missing is ''. */
export function splitItems(text: string): readonly string[] {
  return [
    ...new Set(
      expectText(text, 'text')
        .trim()
        .split(/\s*,\s*|\s+/),
    ),
  ]
}

/** The actions that running a command in a machine takes. */
export const commandActions: Action = actions.write | actions.control

/**
 * The caveats that together allow just what the words say. Every word but a label narrows. If two words name resources and an access can
 * be to only one of them (an app or a feature, a machine or a volume), either may be used.
 *
 * Throws MacaroonError `bad-argument` if words contradict each other, or one has a wrong type: null is no word left out.
 */
export function caveatsOfWords(given: NarrowingWords): readonly Caveat[] {
  const words = takeWords(given)
  const { organisation, mutations, networks, notAfter, label } = words
  const resources = caveatsOfResources(words)
  const mask = words.actions
  return [
    ...(organisation === undefined
      ? []
      : [{ type: 'Organization', id: organisation, mask: mask ?? actions.all } as const]),
    ...resources,
    ...(mutations === undefined ? [] : [{ type: 'Mutations', mutations } as const]),
    // Where nothing above carries the actions, they stand alone. An Action holds for every token, whatever it is about: an
    // Organization caveat with a mask, as `create readonly` adds it, takes exactly one organisation that is known by its
    // number, and a second one keeps flyctl from narrowing the token once more.
    ...(mask === undefined || organisation !== undefined || hasMask(words) ? [] : [{ type: 'Action', mask } as const]),
    ...(networks === undefined ? [] : [caveatOfNetworks(networks)]),
    // Without a beginning: the clock here may be ahead of the authority's, which would refuse the token.
    ...(notAfter === undefined ? [] : [{ type: 'ValidityWindow', notBefore: 0n, notAfter: BigInt(notAfter) } as const]),
    ...(label === undefined ? [] : [caveatOfLabel(label)]),
  ]
}

function takeWords(words: NarrowingWords): NarrowingWords {
  const given = expectFields(words, 'words')
  function take<Name extends keyof NarrowingWords>(
    name: Name,
    check: (value: unknown, name: string) => NarrowingWords[Name],
  ): NarrowingWords[Name] {
    const value = given[name]
    return value === undefined ? undefined : check(value, `words.${name}`)
  }
  return {
    organisation: take('organisation', expectId),
    apps: take('apps', (value, name) => takeList(value, name, expectId)),
    machines: take('machines', takeTexts),
    volumes: take('volumes', takeTexts),
    features: take('features', takeFeatures),
    commands: take('commands', (value, name) => takeList(value, name, takeCommand)),
    mutations: take('mutations', takeTexts),
    actions: take('actions', expectMask),
    networks: take('networks', takeTexts),
    notAfter: take('notAfter', expectSeconds),
    label: given.label,
  }
}

function takeTexts(value: unknown, name: string): readonly string[] {
  return takeList(value, name, expectText)
}

function takeFeatures(value: unknown, name: string): ReadonlyMap<string, Action | undefined> {
  if (!(value instanceof Map)) throw badArgument(name, 'a Map')
  return new Map(
    [...(value as ReadonlyMap<unknown, unknown>)].map(([feature, mask]) => [
      expectText(feature, `a key of ${name}`),
      mask === undefined ? undefined : expectMask(mask, `a value of ${name}`),
    ]),
  )
}

function takeCommand(value: unknown, name: string): Command {
  const { args, exact } = expectFields(value as { readonly args: unknown; readonly exact: unknown }, name)
  if (typeof exact !== 'boolean') throw badArgument(`${name}.exact`, 'a boolean')
  return { args: args === null ? null : takeTexts(args, `${name}.args`), exact }
}

function expectMask(value: unknown, name: string): Action {
  if (!isAction(value)) throw badArgument(name, 'a mask of 16 bits')
  return value
}

function expectSeconds(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw badArgument(name, 'a whole number of seconds')
  return value
}

function caveatOfNetworks(texts: readonly string[]): Caveat {
  const networks = texts.map((text, at) => {
    try {
      return parseNetwork(text)
    } catch (error) {
      if (!(error instanceof MacaroonError)) throw error
      throw new MacaroonError(error.code, `words.networks[${at}] ${error.message}`)
    }
  })
  return { type: 'Networks', networks: arrange(networks) }
}

function caveatOfLabel(words: LabelWords): Caveat {
  const label = takeLabel(words, 'words.label')
  const wrong = whatIsWrong(label)
  if (wrong !== undefined) throw new MacaroonError('bad-argument', `the run label ${wrong}`)
  return { type: 'RunLabel', ...label }
}

function hasMask({ apps, machines, volumes, features }: NarrowingWords): boolean {
  return [apps, machines, volumes, features].some((each) => each !== undefined)
}

function caveatsOfResources(words: NarrowingWords): readonly Caveat[] {
  const mask = words.actions ?? actions.all
  const app: readonly Caveat[] =
    words.apps === undefined ? [] : [{ type: 'Apps', apps: new Map(words.apps.map((id) => [id, mask])) }]
  const machine: readonly Caveat[] =
    words.machines === undefined
      ? []
      : [{ type: 'Machines', machines: new Map(words.machines.map((id) => [id, mask])) }]
  const volume: readonly Caveat[] =
    words.volumes === undefined ? [] : [{ type: 'Volumes', volumes: new Map(words.volumes.map((id) => [id, mask])) }]
  const feature: readonly Caveat[] =
    words.features === undefined ? [] : [{ type: 'FeatureSet', features: masksOfFeatures(words.features, mask) }]

  const isInApps = machine.length + volume.length > 0
  return [
    ...(app.length === 0 && isInApps ? [] : anyOf([...app, ...feature])),
    ...(isInApps ? anyOf([...machine, ...volume, ...feature]) : []),
    ...caveatsOfCommands(words, [...volume, ...feature]),
  ]
}

/** As `create machine-exec`: everything but commands may be read, because the machine must be found first. */
function caveatsOfCommands({ commands, actions: mask }: NarrowingWords, others: readonly Caveat[]): readonly Caveat[] {
  if (commands === undefined) return []
  if (mask !== undefined && !isSubset(commandActions, mask)) {
    throw new MacaroonError(
      'bad-argument',
      `running a command takes ${describeAction(commandActions)}, and only ${describeAction(mask)} is to be allowed: leave one away`,
    )
  }
  const otherwise = actions.read & (mask ?? actions.all)
  return [{ type: 'IfPresent', ifs: [{ type: 'Commands', commands }, ...others], else: otherwise }]
}

/** One of these, and nothing else; none for none. */
function anyOf(caveats: readonly Caveat[]): readonly Caveat[] {
  return caveats.length < 2 ? caveats : [{ type: 'IfPresent', ifs: caveats, else: actions.none }]
}

function masksOfFeatures(features: ReadonlyMap<string, Action | undefined>, mask: Action): ReadonlyMap<string, Action> {
  return new Map(
    [...features].map(([name, own]) => {
      const both = (own ?? mask) & mask
      if (both !== actions.none) return [name, both]
      throw new MacaroonError(
        'bad-argument',
        `the feature ${name} is to allow ${describeAction(own ?? mask)}, and everything only ${describeAction(mask)}`,
      )
    }),
  )
}
