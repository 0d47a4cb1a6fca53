// Bluesky PDS + PLC directory (both real, from npm) in one process, loopback only.
// Run through pds.sh; settings come from the environment (see there).
import net from 'node:net'
import fs from 'node:fs/promises'
import path from 'node:path'
import crypto from 'node:crypto'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(path.join(process.env.TOOLS_DIR, 'package.json'))
const load = async (name) => import(pathToFileURL(require.resolve(name)).href)

// Both servers call listen(port) with no host, which would bind every interface.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (first, ...rest) {
  if (typeof first !== 'number') return listen.call(this, first, ...rest)
  return listen.call(this, { port: first, host: '127.0.0.1' },
    ...rest.filter((x) => typeof x === 'function'))
}
const freePort = () => new Promise((ok, no) => {
  const s = net.createServer().on('error', no)
  s.listen(0, () => { const { port } = s.address(); s.close(() => ok(port)) })
})

process.env.LOG_ENABLED ??= 'false'
const plcMod = await load('@did-plc/server')
const pdsMod = await load('@atproto/pds')
const { PlcServer, Database } = plcMod.PlcServer ? plcMod : plcMod.default
const { PDS } = pdsMod.PDS ? pdsMod : pdsMod.default

const dir = process.env.DATA_DIR
const port = Number(process.env.PORT) || await freePort()
const plcPort = Number(process.env.PLC_PORT) || await freePort()
await fs.mkdir(path.join(dir, 'pds'), { recursive: true })

const plc = PlcServer.create({ db: Database.mock(), port: plcPort })
await plc.start()
const adminPassword = process.env.ADMIN_PASSWORD || crypto.randomBytes(8).toString('hex')
const pds = await PDS.fromEnv({
  devMode: true, port, hostname: 'localhost',
  dataDirectory: path.join(dir, 'pds'),
  blobstoreDiskLocation: path.join(dir, 'blobs'),
  blobstoreDiskTmpLocation: path.join(dir, 'blobs-tmp'),
  didPlcUrl: `http://localhost:${plcPort}`,
  serviceHandleDomains: ['.test'],
  adminPassword,
  jwtSecret: process.env.JWT_SECRET || crypto.randomBytes(16).toString('hex'),
  dpopSecret: crypto.randomBytes(32).toString('hex'),
  plcRotationKeyK256PrivateKeyHex: crypto.randomBytes(32).toString('hex'),
  inviteRequired: false,
  disableSsrfProtection: true,          // loopback OAuth client metadata must be fetchable
  rateLimitsEnabled: process.env.RATE_LIMITS === '1',
  blobUploadLimit: process.env.BLOB_LIMIT ? Number(process.env.BLOB_LIMIT) : undefined,
  emailSmtpUrl: process.env.SMTP_URL || undefined,
  emailFromAddress: process.env.SMTP_URL ? 'pds@localhost' : undefined,
  // Reads of app.bsky.* are proxied to an AppView; none runs here.
  bskyAppViewUrl: process.env.APPVIEW_URL || undefined,
  bskyAppViewDid: process.env.APPVIEW_DID || undefined,
  crawlers: [],
})
await pds.start()

const url = `http://localhost:${port}`
const handle = 'alice.test', password = 'alice-password', email = 'alice@example.test'
const res = await fetch(`${url}/xrpc/com.atproto.server.createAccount`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ handle, password, email }),
})
if (!res.ok) throw new Error(`createAccount: ${res.status} ${await res.text()}`)
const { did, accessJwt } = await res.json()
const app = await fetch(`${url}/xrpc/com.atproto.server.createAppPassword`, {
  method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${accessJwt}` },
  body: JSON.stringify({ name: 'scheduler' }),
}).then((r) => r.json())

console.log('READY ' + JSON.stringify({
  url, plc_url: `http://localhost:${plcPort}`, handle, password, app_password: app.password,
  did, admin_password: adminPassword, pid: process.pid,
}))
const stop = async () => { await pds.destroy(); await plc.destroy(); process.exit(0) }
process.on('SIGTERM', stop).on('SIGINT', stop)
