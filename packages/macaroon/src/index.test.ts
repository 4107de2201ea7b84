import { describe, expect, it } from 'vitest'
import * as macaroon from './index.ts'

describe('the public face', () => {
  it('is this and nothing else', () => {
    expect(Object.keys(macaroon).sort()).toEqual([
      'MacaroonError',
      'actions',
      'attenuate',
      'caveatsFromJSON',
      'caveatsToJSON',
      'clear',
      'clearCaveats',
      'createVocabulary',
      'decodeCaveats',
      'decodeMacaroon',
      'defineCaveat',
      'describeAction',
      'encodeCaveats',
      'encodeMacaroon',
      'expiration',
      'extendVocabulary',
      'flyVocabulary',
      'formatAction',
      'formatAuthorization',
      'formatTokens',
      'getCaveats',
      'isSubset',
      'isVerified',
      'maxCaveats',
      'maxHeaderLength',
      'maxMacaroonBytes',
      'maxNesting',
      'maxTokens',
      'memberFeatures',
      'mintMacaroon',
      'organizationScope',
      'parseAction',
      'parseAuthorization',
      'permittedRole',
      'roles',
      'tokenId',
      'validateAccess',
      'verify',
    ])
  })
})
