// The traits of which generated states are made. A trait is a kind (a state takes at most one of each), a name, the
// bases it can be put on, and the change itself. What a trait does to a gateway is never written here: gateways say it.
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { FULL_SCOPES } from "../harness/bench.mjs";
import { SHARED_TOKEN } from "../harness/openclaw.mjs";

const OTHER = "another-shared-token-fedcba9876543210";
const EXPIRED_MS = 6 * 60_000;
const operator = (...names) => names.map((name) => `operator.${name}`);

const gateway = (change) => (box) => {
  if (typeof box.config !== "object") throw new Inapplicable("the config is no object any more");
  change(box.config.gateway, box);
};
const auth = (value) => gateway((section) => (value === undefined ? delete section.auth : (section.auth = value)));
/** A trait that means nothing on this release or base: the state is left out, not counted as one that agreed. */
export class Inapplicable extends Error {}

const own = (change) => (box) =>
  box.edit((model) => {
    const device = model.paired[model.identity?.deviceId];
    if (device === undefined) throw new Inapplicable("this machine has no paired device here");
    change(device, model);
  });
/** A trait of one store only; `where` says which. */
const inFiles = (name, text) => Object.assign((box) => box.put(`.openclaw/${name}`, text), { where: "files" });
const inDatabase = (...sql) => Object.assign((box) => box.pairing.run(sql), { where: "database" });

function freshIdentity() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const pem = { publicKeyPem: publicKey.export({ type: "spki", format: "pem" }), privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) };
  return { version: 1, deviceId: createHash("sha256").update(raw).digest("hex"), ...pem, createdAtMs: Date.now() };
}

/** Files of the older generation in `identity/`, each made of the identity in the database. */
const besideDatabase = (files, ...sql) => Object.assign(async (box) => {
  const { identity } = await box.pairing.model();
  if (identity === undefined) throw new Inapplicable("this machine has no identity here");
  const { deviceId, publicKeyPem, privateKeyPem, createdAtMs } = identity;
  for (const [name, of] of Object.entries(files)) {
    box.put(`.openclaw/identity/${name}`, `${JSON.stringify(of({ version: 1, deviceId, publicKeyPem, privateKeyPem, createdAtMs }), null, 2)}\n`);
  }
  if (sql.length > 0) await box.pairing.run(sql);
}, { where: "database" });

function request(model, { scopes = FULL_SCOPES, silent, isRepair = true, age = 0 }) {
  const device = model.paired[model.identity.deviceId];
  if (device === undefined) throw new Inapplicable("the row that the request would repair is gone");
  const { deviceId, publicKey, platform, deviceFamily, clientId, clientMode } = device;
  const requestId = randomUUID();
  const asks = { role: "operator", roles: ["operator"], scopes };
  model.pending[requestId] = { requestId, deviceId, publicKey, platform, deviceFamily, clientId, clientMode, ...asks, silent, isRepair, ts: Date.now() - age };
}

const COMMAND = "/usr/bin/node /usr/lib/node_modules/openclaw/openclaw.mjs gateway run";
const unit = (line, args = "") => `[Unit]\nDescription=OpenClaw Gateway\n\n[Service]\nExecStart=${COMMAND}${args}\n${line}\n\n[Install]\nWantedBy=default.target\n`;
const UNITS = ".config/systemd/user";
const service = (variables, files) => (box) => {
  Object.assign(box.serviceEnv, variables);
  for (const [name, text] of Object.entries(files)) box.put(name, text);
};
/** A service whose command line says more; `files`: of that command line. */
const flags = (argsOf, filesOf, change = () => {}) => (box) => {
  const args = argsOf(box);
  box.openclaw.serviceArgs = args;
  for (const [name, text] of Object.entries(filesOf(` ${args.join(" ")}`))) box.put(name, text);
  return change(box);
};
const inUnit = (args) => ({ [`${UNITS}/openclaw-gateway.service`]: unit("Restart=always", args) });
const inDropIn = (args) => ({
  ...inUnit(" --port 18998"),
  [`${UNITS}/openclaw-gateway.service.d/10-command.conf`]: `[Service]\nExecStart=\nExecStart=${COMMAND}${args}\n`,
});
const inPlist = (args) => ({
  "Library/LaunchAgents/ai.openclaw.gateway.plist": `<plist><dict>\n<key>ProgramArguments</key>\n<array>${`${COMMAND}${args}`.split(" ").map((each) => `<string>${each}</string>`).join("")}</array></dict></plist>\n`,
});
const ownPort = (box) => ["--port", String(box.openclaw.port)];
/** What the config says of the port is not where the gateway listens. */
const configuredElsewhere = gateway((section) => (section.port = 18999));

/** Variables of the shell that the CLI is called from, which the gateway's service does not see. */
const shell = (variables) => (box) => {
  Object.assign(box.openclaw.env, variables(box));
  for (const name of Object.keys(variables(box))) box.serviceEnv[name] = undefined;
};
const TOKEN_VARIABLE = { OPENCLAW_GATEWAY_TOKEN: OTHER };

const HOOKS = { enabled: true, token: "hooks-token-of-its-own-0123456789" };
const ROLE = { sessions: { others: "view" }, agents: "*", scopes: FULL_SCOPES };

/** kind → list of [name, change, bases?]. */
export const KINDS = {
  auth: [
    ["auth unset", auth(undefined)],
    ["auth none", auth({ mode: "none" })],
    ["auth token", auth({ mode: "token", token: OTHER })],
    ["auth token without a mode", auth({ token: OTHER })],
    ["auth mode token without one", auth({ mode: "token" })],
    ["auth token empty", auth({ mode: "token", token: "" })],
    ["auth token of spaces", auth({ mode: "token", token: "   " })],
    ["auth token undefined", auth({ mode: "token", token: "undefined" })],
    ["auth token null", auth({ mode: "token", token: null })],
    ["auth token a number", auth({ mode: "token", token: 12345678 })],
    ["auth password", auth({ mode: "password", password: "pass-word-123" })],
    ["auth password without a mode", auth({ password: "pass-word-123" })],
    ["auth mode password without one", auth({ mode: "password" })],
    ["auth both, no mode", auth({ token: OTHER, password: "pass-word-123" })],
    ["auth both, mode token", auth({ mode: "token", token: OTHER, password: "pass-word-123" })],
    ["auth both, mode password", auth({ mode: "password", token: OTHER, password: "pass-word-123" })],
    ["auth mode unknown", auth({ mode: "open" })],
    ["auth trusted-proxy", gateway((section) => { section.auth = { mode: "trusted-proxy", trustedProxy: { userHeader: "x-user" } }; section.trustedProxies = ["10.0.0.1"]; })],
    ["auth trusted-proxy without proxies", auth({ mode: "trusted-proxy", trustedProxy: { userHeader: "x-user" } })],
    ["auth trusted-proxy without its section", gateway((section) => { section.auth = { mode: "trusted-proxy" }; section.trustedProxies = ["10.0.0.1"]; })],
    ["auth trusted-proxy, loopback allowed", gateway((section) => { section.auth = { mode: "trusted-proxy", trustedProxy: { userHeader: "x-user", allowLoopback: true } }; section.trustedProxies = ["127.0.0.1"]; })],
    ["auth trusted-proxy and a password", gateway((section) => { section.auth = { mode: "trusted-proxy", password: "pass-word-123", trustedProxy: { userHeader: "x-user" } }; section.trustedProxies = ["10.0.0.1"]; })],
    ["auth trusted-proxy and a token", gateway((section) => { section.auth = { mode: "trusted-proxy", token: OTHER, trustedProxy: { userHeader: "x-user" } }; section.trustedProxies = ["10.0.0.1"]; })],
    ["token ${LAB_MISSING}", auth({ mode: "token", token: "${LAB_MISSING}" })],
    ["token ${LAB_SET} from .env", (box) => { auth({ mode: "token", token: "${LAB_SET}" })(box); box.put(".openclaw/.env", `LAB_SET=${OTHER}\n`); }],
    ["token a reference to env, missing", auth({ mode: "token", token: { source: "env", provider: "default", id: "LAB_MISSING" } })],
    ["token a reference to env, from .env", (box) => { auth({ mode: "token", token: { source: "env", provider: "default", id: "LAB_SET" } })(box); box.put(".openclaw/.env", `LAB_SET=${OTHER}\n`); }],
    ["token ${LAB_SET} from the shell of both", (box) => { auth({ mode: "token", token: "${LAB_SET}" })(box); box.openclaw.env.LAB_SET = OTHER; }],
    ["token $LAB_SET from the shell of both", (box) => { auth({ mode: "token", token: "$LAB_SET" })(box); box.openclaw.env.LAB_SET = OTHER; }],
    ["token $${LAB_SET}", auth({ mode: "token", token: "$${LAB_SET}" })],
    ["token a reference to the store, missing", auth({ mode: "token", token: { source: "store", provider: "default", id: "GATEWAY_AUTH_TOKEN" } })],
    ["token a reference to a file, no provider", auth({ mode: "token", token: { source: "file", provider: "files", id: "/token" } })],
    ["password ${LAB_MISSING}", auth({ mode: "password", password: "${LAB_MISSING}" })],
  ],
  bind: [
    ["bind lan", gateway((section) => (section.bind = "lan"))],
    ["bind auto", gateway((section) => (section.bind = "auto"))],
    ["bind tailnet", gateway((section) => (section.bind = "tailnet"))],
    ["bind absent", gateway((section) => delete section.bind)],
    ["bind custom, foreign address", gateway((section) => { section.bind = "custom"; section.customBindHost = "192.0.2.7"; })],
    ["bind custom, loopback", gateway((section) => { section.bind = "custom"; section.customBindHost = "127.0.0.1"; })],
    ["bind custom, every address", gateway((section) => { section.bind = "custom"; section.customBindHost = "0.0.0.0"; })],
    ["bind custom, no address", gateway((section) => (section.bind = "custom"))],
    ["bind custom, a name", gateway((section) => { section.bind = "custom"; section.customBindHost = "localhost"; })],
    ["bind 127.0.0.1", gateway((section) => (section.bind = "127.0.0.1"))],
    ["bind 0.0.0.0", gateway((section) => (section.bind = "0.0.0.0"))],
    ["bind localhost", gateway((section) => (section.bind = "localhost"))],
    ["bind local", gateway((section) => (section.bind = "local"))],
    ["bind Loopback", gateway((section) => (section.bind = "Loopback"))],
  ],
  mode: [
    ["mode absent", gateway((section) => delete section.mode)],
    ["mode remote", gateway((section) => (section.mode = "remote"))],
    ["mode gateway", gateway((section) => (section.mode = "gateway"))],
    ["remote url public", gateway((section) => (section.remote = { url: "wss://claw.example.com" }))],
    ["remote url http", gateway((section) => (section.remote = { url: "http://127.0.0.1:1" }))],
    ["remote token differs", gateway((section) => (section.remote = { token: "remote-token-that-differs-0123456789" }))],
    ["remote password", gateway((section) => (section.remote = { password: "pass-word-123" }))],
    ["mode remote and its url", gateway((section) => { section.mode = "remote"; section.remote = { url: `ws://127.0.0.1:${section.port}` }; })],
  ],
  key: [
    ["unknown key in gateway", gateway((section) => (section.localExec = true))],
    ["unknown key at the root", (box) => (box.config.mode = "local")],
    ["unknown key in auth", gateway((section) => (section.auth = { ...section.auth, secret: "x" }))],
    ["unknown key in controlUi", gateway((section) => (section.controlUi = { enable: true }))],
    ["unknown key in tls", gateway((section) => (section.tls = { enable: true }))],
    ["unknown section key: cron", (box) => (box.config.cron = { enabledd: true })],
    ["port 0", gateway((section, box) => { section.port = 0; box.openclaw.port = 18789; })],
    ["port a string", gateway((section) => (section.port = String(section.port)))],
    ["port too large", gateway((section, box) => { section.port = 70000; box.openclaw.port = 18789; })],
    ["port a fraction", gateway((section) => (section.port = 18789.5))],
    ["logging loud", (box) => (box.config.logging = { level: "loud" })],
    ["logging debug", (box) => (box.config.logging = { level: "debug" })],
    ["trustedProxies a string", gateway((section) => (section.trustedProxies = "127.0.0.1"))],
    ["trustedProxies loopback", gateway((section) => (section.trustedProxies = ["127.0.0.1"]))],
    ["reload hot", gateway((section) => (section.reload = { mode: "hot" }))],
    ["reload restart", gateway((section) => (section.reload = { mode: "restart" }))],
    ["reload off", gateway((section) => (section.reload = { mode: "off" }))],
    ["nodes.denyCommands", gateway((section) => (section.nodes = { denyCommands: ["system.run"] }))],
    ["nodes.allowCommands", gateway((section) => (section.nodes = { allowCommands: ["system.run"] }))],
    ["nodes.commands.deny", gateway((section) => (section.nodes = { commands: { deny: ["system.run"] } }))],
    ["nodes.pairing.autoApproveLocal false", gateway((section) => (section.nodes = { pairing: { autoApproveLocal: false } }))],
    ["agents.list", (box) => (box.config.agents = { list: [{ id: "main" }] })],
    ["handshakeTimeoutMs", gateway((section) => (section.handshakeTimeoutMs = 5000))],
    ["webchat", gateway((section) => (section.webchat = { chatHistoryMaxChars: 100 }))],
    ["channelHealthCheckMinutes", gateway((section) => (section.channelHealthCheckMinutes = 5))],
    ["token in gateway", gateway((section) => (section.token = OTHER))],
    ["tailscale serve", gateway((section) => (section.tailscale = { mode: "serve" }))],
    ["tailscale funnel", gateway((section) => (section.tailscale = { mode: "funnel" }))],
    ["tls", gateway((section) => (section.tls = { enabled: true }))],
    ["tls without its files", gateway((section) => (section.tls = { enabled: true, autoGenerate: false, certPath: "/nowhere/cert.pem", keyPath: "/nowhere/key.pem" }))],
    ["controlUi insecure", gateway((section) => (section.controlUi = { allowInsecureAuth: true }))],
    ["hooks token equal", (box) => (box.config.hooks = { enabled: true, token: box.config.gateway.auth?.token ?? SHARED_TOKEN })],
    ["hooks without a token", (box) => (box.config.hooks = { enabled: true })],
    ["hooks token of its own", (box) => (box.config.hooks = { enabled: true, token: "hooks-token-of-its-own-0123456789" })],
    ["hooks path /", (box) => (box.config.hooks = { ...HOOKS, path: "/" })],
    ["hooks gmail without prefixes", (box) => (box.config.hooks = { ...HOOKS, presets: ["gmail"] })],
    ["hooks default key without its prefix", (box) => (box.config.hooks = { ...HOOKS, defaultSessionKey: "main", allowedSessionKeyPrefixes: ["hook:"] })],
    ["session scope unknown", (box) => (box.config.session = { scope: "everyone" })],
    ["cron enabled a string", (box) => (box.config.cron = { enabled: "true" })],
    ["env a number", (box) => (box.config.env = { vars: { X: 5 } })],
    ["heartbeat no duration", (box) => (box.config.agents = { defaults: { heartbeat: { every: "abc" } } })],
    ["sandbox network host", (box) => (box.config.agents = { defaults: { sandbox: { docker: { network: "host" } } } })],
    ["plugin path missing", (box) => (box.config.plugins = { load: { paths: ["/nowhere/plugin"] } })],
    ["config no JSON", (box) => (box.config = "{ gateway: ")],
    ["config empty", (box) => (box.config = "")],
    ["config a list", (box) => (box.config = "[]")],
    ["config absent", (box) => { box.drop(".openclaw/openclaw.json"); box.config = undefined; box.openclaw.env.OPENCLAW_GATEWAY_PORT = String(box.openclaw.port); }],
  ],
  writer: [
    ["no release named", (box) => delete box.config.meta],
  ],
  roles: [
    ["roles with a default", gateway((section) => (section.roles = { default: "member", definitions: { member: ROLE } }))],
    ["roles default undefined", gateway((section) => (section.roles = { default: "owner", definitions: { member: ROLE } }))],
    ["roles without default", gateway((section) => (section.roles = { definitions: { member: ROLE } }))],
    ["roles empty", gateway((section) => (section.roles = {}))],
  ],
  environment: [
    [".env another token", (box) => box.put(".openclaw/.env", `OPENCLAW_GATEWAY_TOKEN=${OTHER}\n`)],
    [".env a password", (box) => box.put(".openclaw/.env", "OPENCLAW_GATEWAY_PASSWORD=pass-word-123\n")],
    [".env CLAWDBOT token", (box) => box.put(".openclaw/.env", `CLAWDBOT_GATEWAY_TOKEN=${OTHER}\n`)],
    [".env of the folder, another token", (box) => box.put(".env", `OPENCLAW_GATEWAY_TOKEN=${OTHER}\n`)],
    ["unit another token", service(TOKEN_VARIABLE, { [`${UNITS}/openclaw-gateway.service`]: unit(`Environment=OPENCLAW_GATEWAY_TOKEN=${OTHER}`) })],
    ["drop-in another token", service(TOKEN_VARIABLE, {
      [`${UNITS}/openclaw-gateway.service`]: unit("Restart=always"),
      [`${UNITS}/openclaw-gateway.service.d/10-token.conf`]: `[Service]\nEnvironment="OPENCLAW_GATEWAY_TOKEN=${OTHER}"\n`,
    })],
    ["unit EnvironmentFile another token", service(TOKEN_VARIABLE, {
      [`${UNITS}/openclaw-gateway.service`]: unit("EnvironmentFile=-%h/.openclaw/gateway.systemd.env"),
      ".openclaw/gateway.systemd.env": `OPENCLAW_GATEWAY_TOKEN=${OTHER}\n`,
    })],
    ["service-env another token", service(TOKEN_VARIABLE, { ".openclaw/service-env/ai.openclaw.gateway.env": `export OPENCLAW_GATEWAY_TOKEN='${OTHER}'\n` })],
    ["config env a token", (box) => (box.config.env = { vars: { OPENCLAW_GATEWAY_TOKEN: OTHER } })],
    ["config env a password", (box) => (box.config.env = { OPENCLAW_GATEWAY_PASSWORD: "pass-word-123" })],
    ["unit a password", service({ OPENCLAW_GATEWAY_PASSWORD: "pass-word-123" }, { [`${UNITS}/openclaw-gateway.service`]: unit("Environment=OPENCLAW_GATEWAY_PASSWORD=pass-word-123") })],
    [".env and shell, the same token", (box) => {
      box.put(".openclaw/.env", `OPENCLAW_GATEWAY_TOKEN=${OTHER}\n`);
      return shell(() => ({ OPENCLAW_GATEWAY_TOKEN: OTHER }))(box);
    }],
    ["shell another password", shell(() => ({ OPENCLAW_GATEWAY_PASSWORD: "pass-word-456" }))],
    ["shell a password", shell(() => ({ OPENCLAW_GATEWAY_PASSWORD: "pass-word-123" }))],
    ["shell url of another port", shell(() => ({ OPENCLAW_GATEWAY_URL: "ws://127.0.0.1:9", OPENCLAW_GATEWAY_TOKEN: SHARED_TOKEN }))],
    ["shell url of this gateway, no token", shell((box) => ({ OPENCLAW_GATEWAY_URL: `ws://127.0.0.1:${box.openclaw.port}` }))],
    ["shell url of this gateway, its token", shell((box) => ({ OPENCLAW_GATEWAY_URL: `ws://127.0.0.1:${box.openclaw.port}`, OPENCLAW_GATEWAY_TOKEN: SHARED_TOKEN }))],
    ["shell url of this gateway, another token", shell((box) => ({ OPENCLAW_GATEWAY_URL: `ws://127.0.0.1:${box.openclaw.port}`, OPENCLAW_GATEWAY_TOKEN: OTHER }))],
    ["unit another port", (box) => {
      configuredElsewhere(box);
      return service({ OPENCLAW_GATEWAY_PORT: String(box.openclaw.port) }, { [`${UNITS}/openclaw-gateway.service`]: unit(`Environment=OPENCLAW_GATEWAY_PORT=${box.openclaw.port}`) })(box);
    }],
    ["unit --port", flags(ownPort, inUnit)],
    ["unit --port, the config another", flags(ownPort, inUnit, configuredElsewhere)],
    ["drop-in --port, the unit another", flags(ownPort, inDropIn)],
    ["drop-in --port, the config another", flags(ownPort, inDropIn, configuredElsewhere)],
    ["plist --port, the config another", flags(ownPort, inPlist, configuredElsewhere)],
    ["unit --token of another", flags(() => ["--token", OTHER], inUnit)],
    ["unit --token of the config", flags(() => ["--token", SHARED_TOKEN], inUnit)],
    ["unit --password", flags(() => ["--password", "pass-word-123"], inUnit)],
    ["unit --auth none", flags(() => ["--auth", "none"], inUnit)],
    ["unit --password-file", flags((box) => ["--password-file", `${box.openclaw.home}/pass`], inUnit, (box) => { auth({ mode: "password", password: "pass-word-123" })(box); box.put("pass", "pass-word-123\n"); })],
    ["unit --password-file of another", flags((box) => ["--password-file", `${box.openclaw.home}/pass`], inUnit, (box) => { auth({ mode: "password", password: "pass-word-123" })(box); box.put("pass", "pass-word-456\n"); })],
    ["unit --tailscale serve", flags(() => ["--tailscale", "serve"], inUnit)],
    ["unit --tailscale serve, bind lan", flags(() => ["--tailscale", "serve"], inUnit, gateway((section) => (section.bind = "lan")))],
    ["unit --tailscale funnel", flags(() => ["--tailscale", "funnel"], inUnit)],
    ["unit --bind lan", flags(() => ["--bind", "lan"], inUnit)],
    ["unit --bind of no word", flags(() => ["--bind", "local"], inUnit)],
    ["unit --auth password, and none", flags(() => ["--auth", "password"], inUnit)],
    ["unit --allow-unconfigured, no mode", flags(() => ["--allow-unconfigured"], inUnit, gateway((section) => delete section.mode))],
    ["shell another token", shell(() => ({ OPENCLAW_GATEWAY_TOKEN: OTHER }))],
  ],
  identity: [
    ["identity missing", async (box) => (box.sqlite ? box.pairing.run(["DELETE FROM device_identities"]) : box.drop(".openclaw/identity/device.json"))],
    ["identity folder missing", Object.assign((box) => box.drop(".openclaw/identity"), { where: "files" })],
    ["identity no JSON", inFiles("identity/device.json", "{")],
    ["identity id differs", async (box) => {
      if (box.sqlite) return box.pairing.run([`UPDATE device_identities SET device_id = '${"a".repeat(64)}'`]);
      const model = await box.pairing.model();
      if (model.identity !== undefined) box.put(".openclaw/identity/device.json", JSON.stringify({ ...model.identity, deviceId: "a".repeat(64) }));
    }],
    ["identity version 2", Object.assign(async (box) => box.put(".openclaw/identity/device.json", JSON.stringify({ ...(await box.pairing.model()).identity, version: 2 })), { where: "files" })],
    ["identity public key bad", async (box) => {
      if (box.sqlite) return box.pairing.run(["UPDATE device_identities SET public_key_pem = 'bad'"]);
      const model = await box.pairing.model();
      if (model.identity !== undefined) box.put(".openclaw/identity/device.json", JSON.stringify({ ...model.identity, publicKeyPem: "bad" }));
    }],
  ],
  scopes: [
    ["approved full, scopes read", own((device) => (device.scopes = operator("read")))],
    ["narrowed to read", own((device) => narrow(device, operator("read")))],
    ["narrowed to pairing", own((device) => narrow(device, operator("pairing")))],
    ["narrowed to admin", own((device) => narrow(device, operator("admin")))],
    ["narrowed to write", own((device) => narrow(device, operator("write")))],
    ["no scopes", own((device) => narrow(device, []))],
    ["approvedScopes read", own((device) => {
      if (device.approvedScopes === undefined) throw new Inapplicable("no record of this release has the field: a later one has written it, and may run");
      device.approvedScopes = operator("read");
    })],
    ["approvedScopes absent", own((device) => delete device.approvedScopes)],
  ],
  token: [
    ["token scopes read", own((device) => (device.tokens.operator.scopes = operator("read")))],
    ["token scopes admin", own((device) => (device.tokens.operator.scopes = operator("admin")))],
    ["token missing", own((device) => delete device.tokens.operator)],
    ["tokens absent", own((device) => delete device.tokens)],
    ["token revoked", own((device) => (device.tokens.operator.revokedAtMs = Date.now() - 60_000))],
    ["token revoked null", own((device) => (device.tokens.operator.revokedAtMs = null))],
    ["token revoked 0", own((device) => (device.tokens.operator.revokedAtMs = 0))],
    ["token revoked later", own((device) => (device.tokens.operator.revokedAtMs = Date.now() + 86_400_000))],
    ["token revoked a string", own((device) => (device.tokens.operator.revokedAtMs = "2026"))],
    ["token issuer stale", own((device) => (device.tokens.operator.issuer = { kind: "shared-gateway-auth", generation: "deadbeef" }))],
    ["token issuer unknown", own((device) => (device.tokens.operator.issuer = { kind: "else" }))],
    ["token scopes absent", own((device) => delete device.tokens.operator.scopes)],
    ["token of a role null", own((device) => (device.tokens.node = null))],
    ["token role node", own((device) => (device.tokens.operator.role = "node"))],
    ["token issuer null", own((device) => (device.tokens.operator.issuer = null))],
  ],
  cached: [
    ["cached differs", own((_, model) => model.cached.operator && (model.cached.operator.token = randomBytes(32).toString("base64url")))],
    ["cached missing", own((_, model) => (model.cached = {}))],
    ["cached scopes read", own((_, model) => model.cached.operator && (model.cached.operator.scopes = operator("read")))],
  ],
  record: [
    ["row missing", own((_, model) => delete model.paired[model.identity.deviceId])],
    ["row's key differs", own((device) => (device.publicKey = randomBytes(32).toString("base64url")))],
    ["row's key bad", own((device) => (device.publicKey = "bad"))],
    ["role node", own((device) => Object.assign(device, { role: "node", roles: ["node"] }))],
    ["roles none", own((device) => (device.roles = []))],
    ["role and roles absent", own((device) => (delete device.role, delete device.roles))],
    ["platform darwin", own((device) => (device.platform = "darwin"))],
    ["deviceFamily Mac", own((device) => (device.deviceFamily = "Mac"))],
    ["another's record null", Object.assign(own((_, model) => (model.paired["a".repeat(64)] = null)), { where: "files" })],
    ["another's roles a text", Object.assign(own((device, model) => (model.paired["a".repeat(64)] = { ...structuredClone(device), deviceId: "a".repeat(64), roles: "operator" })), { where: "files" })],
    ["roles a text", Object.assign(own((device) => (device.roles = "operator")), { where: "files" })],
    ["approvedScopes an object", own((device) => (device.approvedScopes = {}))],
    ["client backend", own((device) => Object.assign(device, { clientId: "gateway-client", clientMode: "backend" }))],
  ],
  pending: [
    ["pending repair, not silent", own((_, model) => request(model, { silent: false }))],
    ["pending repair, silent", own((_, model) => request(model, { silent: true }))],
    ["pending first contact, not silent", own((_, model) => request(model, { silent: false, isRepair: false }))],
    ["pending expired", own((_, model) => request(model, { silent: false, age: EXPIRED_MS }))],
  ],
  store: [
    ["paired.json a list", inFiles("devices/paired.json", "[]")],
    ["paired.json no JSON", inFiles("devices/paired.json", "{")],
    ["paired.json empty", inFiles("devices/paired.json", "")],
    ["paired.json null", inFiles("devices/paired.json", "null")],
    ["pending.json a list", inFiles("devices/pending.json", "[]")],
    ["pending.json no JSON", inFiles("devices/pending.json", "{")],
    ["pending.json empty", inFiles("devices/pending.json", "")],
    ["device-auth.json no JSON", inFiles("identity/device-auth.json", "{")],
    ["devices folder missing", Object.assign((box) => box.drop(".openclaw/devices"), { where: "files" })],
    ["user_version 99", inDatabase("PRAGMA user_version = 99")],
    ["user_version 2", inDatabase("PRAGMA user_version = 2")],
    ["user_version 0", inDatabase("PRAGMA user_version = 0")],
    ["user_version one less", inDatabase("PRAGMA user_version = 17")],
    ["setup_id dropped", inDatabase("DROP INDEX IF EXISTS idx_device_bootstrap_tokens_setup_id", "ALTER TABLE device_bootstrap_tokens DROP COLUMN setup_id")],
    ["schema_meta of no role", inDatabase("DELETE FROM schema_meta WHERE meta_key = 'primary'")],
    ["a trigger more", inDatabase("CREATE TRIGGER mine AFTER INSERT ON device_pairing_pending BEGIN SELECT 1; END")],
    ["a table dropped", inDatabase("DROP TABLE device_pairing_pending")],
    ["a column more", inDatabase("ALTER TABLE device_pairing_paired ADD COLUMN more TEXT")],
    ["contentVersion 99", inDatabase("UPDATE config_machine_state SET value_json = '99' WHERE state_key = 'state.schema.contentVersion'")],
    [".clawdbot beside", (box) => box.put(".clawdbot/x", "")],
    ["exec-approvals.json beside", (box) => box.put(".openclaw/exec-approvals.json", "{}")],
    ["identity file beside, same key", besideDatabase({ "device.json": (file) => file })],
    ["identity file beside, another key", besideDatabase({ "device.json": () => freshIdentity() })],
    ["identity claim of the app", besideDatabase({ "device.json.native-importing": (file) => file })],
    ["identity claim of doctor", besideDatabase({ "device.json.doctor-importing": (file) => file })],
    ["identity file and the app's claim", besideDatabase({ "device.json": (file) => file, "device.json.native-importing": (file) => file })],
    ["identity file and the app's claim, id differs", besideDatabase({ "device.json": (file) => file, "device.json.native-importing": (file) => ({ ...file, deviceId: "a".repeat(64) }) })],
    ["identity only as the app's claim", besideDatabase({ "device.json.native-importing": (file) => file }, "DELETE FROM device_identities")],
    ["identity only as a file", besideDatabase({ "device.json": (file) => file }, "DELETE FROM device_identities")],
    ["device-auth.json beside", Object.assign((box) => box.put(".openclaw/identity/device-auth.json", JSON.stringify({ version: 1, deviceId: "a".repeat(64), tokens: {} })), { where: "database" })],
    ["a record beside that breaks the import", Object.assign((box) => box.put(".openclaw/devices/paired.json", JSON.stringify({ x: { deviceId: "x", scopes: [] } })), { where: "database" })],
    ["devices/paired.json no JSON beside", Object.assign((box) => box.put(".openclaw/devices/paired.json", "{"), { where: "database" })],
    ["devices/paired.json beside", Object.assign((box) => box.put(".openclaw/devices/paired.json", "{}"), { where: "database" })],
  ],
};

const late = (change) => Object.assign((box) => change(box), { underRunning: true });
/** What becomes of the config while a gateway runs on the base as made: name, change. A new secret is left out: the gateway restarts for it, which takes as long as it takes. */
export const UNDER_RUNNING = [
  ["an unknown key comes", late(gateway((section) => (section.localExec = true)))],
  ["nodes.denyCommands comes", late(gateway((section) => (section.nodes = { denyCommands: ["system.run"] })))],
  ["logging loud comes", late((box) => (box.config.logging = { level: "loud" }))],
  ["agents.list comes", late((box) => (box.config.agents = { list: [{ id: "main" }] }))],
  ["another port comes", late(configuredElsewhere)],
  ["the mode goes", late(gateway((section) => delete section.mode))],
  ["tailscale serve with lan comes", late(gateway((section) => { section.bind = "lan"; section.tailscale = { mode: "serve" }; }))],
  ["the config becomes no JSON", late((box) => (box.config = "{ gateway: "))],
];

function narrow(device, scopes) {
  device.scopes = scopes;
  if (device.approvedScopes !== undefined) device.approvedScopes = scopes;
  if (device.tokens?.operator !== undefined) device.tokens.operator.scopes = scopes;
}

/** Kinds of which a running gateway takes notice at its next read, so that such states need no start of their own. */
export const HOT_KINDS = new Set(["scopes", "token", "cached", "record", "pending"]);
/** Kinds that say nothing where no store has been made yet. */
export const NEEDS_STORE = new Set([...HOT_KINDS, "identity", "store"]);
