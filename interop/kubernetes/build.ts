// Builds the parts of Kubernetes that a test cluster runs, once for a version: the result is kept outside of the repository.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const source = join(import.meta.dirname, 'go')
const version = /k8s\.io\/kubernetes v(\S+)/.exec(readFileSync(join(source, 'go.mod'), 'utf8'))?.[1] ?? ''

/** The program, which may not have been built. */
export const program = join(homedir(), '.cache/hallpass-kubernetes', version, 'kubernetes')

/** Builds it where it is missing. That takes six minutes on two cores. @throws Error where it does not build */
export function buildProgram(): void {
  if (existsSync(program)) return
  const flags = ['-trimpath', '-ldflags', `-s -w -X k8s.io/component-base/version.gitVersion=v${version}`]
  const env = { ...process.env, CGO_ENABLED: '0' }
  const built = spawnSync('nice', ['go', 'build', ...flags, '-o', program, '.'], { cwd: source, env, stdio: 'inherit' })
  if (built.status !== 0) throw new Error('the parts of Kubernetes cannot be built')
}
