// Why a login at an OpenID provider failed, as `/login?error=` says it to the page.

export const loginErrorCodes = [
  'oidc_denied', // the person, or the provider, said no
  'oidc_failed', // what came back is not the answer to what was asked
  'oidc_no_account', // there is no account of this address, and no invitation
  'oidc_other_identity', // the account of this address belongs to somebody else at the provider
  'oidc_state', // another browser began it, or it took longer than ten minutes
  'oidc_unavailable', // the provider does not answer
  'oidc_unverified_email', // the provider does not say that the address is theirs
  'rate_limited',
] as const

export type LoginErrorCode = (typeof loginErrorCodes)[number]
