// Reads the name of an image: `[registry/]repository[:tag][@digest]`, as the distribution project writes it.
import { EngineError } from './engine-error.ts'

export interface ImageReference {
  /** Host, with its port if there is one: `docker.io` where the name has none. */
  readonly registry: string
  readonly repository: string
  /** `latest` where there is neither tag nor digest. */
  readonly tag: string | undefined
  /** `sha256:…` */
  readonly digest: string | undefined
}

/** @throws EngineError `image_unusable`, without the name in its sentence */
export function parseImageReference(text: string): ImageReference {
  const [, name = '', tag, digest] = (text.length <= 512 && grammar.exec(text)) || []
  if (name === '' || name.length > 255) {
    throw new EngineError(
      'image_unusable',
      'The image must be a name as registry.example/acme/web:1 or acme/web@sha256:…',
      {
        field: 'image',
      },
    )
  }
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(slash, 0))
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost'
  const registry = hasRegistry ? first : hub
  const path = hasRegistry ? name.slice(slash + 1) : name
  const repository = registry === hub && !path.includes('/') ? `library/${path}` : path
  return { registry, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest }
}

const hub = 'docker.io'
const component = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*'
const host = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::\\d{1,5})?'
const grammar = new RegExp(
  `^((?:${host}/)?${component}(?:/${component})*)(?::(\\w[\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
)
