// Checks what the operator says of what runs machines.
import { StartupError } from './domain/errors.ts'

/** `auto`, `none`, `local`, `docker`, or an address of a Docker Engine. @throws StartupError `configuration_invalid` */
export function checkEngine(given: string): string {
  if (/^(?:auto|none|local|docker|unix:\/\/\/.+|tcp:\/\/.+)$/.test(given) && !/[\s\0]/.test(given)) return given
  throw new StartupError(
    'configuration_invalid',
    '--engine is auto, none, local, docker, unix:///PATH or tcp://HOST:PORT.',
  )
}
