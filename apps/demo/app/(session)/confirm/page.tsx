import { safeRedirectPath } from 'edge-session'
import type { Metadata } from 'next'
import { PasswordForm } from '@/components/password-form'
import { UserId } from '@/components/user-id'
import { requireSession } from '@/session'
import { submitPassword } from './submit-password'

export const metadata: Metadata = { title: 'Confirm it is you' }

export default async function Confirm({ searchParams }: PageProps<'/confirm'>) {
  const { userId } = await requireSession({ returnTo: '/confirm' })
  const next = safeRedirectPath((await searchParams).next, '/dashboard')
  return (
    <article className="card card-narrow">
      <h1>Confirm it is you</h1>
      <p>
        Enter the password of <UserId>{userId}</UserId> again to continue to{' '}
        <code className="path">{next}</code>
      </p>
      <PasswordForm submit={submitPassword} next={next} button={{ label: 'Continue', busy: 'Checking…' }} />
    </article>
  )
}
