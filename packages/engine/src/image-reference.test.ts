// Names of images as people write them, and invalid ones.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseImageReference } from './image-reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['busybox', 'docker.io', 'library/busybox', 'latest', undefined],
  ['acme/web:1.2', 'docker.io', 'acme/web', '1.2', undefined],
  ['localhost/web', 'localhost', 'web', 'latest', undefined],
  ['registry.example:5000/a/b_c/d:v', 'registry.example:5000', 'a/b_c/d', 'v', undefined],
  ['registry.example/web', 'registry.example', 'web', 'latest', undefined],
  [`ghcr.io/acme/web@${digest}`, 'ghcr.io', 'acme/web', undefined, digest],
  [`web:2@${digest}`, 'docker.io', 'library/web', '2', digest],
  ['[::1]:5000/web', '[::1]:5000', 'web', 'latest', undefined],
])('%s is read as it is meant', (text, registry, repository, tag, expected) => {
  expect(parseImageReference(text)).toEqual({ registry, repository, tag, digest: expected })
})

test.each(['', 'Web', 'a//b', 'web:', 'web@sha256:1', '-web', 'a b', 'a'.repeat(300), 'web:tag/other', '../web'])(
  '"%s" is refused without being quoted',
  (text) => {
    const attempt = (): unknown => parseImageReference(text)
    expect(attempt).toThrow(expect.objectContaining({ code: 'image_unusable', field: 'image' }))
  },
)

test('any text is read or refused, and what is read reads the same again', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,5}([._-][a-z0-9]{1,5})?$/)
  const names = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.option(part))
    .map(([path, tag]) => (tag === null ? path.join('/') : `${path.join('/')}:${tag}`))
  fc.assert(
    fc.property(fc.oneof(names, fc.string()), (text) => {
      let read
      try {
        read = parseImageReference(text)
      } catch (error) {
        expect(error).toMatchObject({ code: 'image_unusable' })
        return
      }
      expect(parseImageReference(`${read.registry}/${read.repository}:${read.tag}`)).toEqual(read)
    }),
  )
})
