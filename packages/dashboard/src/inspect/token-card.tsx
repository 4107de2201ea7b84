// One token of a header: what it is, what it allows, and its caveats.
import { Access, CaveatList } from '../caveats/explained.tsx'
import { Id } from '../ui/copy.tsx'
import { Fold } from '../ui/fold.tsx'
import { Fact, Facts } from '../ui/layout.tsx'
import { Notice } from '../ui/notice.tsx'
import type { ReadToken } from './read-header.ts'

export function TokenCard({ token, title }: { readonly token: ReadToken; readonly title: string }) {
  const { id, location, keyId, isDischarge, discharges, missing, caveats } = token
  return (
    <article className="rounded-card border border-line p-5" aria-label={title}>
      <h3 className="mb-3 text-large font-semibold wrap-anywhere">{title}</h3>
      {missing.length > 0 && (
        <Notice tone="warn" className="mb-4">
          It allows nothing yet: the discharge of {missing.join(' and ')} is missing.
        </Notice>
      )}
      <Access explanation={token} />
      <div className="mt-4">
        <Fold title={`Its ${caveats.length} caveat${caveats.length === 1 ? '' : 's'}`}>
          <div className="mt-3">
            <CaveatList said={caveats.map(({ words }) => words)} json={caveats.map(({ json }) => json)} />
          </div>
        </Fold>
      </div>
      <div className="mt-4 text-small">
        <Facts>
          <Fact name="Id">
            <Id>{id}</Id>
          </Fact>
          <Fact name="Location">
            <Id>{location}</Id>
          </Fact>
          <Fact name={isDischarge ? 'Answers the ticket' : 'Signed with the key'}>
            <Id>{keyId}</Id>
          </Fact>
          {discharges > 0 && <Fact name="Discharges">{discharges} came with it</Fact>}
        </Facts>
      </div>
    </article>
  )
}
