// Runs a table of bad inputs: each gets its expected answer, and after each the broker serves its other clients as before.
import assert from 'node:assert/strict';
import { Broker } from './broker.mjs';
import { Client } from './client.mjs';

// A witness on either side of each case: a subscriber and a publisher who must not notice anything.
export class Witness {
  static async start(args = []) {
    const witness = new Witness();
    witness.broker = await Broker.start({ args: ['--anonymous', ...args] });
    witness.writer = await Client.connect(witness.broker.wsUrl, { name: 'writer' });
    witness.reader = await Client.connect(witness.broker.wsUrl, { name: 'reader' });
    await witness.reader.subscribe('witness');
    witness.rows = [];
    return witness;
  }

  async check() {
    this.broker.assertAlive();
    const { seq } = await this.writer.publish('witness', { text: 'still here' });
    await this.reader.upTo('witness', seq);
    assert.equal(this.reader.in('witness').entries.length, seq, 'the witness has seen every entry');
    this.reader.assertSound();
  }

  // Runs one case: `run` answers what came; it must be one of `expected`.
  async run(name, expected, run) {
    const wanted = [expected].flat();
    const got = await run();
    this.rows.push(`${wanted.includes(got) ? 'ok  ' : 'FAIL'} ${name.padEnd(58)} ${got}`);
    assert.ok(wanted.includes(got), `${name}: answered ${got}, expected ${wanted.join(' or ')}`);
    await this.check();
  }

  async stop(t) {
    t?.diagnostic(`${this.rows.length} cases`);
    await Promise.all([this.writer.close(), this.reader.close()]);
    await this.broker.stop();
  }

  print(t) {
    for (const row of this.rows) t.diagnostic(row);
  }
}
