// Derived tokens: the name of one that a holder narrowed, and the number of caveats by which it differs from its token as it was minted.
export { countCaveats, countEncoded, formatDerived, parseDerived, type DerivedName } from '@hallpass/macaroon/internal'
