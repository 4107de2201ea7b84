// The account of deploy/kubernetes/machines in a test cluster, with its role and its bounds.
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { parse, parseAllDocuments } from 'yaml'

import { createAsk, type Ask } from '../../interop/kubernetes/ask.ts'
import { program } from '../../interop/kubernetes/build.ts'
import type { Cluster } from '../../interop/kubernetes/cluster.ts'
import { kubeconfigFor } from '../../interop/kubernetes/names.ts'

export interface Account {
  /** The path of a kubeconfig of the account. */
  readonly kubeconfig: string
  /** Asks as the account. */
  readonly ask: Ask
}

export interface Role {
  readonly rules: readonly Readonly<Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>>[]
}

const deploy = resolve(import.meta.dirname, '../../deploy/kubernetes')

/** @param directory for the kubeconfig */
export async function makeAccount(cluster: Cluster, directory: string): Promise<Account> {
  const kubectl = (...words: readonly string[]): string =>
    execFileSync(program, ['kubectl', '--kubeconfig', cluster.kubeconfig, '--namespace=hallpass', ...words], {
      encoding: 'utf8',
    }).trim()
  const files = ['authority/namespace.yaml', 'machines/account.yaml', 'machines/role.yaml', 'machines/bounds.yaml']
  for (const file of files) kubectl('apply', `--filename=${join(deploy, file)}`)
  const token = kubectl('create', 'token', 'hallpass', '--duration=2h')
  const { server, ca } = await findServer(cluster)
  const kubeconfig = join(directory, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigFor(server, ca, token), { mode: 0o600 })
  return { kubeconfig, ask: createAsk({ port: Number(new URL(server).port), ca, token }) }
}

export async function findServer({ kubeconfig }: Cluster): Promise<{ readonly server: string; readonly ca: string }> {
  const { clusters } = parse(await readFile(kubeconfig, 'utf8')) as {
    clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }]
  }
  const [{ cluster }] = clusters
  return { server: cluster.server, ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString() }
}

/** The ClusterRole of deploy/kubernetes/machines. */
export async function readRole(): Promise<Role> {
  return parseAllDocuments(await readFile(join(deploy, 'machines/role.yaml'), 'utf8'))[0]?.toJS() as Role
}

/** Its rights, as `create pods/exec of ""`. */
export function rightsOf({ rules }: Role): readonly string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} of "${apiGroups.join()}"`)),
  )
}

/** Which no one misses on 1.34, that takes a WebSocket for what is read; later ones take it for what is made. */
export const later = 'create pods/exec of ""'
