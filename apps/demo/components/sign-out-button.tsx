import { signOut } from '@/sign-out'

export function SignOutButton({ className = '' }: { className?: string }) {
  return (
    <form action={signOut}>
      <button type="submit" className={`button ${className}`}>
        Sign out
      </button>
    </form>
  )
}
