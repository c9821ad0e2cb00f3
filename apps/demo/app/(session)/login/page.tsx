import { safeRedirectPath } from 'edge-session'
import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { PasswordForm } from '@/components/password-form'
import { lookupSession } from '@/session'
import { submitLogin } from './submit-login'

export const metadata: Metadata = { title: 'Sign in' }

const SIGNED_OUT: Readonly<Record<string, string>> = {
  done: 'You are signed out.',
  unconfirmed:
    'This browser has forgotten your session, but the server could not be reached to end it. Sign in again later to check your devices.',
}

export default async function Login({ searchParams }: PageProps<'/login'>) {
  const query = await searchParams
  const next = safeRedirectPath(query.next, '/dashboard')
  const lookup = await lookupSession()
  if (lookup.outcome === 'active') redirect(next)
  const signedOut = SIGNED_OUT[String(query['signed-out'])]
  return (
    <article className="card card-narrow">
      <h1>Sign in</h1>
      {signedOut !== undefined && <p role="status">{signedOut}</p>}
      {query.next !== undefined && signedOut === undefined && (
        <p>
          to continue to <code className="path">{next}</code>
        </p>
      )}
      {lookup.outcome === 'unknown' && (
        <p role="status" className="notice">
          You may be signed in already, but that can not be checked right now. Try again in a moment.
        </p>
      )}
      <PasswordForm
        submit={submitLogin}
        next={next}
        asksUser
        button={{ label: 'Sign in', busy: 'Signing in…' }}
      />
      <p className="quiet">
        Try <code>alice</code> with <code>demo-alice</code>, or <code>bob</code> with <code>demo-bob</code>.
      </p>
    </article>
  )
}
