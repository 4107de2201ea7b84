// The access that a caller asks about: checked as the contract of `POST /v1/tokens/authorize` checks it, and as `clear` takes it.
import type { AskedAccess } from '@hallpass/client'
import { actions, parseAction, type Access } from '@hallpass/macaroon'
import { parseAddress } from '@hallpass/macaroon/internal'

import { isObject, isText, listOf } from './outside.ts'

/** What was asked about is no access: a fault of the caller, and not of who sent the token. The message names the field. */
export class AccessError extends TypeError {
  override readonly name = 'AccessError'
}

/** An access with names instead of ids. */
export interface NamedAccess {
  readonly slug: string | undefined
  readonly appName: string | undefined
  readonly access: Omit<Access, 'now' | 'orgId' | 'appId'>
}

const texts = [
  'action',
  'org_slug',
  'app_name',
  'org_feature',
  'app_feature',
  'volume_id',
  'machine_id',
  'machine_feature',
  'mutation',
  'source_machine',
  'source_address',
  'storage_object',
] as const
const shallow: ReadonlySet<string> = new Set(['action', 'org_slug', 'app_name'])
const known: ReadonlySet<string> = new Set([...texts, 'command'])

/** As the contract bounds them, in characters. */
const longestText = 512
const longestAction = 32
const mostArguments = 1024

/** @throws AccessError */
export function takeAccess(asked: AskedAccess): NamedAccess {
  if (!isObject(asked)) throw new AccessError('access must be an object')
  let isDeep = false
  for (const field of Object.keys(asked)) {
    const value = asked[field as keyof AskedAccess]
    if (value === undefined) continue
    // An unknown field may be a restriction that would be ignored.
    if (!known.has(field)) throw new AccessError('access has a field that is not known')
    if (shallow.has(field)) {
      if (!isText(value)) throw wrong(field, 'is no text')
      continue
    }
    isDeep = true
    if (field === 'command') {
      const command = listOf(value, isText)
      if (command === undefined || command.length > mostArguments) throw wrong(field, 'is no list of texts')
    } else if (!isText(value)) throw wrong(field, 'is no text')
    else if (value.length > longestText) throw wrong(field, 'is too long')
  }
  if (asked.org_slug === undefined && asked.app_name === undefined) {
    throw wrong('org_slug', 'is needed where no app_name is given')
  }
  // Most accesses name an organization or an app, and nothing in it.
  if (isDeep) checkDeep(asked)
  return {
    slug: asked.org_slug,
    appName: asked.app_name,
    access: {
      action: readAction(asked.action ?? ''),
      feature: asked.org_feature,
      appFeature: asked.app_feature,
      volume: asked.volume_id,
      machine: asked.machine_id,
      machineFeature: asked.machine_feature,
      command: asked.command,
      mutation: asked.mutation,
      sourceMachine: asked.source_machine,
      sourceAddress: asked.source_address,
      storageObject: asked.storage_object,
    },
  }
}

/** What its holder may call the organization of a token, if that is a personal one. */
export const personalAlias = 'personal'

/** Whether something may have this name: what may not cannot exist, so nobody needs to be asked. */
export function canBeName(name: string): boolean {
  return /^[A-Za-z0-9._@+-]{1,254}$/.test(name)
}

const hierarchy = [
  { parts: ['app_name', 'org_feature', 'storage_object'], parent: undefined },
  { parts: ['machine_id', 'volume_id', 'app_feature'], parent: 'app_name' },
  { parts: ['command', 'machine_feature'], parent: 'machine_id' },
] as const

function checkDeep(asked: AskedAccess): void {
  const given = (fields: readonly (keyof AskedAccess)[]) => fields.filter((field) => asked[field] !== undefined)
  for (const { parts, parent } of hierarchy) {
    const [first, second] = given(parts)
    if (first !== undefined && second !== undefined) throw wrong(second, `cannot stand beside ${first}`)
    if (first !== undefined && parent !== undefined && asked[parent] === undefined)
      throw wrong(first, `needs ${parent}`)
  }
  for (const field of given(['org_feature', 'storage_object'])) {
    if (asked.org_slug === undefined) throw wrong(field, 'needs org_slug')
  }
  if (asked.source_address !== undefined && parseAddress(asked.source_address) === undefined) {
    throw wrong('source_address', 'is not an IPv4 or IPv6 address')
  }
}

/** `rwcdC` in letters; no letter asks for no action in particular. */
function readAction(letters: string): number {
  if (letters.length > longestAction) throw wrong('action', 'is too long')
  try {
    return parseAction(letters) & actions.all
  } catch (cause) {
    throw new AccessError('access.action has a letter that is no action: there are r, w, c, d and C, and * alone', {
      cause,
    })
  }
}

function wrong(field: string, predicate: string): AccessError {
  return new AccessError(`access.${field} ${predicate}`)
}
