import { actions } from '@hallpass/macaroon'
import { describe, expect, it } from 'vitest'

import { readAccess } from './access-json.ts'
import { CommandError } from './errors.ts'

describe('readAccess', () => {
  it('reads the fields of Go', () => {
    const text = JSON.stringify({
      action: 'rC',
      orgid: 2,
      appid: '18446744073709551615',
      machine: 'm',
      command: ['ls', '-l'],
      sourceMachine: 's',
      storage_object: 'o',
      machine_feature: 'f',
    })
    expect(readAccess(text)).toEqual({
      access: {
        action: actions.read | actions.control,
        machine: 'm',
        command: ['ls', '-l'],
        sourceMachine: 's',
        storageObject: 'o',
        machineFeature: 'f',
      },
      organisation: '2',
      app: '18446744073709551615',
    })
  })

  it('reads names, and a command as one text', () => {
    expect(readAccess('{"org":"acme","app":"web","action":"*","command":"ls \\"a b\\""}')).toEqual({
      access: { action: actions.all, command: ['ls', 'a b'] },
      organisation: 'acme',
      app: 'web',
    })
  })

  it.each([
    ['nonsense', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['{"action":"r","action":"w"}', 'has the member "action" twice in one object'],
    ['{"orgid":2}', 'lacks the field action'],
    ['{"action":1}', 'an action that is no text'],
    ['{"action":"x"}', 'unknown action "x"'],
    ['{"action":"r","appId":7}', 'an unknown field "appId": there are action, org, orgid, app, appid'],
    ['{"action":"r","__proto__":7}', 'an unknown field "__proto__"'],
    ['{"action":"r","orgid":"acme"}', 'a field orgid that is no number'],
    ['{"action":"r","orgid":9007199254740993}', 'below 2^53: put it in quotes'],
    ['{"action":"r","orgid":-1}', 'no whole number'],
    ['{"action":"r","org":""}', 'neither a name nor a number'],
    ['{"action":"r","org":"a","orgid":1}', 'both org and orgid'],
    ['{"action":"r","feature":1}', 'a field feature that is no text'],
    ['{"action":"r","command":[1]}', 'a command that is neither'],
  ])('refuses %s', (text, why) => {
    expect(() => readAccess(text)).toThrow(CommandError)
    expect(() => readAccess(text)).toThrow(why)
  })
})
