// Builds the parts of Kubernetes that a test cluster runs, once for a version: the result is kept outside of the repository.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const source = join(import.meta.dirname, 'go')
const [requirements = '', main = ''] = ['go.mod', 'main.go'].map((file) => readFileSync(join(source, file), 'utf8'))
const version = /k8s\.io\/kubernetes v(\S+)/.exec(requirements)?.[1] ?? ''
/** Another one is built anew. */
const mark = createHash('sha256').update(requirements).update(main).digest('hex').slice(0, 8)

/** The program, which may not have been built. */
export const program = join(homedir(), '.cache/hallpass-kubernetes', `${version}-${mark}`, 'kubernetes')

/** Builds it where it is missing. That takes six minutes on two cores. @throws Error where it does not build */
export function buildProgram(): void {
  if (existsSync(program)) return
  const flags = ['-trimpath', '-ldflags', `-s -w -X k8s.io/component-base/version.gitVersion=v${version}`]
  const env = { ...process.env, CGO_ENABLED: '0' }
  const built = spawnSync('nice', ['go', 'build', ...flags, '-o', program, '.'], { cwd: source, env, stdio: 'inherit' })
  if (built.status !== 0) throw new Error('the parts of Kubernetes cannot be built')
}
