// What the bench uses of the npm package `macaroon`, which comes without types.
declare module 'macaroon' {
  interface Macaroon {
    addFirstPartyCaveat(condition: string): void
    exportBinary(): Uint8Array
    verify(rootKey: Uint8Array, check: (condition: string) => string | null, discharges?: readonly Macaroon[]): void
  }
  const library: {
    newMacaroon(input: { identifier: string; location: string; rootKey: Uint8Array; version: 2 }): Macaroon
    importMacaroon(bytes: Uint8Array): Macaroon
  }
  export = library
}
