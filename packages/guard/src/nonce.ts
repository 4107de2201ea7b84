// What is chosen anew for each question and each stream.

/** Nobody can guess it, so that nobody can have kept an answer to it. */
export function newNonce(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
