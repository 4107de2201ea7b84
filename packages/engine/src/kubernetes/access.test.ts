// How a cluster is found: kubeconfigs, and the account of a Pod.
import { generateKeyPairSync } from 'node:crypto'
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

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const key = (): string => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
/** In PEM; nobody has its key. */
const certificate =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJORENCNTZBREFnRUNBaFJvUTFWWVlzVzZLVWYvSVBzc09MUVVXc01nTnpBRkJnTXJaWEF3RHpFTk1Bc0cKQTFVRUF3d0VkR1Z6ZERBZ0Z3MHlOakV4TXpBeU1qTXpNVFZhR0E4eU1USTJNVEV3TmpJeU16TXhOVm93RHpFTgpNQXNHQTFVRUF3d0VkR1Z6ZERBcU1BVUdBeXRsY0FNaEFMUUcvSVViNG0wUlR5ZzB1aUFadDhYMkRwcG15MDRCCnhLZjlQVmxuVkE3Ym8xTXdVVEFkQmdOVkhRNEVGZ1FVQ3Z0ZXlQWjgzRVVSaDBsTmdQck1WdXV3NmRzd0h3WUQKVlIwakJCZ3dGb0FVQ3Z0ZXlQWjgzRVVSaDBsTmdQck1WdXV3NmRzd0R3WURWUjBUQVFIL0JBVXdBd0VCL3pBRgpCZ01yWlhBRFFRQzFGQ0ZnUTJpY09VQUlIMHVENHJFS2VBNmhJZ0pxZkhUS3VEK01taU5YenRtYVRGRmJ4RExoClZKaUJSKy8vSnllT2ZwenVPN1Q3ZjRGd1hsdEtJNklGCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K'

test('a kubeconfig says where, and as whom: by token, by a file of one, or by a certificate', async () => {
  const directory = await place({
    'ca.pem': 'authority',
    config: kubeconfig('token: s3cret'),
    files: kubeconfig(`tokenFile: token, client-certificate-data: ${certificate}`),
    keys: kubeconfig(`client-key-data: ${base64(key())}`),
  })
  const at = (name: string): string => join(directory, name)
  const found = findAccess({ KUBECONFIG: at('config'), KUBERNETES_SERVICE_HOST: '10.0.0.1' })
  expect([found.server.href, String(found.ca), found.token]).toEqual([
    'https://cluster.example:6443/prefix',
    'authority',
    's3cret',
  ])
  const other = findAccess({ KUBECONFIG: at('config') }, at('files'))
  expect([base64(String(other.cert)), other.token]).toEqual([certificate, { file: at('token') }])
  expect(String(findAccess({}, at('keys')).key)).toMatch('PRIVATE KEY')
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
  ['a certificate that is none', kubeconfig(`client-certificate-data: ${base64('s3cret')}`), 'PEM'],
  ['a key that is none', kubeconfig(`client-key-data: ${base64('s3cret')}`), 'PEM'],
  [
    'the key of another certificate',
    kubeconfig(`client-certificate-data: ${certificate}, client-key-data: ${base64(key())}`),
    'belong together',
  ],
  ['a token of two lines', kubeconfig(String.raw`token: "s3cret\ns3cret"`), 'token'],
  ['a token that YAML takes for a number', kubeconfig('token: 12345'), 'token'],
  ['an empty token', kubeconfig('token: ""'), 'token'],
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
