import { describe, expect, it } from 'vitest'

import { reachOf } from './reach.ts'

const minted = [
  { type: 'Organization', body: { id: 1, mask: '*' } },
  { type: 'IsMember', body: null },
  { type: 'ValidityWindow', body: { not_before: 0, not_after: 1 } },
]
const ofApp = { type: 'IfPresent', body: { ifs: [{ type: 'Apps', body: { apps: { 1: '*' } } }], else: 'r' } }
const commands = { type: 'IfPresent', body: { ifs: [{ type: 'Commands', body: [] }], else: 'r' } }

describe('what a token may do, in a few words', () => {
  it.each([
    ['an org token', { profile: 'deploy_organization', app: null, caveats: minted }, 'Everything', []],
    [
      'one from before caveats were kept',
      { profile: 'deploy_organization', app: null, minted_by: null, caveats: null },
      'Everything',
      [],
    ],
    [
      'a token that reads',
      {
        profile: 'deploy_organization',
        app: null,
        caveats: [...minted, { type: 'Organization', body: { id: 1, mask: 'r' } }],
      },
      'Read only',
      [],
    ],
    ['a deploy token', { profile: 'deploy', app: 'web-1', caveats: [...minted, ofApp] }, 'App web-1', []],
    [
      'a deploy token for commands',
      { profile: 'deploy', app: 'web-1', caveats: [...minted, ofApp, commands] },
      'App web-1',
      ['commands'],
    ],
    [
      'a narrowed one',
      {
        profile: 'deploy_organization',
        app: null,
        caveats: [
          ...minted,
          { type: 'Apps', body: { apps: { 1: '*', 2: '*' } } },
          { type: 'Machines', body: { machines: { a: '*' } } },
          { type: 'Action', body: 'rw' },
          { type: 'Mutations', body: { mutations: [] } },
        ],
      },
      'Restricted',
      ['2 apps', '1 machine', 'actions rw', 'narrowed'],
    ],
    [
      'one whose apps and machines carry the actions',
      {
        profile: 'deploy_organization',
        app: null,
        caveats: [
          ...minted,
          { type: 'Apps', body: { apps: { 1: 'rwC' } } },
          { type: 'Machines', body: { machines: { a: 'rwC', b: 'rwC' } } },
          commands,
        ],
      },
      'Restricted',
      ['1 app', '2 machines', 'commands', 'actions rwC'],
    ],
  ] as const)('says it of %s', (_what, token, words, narrowed) => {
    expect(reachOf(token as never)).toEqual({ words, narrowed })
  })
})
