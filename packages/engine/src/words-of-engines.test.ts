// What the messages of engines mean.
import { expect, test } from 'vitest'

import { errorOfWords } from './words-of-engines.ts'

test.each([
  ['Get "http://127.0.0.1:5000/v2/": context deadline exceeded', 'registry_unreachable'],
  ['Get "http://127.0.0.1:5000/v2/": net/http: request canceled', 'registry_unreachable'],
  ['Head "https://registry.example.com/v2/acme/web/manifests/1": EOF', 'registry_unreachable'],
  [
    'Head "https://registry.example.com/v2/acme/web/manifests/1": unauthorized: authentication required',
    'image_refused',
  ],
  ['Get "https://registry.example.com/v2/acme/web/manifests/1": manifest unknown', 'image_not_found'],
  ['failed to create task for container: context deadline exceeded', 'failed'],
])('%s', (words, code) => {
  expect(errorOfWords(words).code).toBe(code)
})
