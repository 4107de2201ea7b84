import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { readPath } from './path.ts'

const textsOf = (target: string) => readPath(target)?.map(({ text }) => text)

test.each([
  ['/', []],
  ['/?a=/../b', []],
  ['/apps', ['apps']],
  ['/apps/', ['apps']],
  ['/apps/web-1/machines?x=%2e', ['apps', 'web-1', 'machines']],
  ['/a.b/..c', ['a.b', '..c']],
  ['/caf%C3%A9/a%20b', ['café', 'a b']],
  ["/~!$&'()*+,:=@-_", ["~!$&'()*+,:=@-_"]],
  ['/a%40b', ['a@b']],
])('reads %s', (target, texts) => {
  expect(textsOf(target)).toEqual(texts)
})

test.each([
  '',
  '*',
  'apps',
  '?a=b',
  'http://example.com/apps',
  'example.com:443',
  '//',
  '//apps',
  '/apps//web',
  '/apps//',
  '/.',
  '/..',
  '/apps/./web',
  '/apps/../web',
  '/apps/...',
  '/apps./web',
  '/apps%20',
  '/%C2%A0apps',
  '/apps/..;/web',
  '/apps;v=1/web',
  '/apps%3bv=1',
  '/apps\\web',
  '/apps%5cweb',
  '/apps%5Cweb',
  '/apps%2fweb',
  '/apps%2Fweb',
  '/%2e',
  '/%2e%2e/web',
  '/.%2e/web',
  '/%252e%252e/web',
  '/apps%25',
  '/%61pps',
  '/apps%2Dx',
  '/apps%00',
  '/apps%0d%0a',
  '/apps%7f',
  '/apps%C2%85',
  '/apps%',
  '/apps%4',
  '/apps%zz',
  '/%ff',
  '/%c0%ae%c0%ae/web',
  '/%ed%a0%80',
  '/%EF%BC%8E%EF%BC%8E/web',
  '/%EF%BC%8Fweb',
  '/%E2%84%AAey',
  '/ap%C2%ADps',
  '/ap%E2%80%8Dps',
  '/apps%EF%BB%BF',
  '/caf\u00e9',
  '/a b',
  '/a"b',
  '/a<b>',
  '/a{b}',
  '/a[b]',
  '/a^b',
  '/a|b',
  '/a`b',
  '/a#b',
  '/apps%23x',
  '/apps%3fx',
  `/${'a'.repeat(8192)}`,
])('takes nothing from %j', (target) => {
  expect(readPath(target)).toBeUndefined()
})

/** What programs make of a path: each as some program is known to. */
const readers: readonly ((path: string) => readonly string[])[] = [
  (path) => path.split('/').slice(1).map(decodeURIComponent),
  // As browsers and Node.js.
  (path) => new URL(`http://a${path}`).pathname.split('/').slice(1).map(decodeURIComponent),
  // nginx: decodes, merges slashes, resolves dots.
  (path) => resolveDots(decodeURIComponent(path).split(/\/+/).slice(1)),
  // Decodes twice.
  (path) => resolveDots(decodeURIComponent(decodeURIComponent(path)).split('/').slice(1)),
  // Windows and Java: backslashes, parameters.
  (path) =>
    resolveDots(
      decodeURIComponent(path)
        .replaceAll('\\', '/')
        .split('/')
        .slice(1)
        .map((segment) => segment.replace(/;.*/s, '')),
    ),
  (path) => resolveDots(decodeURIComponent(path).normalize('NFKC').split('/').slice(1)).map((text) => text),
]

function resolveDots(segments: readonly string[]): readonly string[] {
  const resolved: string[] = []
  for (const segment of segments) {
    if (segment === '..') resolved.pop()
    else if (segment !== '.') resolved.push(segment)
  }
  return resolved
}

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2F',
    '%5c',
    '\\',
    ';',
    '%',
    '%25',
    '%2525',
    'a',
    'B',
    '%41',
    'web',
    '?',
    '#',
  ),
  fc.constantFrom('%c3%a9', '%E2%84%AA', '%EF%BC%8F', '%ff', '%00', '%20', ' ', 'é', '~', ':', '@', '%40'),
  fc.string({ maxLength: 3 }),
)
const target = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`)

test('what is taken is read alike by every program', () => {
  let taken = 0
  fc.assert(
    fc.property(target, (sent) => {
      const segments = textsOf(sent)
      if (segments === undefined) return
      taken += 1
      const [path = ''] = sent.split('?', 1)
      for (const read of readers) {
        const texts = [...read(path)]
        if (texts.at(-1) === '') texts.pop()
        expect(texts.map((text) => text.normalize('NFKC'))).toEqual(segments.map((text) => text.normalize('NFKC')))
      }
    }),
    { numRuns: 5000 },
  )
  expect(taken).toBeGreaterThan(100)
})
