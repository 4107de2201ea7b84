// How volumes are called.
import { z } from 'zod'

export const volumeId = z.string().regex(/^vol_[a-z0-9]{1,32}$/, { error: 'is no id of a volume, as vol_ and letters' })

export const volumeName = z
  .string()
  .regex(/^[a-z0-9_]{1,30}$/, { error: 'is no name of a volume: 1 to 30 of a-z, 0-9 and underscores' })
