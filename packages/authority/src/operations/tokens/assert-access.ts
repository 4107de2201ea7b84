// What the authority asserts to a service about a request that it let through.
import type { Services } from '../perform/operation.ts'
import type { AllowedAccess } from './verify-tokens.ts'

/** A request that a proxy holds. */
export interface HeldRequest {
  readonly method: string
  /** The host that it is for. */
  readonly host: string
  /** As it was sent, without the query. */
  readonly path: string
}

/** Seconds: a service is asked at once, and clocks differ. */
const lifetime = 60

/** A signed assertion that this request was allowed, and by which token: a JWT for the host, good for a minute. */
export function assertAccess(
  { keyring, now, publicUrl }: Pick<Services, 'keyring' | 'now' | 'publicUrl'>,
  { token, organisation, app, action }: AllowedAccess,
  { method, host, path }: HeldRequest,
): Promise<string> {
  const iat = Math.floor(now() / 1000)
  return keyring.assert({
    iss: publicUrl(),
    aud: host,
    sub: token.id,
    iat,
    exp: iat + lifetime,
    htm: method,
    htu: path,
    action,
    organization: { id: organisation.id, slug: organisation.slug },
    ...(app === undefined ? {} : { app: { id: app.id, name: app.name } }),
  })
}
