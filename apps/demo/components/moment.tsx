'use client'

import { useEffect, useReducer } from 'react'

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** A time as people say it, kept up to date, with the exact one to hover over. */
export function Moment({ at }: { at: Date }) {
  const [, renderAgain] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    const timer = setInterval(renderAgain, 15_000)
    return () => clearInterval(timer)
  }, [])
  return (
    // The minute may turn between the server's rendering and the browser's.
    <time dateTime={at.toISOString()} title={at.toUTCString()} suppressHydrationWarning>
      {describe(at.getTime() - Date.now())}
    </time>
  )
}

function describe(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => Math.abs(milliseconds) >= size) ?? ['second', 1_000]
  if (unit === 'second') return milliseconds > 0 ? 'in less than a minute' : 'just now'
  return relative.format(Math.ceil(milliseconds / length), unit)
}
