// The images that machines wait for, so that those that wait are looked up apart; and an index for counts.
import type { Migration } from '../migration.ts'

export const migration22: Migration = {
  version: 22,
  name: 'awaited images',
  statements: ({ text }) => [
    // Null in rows that are here already: the driver writes those that wait again.
    `alter table machines add column awaited_image ${text}`,
    // With the column that is null in all of them: SQLite would look for it in each row.
    `create index machines_due on machines (organisation_id, due_at, id, awaited_image)
      where awaited_image is null and due_at is not null`,
    `create index machines_awaiting on machines (organisation_id, awaited_image, due_at, id)
      where awaited_image is not null`,
    // For counts. Those that are destroyed stay for a while, and each count would read them all.
    `create index machines_not_destroyed on machines (organisation_id, id) where state <> 'destroyed'`,
  ],
}
