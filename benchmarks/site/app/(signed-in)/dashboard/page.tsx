import { redirect } from 'next/navigation'
import { currentUserId } from '@/current-user'

const ROWS = Array.from({ length: 20 }, (_, index) => ({ invoice: 1_000 + index, amount: 17 * index }))

export default async function Dashboard() {
  const userId = await currentUserId()
  if (userId === null) redirect('/login')
  return (
    <main data-page-user={userId}>
      <h1>Invoices</h1>
      <table>
        <tbody>
          {ROWS.map(({ invoice, amount }) => (
            <tr key={invoice}>
              <td>{invoice}</td>
              <td>{amount}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </main>
  )
}
