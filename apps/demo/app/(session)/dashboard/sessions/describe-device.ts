import Bowser from 'bowser'

export interface DeviceDescription {
  readonly name: string
  readonly handheld: boolean
}

/** A User-Agent as its owner would say it: "Firefox on Linux". */
export function describeDevice(userAgent: string | null): DeviceDescription {
  if (userAgent === null || userAgent.trim() === '') return { name: 'Unknown device', handheld: false }
  const { browser, os, platform } = Bowser.parse(userAgent)
  const handheld = platform.type === 'mobile' || platform.type === 'tablet'
  const names = [browser.name, os.name].filter(Boolean)
  return { name: names.length === 0 ? (userAgent.split(/[/ ]/)[0] ?? '') : names.join(' on '), handheld }
}
