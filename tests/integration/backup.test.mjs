// Backup while people write, restore in an empty place: what was acknowledged before is there, and clients are told of another epoch.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Broker, binary, temporaryFolder } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';

const parley = (...args) =>
  new Promise((done) =>
    execFile(binary, args, (error, stdout, stderr) => done({ status: error ? error.code : 0, said: stdout + stderr })),
  );

describe('backup and restore', () => {
  it('a backup of a busy broker holds what was acknowledged before it, and comes back under another epoch', async () => {
    const broker = await Broker.start({ args: ['--anonymous'] });
    const writer = await Client.connect(broker.wsUrl, {});
    const { epoch } = await writer.subscribe('general', { since: 0 });
    for (let i = 0; i < 100; ++i) await writer.publish('general', { text: `${i}` }, { cid: `${i}` });
    let busy = true;
    const writing = (async () => {
      for (let i = 100; busy; ++i) await writer.publish('general', { text: `${i}` }, { cid: `${i}` });
    })();
    const file = join(temporaryFolder(), 'backup.db');
    const made = await parley('backup', file, '--data-dir', broker.dataDir);
    busy = false;
    await writing;
    await writer.close();
    await broker.stop();
    assert.equal(made.status, 0, made.said);
    assert.equal(statSync(file).mode & 0o777, 0o600);

    const dataDir = temporaryFolder();
    const restored = await parley('restore', file, '--data-dir', dataDir);
    assert.equal(restored.status, 0, restored.said);
    copyFileSync(join(broker.dataDir, 'token.keys'), join(dataDir, 'token.keys'));
    const second = await Broker.start({ args: ['--anonymous'], dataDir });
    const reader = await Client.connect(second.wsUrl, {});
    const back = await reader.subscribe('general', { since: 50, epoch });
    assert.equal(back.recovered, false, 'a client of the old log is told');
    assert.notEqual(back.epoch, epoch);
    assert.ok(back.head >= 100);
    const again = await reader.publish('general', { text: 'on' }, { cid: 'after the restore' });
    assert.equal(again.seq, back.head + 1);
    await reader.close();
    await second.stop();
  });

  it('nothing is overwritten, and what is no backup is not restored', async () => {
    const broker = await Broker.start();
    const file = join(temporaryFolder(), 'backup.db');
    assert.equal((await parley('backup', file, '--data-dir', broker.dataDir)).status, 0);
    const twice = await parley('backup', file, '--data-dir', broker.dataDir);
    assert.equal(twice.status, 1);
    assert.match(twice.said, /is there already/);
    const over = await parley('restore', file, '--data-dir', broker.dataDir);
    assert.equal(over.status, 1);
    assert.match(over.said, /is there already/);
    await broker.stop();

    const place = temporaryFolder();
    const wrong = join(temporaryFolder(), 'wrong.db');
    writeFileSync(wrong, 'this is no database'.repeat(100));
    assert.equal((await parley('restore', wrong, '--data-dir', place)).status, 1);
    truncateSync(file, statSync(file).size - 8192);
    const cut = await parley('restore', file, '--data-dir', place);
    assert.equal(cut.status, 1, cut.said);
    assert.ok(!existsSync(join(place, 'parley.db')) && !existsSync(join(place, 'parley.db.part')), 'nothing is left');
    const none = await parley('backup', join(place, 'x.db'), '--data-dir', place);
    assert.match(none.said, /no database is there/);
    const other = await parley('restore', file, '--database', 'postgres://somewhere/parley');
    assert.notEqual(other.status, 0);
  });
});
