/** One caveat as a sentence, in the words of `clear`. */

import { roles } from '../access.ts'
import { type Action, actions, describeAction } from '../action.ts'
import type { Caveat, Command, OwnCaveat, ResourceSet, Unknown } from '../caveat.ts'
import { effectiveEnd } from '../caveats/validity-window.ts'
import { sayRunLabels } from '../label-words.ts'
import { type Names, sayArgs, sayInstant, sayList, sayNetworks, sayNumber, sayText, shorten } from './words.ts'

/** What a caveat demands: `Apps: only app web (7), to read and write`. */
export function sayCaveat(caveat: Caveat, names: Names, now: number | bigint): string {
  if (caveat.type === 'Unknown' || caveat.type === 'Own') {
    const which = caveat.type === 'Own' ? sayText(caveat.name) : `number ${caveat.number}`
    return `caveat ${which} is not understood here, so it forbids everything`
  }
  return `${caveat.type}: ${demandOf(caveat, names, now)}`
}

function demandOf(caveat: Exclude<Caveat, Unknown | OwnCaveat>, names: Names, now: number | bigint): string {
  switch (caveat.type) {
    case 'Organization': {
      const which =
        caveat.id === 0n ? 'any organization' : `only organization ${sayNumber(caveat.id, names.organizations)}`
      return `${which}, ${toDo(caveat.mask)}`
    }
    case 'Apps':
      return saySet('app', caveat.apps, (id) => sayNumber(id, names.apps))
    case 'Volumes':
      return saySet('volume', caveat.volumes, sayText)
    case 'Machines':
      return saySet('machine', caveat.machines, sayText)
    case 'FeatureSet':
      return saySet('feature of the organization', caveat.features, sayText)
    case 'AppFeatureSet':
      return saySet('feature of an app', caveat.features, sayText)
    case 'MachineFeatureSet':
      return saySet('feature of a machine', caveat.features, sayText)
    case 'Clusters':
      return saySet('LiteFS cluster', caveat.clusters, sayText)
    case 'StorageObjects':
      return saySet('storage object that begins with', caveat.prefixes, sayText)
    case 'ValidityWindow': {
      const begin = caveat.notBefore <= 0n ? '' : `from ${sayInstant(caveat.notBefore, now)} `
      return `only ${begin}until ${sayInstant(effectiveEnd(caveat), now)}`
    }
    case 'Action':
      return `only ${toDo(caveat.mask)}`
    case 'Mutations':
      return caveat.mutations === null || caveat.mutations.length === 0
        ? 'only GraphQL mutations, and of those none'
        : `only the GraphQL mutation ${sayList(caveat.mutations.map(sayText), 'or')}`
    case 'Commands':
      return caveat.commands === null || caveat.commands.length === 0
        ? 'only commands, and of those none'
        : `only ${sayList(caveat.commands.map(sayCommand), 'or')}`
    case 'IfPresent':
      return sayIfPresent(caveat, names, now)
    case 'IsMember':
      return 'only what takes no more than an ordinary member'
    case 'AllowedRoles':
      return `only what takes no more than ${sayRoles(caveat.roles)}`
    case 'FromMachineSource':
      return `only from machine ${sayText(caveat.id)}`
    case 'FlySrc':
      return `only from ${sayList([
        ...(caveat.instance === '' ? [] : [`machine ${sayText(caveat.instance)}`]),
        ...(caveat.app === '' ? [] : [`app ${sayText(caveat.app)}`]),
        ...(caveat.organization === '' ? [] : [`organization ${sayText(caveat.organization)}`]),
      ])}`
    case 'RunLabel':
      return `${sayRunLabels([caveat])}; it forbids nothing`
    case 'Networks':
      return `only from ${sayNetworks(caveat.networks)}`
    case '3P':
      return `only with a discharge from ${sayText(caveat.location)}`
    case 'BindToParentToken':
      return 'only together with the token that it was made for'
    case 'IsUser':
    case 'FlyioUserID':
      return `user ${caveat.id}`
    case 'GitHubUserID':
      return `GitHub user ${caveat.id}`
    case 'GoogleUserID':
      return `Google user ${caveat.id}`
    case 'ConfineUser':
      return `only a third party can judge it: for user ${caveat.id}`
    case 'ConfineOrganization':
      return `only a third party can judge it: for members of organization ${sayNumber(caveat.id, names.organizations)}`
    case 'ConfineGoogleHD':
      return `only a third party can judge it: for Google accounts of ${sayText(caveat.hd)}`
    case 'ConfineGitHubOrg':
      return `only a third party can judge it: for GitHub accounts of organization ${caveat.id}`
    case 'MaxValidity':
      return `only a third party can judge it: discharges for ${caveat.seconds} seconds at most`
  }
}

function sayIfPresent(caveat: Caveat & { type: 'IfPresent' }, names: Names, now: number | bigint): string {
  if (caveat.ifs === null) return 'it holds no set of caveats, and so it forbids everything'
  if (caveat.ifs.length === 0) return `only ${toDo(caveat.else)}`
  const inner = caveat.ifs.map((each) => `(${sayCaveat(each, names, now)})`)
  return `where they apply, ${sayList(inner)}; where none applies, only ${toDo(caveat.else)}`
}

function saySet<Id extends bigint | string>(noun: string, set: ResourceSet<Id>, say: (id: Id) => string): string {
  if (set === null || set.size === 0) return `no ${noun} at all`
  const entries = [...set].map(([id, mask]) => {
    const which = id === 0n || id === '' ? `any ${noun}` : `${noun} ${say(id)}`
    return `${which}, ${toDo(mask)}`
  })
  return `only ${shorten(entries).join('; ')}`
}

function sayCommand({ args, exact }: Command): string {
  if (args === null || args.length === 0) return exact ? 'the empty command' : 'any command'
  return exact ? `the command ${sayArgs(args)}` : `commands that begin with ${sayArgs(args)}`
}

function sayRoles(mask: number): string {
  if (mask >>> 0 === roles.admin) return 'an admin'
  const known: readonly (readonly [number, string])[] = [
    [roles.member, 'a member'],
    [roles.billingManager, 'a billing manager'],
  ]
  const held = known.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => name)
  return held.length === 0 ? 'no role that is known' : sayList(held)
}

function toDo(mask: Action): string {
  return (mask & actions.all) === actions.none ? 'to do nothing' : `to ${describeAction(mask & actions.all)}`
}
