import { describe, expect, it } from 'vitest'

import { buildHallpass } from '../../application.ts'
import type { Context } from '../../context.ts'
import { propose } from './complete.ts'

const { root } = buildHallpass({}, undefined)
const words = async (line: string) =>
  (await propose({} as Context, root, line.split(' '))).map((each) => each.split('\t')[0])

describe('propose', () => {
  it.each([
    ['to', ['tokens', 'tour']],
    ['__', []],
    ['nope ', []],
    ['tokens nope ', []],
    ['tokens d', ['debug']],
    ['-', ['--help', '--version']],
    [
      'tokens create wireguard --',
      ['--org', '--expiry', '--name', '--from', '--json', '--access-token', '--api-url', '--help'],
    ],
    ['tokens create wireguard -jo acme --expiry=1h --', ['--name', '--from', '--access-token', '--api-url', '--help']],
    ['tokens attenuate --app web --ap', ['--app', '--api-url']],
    ['tokens attenuate --loc', []],
    ['orgs update acme --no', ['--no-tokens-may-mint']],
    ['tokens list -s ', ['app', 'org']],
    ['tokens list -js o', ['org']],
    ['tokens list --scope=', ['--scope=app', '--scope=org']],
    ['tokens list --org ', []],
    ['tokens list --nope=', []],
    ['tokens list -c ', [':files']],
    ['tokens list --config=fly', [':files']],
    ['backup ', [':files']],
    ['backup one ', []],
    ['orgs role acme ada@example.com ', ['admin', 'member']],
    ['tokens list -- -', []],
    ['tokens list --constructor ', []],
    ['help tokens cr', ['create']],
  ])('%j: %j', async (line, expected) => {
    expect(await words(line)).toEqual(expected)
  })

  it('says what each is', async () => {
    expect(await propose({} as Context, root, ['doct'])).toEqual([
      'doctor\tList the problems of an installation, with remedies',
    ])
  })
})
