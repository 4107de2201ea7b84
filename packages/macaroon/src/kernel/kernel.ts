/** The cryptography that a macaroon needs, behind one small interface: one in WebAssembly, and one of libraries that runs everywhere. */

/** Bytes that write themselves to where they are worked on. */
export interface Source {
  readonly length: number
  copyTo(bytes: Uint8Array): void
}

/** Throws MacaroonError `bad-argument` for keys and nonces of other lengths, and for places outside of the bytes. */
export interface Kernel {
  readonly name: 'wasm-simd' | 'portable'
  /**
   * Calls `use` with so many bytes of scratch memory, which are its own until it returns. Their first content is
   * undefined, and they are wiped afterwards.
   */
  withScratch<Made>(length: number, use: (scratch: Uint8Array) => Made): Made
  sha256(bytes: Uint8Array): Uint8Array
  /** HMAC-SHA256 of the bytes, under a key of any length. */
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array
  /**
   * All tails of a macaroon, one behind the other, 32 bytes each. Tail 0 is HMAC(key, bytes[nonceStart..nonceEnd));
   * caveat i is `bytes[offsets[i]..offsets[i + 1])`, its number and its body as they stand on the wire, and tail i + 1 is
   * HMAC(tail i, 0x92 ++ caveat i): an array of two. `key` has 32 bytes, and the offsets do not fall.
   */
  chain(
    key: Uint8Array,
    bytes: Uint8Array,
    nonceStart: number,
    nonceEnd: number,
    offsets: readonly number[],
  ): Uint8Array
  /**
   * Whether the last of those tails, or for a proof its HMAC under `proof-signature-finalization`, is the 32 bytes at
   * `claimed`; in a time that depends on neither.
   */
  endsIn(
    key: Uint8Array,
    source: Source,
    nonceStart: number,
    nonceEnd: number,
    offsets: readonly number[],
    claimed: number,
    proof: boolean,
  ): boolean
}

/** Separate, so that a page that seals nothing need not load it. Throws as a Kernel does. */
export interface Cipher {
  /** AEAD_CHACHA20_POLY1305 of RFC 8439: ciphertext ++ tag. `key` has 32 bytes, `nonce` 12. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Uint8Array
  /** What was sealed; undefined where the tag does not belong to it. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Uint8Array | undefined
  /**
   * What is in boxes that are sealed under tails of a chain; undefined for a box that is not, and for all of them where
   * `endsIn` is not true. No tail leaves the kernel.
   */
  openInChain(
    boxes: readonly Box[],
    ...chain: Parameters<Kernel['endsIn']>
  ): readonly (Uint8Array | undefined)[] | undefined
}

/** A nonce of 12 bytes and what was sealed under it, with tail number `tail` as the key. */
export interface Box {
  readonly tail: number
  readonly sealed: Uint8Array
}
