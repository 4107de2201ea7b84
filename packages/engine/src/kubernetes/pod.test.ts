// Pods that are made of specs, and what Pods in unusual states mean.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { RunSpec } from '../engine.ts'
import { namesOf } from './names.ts'
import { podOf, seenOf, type Pod } from './pod.ts'

const names = namesOf('acme')
const base: RunSpec = {
  runId: 'a.1',
  image: `example/web@sha256:${'0'.repeat(64)}`,
  limits: { memoryMb: 64, cpus: 1, processes: 8 },
}

/** As Kubernetes does it to commands (third_party/forked/golang/expansion). */
function expand(text: string): string {
  return text.replaceAll(/\$(\$|\([^)]*\))/g, (_whole, next: string) => (next === '$' ? '$' : '(expanded)'))
}

interface WholePod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly {
      readonly env: readonly { readonly valueFrom: { readonly secretKeyRef: { readonly name: string } } }[]
    }[]
    readonly volumes: readonly {
      readonly configMap?: { readonly name: string }
      readonly secret?: { readonly secretName: string }
      readonly persistentVolumeClaim?: { readonly claimName: string }
    }[]
  }
}

interface MadePod {
  readonly spec: { readonly containers: readonly { readonly command?: string[]; readonly args?: string[] }[] }
}

test('the words of a command reach it as they are', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('$$', '$(HOME)', '$$(HOME)', 'echo $$; $(ls)', '$'))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (command) => {
      const pod = podOf({ ...base, command }, { names, security: 'restricted', hasCredentials: false }) as MadePod
      expect(pod.spec.containers[0]?.args?.map(expand)).toEqual(command)
    }),
  )
})

/** Each field of an object and of what is in it, without values and places in lists. */
function fieldsOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => fieldsOf(one, `${path}[]`))
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, one]) => fieldsOf(one, `${path}.${name}`))
}

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '../..',
    '/etc',
    'hostPath',
    '__proto__',
    'kube-system/secret',
    '{"a":1}',
    'a: b',
    '$(KUBERNETES)',
    '*',
  ),
)
const idOf = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/)
const anySpec = fc.record(
  {
    runId: idOf,
    image: hostile,
    limits: fc.constant(base.limits),
    entrypoint: fc.array(hostile),
    command: fc.array(hostile),
    workingDirectory: hostile,
    hostname: hostile,
    tenant: idOf,
    network: idOf,
    names: fc.array(hostile),
    region: hostile,
    labels: fc.dictionary(hostile, hostile),
    env: fc.dictionary(hostile, hostile),
    files: fc.array(fc.record({ path: hostile.map((path) => `/${path}`), content: fc.uint8Array() })),
    volumes: fc.array(fc.record({ volumeId: idOf, path: hostile.map((path) => `/${path}`) })),
  },
  { requiredKeys: ['runId', 'image', 'limits'] },
)

test('whatever a spec says, its Pod has the fields that we give it and no others, and what it names is its own', () => {
  const full: RunSpec = {
    ...base,
    entrypoint: ['a'],
    command: ['b'],
    workingDirectory: '/',
    hostname: 'a',
    network: 'n',
    region: 'ams',
    env: { A: 'b' },
    user: '1:2',
    files: [{ path: '/f', content: Buffer.from('f') }],
    volumes: [{ volumeId: 'v', path: '/v' }],
    limits: { ...base.limits, diskMb: 1 },
  }
  const place = namesOf('acme')
  for (const security of ['restricted', 'baseline'] as const) {
    const options = { names, security, hasCredentials: true }
    const known = new Set(fieldsOf(podOf(full, options)))
    fc.assert(
      fc.property(anySpec, (spec) => {
        const pod = podOf(spec, options) as WholePod
        expect(fieldsOf(pod).filter((field) => !known.has(field))).toEqual([])
        const { metadata, spec: made } = pod
        const own = [metadata.name, `${metadata.name}-files`, 'hallpass']
        const claims = (spec.volumes ?? []).map(({ volumeId }) => place.claim(volumeId))
        for (const { configMap, secret, persistentVolumeClaim: claim } of made.volumes) {
          if (claim === undefined) expect(own).toContain(configMap?.name ?? secret?.secretName)
          else expect(claims).toContain(claim.claimName)
        }
        for (const { valueFrom } of made.containers[0]?.env ?? []) {
          expect(valueFrom.secretKeyRef.name).toBe(`${metadata.name}-env`)
        }
        expect(metadata.name).toBe(place.pod(spec.runId))
        // What selects networks and owners is ours.
        expect(Object.keys(metadata.labels)).toEqual(Object.keys(place.labelsOf(spec)))
      }),
    )
  }
})

test('nothing takes the place of the program that ends a run', () => {
  for (const path of ['/.hallpass', '/.hallpass/kill']) {
    const options = { names, security: 'restricted', hasCredentials: false } as const
    const content = Buffer.from('no')
    expect(() => podOf({ ...base, files: [{ path, content }] }, options)).toThrow('files must not be in /.hallpass')
    expect(() => podOf({ ...base, volumes: [{ path, volumeId: 'v' }] }, options)).toThrow('volumes must not be in')
  }
})

test('names are labels of DNS, and each run has its own', () => {
  const id = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/)
  fc.assert(
    fc.property(id, id, (one, other) => {
      for (const name of [names.pod(one), names.claim(one), names.namespace(one)]) {
        expect(name).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
      }
      fc.pre(one !== other)
      expect(names.pod(one)).not.toBe(names.pod(other))
    }),
  )
})

function podIn(
  status: Pod['status'],
  more: Partial<Pod['metadata']> = {},
  spec: Pod['spec'] = { nodeName: 'one' },
): Pod {
  const metadata = {
    name: names.pod('a.1'),
    namespace: 'hallpass-acme',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-11-30T18:11:49Z',
    labels: { 'hallpass.owner': 'acme', 'hallpass.kind': 'run' },
    annotations: { 'hallpass.run': 'a.1' },
    ...more,
  }
  return { metadata, spec, ...(status === undefined ? {} : { status }) }
}

const ended = (exitCode: number, reason: string, message = '') => ({
  phase: 'Failed',
  containerStatuses: [
    {
      ready: false,
      state: {
        terminated: {
          exitCode,
          reason,
          message,
          startedAt: '2026-11-30T18:11:50Z',
          finishedAt: '2026-11-30T18:11:52Z',
        },
      },
    },
  ],
})

test('an exit, memory that ran out, an eviction and a deletion are told apart', () => {
  const exitOf = (pod: Pod) => seenOf(pod, names)?.status.exit
  expect(exitOf(podIn(ended(7, 'Error')))).toEqual({
    code: 7,
    signal: undefined,
    oomKilled: false,
    at: new Date('2026-11-30T18:11:52Z'),
    problem: undefined,
  })
  expect(exitOf(podIn(ended(137, 'OOMKilled')))).toMatchObject({ oomKilled: true, signal: 'SIGKILL' })
  const evicted = { ...ended(137, 'Error'), reason: 'Evicted', message: 'The node was low on resource: memory.' }
  expect(exitOf(podIn(evicted))).toMatchObject({
    code: 137,
    oomKilled: false,
    problem: undefined,
    evicted: 'Evicted: The node was low on resource: memory.',
  })
  const deletionTimestamp = '2026-11-30T18:11:51Z'
  expect(exitOf(podIn(ended(143, 'Error'), { deletionTimestamp }))?.evicted).toMatch(/somebody deleted/)
  // Before it had a node, and where the node refused it.
  expect(exitOf(podIn({ phase: 'Pending' }, { deletionTimestamp }, {}))?.problem).toMatch(
    /not started.*somebody deleted/,
  )
  expect(exitOf(podIn({ phase: 'Failed', reason: 'OutOfcpu', message: 'no' }))?.problem).toMatch(
    /not started.*OutOfcpu/,
  )
})

test('a Pod elsewhere, or of another name, is no run, whatever its labels say', () => {
  expect(seenOf(podIn({}), names)?.runId).toBe('a.1')
  expect(seenOf(podIn({}, { namespace: names.namespace('org.7') }), names)?.runId).toBe('a.1')
  const odd: readonly Partial<Pod['metadata']>[] = [
    { namespace: 'default' },
    { namespace: 'hallpass-acmes' },
    { name: names.pod('a.2') },
    { annotations: { 'hallpass.run': '../x' } },
    { labels: { 'hallpass.owner': 'other', 'hallpass.kind': 'run' } },
  ]
  for (const more of odd) expect(seenOf(podIn({}, more), names)).toBeUndefined()
})

test('a node that is lost leaves what it said last, without that the Pod is ready', () => {
  const running = { ready: true, state: { running: { startedAt: '2026-11-30T18:11:50Z' } } }
  const at = (ready: string) =>
    seenOf(
      podIn({ phase: 'Running', conditions: [{ type: 'Ready', status: ready }], containerStatuses: [running] }),
      names,
    )
  expect(at('True')?.status.isOutOfReach).toBeUndefined()
  expect(at('False')?.status).toMatchObject({ state: 'running', isOutOfReach: true })
})

test('what keeps a Pod from starting is told as the Machines API tells it', () => {
  const waiting = (reason: string, message: string) =>
    seenOf(
      podIn({ phase: 'Pending', containerStatuses: [{ ready: false, state: { waiting: { reason, message } } }] }),
      names,
    )?.trouble
  const unscheduled = (message: string) =>
    seenOf(
      podIn({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] }, {}, {}),
      names,
    )?.trouble
  expect(unscheduled('0/2 nodes are available: 2 Insufficient memory.')).toMatchObject({
    isPassing: true,
    error: {
      code: 'no_capacity',
      message:
        'could not reserve resource for machine: insufficient memory available to fulfill request on the current host',
    },
  })
  expect(unscheduled('0/2 nodes are available: 2 Insufficient cpu.')?.error.message).toContain('insufficient CPUs')
  expect(unscheduled('persistentvolumeclaim "volume-x" not found')?.error.code).toBe('volume_not_found')
  const resolving = 'failed to pull and unpack image "x": failed to resolve reference "x": '
  expect(waiting('ErrImagePull', `${resolving}x: not found`)?.error.code).toBe('image_not_found')
  expect(
    waiting('ErrImagePull', `${resolving}pull access denied, repository does not exist or may require authorization`)
      ?.error.code,
  ).toMatch(/^image_(?:refused|not_found)$/)
  expect(
    waiting(
      'ImagePullBackOff',
      `Back-off pulling image "x": ErrImagePull: ${resolving}failed to do request: Head "https://x/": dial tcp: lookup x: no such host`,
    )?.error.code,
  ).toBe('registry_unreachable')
  expect(waiting('CreateContainerConfigError', 'secret "run-a-1-env" not found')).toBeUndefined()
  expect(
    waiting('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root')?.error,
  ).toMatchObject({ code: 'bad_spec', field: 'user' })
  expect(waiting('ContainerCreating', '')).toBeUndefined()
})
