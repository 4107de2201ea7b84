// Go for comparison: superfly/macaroon in its own process, which verifies on request.
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'

import { location } from './authority.ts'
import type { Tokens } from './verify-tokens.ts'
import type { Workspace } from './workspace.ts'

export interface GoVerifier {
  /** Microseconds for one verification of a token of this kind. */
  time(kind: number, count: number): Promise<number>
  stop(): void
}

/**
 * Builds and starts it.
 * @throws Error if there is no Go, or its modules cannot be fetched
 */
export async function startGo(workspace: Workspace, tokens: Tokens): Promise<GoVerifier> {
  const program = `${workspace.directory()}/verify`
  const source = new URL('go', import.meta.url)
  const build = spawnSync('go', ['build', '-o', program, '.'], { cwd: source, encoding: 'utf8' })
  if (build.status !== 0) throw new Error(`The Go program does not build: ${build.error?.message ?? build.stderr}`)

  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`)
    const answer = await lines.next()
    if (answer.done === true) throw new Error('The Go program has ended')
    return answer.value
  }
  await ask(JSON.stringify(forGo(tokens)))
  return {
    time: async (kind, count) => Number(await ask(`${kind} ${count}`)) / 1000,
    stop: () => child.stdin.end(),
  }
}

/** In the form that main.go reads. */
function forGo({ key, access, kinds }: Tokens): object {
  return {
    Key: Buffer.from(key).toString('base64'),
    Location: location,
    Now: access.now,
    OrgID: Number(access.orgId),
    AppID: Number(access.appId),
    Kinds: kinds.map(({ headers }) => headers),
  }
}
