export { type RestTransportOptions, restTransport } from '../lib/transports/rest.ts'
