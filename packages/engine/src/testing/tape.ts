// What a driver and a cluster have said to each other: how it is written down, and how two requests are the same.
import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** In the order in which it happened. What the cluster says about Pods is told by their states, once each. */
export type Entry =
  /** The driver asked for something that changes the cluster, for a log, or for a command: nothing after it happened before. */
  | { readonly kind: 'ask'; readonly id: number; readonly what: string }
  | {
      readonly kind: 'answer'
      readonly id: number
      readonly status: number
      readonly body?: unknown
      readonly pod?: string
    }
  /** What the cluster says about all else that is not a Pod. */
  | { readonly kind: 'look'; readonly what: string; readonly status: number; readonly body?: unknown }
  /** A state of a Pod: whole, or what changed since the last (RFC 7386). */
  | { readonly kind: 'pod'; readonly key: string; readonly pod: unknown; readonly isPatch?: true }
  | { readonly kind: 'gone'; readonly key: string; readonly version: string }
  /** A part of a log, or a message of a command. */
  | { readonly kind: 'bytes'; readonly id: number; readonly data: string }
  /** So many messages of a command's input had come. */
  | { readonly kind: 'input'; readonly id: number; readonly count: number }
  | { readonly kind: 'end'; readonly id: number }

export interface ApiObject {
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
    readonly finalizers?: readonly string[]
    readonly deletionGracePeriodSeconds?: number
  }
}

/** A request without what is another at each time. */
export function nameOfRequest(method: string, url: string, body = ''): string {
  const [path = '', query = ''] = url.split('?')
  const kept = query.split('&').filter((one) => !/^(?:resourceVersion|continue)=/.test(one))
  const plain = (text: string): string =>
    text.replaceAll(/probe-hp\d+-([ab])-[0-9a-f]{12}/g, 'probe-$1').replaceAll(/hp\d{6}/g, 'hp')
  const digest = body === '' ? '' : ` ${createHash('sha256').update(plain(body)).digest('hex').slice(0, 12)}`
  return `${method} ${plain(path)}${kept.join('&') === '' ? '' : `?${plain(kept.join('&'))}`}${digest}`
}

export function keyOf({ metadata }: ApiObject): string {
  return `${metadata.namespace}/${metadata.name}`
}

export function pack(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (bytes.length < 200 && Buffer.from(text).equals(bytes)) return `=${text}`
  return deflateRawSync(bytes, { level: 9 }).toString('base64')
}

export function unpack(data: string): Buffer {
  return data.startsWith('=') ? Buffer.from(data.slice(1)) : inflateRawSync(Buffer.from(data, 'base64'))
}

/** What leads from one value to another, to be merged; undefined where nothing does. */
export function difference(from: unknown, to: unknown): unknown {
  if (!isRecord(from) || !isRecord(to)) return JSON.stringify(from) === JSON.stringify(to) ? undefined : to
  const changes: Record<string, unknown> = {}
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const change = key in to ? (key in from ? difference(from[key], to[key]) : to[key]) : null
    if (change !== undefined) changes[key] = change
  }
  return Object.keys(changes).length === 0 ? undefined : changes
}

export function merge(from: unknown, change: unknown): unknown {
  if (!isRecord(change)) return change
  const merged: Record<string, unknown> = isRecord(from) ? { ...from } : {}
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete merged[key]
    else merged[key] = merge(merged[key], value)
  }
  return merged
}

/** An answer without what the cluster notes for itself. */
export function withoutNotes(text: string): unknown {
  if (text === '') return undefined
  return JSON.parse(text, (key, value: unknown) => (notes.has(key) ? undefined : value))
}

export function isPod(value: unknown): value is ApiObject {
  return isRecord(value) && value['kind'] === 'Pod'
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const notes = new Set([
  'managedFields',
  'lastProbeTime',
  'lastTransitionTime',
  'observedGeneration',
  'allocatedResources',
])
