// Several authorities on one PostgreSQL, as deploy/ has them: replaced one by one behind a proxy while everybody goes on.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'

import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

import { parseDuration } from '@hallpass/client'

import { listSettings, variableOf } from '../packages/cli/src/settings.ts'
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { founder } from './authority.ts'
import { freePort } from './free-port.ts'
import { arrive } from './hallpass.ts'
import { createAsk } from './http.ts'
import { startLoad } from './load.ts'
import { createOrganisation, signInFounder } from './people.ts'

const deploy = resolve(import.meta.dirname, '../deploy')
const read = (name: string) => readFile(join(deploy, name), 'utf8')
const missing =
  reasonWithoutPostgres() ?? (spawnSync('caddy', ['version']).status === 0 ? undefined : 'there is no caddy')

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: {
    readonly replicas?: number
    readonly minAvailable?: number
    readonly selector?: { readonly matchLabels?: object }
    readonly ports?: readonly { readonly targetPort: string }[]
    readonly template?: { readonly metadata: { readonly labels: object }; readonly spec: Pod }
  }
}

interface Kustomization {
  readonly resources: readonly string[]
  readonly configMapGenerator: readonly [{ readonly name: string; readonly envs: readonly [string] }]
}

interface Pod {
  readonly enableServiceLinks: boolean
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number; readonly fsGroup: number }
  readonly containers: readonly [Container]
  readonly volumes: readonly {
    readonly name: string
    readonly secret?: { readonly secretName: string; readonly defaultMode: number }
  }[]
}

interface Container {
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

async function readManifests() {
  const at = (name: string) => `kubernetes/authority/${name}`
  const { resources, configMapGenerator } = parse(await read(at('kustomization.yaml'))) as Kustomization
  const documents = (await Promise.all(resources.map((name) => read(at(name))))).flatMap((text) =>
    parseAllDocuments(text),
  )
  for (const { errors } of documents) expect(errors).toEqual([])
  const manifests = documents.map((document) => document.toJS() as Manifest)
  const of = (kind: string) => manifests.find((each) => each.kind === kind) ?? expect.fail(`there is no ${kind}`)
  const [deployment, service, budget] = ['Deployment', 'Service', 'PodDisruptionBudget'].map(of)
  const template = deployment?.spec?.template ?? expect.fail('there is no pod')
  const [container] = template.spec.containers
  const [map] = configMapGenerator
  const environment = {
    ...(parseEnv(await read(at(map.envs[0]))) as Readonly<Record<string, string>>),
    ...Object.fromEntries(container.env.map(({ name, value }) => [name, value])),
  }
  return { deployment, service, budget, map, template, pod: template.spec, container, environment }
}

/** Every variable that `hallpass serve` takes, as README lists them. */
const known = new Set(
  listSettings().flatMap((setting) => {
    const name = variableOf(setting.name)
    return 'isSecret' in setting ? [name, `${name}_FILE`] : [name]
  }),
)

describe('deploy/kubernetes', () => {
  test('names settings that there are, probes that are answered, and the same pods everywhere', async () => {
    const { deployment, service, budget, map, template, pod, container, environment } = await readManifests()
    for (const name of Object.keys(environment)) expect(known, name).toContain(name)
    expect(container.envFrom.map(({ configMapRef }) => configMapRef.name)).toEqual([map.name])
    const { labels } = template.metadata
    const selected = [
      deployment?.spec?.selector?.matchLabels,
      service?.spec?.selector,
      budget?.spec?.selector?.matchLabels,
    ]
    for (const selector of selected) expect(selector).toEqual(labels)
    const [port] = container.ports
    expect(service?.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual([port?.name])
    const { startupProbe, readinessProbe, livenessProbe } = container
    expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => [httpGet.path, httpGet.port])).toEqual(
      ['/healthz', '/readyz', '/healthz'].map((path) => [path, port?.name]),
    )
    expect(deployment?.spec?.replicas).toBeGreaterThan(budget?.spec?.minAvailable ?? 0)
    // The service of this name would set variables that begin as ours do.
    expect(pod.enableServiceLinks).toBe(false)
    expect(new Set(pod.volumes.map(({ name }) => name))).toEqual(
      new Set(container.volumeMounts.map(({ name }) => name)),
    )
  })

  test('fits the image: its user, its port, its places, and the time that a stop takes', async () => {
    const { pod, container, environment } = await readManifests()
    const image = await read('Dockerfile')
    const { runAsUser, runAsGroup, fsGroup } = pod.securityContext
    expect(image).toContain(`\nUSER ${runAsUser}:${runAsGroup}\n`)
    expect(fsGroup).toBe(runAsGroup)
    expect(image).toContain(`\nEXPOSE ${container.ports[0]?.containerPort}\n`)
    const [data, , secrets] = container.volumeMounts
    expect(environment['HALLPASS_DATA']).toBe(`${data?.mountPath}/own`)
    for (const path of [data?.mountPath, '/run/secrets']) expect(image).toContain(`--allow-fs-read=${path}`)
    const files = Object.values(environment).filter((value) => value.startsWith('/run/secrets/'))
    expect(files.map((file) => file.slice(0, file.lastIndexOf('/')))).toEqual([secrets?.mountPath, secrets?.mountPath])
    // A file that others may read is refused.
    expect(pod.volumes.find(({ secret }) => secret !== undefined)?.secret?.defaultMode).toBe(0o440)
    const drain = parseDuration(environment['HALLPASS_DRAIN'] ?? '')
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 10)
  })
})

describe('deploy/compose.several.yml', () => {
  interface Service {
    readonly environment: Readonly<Record<string, string>>
    readonly secrets: readonly string[]
    readonly stop_grace_period: string
    readonly volumes: readonly string[]
  }
  interface Compose {
    readonly services: Readonly<Record<string, Service>>
    readonly volumes: object
  }
  const readCompose = async (name: string) => parse(await read(name), { merge: true }) as Compose

  test('has a second authority like the first, and a proxy that knows both', async () => {
    const [{ services: first }, { services, volumes }] = [
      await readCompose('compose.yml'),
      await readCompose('compose.several.yml'),
    ]
    const whole = { ...first['hallpass']?.environment, ...services['hallpass']?.environment }
    const other = services['hallpass-2'] ?? expect.fail('there is no second one')
    expect(other.environment).toEqual(whole)
    for (const name of Object.keys(whole)) expect(known, name).toContain(name)
    for (const part of ['read_only', 'tmpfs', 'cap_drop', 'security_opt', 'secrets', 'networks', 'restart', 'image']) {
      expect(Reflect.get(other, part), part).toEqual(Reflect.get(first['hallpass'] ?? {}, part))
    }
    expect(other.volumes.map((volume) => volume.split(':')[0])).toEqual(Object.keys(volumes))
    const drain = parseDuration(whole['HALLPASS_DRAIN'] ?? '')
    for (const name of ['hallpass', 'hallpass-2']) {
      expect(parseDuration(services[name]?.stop_grace_period ?? '')).toBeGreaterThanOrEqual(drain + 10)
    }
    expect(await read('Caddyfile.several')).toContain('reverse_proxy hallpass:4280 hallpass-2:4280 {')
    expect(services['caddy']?.volumes).toEqual(['./Caddyfile.several:/etc/caddy/Caddyfile:ro'])
  })
})

describe.skipIf(missing !== undefined)(
  `two authorities behind Caddy${missing === undefined ? '' : `, skipped: ${missing}`}`,
  () => {
    test('are replaced one by one while tokens are made, used and revoked, and no request fails', async () => {
      const place = await arrive()
      const server = await startPostgres()
      const children = new Set<ChildProcess>()
      onTestFinished(async () => {
        for (const child of children) child.kill('SIGKILL')
        await server.stop()
        await place.leave()
      })
      const { environment } = await readManifests()
      const secrets = await makeSecrets(place.directory, server.url)

      /** Started as the manifest says, with the files of this test. */
      async function startPod(name: string, port: number) {
        // As an empty volume is: others may write to it.
        const volume = join(place.directory, name)
        await mkdir(volume, { recursive: true })
        await chmod(volume, 0o777)
        const at = ([key, value]: readonly [string, string]): readonly [string, string] =>
          value.startsWith('/run/secrets/hallpass/') ? [key, secrets(value)] : [key, value.replace(/^\/data/, volume)]
        const env = {
          PATH: process.env['PATH'] ?? '',
          HOME: place.directory,
          ...Object.fromEntries(Object.entries(environment).map(at)),
          HALLPASS_LISTEN: `127.0.0.1:${port}`,
          HALLPASS_TRUSTED_PROXIES: '127.0.0.1',
          // Caddy looks five times a second here.
          HALLPASS_DRAIN: '1500ms',
          HALLPASS_BOOTSTRAP_EMAIL: founder.email,
          HALLPASS_BOOTSTRAP_PASSWORD: founder.password,
        }
        const child = spawn(process.execPath, [inject('hallpass'), 'serve', '--log-level', 'error'], {
          env,
          stdio: ['ignore', 'ignore', 'inherit'],
        })
        children.add(child)
        await expect.poll(() => statusAt(port, '/readyz')).toBe(200)
        return child
      }

      const ports = [await freePort(), await freePort()] as const
      const pods = [await startPod('one', ports[0]), await startPod('two', ports[1])]
      const proxy = await startCaddy(place.directory, ports, children)
      const ask = createAsk(() => proxy)
      const { token } = await signInFounder(ask)
      const { slug } = await createOrganisation(ask, token)

      const load = startLoad(ask, token, slug)
      await expect.poll(() => load.done()).toBeGreaterThan(10)
      for (const [at, port] of ports.entries()) {
        const pod = pods[at] ?? expect.fail('it is not there')
        const stopped = once(pod, 'exit')
        pod.kill('SIGTERM')
        expect(await stopped).toEqual([0, null])
        const before = load.done()
        await expect.poll(() => load.done()).toBeGreaterThan(before + 10)
        await startPod(at === 0 ? 'three' : 'four', port)
      }
      const before = load.done()
      await expect.poll(() => load.done()).toBeGreaterThan(before + 10)
      expect(await load.stop()).toEqual([])
    })
  },
)

async function makeSecrets(directory: string, databaseUrl: string): Promise<(path: string) => string> {
  const contents: Readonly<Record<string, string>> = {
    root_key: randomBytes(32).toString('base64'),
    database_url: databaseUrl,
  }
  for (const [name, text] of Object.entries(contents))
    await writeFile(join(directory, name), `${text}\n`, { mode: 0o440 })
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (contents[name] === undefined) throw new Error(`there is no secret ${name}`)
    return join(directory, name)
  }
}

async function statusAt(port: number, path: string): Promise<number> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ status }) => status,
    () => 0,
  )
}

/** The proxy of deploy/Caddyfile.several, before these ports, without TLS. */
async function startCaddy(
  directory: string,
  ports: readonly [number, number],
  children: Set<ChildProcess>,
): Promise<string> {
  const port = await freePort()
  const text = (await read('Caddyfile.several'))
    .replace('{$HALLPASS_DOMAIN}', `{\n\tadmin off\n\tauto_https off\n}\n:${port}`)
    .replace('hallpass:4280 hallpass-2:4280', ports.map((each) => `127.0.0.1:${each}`).join(' '))
    .replace('health_interval 2s', 'health_interval 200ms')
  const file = join(directory, 'Caddyfile')
  await writeFile(file, text)
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, XDG_DATA_HOME: directory }
  const child = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], { env, stdio: 'ignore' })
  children.add(child)
  await expect.poll(() => statusAt(port, '/readyz')).toBe(200)
  return `http://127.0.0.1:${port}`
}
