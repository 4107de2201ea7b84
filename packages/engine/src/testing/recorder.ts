// Writes down what passes a relay between a driver and a cluster.
import {
  difference,
  isPod,
  isRecord,
  keyOf,
  nameOfRequest,
  pack,
  withoutNotes,
  type ApiObject,
  type Entry,
} from './tape.ts'

export interface Recorder {
  /** A whole request. @returns its number, or undefined for one that only looks */
  asked(method: string, url: string, body: string): number | undefined
  answered(
    request: { readonly id: number | undefined; readonly method: string; readonly url: string },
    status: number,
    body: string,
  ): void
  /** Lines of a watch. */
  told(line: string): void
  bytes(id: number, data: Buffer): void
  input(id: number): void
  ended(id: number): void
  entries(): readonly Entry[]
}

export function createRecorder(): Recorder {
  const entries: Entry[] = []
  const pods = new Map<string, ApiObject>()
  const gone = new Map<string, number>()
  const inputs = new Map<number, number>()
  let last = 0

  function notePod(pod: ApiObject): void {
    const key = keyOf(pod)
    const known = pods.get(key)
    const version = Number(pod.metadata.resourceVersion)
    // An answer may be older than what a watch has said.
    if (Math.max(Number(known?.metadata.resourceVersion ?? 0), gone.get(key) ?? 0) >= version) return
    pods.set(key, pod)
    if (known === undefined) entries.push({ kind: 'pod', key, pod })
    else entries.push({ kind: 'pod', key, pod: difference(known, pod), isPatch: true })
  }

  function noteGone(key: string, version: string): void {
    const last = pods.get(key)
    if (last === undefined) return
    pods.delete(key)
    gone.set(key, Math.max(Number(version), Number(last.metadata.resourceVersion)))
    entries.push({ kind: 'gone', key, version })
  }

  function noteList(url: string, body: unknown): void {
    const { items = [], metadata } = body as { items?: readonly ApiObject[]; metadata: { resourceVersion: string } }
    for (const item of items) notePod({ kind: 'Pod', ...item })
    // Also a list says that something is gone.
    const query = new URL(url, 'http://cluster').searchParams
    const isMeant = selectorOf(query)
    const found = new Set(items.map(keyOf))
    if (query.get('limit') === '1') return
    for (const [key, pod] of pods) if (isMeant(pod) && !found.has(key)) noteGone(key, metadata.resourceVersion)
  }

  return {
    asked(method, url, body) {
      if (method === 'GET' && !/\/(?:log|exec)\?/.test(url)) return undefined
      last += 1
      entries.push({ kind: 'ask', id: last, what: nameOfRequest(method, url, body) })
      return last
    },
    answered({ id, method, url }, status, text) {
      const body = withoutNotes(text)
      if (isPod(body)) notePod(body)
      if (isRecord(body) && body['kind'] === 'PodList') return noteList(url, body)
      const key = podKeyOf(url)
      if (key !== undefined && method === 'GET' && status === 404) noteGone(key, '0')
      const isRemoved =
        isPod(body) && body.metadata.deletionGracePeriodSeconds === 0 && !body.metadata.finalizers?.length
      if (id !== undefined && isPod(body)) entries.push({ kind: 'answer', id, status, pod: keyOf(body) })
      else if (id !== undefined) entries.push({ kind: 'answer', id, status, body })
      else if (key === undefined && !url.startsWith('/version?') && !(url === '/version' && hasVersion(entries))) {
        entries.push({ kind: 'look', what: nameOfRequest(method, url), status, body })
      }
      if (key !== undefined && isRemoved) noteGone(key, body.metadata.resourceVersion)
    },
    told(line) {
      const { type, object } = withoutNotes(line) as { type: string; object: ApiObject }
      if (type === 'DELETED') noteGone(keyOf(object), object.metadata.resourceVersion)
      else if (type !== 'BOOKMARK') notePod(object)
    },
    bytes: (id, data) => void entries.push({ kind: 'bytes', id, data: pack(data) }),
    input(id) {
      const count = (inputs.get(id) ?? 0) + 1
      inputs.set(id, count)
      const before = entries.at(-1)
      if (before?.kind === 'input' && before.id === id) entries.pop()
      entries.push({ kind: 'input', id, count })
    },
    ended: (id) => void entries.push({ kind: 'end', id }),
    entries: () => entries,
  }
}

function hasVersion(entries: readonly Entry[]): boolean {
  return entries.some((one) => one.kind === 'look' && one.what === 'GET /version')
}

/** The one Pod that a path names. */
export function podKeyOf(url: string): string | undefined {
  const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/?]+)\/pods\/([^/?]+)(?:\?|$)/.exec(url) ?? []
  return namespace === undefined ? undefined : `${namespace}/${name}`
}

/** Whether a Pod is meant by the selectors of a list or a watch. */
export function selectorOf(query: URLSearchParams): (pod: ApiObject) => boolean {
  const labels = (query.get('labelSelector') ?? '').split(',').filter((one) => one !== '')
  const [, name] = /^metadata\.name=(.*)$/.exec(query.get('fieldSelector') ?? '') ?? []
  return ({ metadata }) =>
    (name === undefined || metadata.name === name) &&
    labels.every((one) => {
      const [label = '', value] = one.split('=')
      return metadata.labels?.[label] === value
    })
}
