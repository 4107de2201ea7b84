// Placeholders in the size of content that loads.

export function PageSkeleton() {
  return (
    <div aria-busy="true">
      <output className="sr-only">Loading</output>
      <div className="skeleton h-8 w-48" />
      <div className="skeleton mt-2 h-5 w-80 max-w-full" />
      <div className="skeleton mt-8 h-64 w-full rounded-card" />
    </div>
  )
}

/** Rows of a list that loads. */
export function RowsSkeleton({ rows = 4, height = 'h-14' }: { readonly rows?: number; readonly height?: string }) {
  return (
    <div aria-busy="true" className="divide-y divide-line border-y border-line">
      <output className="sr-only">Loading</output>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`flex items-center ${height}`}>
          <div className="skeleton h-4 w-1/3" />
        </div>
      ))}
    </div>
  )
}
