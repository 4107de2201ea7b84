// An access as services name it.
import type { routes } from '@hallpass/client/contract'
import type { z } from 'zod'

import type { NamedAccess } from '../../operations/tokens/verify-tokens.ts'

type Asked = z.output<typeof routes.authorizeToken.body>['access']

export function namedAccess(asked: Asked): NamedAccess {
  return {
    slug: asked.org_slug,
    appName: asked.app_name,
    access: {
      action: asked.action,
      feature: asked.org_feature,
      appFeature: asked.app_feature,
      volume: asked.volume_id,
      machine: asked.machine_id,
      machineFeature: asked.machine_feature,
      command: asked.command,
      mutation: asked.mutation,
      sourceMachine: asked.source_machine,
      sourceAddress: asked.source_address,
      storageObject: asked.storage_object,
    },
  }
}
