import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Attack, AttackReport } from './attacker.ts'

/** Floods from another process until its time is over. */
export function startAttack(attack: Attack): Promise<AttackReport> {
  const child = fork(fileURLToPath(new URL('attacker.ts', import.meta.url)))
  const killed = () => child.kill('SIGKILL')
  process.once('exit', killed)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('message', (report: AttackReport) => resolve(report))
    child.once('exit', (code) => {
      process.off('exit', killed)
      reject(new Error(`The flood ended early, with code ${code}.`))
    })
    child.send(attack)
  })
}
