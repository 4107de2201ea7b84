// Go beside us: superfly/macaroon in a process of its own, which verifies when it is told to.
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'

import { location } from './authority.ts'
import type { Tokens } from './verify-tokens.ts'
import type { Workspace } from './workspace.ts'

export interface GoVerifier {
  /** Microseconds that one verification of a token of this kind takes. */
  time(kind: number, count: number): Promise<number>
  stop(): void
}

/**
 * Builds and starts it.
 * @throws Error where there is no Go, or where it cannot have its modules
 */
export async function startGo(workspace: Workspace, tokens: Tokens): Promise<GoVerifier> {
  const program = `${workspace.directory()}/verify`
  const source = new URL('go', import.meta.url)
  const build = spawnSync('go', ['build', '-o', program, '.'], { cwd: source, encoding: 'utf8' })
  if (build.status !== 0)
    throw new Error(`Go does not build what we stand beside: ${build.error?.message ?? build.stderr}`)

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

/** In the spelling of main.go. */
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
