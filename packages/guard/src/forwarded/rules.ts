// The rules of `/authorize`: which access a request takes, by its method, host and path.
import type { AskedAccess } from '@hallpass/client'
import { JsonError, parseJson } from '@hallpass/client/json'

/** The fields of an access that a rule may set. The action is always fixed, and what is said of the client comes from the proxy. */
const fields = [
  'org_slug',
  'app_name',
  'org_feature',
  'app_feature',
  'volume_id',
  'machine_id',
  'machine_feature',
  'mutation',
  'storage_object',
] as const satisfies readonly (keyof AskedAccess)[]

type FieldName = (typeof fields)[number]

/** What a rule asks for. */
export type RuleAccess = { readonly action: string } & { readonly [Name in FieldName]?: string }

/** A part of a path: a text, any one segment, or any one that is called by this name. */
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any'; readonly name: string | undefined }

export interface Rule {
  /** In lower case; `*.` stands for one label. Undefined for every host. */
  readonly hosts: ReadonlySet<string> | undefined
  /** Undefined for every method. */
  readonly methods: ReadonlySet<string> | undefined
  readonly path: readonly Part[]
  /** Whether any more segments may follow. */
  readonly isOpen: boolean
  readonly action: string
  readonly fields: readonly RuleField[]
}

/** A field of the access with its text, or with the name of a part of the path. */
interface RuleField {
  readonly name: FieldName
  readonly text?: string
  readonly part?: string
}

/** Something is wrong with the rules: a sentence that says where. */
export class RulesError extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'RulesError'
  }
}

const most = { characters: 256 * 1024, rules: 1000, hosts: 100, methods: 30, parts: 30 } as const

/**
 * The rules of a JSON text: `{"rules": [{"hosts": [], "methods": [], "path": "", "access": {}}]}`.
 * @param check what is wrong with an access, in which a part of the path is `x`; undefined if nothing is
 * @throws RulesError that names the rule by its number, from 1
 */
export function parseRules(text: string, check: (access: RuleAccess) => string | undefined): readonly Rule[] {
  if (text.length > most.characters) throw new RulesError(`has more than ${most.characters} characters`)
  const { rules } = objectOf(parse(text), '', ['rules'])
  const list = listOf(rules, 'rules', most.rules)
  if (list.length === 0) throw new RulesError('has no rule: every request would be refused')
  return list.map((rule, at) => readRule(rule, `rule ${at + 1}`, check))
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonError) throw new RulesError(error.message)
    throw error
  }
}

function readRule(rule: unknown, where: string, check: (access: RuleAccess) => string | undefined): Rule {
  const { hosts, methods, path, access } = objectOf(rule, where, ['hosts', 'methods', 'path', 'access'])
  const pattern = readPattern(textOf(path, `${where}: path`), `${where}: path`)
  const { action, ...given } = objectOf(access, `${where}: access`, ['action', ...fields])
  const letters = textOf(action, `${where}: access.action`)
  const names = new Set(
    pattern.path.flatMap((part) => (part.kind === 'any' && part.name !== undefined ? [part.name] : [])),
  )
  const used = fields.flatMap((name): readonly RuleField[] => {
    const value = given[name]
    if (value === undefined) return []
    const text = textOf(value, `${where}: access.${name}`)
    const [, part] = /^\{(\w+)\}$/.exec(text) ?? []
    if (part === undefined) {
      if (/[{}]/.test(text))
        throw new RulesError(`${where}: access.${name} is a text, or a part of the path alone: "{name}"`)
      return [{ name, text }]
    }
    if (!names.has(part)) throw new RulesError(`${where}: access.${name} names a part that the path does not have`)
    return [{ name, part }]
  })
  const unused = [...names].find((name) => !used.some(({ part }) => part === name))
  if (unused !== undefined) throw new RulesError(`${where}: no field of the access is {${unused}}: write * in the path`)
  const wrong = check({ action: letters, ...Object.fromEntries(used.map(({ name, text = 'x' }) => [name, text])) })
  if (wrong !== undefined) throw new RulesError(`${where}: access: ${wrong}`)
  return {
    hosts: hosts === undefined ? undefined : readHosts(hosts, `${where}: hosts`),
    methods: readMethods(methods, `${where}: methods`),
    ...pattern,
    action: letters,
    fields: used,
  }
}

function readHosts(hosts: unknown, where: string): ReadonlySet<string> {
  const list = filledListOf(hosts, where, most.hosts).map((host) => textOf(host, where))
  if (list.every((host) => /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$|^\[[0-9a-f:.]+\]$/.test(host))) return new Set(list)
  throw new RulesError(`${where} are names in lower case without a port, as "web.example.com" or "*.example.com"`)
}

function readMethods(methods: unknown, where: string): ReadonlySet<string> | undefined {
  const list = filledListOf(methods, where, most.methods).map((method) => textOf(method, where))
  if (list.length === 1 && list[0] === '*') return undefined
  if (list.every((method) => /^[A-Z]{1,20}$/.test(method))) return new Set(list)
  throw new RulesError(`${where} are names in capitals, or "*" alone`)
}

function readPattern(path: string, where: string): Pick<Rule, 'path' | 'isOpen'> {
  const texts = path.slice(1).split('/')
  if (path === '/') texts.pop()
  const isOpen = texts.at(-1) === '**'
  if (isOpen) texts.pop()
  if (texts.length > most.parts) throw new RulesError(`${where} has more than ${most.parts} parts`)
  const parts = texts.map((text): Part | undefined => {
    if (text === '*') return { kind: 'any', name: undefined }
    const [, name] = /^\{(\w{1,40})\}$/.exec(text) ?? []
    if (name !== undefined) return { kind: 'any', name }
    return /^(?!\.+$)[A-Za-z0-9._~!$&'()+,:=@-]+$/.test(text) ? { kind: 'text', text } : undefined
  })
  const names = parts.flatMap((part) => (part?.kind === 'any' && part.name !== undefined ? [part.name] : []))
  if (!path.startsWith('/') || parts.includes(undefined) || new Set(names).size < names.length) {
    throw new RulesError(
      `${where} begins with / and does not end with it; its parts are plain texts, *, {names} that differ, and ** at the end`,
    )
  }
  return { path: parts as readonly Part[], isOpen }
}

function objectOf<const Name extends string>(
  value: unknown,
  where: string,
  names: readonly Name[],
): { readonly [Each in Name]?: unknown } {
  const place = where === '' ? '' : `${where}: `
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RulesError(`${place}is no object`)
  if (Object.keys(value).some((key) => !names.some((name) => name === key))) {
    throw new RulesError(`${place}has a field that is not known: there are ${names.join(', ')}`)
  }
  return value
}

function listOf(value: unknown, where: string, longest: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new RulesError(`${where} is no list`)
  if (value.length > longest) throw new RulesError(`${where} has more than ${longest} entries`)
  return value
}

function filledListOf(value: unknown, where: string, longest: number): readonly unknown[] {
  const list = listOf(value, where, longest)
  if (list.length === 0) throw new RulesError(`${where} is empty`)
  return list
}

function textOf(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new RulesError(`${where} is no text`)
}
