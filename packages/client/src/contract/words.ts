// The values of the contract's fields, without its schemas, for flags and pages that offer them.

export const roles = ['admin', 'member'] as const

export const membershipDemands = ['none', 'member', 'login'] as const

/** Which tokens a list has. */
export const listStates = ['live', 'all', 'revoked', 'expired'] as const

/** The limits of an organization that can block a token, by their names in its policy. */
export const blockReasons = ['max_token_lifetime', 'tokens_may_mint', 'only_admins_mint', 'approval'] as const

/** 20 years of 365 days, as flyctl's default. */
export const defaultExpiry = '175200h0m0s'

/** How long a token that is rotated lives on. */
export const defaultGrace = '24h'

export const listSorts = ['expires_at', 'created_at', 'name', 'last_used_at'] as const
