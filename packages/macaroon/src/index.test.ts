import { describe, expect, it } from 'vitest'
import * as macaroon from './index.ts'

describe('the public face', () => {
  it('is this and nothing else', () => {
    expect(Object.keys(macaroon).sort()).toEqual([
      'MacaroonError',
      'actions',
      'attenuate',
      'bindToParent',
      'clear',
      'clearBundle',
      'clearCaveats',
      'decodeMacaroon',
      'defineCaveat',
      'derivedTokenId',
      'dischargeTicket',
      'expiration',
      'extendVocabulary',
      'flyVocabulary',
      'formatAction',
      'formatAuthorization',
      'getCaveats',
      'isSubset',
      'mintMacaroon',
      'openTicket',
      'organizationScope',
      'parseAction',
      'parseAuthorization',
      'parseBundle',
      'permissionLocation',
      'roles',
      'runLabels',
      'thirdParty',
      'ticketsOf',
      'tokenId',
      'verify',
      'verifyBundle',
    ])
  })
})
