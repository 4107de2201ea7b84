// What is said where a credential was pasted into a field that is for names, and how to come to what it belongs to.
import { nameTokens } from '@hallpass/macaroon/name'
import { Link } from 'wouter'

import { useOrganisation } from '../shell/organisation.tsx'
import { Notice } from '../ui/notice.tsx'

export function PastedCredential({ text }: { readonly text: string }) {
  const { slug } = useOrganisation()
  const [id] = nameTokens(text)
  return (
    <Notice tone="warn" alert className="mb-3">
      That looks like a token or a code, and names are looked for here: it was taken out of the field, and sent nowhere.{' '}
      {id === undefined ? (
        <Link href="/account" className="underline">
          See your logins, to end the one that it is of
        </Link>
      ) : (
        <Link href={`/dashboard/${slug}/tokens/${id}`} className="underline">
          Find this token by its id, to see it or to revoke it
        </Link>
      )}
    </Notice>
  )
}
