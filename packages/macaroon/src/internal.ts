/** What only the authority of this repository, its guard, its client and its tests need. No promise: it changes with any version. */

export { validateAccess } from './access.ts'
export { caveatsToValue } from './caveat-json.ts'
export { decodeCaveats, encodeCaveats } from './caveat-set.ts'
export { caveatsWith, parentBinding } from './discharge.ts'
export { type GenuineMacaroon, keepGenuine, verifyBelow } from './genuine.ts'
export type { JsonValue } from './json.ts'
export { caveatBytesOf, decodeSmall, endOfMacaroon } from './macaroon.ts'
export { mostLabels } from './label-words.ts'
export { parseAddress } from './network.ts'
export { arrangeNetworks, isInNetwork, writeAddress, writeNetwork } from './network-door.ts'
export { scopeOf } from './scope.ts'
export { formatTokens, maxHeaderLength, maxTokens } from './text.ts'
