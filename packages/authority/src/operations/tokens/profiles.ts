// The caveats of each kind of token, in the wire forms that flyctl's tools expect.
import { actions, type Caveat } from '@hallpass/macaroon'

export type TokenScope =
  | { readonly profile: 'deploy_organization' }
  | { readonly profile: 'deploy'; readonly appId: number }
  | { readonly profile: 'litefs_cloud'; readonly cluster: string }

/** Seconds since 1970. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

export const defaultTokenNames = {
  deploy_organization: 'Org deploy token',
  deploy: 'Deploy token',
  litefs_cloud: 'LiteFS Cloud token',
} as const

/** The caveats of a new token of this kind, in signing order. */
export function caveatsOfProfile(organisationId: number, scope: TokenScope, validity: Validity): readonly Caveat[] {
  return [
    { type: 'Organization', id: BigInt(organisationId), mask: actions.any },
    ...caveatsOfScope(scope),
    { type: 'IsMember' },
    {
      type: 'ValidityWindow',
      notBefore: BigInt(validity.notBefore),
      notAfter: BigInt(validity.notAfter),
    },
  ]
}

function caveatsOfScope(scope: TokenScope): readonly Caveat[] {
  switch (scope.profile) {
    case 'deploy_organization':
      return []
    case 'deploy':
      return [
        {
          type: 'IfPresent',
          ifs: [
            { type: 'Apps', apps: new Map([[BigInt(scope.appId), actions.any]]) },
            {
              type: 'FeatureSet',
              features: new Map([
                ['builder', actions.any],
                ['wg', actions.any],
              ]),
            },
          ],
          else: actions.read,
        },
      ]
    case 'litefs_cloud':
      return [
        { type: 'FeatureSet', features: new Map([['litefs-cloud', actions.any]]) },
        { type: 'Clusters', clusters: new Map([[scope.cluster, actions.any]]) },
      ]
  }
}
