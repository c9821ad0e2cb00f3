'use client'

import { useRouter } from 'next/navigation'
import { startTransition } from 'react'

export default function ErrorPage({ reset }: { reset: () => void }) {
  const router = useRouter()
  function tryAgain() {
    startTransition(() => {
      router.refresh()
      reset()
    })
  }
  return (
    <article className="card card-narrow" role="alert">
      <h1>That did not work</h1>
      <p>The server could not finish. You are not signed out because of it.</p>
      <button type="button" className="button" onClick={tryAgain}>
        Try again
      </button>
    </article>
  )
}
