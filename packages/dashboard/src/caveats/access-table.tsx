// What a token may do, as a small table: what it is about, and which of the five actions.
import type { AccessTable as Table } from '@hallpass/macaroon/explain'

import { actionLetters } from './narrowing.ts'

export function AccessTable({ where, rows, notes }: Table) {
  return (
    <div className="@container">
      {/* Where there is no room beside them, the marks stand below what they are about. */}
      <table className="block w-full border-b border-line text-left text-small @md:table">
        <caption className="block pb-2 text-left @md:table-caption text-base font-medium wrap-anywhere">
          {where}
        </caption>
        <thead className="block border-y border-line text-muted @md:table-header-group">
          <tr className="grid grid-cols-5 @md:table-row">
            <th className="hidden py-1.5 pr-3 font-medium @md:table-cell">
              <span className="sr-only">What</span>
            </th>
            {actionLetters.map(({ letter, label }) => (
              <th key={letter} scope="col" className="py-1.5 text-center text-tiny font-medium @md:w-15">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="block divide-y divide-line @md:table-row-group">
          {rows.map(({ what, actions }) => (
            <tr key={`${actions} ${what}`} className="grid grid-cols-5 gap-y-1 py-2 @md:table-row">
              <th scope="row" className="col-span-5 font-normal wrap-anywhere first-letter:uppercase @md:py-2 @md:pr-3">
                {what}
              </th>
              {actionLetters.map(({ letter, action }) => (
                <td key={letter} className="text-center align-middle">
                  <Mark isAllowed={(actions & action) !== 0} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {notes.map((note) => (
        <p key={note} className="mt-2 text-small text-muted">
          {note}
        </p>
      ))}
    </div>
  )
}

function Mark({ isAllowed }: { readonly isAllowed: boolean }) {
  return (
    <>
      <span className="sr-only">{isAllowed ? 'yes' : 'no'}</span>
      <svg
        viewBox="0 0 16 16"
        aria-hidden="true"
        className={`mx-auto size-4 fill-none stroke-current stroke-2 ${isAllowed ? 'text-accent' : 'text-edge'}`}
      >
        <path d={isAllowed ? 'm3.5 8.5 3 3 6-7' : 'M6 8h4'} strokeLinecap="round" strokeLinejoin="round" />
      </svg>
    </>
  )
}
