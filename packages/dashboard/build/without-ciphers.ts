// A vite plugin: leaves the core's ciphers away, 5 KB of the page, gzipped. No page seals or opens a ticket.
import type { Plugin } from 'vite'

// Beside what imports it, so that it goes into the same file.
const name = '\0packages/macaroon/src/without-ciphers'

export function withoutCiphers(): Plugin {
  return {
    name: 'hallpass-without-ciphers',
    enforce: 'pre',
    resolveId: (source) => (source === '@noble/ciphers/chacha.js' ? name : undefined),
    load: (id) =>
      id === name ? "export const chacha20poly1305 = () => { throw new Error('a page has no ciphers') }" : undefined,
  }
}
