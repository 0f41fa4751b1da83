// MQTT's promises as a program: kills in the middle of QoS 2 traffic, and a session that is away.
// node mqtt_promises.mjs [--kills N] [--away N] [--seed N]
// Prints the tables; exits non-zero when a row fails.
import { parseArgs } from 'node:util';
import { mqttAwayTest } from './lib/mqtt_away.mjs';
import { mqttCrashTest } from './lib/mqtt_crash.mjs';

const text = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({ options: { kills: text('10'), away: text('100000'), seed: text('1') } });
const print = (line) => console.log(line);
let bad = 0;
if (Number(values.kills) > 0) {
  const result = await mqttCrashTest({ rounds: Number(values.kills), seed: Number(values.seed), print });
  if (result.bad > 0 || result.underWay === 0) ++bad;
}
if (Number(values.away) > 0) {
  const row = await mqttAwayTest({ count: Number(values.away), print });
  if (row.wrong > 0 || row.got !== row.messages || !row.present || row.grown > 32 * 2 ** 20) ++bad;
}
process.exit(bad === 0 ? 0 : 1);
