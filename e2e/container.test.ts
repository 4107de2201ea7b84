// deploy/Dockerfile and deploy/compose.yml: an image built without a registry and run as docs/install.md says.
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { founder } from './authority.ts'
import { listPackageFiles, reasonWithoutDocker, startDocker, type Docker } from './docker.ts'
import { freePort } from './free-port.ts'
import { arrive } from './hallpass.ts'
import { createAsk } from './http.ts'
import { createOrganisation, mint, revoke, signIn, statusOf } from './people.ts'

const root = resolve(import.meta.dirname, '..')
const isBuilt = existsSync(join(root, 'packages/cli/dist/bin/main.js'))
const missing = reasonWithoutDocker() ?? (isBuilt ? undefined : 'npm run build did not run')

describe.skipIf(missing !== undefined)(`a container${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  test('lets people in, keeps its data across a restart, shows its health, and stops', async ({ skip }) => {
    const directory = await mkdtemp(join(tmpdir(), 'hallpass-container-'))
    const place = await arrive()
    let engine: Docker | undefined
    try {
      engine = await startDocker().catch((error: unknown) => skip(`no dockerd starts here: ${String(error)}`))
      const { docker } = engine
      await buildImage(engine, directory)
      const added = Number(await docker('image', 'inspect', '--format', '{{.Size}}', 'hallpass'))
      const base = Number(await docker('image', 'inspect', '--format', '{{.Size}}', 'base'))
      expect((added - base) / 1e6).toBeLessThan(60)

      const key = join(directory, 'root_key')
      await writeFile(key, `${randomBytes(32).toString('base64')}\n`, { mode: 0o400 })
      await chown(key, 10_001, 10_001)
      const port = await freePort()
      const shutIn = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']
      const places = ['--volume', 'hallpass:/data', '--volume', `${key}:/run/secrets/root_key:ro`]
      const variables = ['HALLPASS_ROOT_KEY_FILE=/run/secrets/root_key', `HALLPASS_LISTEN=127.0.0.1:${port}`]
      const options = [...shutIn, ...places, ...variables.flatMap((variable) => ['--env', variable])]
      const how = ['--detach', '--name', 'hallpass', '--network', 'host', '--health-interval', '1s']
      await docker('run', ...how, ...options, 'hallpass')
      const url = `http://127.0.0.1:${port}`
      const ask = createAsk(() => url)
      const readLog = () => docker('logs', 'hallpass')
      await expect.poll(readLog).toContain('--setup-code')
      const [, code = ''] = /--setup-code (\S+)/.exec(await readLog()) ?? []
      const signUp = ['auth', 'signup', '--setup-code', code, '--email', founder.email, '--password-stdin']
      const signedUp = await place.run([...signUp, '--api-url', url], { stdin: `${founder.password}\n` })
      expect([signedUp.code, signedUp.stderr]).toEqual([0, expect.anything()])
      const { token } = await signIn(ask, founder)
      const { slug } = await createOrganisation(ask, token)
      const [kept, revoked] = [await mint(ask, token, slug), await mint(ask, token, slug)]
      await revoke(ask, token, revoked.id)
      const look = (what: string) => docker('inspect', '--format', what, 'hallpass')
      await expect.poll(() => look('{{.State.Health.Status}}')).toBe('healthy')

      // Not root, no right of root's, and nothing to write to but its volume; nothing that installs or builds.
      const inside = (script: string) => docker('exec', 'hallpass', 'sh', '-c', script)
      expect(await inside('id -u; grep CapEff /proc/1/status 2>/dev/null || cat /proc/1/status')).toMatch(
        /^10001\n[^]*CapEff:\s0{16}/,
      )
      await expect(inside('echo > /usr/local/lib/node_modules/here')).rejects.toThrow(/Read-only file system/)
      expect(
        await inside('for name in npm npx yarn corepack gcc make python3; do command -v $name || true; done'),
      ).toBe('')
      expect(await inside('hallpass backup /data/backup.db && ls /data')).not.toContain('root.key')

      await docker('restart', 'hallpass')
      await expect
        .poll(() =>
          ask('GET', '/readyz').then(
            ({ status }) => status,
            () => 0,
          ),
        )
        .toBe(200)
      expect([await statusOf(ask, kept.token), await statusOf(ask, revoked.token)]).toEqual([200, 401])
      expect((await ask('GET', '/metrics')).text).toMatch(/^process_resident_memory_bytes [1-9]/m)
      // It would be killed, and end with 137.
      await docker('stop', '--time', '10', 'hallpass')
      expect(await look('{{.State.ExitCode}} {{.State.OOMKilled}}')).toBe('0 false')
      expect(await readLog()).not.toMatch(/cannot|Warning/)
    } finally {
      await engine?.docker('rm', '--force', 'hallpass').catch(() => {})
      await engine?.stop()
      await place.leave()
      await rm(directory, { recursive: true, force: true })
    }
  }, 240_000)
})

/**
 * Builds the last stage of the Dockerfile as it stands, over the packages of this machine in the place of Node's image, and
 * over what the commands of the first stage make, which has run outside.
 */
async function buildImage({ importTree, feed, docker }: Docker, directory: string): Promise<void> {
  const libraries = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1', 'libselinux1', 'libpcre2-8-0']
  const files = listPackageFiles(
    'base-files',
    'coreutils',
    'dash',
    'grep',
    'libacl1',
    'libattr1',
    'libgmp10',
    ...libraries,
  )
  const node = join(directory, 'node/usr/local/bin')
  await mkdir(node, { recursive: true })
  await mkdir(join(directory, 'node/usr/local/lib/node_modules/npm'), { recursive: true })
  execFileSync('cp', [await realpath(process.execPath), join(node, 'node')])
  await writeFile(join(node, 'npm'), '', { mode: 0o755 })
  importTree('base', join(directory, 'node'), files)

  const text = await readFile(join(root, 'deploy/Dockerfile'), 'utf8')
  expect(text).toContain('npm run build && node scripts/assemble.ts /out')
  execFileSync(process.execPath, [join(root, 'scripts/assemble.ts'), join(directory, 'build/out')])
  importTree('build', join(directory, 'build'))
  const last = text.slice(text.lastIndexOf('\nFROM '))
  feed(`ARG NODE\n${last}`, 'build', '--network', 'none', '--build-arg', 'NODE=base', '--tag', 'hallpass', '-')
  expect(await docker('image', 'inspect', '--format', '{{.Config.User}}', 'hallpass')).toBe('10001:10001')
}

interface Compose {
  readonly services: Readonly<Record<'hallpass' | 'postgres' | 'caddy', Service>>
  readonly networks: {
    readonly inside: {
      readonly internal: boolean
      readonly ipam: { readonly config: readonly { readonly subnet: string }[] }
    }
  }
  readonly volumes: object
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly secrets?: readonly string[]
  readonly volumes: readonly string[]
  readonly networks: readonly string[]
  readonly healthcheck?: object
}

describe('deploy/compose.yml', () => {
  test('offers what the image takes, publishes the proxy alone, and gives secrets as files', async () => {
    const compose = parse(await readFile(join(root, 'deploy/compose.yml'), 'utf8')) as Compose
    const { hallpass, postgres, caddy } = compose.services
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    for (const name of Object.keys(hallpass.environment)) expect(readme).toContain(`\`${name}\``)
    const { context = '', dockerfile = '' } = hallpass.build ?? {}
    const image = await readFile(resolve(root, 'deploy', context, dockerfile), 'utf8')
    expect(image).toContain('\nHEALTHCHECK ')
    expect([postgres.healthcheck, caddy.healthcheck]).not.toContain(undefined)
    expect([hallpass.ports, postgres.ports]).toEqual([undefined, undefined])
    expect(hallpass.environment['HALLPASS_TRUSTED_PROXIES']).toBe(compose.networks.inside.ipam.config[0]?.subnet)
    const services = [hallpass, postgres, caddy]
    const used = services.flatMap(({ secrets = [] }) => secrets)
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.secrets)))
    for (const { environment } of services)
      for (const value of Object.values(environment))
        if (value.startsWith('/run/secrets/')) expect(used).toContain(value.slice('/run/secrets/'.length))
    const named = services.flatMap(({ volumes }) =>
      volumes.filter((volume) => !volume.startsWith('.')).map((volume) => volume.split(':')[0]),
    )
    expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)))
    expect(image).toContain('\nVOLUME /data\n')
    expect(hallpass.volumes).toEqual(['hallpass:/data'])
  })

  test.skipIf(spawnSync('caddy', ['version']).status !== 0)(
    'has a Caddyfile that Caddy takes (skipped where there is none)',
    () => {
      const file = join(root, 'deploy/Caddyfile')
      const env = { ...process.env, HALLPASS_DOMAIN: 'hallpass.example.com' }
      const checked = spawnSync('caddy', ['adapt', '--adapter', 'caddyfile', '--config', file], {
        env,
        encoding: 'utf8',
      })
      expect([checked.status, checked.stdout]).toEqual([0, expect.stringContaining('"/metrics"')])
    },
  )

  test.skipIf(spawnSync('docker', ['compose', 'version']).status !== 0)(
    'is one that docker compose takes (skipped where there is none)',
    () => {
      const env = { ...process.env, HALLPASS_DOMAIN: 'hallpass.example.com' }
      const checked = spawnSync(
        'docker',
        ['compose', '--file', join(root, 'deploy/compose.yml'), 'config', '--quiet'],
        { env, encoding: 'utf8' },
      )
      expect([checked.status, checked.stderr]).toEqual([0, ''])
    },
  )
})
