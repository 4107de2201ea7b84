// What a command line keeps and sends when it asks to be logged in through a browser (RFC 7636).
import { createHash, randomBytes } from 'node:crypto'

export interface StartingCliLogin {
  readonly verifier: string
  readonly body: {
    readonly name: string
    readonly code_challenge: string
    readonly code_challenge_method: 'S256'
    readonly state: string
    readonly redirect_port?: number
  }
}

export function startingCliLogin(changes: Partial<StartingCliLogin['body']> = {}): StartingCliLogin {
  const verifier = randomBytes(32).toString('base64url')
  const code_challenge = createHash('sha256').update(verifier).digest('base64url')
  const state = randomBytes(16).toString('base64url')
  return { verifier, body: { name: 'laptop', code_challenge, code_challenge_method: 'S256', state, ...changes } }
}
