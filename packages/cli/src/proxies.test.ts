// Which addresses are asked by way of a proxy, and which are left out, however they are written.
import { expect, it } from 'vitest'

import { readProxies } from './proxies.ts'

const isAskedByProxy = (url: string, NO_PROXY: string) =>
  readProxies({ http_proxy: 'http://proxy.test', https_proxy: 'http://proxy.test', NO_PROXY })(new URL(url)) !==
  undefined

it.each([
  ['https://authority.test', 'authority.test'],
  ['https://authority.test', 'Test'],
  ['https://authority.test', '.TEST'],
  ['https://authority.test', '*.Test'],
  ['https://authority.test', 'authority.test.'],
  ['https://authority.test.', 'authority.test'],
  ['https://authority.test.', '.test'],
  ['https://authority.test', 'test:443'],
  ['http://authority.test', 'other,AUTHORITY.test:80'],
  ['https://authority.test:4280', 'test:4280'],
  ['http://[fd00::1]', 'fd00::1'],
  ['http://[fd00::1]', '[fd00::1]'],
  ['http://[fd00::1]', 'FD00:0:0::0001'],
  ['http://[fd00::1]:4280', '[fd00::1]:4280'],
  ['http://[fd00::1]', '[fd00::]/8'],
  ['http://[fd00::1]', 'fd00::/8'],
  ['http://[::ffff:10.1.2.3]', '10.0.0.0/8'],
  ['http://10.1.2.3:4280', '10.0.0.0/8:4280'],
  ['http://10.1.2.3:4280', '10.1.2.3:4280'],
])('%s is left out by NO_PROXY=%s', (url, exceptions) => {
  expect(isAskedByProxy(url, exceptions)).toBe(false)
})

it.each([
  ['https://authority.test', 'thority.test'],
  ['https://authority.test', 'web.authority.test'],
  ['https://authority.test', 'authority.test:80'],
  ['https://authority.test', 'authority'],
  ['http://[fd00::1]', 'fd00::2'],
  ['http://[fd00::1]', '[fd00::1]:4280'],
  ['http://[fd00::1]', 'fe00::/8'],
  ['http://[fd00::1]', 'fd00::/129'],
  ['http://10.1.2.3', '10.1.2.0/'],
  ['http://10.1.2.3', '10.1.2.3/x'],
  ['http://10.1.2.3', '10.1.2.3:4280'],
  ['http://10.1.2.3', '1.2.3'],
])('%s is not left out by NO_PROXY=%s', (url, exceptions) => {
  expect(isAskedByProxy(url, exceptions)).toBe(true)
})

it.each([
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost.',
  '127.0.0.1',
  '127.9.9.9',
  '[::1]',
  '[::ffff:127.0.0.1]',
])('no proxy is asked about this machine as %s', (host) => {
  expect(isAskedByProxy(`http://${host}:4280`, '')).toBe(false)
})
