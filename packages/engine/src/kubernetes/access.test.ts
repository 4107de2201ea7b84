// How a cluster is found: kubeconfigs, and the account of a Pod.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { accessOfPod, checkAccess, findAccess } from './access.ts'

async function place(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-access-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
  return directory
}

const kubeconfig = (user: string, cluster = 'certificate-authority: ca.pem'): string => `
apiVersion: v1
kind: Config
current-context: second
contexts:
  - {name: first, context: {cluster: elsewhere, user: nobody}}
  - {name: second, context: {cluster: here, user: me}}
clusters:
  - name: here
    cluster:
      server: https://cluster.example:6443/prefix
      ${cluster}
users:
  - name: me
    user: {${user}}
`

test('a kubeconfig says where, and as whom: by token, by a file of one, or by a certificate', async () => {
  const directory = await place({
    'ca.pem': 'authority',
    config: kubeconfig('token: s3cret'),
    files: kubeconfig('tokenFile: token, client-certificate-data: Y2VydA==, client-key-data: a2V5'),
  })
  const at = (name: string): string => join(directory, name)
  const found = findAccess({ KUBECONFIG: at('config'), KUBERNETES_SERVICE_HOST: '10.0.0.1' })
  expect([found.server.href, String(found.ca), found.token]).toEqual([
    'https://cluster.example:6443/prefix',
    'authority',
    's3cret',
  ])
  const other = findAccess({ KUBECONFIG: at('config') }, at('files'))
  expect([String(other.cert), String(other.key), other.token]).toEqual(['cert', 'key', { file: at('token') }])
})

test('a Pod has an account, whose token is read again', async () => {
  const directory = await place({ 'ca.crt': 'authority', token: 's3cret' })
  const { server, ca, token } = accessOfPod('fd00::1', '443', directory)
  expect([server.href, String(ca), token]).toEqual([
    'https://[fd00::1]/',
    'authority',
    { file: join(directory, 'token') },
  ])
})

test.each([
  ['what logs in by a program', kubeconfig('exec: {command: aws}'), 'exec'],
  ['certificates that are not checked', kubeconfig('token: s3cret', 'insecure-skip-tls-verify: true'), 'certificates'],
  ['a proxy', kubeconfig('token: s3cret', 'proxy-url: http://proxy'), 'proxy'],
  ['plain HTTP', kubeconfig('token: s3cret').replace('https:', 'http:'), 'https'],
  ['no context', 'current-context: nothing', 'context'],
  ['another document', '- s3cret', 'context'],
  ['no YAML', '{ s3cret', 'YAML'],
  ['aliases', 'a: &a [s3cret]\nb: [*a, *a]', 'YAML'],
])('refuses %s, and says nothing of what is in the file', async (_what, text, word) => {
  const directory = await place({ 'ca.pem': 'authority', config: text })
  const attempt = (): unknown => findAccess({}, join(directory, 'config'))
  expect(attempt).toThrow(
    expect.objectContaining({ code: 'bad_spec', message: expect.stringContaining(word) as string }),
  )
  expect(attempt).not.toThrow(/s3cret/)
})

test('says which file is missing, and takes plain HTTP on loopback alone', () => {
  expect(() => findAccess({ KUBECONFIG: '/nowhere/config' })).toThrow('/nowhere/config')
  expect(() => findAccess({ HOME: '/nowhere' })).toThrow('/nowhere/.kube/config')
  expect(checkAccess({ server: new URL('http://127.0.0.1:8001') })).toBeDefined()
  expect(() => checkAccess({ server: new URL('http://127.0.0.1.example') })).toThrow('https')
})
