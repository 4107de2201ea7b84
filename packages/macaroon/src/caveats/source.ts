/** FromMachineSource and FlySrc: from where a token may be used. */

import type { FlySrc, FromMachineSource } from '../caveat.ts'
import type { CaveatCodec, CaveatJson, Refusal } from '../codec.ts'
import { expectObject, expectString, jsonError, quoteShortly } from '../json.ts'

export const fromMachineSource: CaveatCodec<FromMachineSource> = {
  type: 'FromMachineSource',
  number: 15n,
  decode(reader) {
    reader.expectArray(1, 'a FromMachineSource')
    return { type: 'FromMachineSource', id: reader.readString() }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(1)
    writer.writeString(caveat.id)
  },
  prohibits: (caveat, access) => refuse('FromMachineSource', 'machine', caveat.id, access.sourceMachine),
}

export const fromMachineSourceJson: CaveatJson<FromMachineSource> = {
  toJson: (caveat) => new Map([['id', caveat.id]]),
  fromJson(value, path) {
    const id = expectObject(value, path, ['id']).get('id')
    return { type: 'FromMachineSource', id: expectString(id, `${path}.id`) }
  },
}

export const flySrc: CaveatCodec<FlySrc> = {
  type: 'FlySrc',
  number: 31n,
  decode(reader) {
    reader.expectArray(3, 'a FlySrc')
    return {
      type: 'FlySrc',
      organization: reader.readString(),
      app: reader.readString(),
      instance: reader.readString(),
    }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(3)
    writer.writeString(caveat.organization)
    writer.writeString(caveat.app)
    writer.writeString(caveat.instance)
  },
  // Go looks at the most particular first; the first that is wrong decides the kind of refusal.
  prohibits(caveat, access) {
    const { instance, app, organization } = caveat
    return (
      (instance === '' ? undefined : refuse('FlySrc', 'machine', instance, access.sourceMachine)) ??
      (app === '' ? undefined : refuse('FlySrc', 'app', app, access.sourceApp)) ??
      (organization === '' ? undefined : refuse('FlySrc', 'organisation', organization, access.sourceOrganization))
    )
  },
  // As in Go, only one that demands nothing allows a discharge.
  prohibitsDischarge({ instance, app, organization }) {
    if (instance + app + organization === '') return undefined
    return { kind: 'invalid-access', reason: 'FlySrc cannot judge who asks for a discharge, so it forbids it' }
  },
}

export const flySrcJson: CaveatJson<FlySrc> = {
  toJson: (caveat) =>
    new Map([
      ['organization', caveat.organization],
      ['app', caveat.app],
      ['instance', caveat.instance],
    ]),
  fromJson(value, path) {
    const body = expectObject(value, path, [], ['organization', 'app', 'instance'])
    if (body.size === 0) throw jsonError(path, 'must name an organization, an app or an instance')
    const text = (field: string) => (body.has(field) ? expectString(body.get(field), `${path}.${field}`) : '')
    // Left out it is '', as in Go: any.
    return { type: 'FlySrc', organization: text('organization'), app: text('app'), instance: text('instance') }
  },
}

function refuse(type: string, noun: string, demanded: string, source: string | undefined): Refusal | undefined {
  if (source === demanded) return undefined
  const demand = `${type} allows only what comes from ${noun} ${quoteShortly(demanded)}`
  if (source === undefined)
    return { kind: 'invalid-access', reason: `${demand}, and where this comes from is not said` }
  return { kind: 'source', reason: `${demand}, and this comes from ${quoteShortly(source)}` }
}
