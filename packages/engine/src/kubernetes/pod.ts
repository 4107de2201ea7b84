// A run as a Pod: the object that makes one, and how to read the cluster's answer.
import { signalOfCode } from '../check-spec.ts'
import { EngineError } from '../engine-error.ts'
import type { Exit, RunSpec, RunState, RunStatus } from '../engine.ts'
import { errorOfWords } from '../words-of-engines.ts'
import { errorOfScheduler, errorOfWaiting, quote } from './errors.ts'
import type { Trouble } from './patience.ts'
import { containerName, finalizer, gate, label, ownFolder, programsName, type Labels, type Names } from './names.ts'

/** How much the cluster lets machines do: the Pod Security Standards of Kubernetes. */
export type PodSecurity = 'restricted' | 'baseline'

/** The parts of a Pod that we read. */
export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly resourceVersion: string
    readonly creationTimestamp: string
    readonly deletionTimestamp?: string
    readonly labels?: Labels
    readonly annotations?: Labels
    readonly finalizers?: readonly string[]
  }
  readonly spec: {
    readonly nodeName?: string
    readonly schedulingGates?: readonly { readonly name: string }[]
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly podIP?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

interface ContainerStatus {
  readonly ready: boolean
  readonly imageID?: string
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt: string }
    readonly terminated?: Terminated
  }
}

interface Terminated {
  readonly exitCode: number
  readonly reason?: string
  readonly message?: string
  readonly startedAt?: string | null
  readonly finishedAt?: string | null
}

export interface PodOptions {
  readonly names: Names
  readonly security: PodSecurity
  /** Whether a Secret with the credentials of the image's registry comes with it. */
  readonly hasCredentials: boolean
}

/** The body of `POST …/pods`. It waits for `start` to take its gate away. @throws EngineError `bad_spec` */
export function podOf(spec: RunSpec, { names, security, hasCredentials }: PodOptions): object {
  checkPlaces(spec)
  const name = names.pod(spec.runId)
  const files = spec.files ?? []
  const { limits } = spec
  return {
    metadata: {
      name,
      labels: names.labelsOf(spec),
      annotations: names.annotationsOf(spec),
      finalizers: [finalizer],
    },
    spec: {
      restartPolicy: 'Never',
      schedulingGates: [{ name: gate }],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // The main process is not the first, so signals do what they do elsewhere, and what it leaves behind is reaped.
      shareProcessNamespace: true,
      ...(hostnameOf(spec) === undefined ? {} : { hostname: hostnameOf(spec) }),
      nodeSelector: {
        'kubernetes.io/os': 'linux',
        ...(spec.region === undefined ? {} : { [regionLabel]: spec.region }),
      },
      tolerations: staying,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' }, ...userOfPod(security) },
      ...(hasCredentials ? { imagePullSecrets: [{ name: `${name}-registry` }] } : {}),
      containers: [
        {
          name: containerName,
          image: spec.image,
          imagePullPolicy: spec.image.startsWith('sha256:') ? 'Never' : 'IfNotPresent',
          ...commandOf(spec),
          ...(spec.workingDirectory === undefined ? {} : { workingDir: spec.workingDirectory }),
          env: Object.keys(spec.env ?? {}).map((variable, index) => ({
            name: variable,
            valueFrom: { secretKeyRef: { name: `${name}-env`, key: `v${index}` } },
          })),
          resources: resourcesOf(limits),
          securityContext: rightsOf(security, spec.user),
          volumeMounts: [
            { name: 'hallpass', mountPath: ownFolder, readOnly: true },
            ...files.map(({ path }, index) => ({
              name: 'files',
              mountPath: path,
              subPath: `f${index}`,
              readOnly: true,
            })),
            ...(spec.volumes ?? []).map(({ path }, index) => ({ name: `volume-${index}`, mountPath: path })),
          ],
        },
      ],
      volumes: [
        { name: 'hallpass', configMap: { name: programsName, defaultMode: 0o555 } },
        ...(files.length === 0 ? [] : [{ name: 'files', secret: filesOf(spec, name) }]),
        ...(spec.volumes ?? []).map(({ volumeId }, index) => ({
          name: `volume-${index}`,
          persistentVolumeClaim: { claimName: names.claim(volumeId) },
        })),
      ],
    },
  }
}

/** What takes the place of our program could keep its run from being stopped. */
function checkPlaces({ files = [], volumes = [] }: RunSpec): void {
  for (const [field, places] of Object.entries({ files, volumes })) {
    if (places.every(({ path }) => path !== ownFolder && !path.startsWith(`${ownFolder}/`))) continue
    throw new EngineError('bad_spec', `${field} must not be in ${ownFolder}`, { field })
  }
}

function filesOf({ files = [] }: RunSpec, name: string): object {
  return {
    secretName: `${name}-files`,
    items: files.map(({ mode = 0o644 }, index) => ({ key: `f${index}`, path: `f${index}`, mode })),
  }
}

/** What only this Pod mounts: its variables and its files, which go with it. */
export function secretsOf(spec: RunSpec, { metadata }: Pod, names: Names): readonly object[] {
  const made = (suffix: string, type: string, data: Labels): object => ({
    metadata: {
      name: `${metadata.name}-${suffix}`,
      labels: names.ownLabels,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid }],
    },
    immutable: true,
    type,
    data,
  })
  const env = Object.values(spec.env ?? {}).map((value, index) => [`v${index}`, base64(Buffer.from(value))])
  const files = (spec.files ?? []).map(({ content }, index) => [`f${index}`, base64(content)])
  return [
    ...(env.length === 0 ? [] : [made('env', 'Opaque', Object.fromEntries(env) as Labels)]),
    ...(files.length === 0 ? [] : [made('files', 'Opaque', Object.fromEntries(files) as Labels)]),
  ]
}

/** The credentials of a registry, for the node that pulls. */
export function registrySecretOf(
  { metadata }: Pod,
  names: Names,
  registry: string,
  { username, password }: { readonly username: string; readonly password: string },
): object {
  // The name under which Docker keeps those of its hub, and a kubelet too.
  const key = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry
  const config = { auths: { [key]: { username, password } } }
  return {
    metadata: {
      name: `${metadata.name}-registry`,
      labels: names.ownLabels,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid }],
    },
    immutable: true,
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(Buffer.from(JSON.stringify(config))) },
  }
}

/** As Docker has it: an entrypoint takes the image's command away too. */
function commandOf({ entrypoint, command = [] }: RunSpec): object {
  const words = (list: readonly string[]): readonly string[] => list.map((word) => word.replaceAll('$', '$$$$'))
  if (entrypoint !== undefined && entrypoint.length > 0) return { command: words(entrypoint), args: words(command) }
  if (entrypoint !== undefined) return { command: words(command) }
  return command.length === 0 ? {} : { args: words(command) }
}

function resourcesOf({ memoryMb, cpus, reservedCpus, diskMb }: RunSpec['limits']): object {
  const memory = `${memoryMb}Mi`
  const milli = (count: number): string => `${Math.max(1, Math.round(count * 1000))}m`
  // Without a request of its own, a limit is one.
  const disk = (size: string) => (diskMb === undefined ? {} : { 'ephemeral-storage': size })
  return {
    requests: { memory, cpu: milli(Math.min(reservedCpus ?? cpus, cpus)), ...disk('0') },
    limits: { memory, cpu: milli(cpus), ...disk(`${diskMb}Mi`) },
  }
}

function hostnameOf({ hostname }: RunSpec): string | undefined {
  const first = hostname?.toLowerCase().split('.')[0]?.slice(0, 63).replace(/-+$/, '')
  return first === '' ? undefined : first
}

/** A cluster that runs nothing as root gives every machine one user, and lets it write to its volumes. */
function userOfPod(security: PodSecurity): object {
  return security === 'restricted' ? { runAsNonRoot: true, fsGroup: usualUser } : {}
}

/** With raw sockets a machine could impersonate another one; devices belong to the node. */
function rightsOf(security: PodSecurity, user: string | undefined): object {
  const own = { allowPrivilegeEscalation: false, ...userOf(user) }
  return security === 'restricted'
    ? { runAsUser: usualUser, runAsGroup: usualUser, ...own, capabilities: { drop: ['ALL'] } }
    : { ...own, capabilities: { drop: ['NET_RAW', 'MKNOD'] } }
}

function userOf(user: string | undefined): object {
  if (user === undefined || user === '') return {}
  const [, uid, gid] = /^(\d{1,9})(?::(\d{1,9}))?$/.exec(user) ?? []
  if (uid === undefined) {
    throw new EngineError('bad_spec', 'user must be a number, with ":" and another one if need be', { field: 'user' })
  }
  return { runAsUser: Number(uid), ...(gid === undefined ? {} : { runAsGroup: Number(gid) }) }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** What is remembered of a Pod. */
export interface Seen {
  readonly runId: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly status: RunStatus
  readonly digest: string | undefined
  /** Whether it waits for `start`. */
  readonly isGated: boolean
  /** Whether nothing of it runs on a node any more, or ever did. */
  readonly isOver: boolean
  readonly claims: readonly string[]
  readonly trouble: Trouble | undefined
  readonly errorOfStart: EngineError | undefined
}

/** Undefined for a Pod that is no run of ours. */
export function seenOf(pod: Pod, names: Names): Seen | undefined {
  const { metadata, spec, status = {} } = pod
  const { annotations = {}, labels = {} } = metadata
  const runId = annotations[label.run]
  if (runId === undefined || labels[label.kind] !== 'run' || !names.isRun(metadata, runId)) return undefined
  return {
    runId,
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    status: statusOf(pod),
    digest: annotations[label.digest],
    isGated: (spec.schedulingGates ?? []).some(({ name }) => name === gate),
    isOver: spec.nodeName === undefined || status.phase === 'Failed' || status.phase === 'Succeeded',
    claims: (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []),
    trouble: troubleOf(pod),
    errorOfStart: errorOfStart(pod),
  }
}

/** A Pod as a run. */
function statusOf(pod: Pod): RunStatus {
  const { annotations = {}, creationTimestamp } = pod.metadata
  const container = pod.status?.containerStatuses?.[0]
  const exit = exitOf(pod)
  const running = container?.state?.running
  const state: RunState = exit !== undefined ? 'exited' : running === undefined ? 'created' : 'running'
  const network = annotations[label.network] || undefined
  return {
    runId: annotations[label.run] ?? '',
    state,
    labels: JSON.parse(annotations[label.own] ?? '{}') as Labels,
    network,
    address: state === 'running' && network !== undefined ? pod.status?.podIP : undefined,
    image: annotations[label.image] ?? '',
    createdAt: new Date(creationTimestamp),
    startedAt: exit === undefined ? timeOf(running?.startedAt) : beginningOf(container?.state?.terminated),
    exit,
    ...(state === 'running' && isOutOfReach(pod) ? { isOutOfReach: true } : {}),
  }
}

/** The cluster takes back that a Pod is ready when its node is lost; the container's own word is the node's last. */
function isOutOfReach({ status }: Pod): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.status === 'False' && status?.containerStatuses?.[0]?.ready === true
}

function exitOf({ metadata, spec, status = {} }: Pod): Exit | undefined {
  const terminated = status.containerStatuses?.[0]?.state?.terminated
  const deleted = metadata.deletionTimestamp === undefined ? undefined : 'somebody deleted its Pod in the cluster'
  if (terminated !== undefined) return exitOfContainer(terminated, whyOf(status) ?? deleted)
  const isOver = status.phase === 'Failed' || status.phase === 'Succeeded'
  // Somebody deleted it before it had a node.
  const isStillborn = metadata.deletionTimestamp !== undefined && spec.nodeName === undefined
  if (!isOver && !isStillborn) return undefined
  const why = whyOf(status) ?? deleted ?? 'the cluster gave it up'
  return {
    code: 137,
    signal: 'SIGKILL',
    oomKilled: false,
    at: timeOf(metadata.deletionTimestamp),
    problem: `The run was not started: ${why}`,
  }
}

/** Why the cluster itself ended the Pod. */
function whyOf({ reason = '', message = '', conditions = [] }: NonNullable<Pod['status']>): string | undefined {
  const target = conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True')
  const words = [reason || (target?.reason ?? ''), message || (target?.message ?? '')].filter((one) => one !== '')
  return words.length === 0 ? undefined : quote(words.join(': '))
}

function exitOfContainer({ exitCode, reason, message = '', ...times }: Terminated, why: string | undefined): Exit {
  const at = timeOf(times.finishedAt)
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    const error = errorOfWords(message)
    const code = error.code === 'command_not_found' ? 127 : 126
    const problem = error.message.replace(/no such file/, 'No such file')
    return { code, signal: undefined, oomKilled: false, at, problem }
  }
  return {
    code: exitCode,
    signal: signalOfCode(exitCode),
    oomKilled: reason === 'OOMKilled',
    at,
    problem: undefined,
    ...(why === undefined ? {} : { evicted: why }),
  }
}

/** A command that could not be run began and ended at once. */
function beginningOf(terminated: Terminated | undefined): Date | undefined {
  return timeOf(terminated?.startedAt) ?? timeOf(terminated?.finishedAt)
}

/** Kubernetes says 1970 for never. */
function timeOf(time: string | null | undefined): Date | undefined {
  const at = Date.parse(time ?? '')
  return at > 0 ? new Date(at) : undefined
}

/** The image of a Pod, as its node names it; empty before it has it. */
export function imageOf({ status = {} }: Pod): string {
  return status.containerStatuses?.[0]?.imageID ?? ''
}

/** Why a Pod that should start does not. */
export function troubleOf({ status = {} }: Pod): Trouble | undefined {
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { error: errorOfScheduler(scheduled.message ?? ''), isPassing: true }
  }
  const container = status.containerStatuses?.[0]
  const { reason = '', message = '' } = container?.state?.waiting ?? {}
  const error = errorOfWaiting(reason, message)
  return error && { error, isPassing: false }
}

/** What a start that failed was refused for, if it was not the command: a volume on a file, for example. */
function errorOfStart({ status = {} }: Pod): EngineError | undefined {
  const { reason, message = '' } = status.containerStatuses?.[0]?.state?.terminated ?? {}
  if (reason !== 'StartError' && reason !== 'ContainerCannotRun') return undefined
  const error = errorOfWords(message)
  return error.code === 'command_not_found' || error.code === 'command_not_runnable' ? undefined : error
}

export const regionLabel = 'topology.kubernetes.io/region'
/** Of every machine in a cluster that runs nothing as root. */
export const usualUser = 10_001

/** A machine stays where it is: its node may come back. */
const staying = ['not-ready', 'unreachable'].map((what) => ({
  key: `node.kubernetes.io/${what}`,
  operator: 'Exists',
  effect: 'NoExecute',
}))
