// What a proxy asks for the request that it holds: read so that no two programs differ on it, and turned into an access by rules.
export { findClient, readAddress, readProxies, siteOf, type ClientAddress, type Trusts } from './addresses.ts'
export { findAccess } from './match.ts'
export { expectNoDisguise, ForwardedError, readForwarded, type ForwardedRequest, type OwnLine } from './request.ts'
export type { Rule, RuleAccess } from './rule.ts'
export { parseRules, RulesError } from './rules.ts'
export { findRepeatedHeader } from './single-headers.ts'
