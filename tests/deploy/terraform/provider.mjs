// A stand-in for the AWS provider: serves its schema over Terraform's plugin protocol, plans what is not known yet, answers data sources with
// examples, creates nothing. PARLEY_TF_SCHEMA names the file that schema.mjs wrote.
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { ExtData, decode, encode } from '@msgpack/msgpack';
import { atExit } from '../../integration/lib/at_exit.mjs';

const schema = JSON.parse(readFileSync(process.env.PARLEY_TF_SCHEMA, 'utf8'));
const unknown = new ExtData(0, new Uint8Array([0]));
const nestings = { single: 1, list: 2, set: 3, map: 4 };

function wire({ attributes, blocks }) {
  return {
    attributes: Object.entries(attributes).map(([name, { type, ...flags }]) => ({
      name,
      type: Buffer.from(JSON.stringify(type)),
      ...flags,
    })),
    block_types: Object.entries(blocks).map(([name, { nesting, min, max, block }]) => ({
      type_name: name,
      nesting: nestings[nesting],
      min_items: min,
      max_items: max,
      block: wire(block),
    })),
  };
}
const schemas = (all) =>
  Object.fromEntries(Object.entries(all).map(([name, block]) => [name, { version: 0, block: wire(block) }]));

const example = (name, type) => {
  if (type === 'string') return { account_id: '111122223333', names: 'x' }[name] ?? `example-${name}`;
  if (type === 'number') return 1;
  if (type === 'bool') return false;
  if (type[0] === 'list' || type[0] === 'set') return [`${name}-a`, `${name}-b`].filter(() => type[1] === 'string');
  return {};
};

// Fills what the configuration leaves open: `fill` says with what.
function filled(value, block, fill) {
  if (value === null || value instanceof ExtData) return value;
  const done = { ...value };
  for (const [name, { type, computed }] of Object.entries(block.attributes))
    if (computed && (done[name] === null || done[name] === undefined)) done[name] = fill(name, type);
  for (const [name, { block: inner }] of Object.entries(block.blocks)) {
    const nested = done[name];
    if (Array.isArray(nested)) done[name] = nested.map((one) => filled(one, inner, fill));
    else if (nested && typeof nested === 'object') done[name] = filled(nested, inner, fill);
  }
  return done;
}
const out = (value) => ({ msgpack: Buffer.from(encode(value)) });

const calls = {
  GetSchema: () => ({
    provider: { version: 0, block: wire(schema.provider) },
    resource_schemas: schemas(schema.resources),
    data_source_schemas: schemas(schema.data),
    provider_meta: { version: 0, block: { attributes: [], block_types: [] } },
  }),
  PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
  ValidateResourceTypeConfig: () => ({}),
  ValidateDataSourceConfig: () => ({}),
  Configure: () => ({}),
  UpgradeResourceState: ({ raw_state: raw }) => ({ state: { json: raw.json } }),
  ReadResource: ({ current_state: state }) => ({ state }),
  PlanResourceChange: ({ type_name: name, proposed_new_state: state }) => ({
    planned_state: out(filled(decode(state.msgpack), schema.resources[name], () => unknown)),
  }),
  ReadDataSource: ({ type_name: name, config }) => ({ state: out(filled(decode(config.msgpack), schema.data[name], example)) }),
  Stop: () => ({}),
};

const definition = loader.loadSync(new URL('protocol.proto', import.meta.url).pathname, { keepCase: true, defaults: false });
const { tfplugin5 } = grpc.loadPackageDefinition(definition);
const server = new grpc.Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
server.addService(
  tfplugin5.Provider.service,
  Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      ({ request }, answer) => {
        try {
          answer(null, call(request));
        } catch (error) {
          answer({ code: grpc.status.INTERNAL, message: error.stack });
        }
      },
    ]),
  ),
);
const folder = mkdtempSync(join(tmpdir(), 'tf-'));
atExit(() => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(0));
// The one who started us is gone: so are we.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(0), 1000).unref();
const socket = join(folder, 's');
server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  process.stdout.write(`1|5|unix|${socket}|grpc|\n`);
});
