import Link from 'next/link'

export default function Forbidden() {
  return (
    <article className="card card-narrow">
      <h1>Not for you</h1>
      <p>You are signed in, but this page is for admins.</p>
      <p>
        <Link href="/dashboard" prefetch={false}>
          Back to your dashboard
        </Link>
      </p>
    </article>
  )
}
