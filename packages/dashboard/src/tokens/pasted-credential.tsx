// The notice after somebody pastes a credential into a field for names, with a link to what it belongs to.
import { nameTokens } from '@hallpass/macaroon/name'
import { Link } from 'wouter'

import { useOrganisation } from '../shell/organisation.tsx'
import { Notice } from '../ui/notice.tsx'

export function PastedCredential({ text }: { readonly text: string }) {
  const { slug } = useOrganisation()
  const [id] = nameTokens(text)
  return (
    <Notice tone="warn" alert className="mb-3">
      This looks like a token or a code. This field searches names, so the text was removed and not sent.{' '}
      {id === undefined ? (
        <Link href="/account" className="underline">
          See your logins and end the one it belongs to
        </Link>
      ) : (
        <Link href={`/dashboard/${slug}/tokens/${id}`} className="underline">
          Open this token to see or revoke it
        </Link>
      )}
    </Notice>
  )
}
