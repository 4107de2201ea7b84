// The mark of Hallpass: a pass with its slot, and a tick.

export function Mark({ className = 'h-5.5' }: { readonly className?: string }) {
  return (
    <svg viewBox="4 1.5 16 21" aria-hidden="true" className={className}>
      <rect x="4" y="1.5" width="16" height="21" rx="4" className="fill-accent" />
      <rect x="9" y="5" width="6" height="1.9" rx="0.95" className="fill-page" />
      <path
        d="m8.2 14.2 2.6 2.6 5-5.3"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="fill-none stroke-page"
      />
    </svg>
  )
}
