// Reads the rules of `/authorize` from their file.
import { JsonError, parseJson } from '@hallpass/client/json'

import { fields, type Part, type Rule, type RuleAccess, type RuleField } from './rule.ts'
import { findShadowed } from './shadowed.ts'

/** Something is wrong with the rules: a sentence that says where. */
export class RulesError extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'RulesError'
  }
}

const most = { characters: 256 * 1024, rules: 1000, hosts: 100, host: 253, methods: 30, parts: 30 } as const

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
  const read = list.map((rule, at) => readRule(rule, `rule ${at + 1}`, check))
  const shadowed = findShadowed(read)
  if (shadowed === undefined) return read
  throw new RulesError(`rule ${shadowed.at + 1}: no request comes to it: rule ${shadowed.by + 1} is about all of them`)
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
  const isHost = (host: string) => /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$|^\[[0-9a-f:.]+\]$/.test(host)
  if (list.every((host) => host.length <= most.host && isHost(host))) return new Set(list)
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
    return /^[A-Za-z0-9._~!$&'()+,:=@-]*[A-Za-z0-9_~!$&'()+,:=@-]$/.test(text) ? { kind: 'text', text } : undefined
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
