// Certificates for tests, made by openssl: an authority and servers' certificates for localhost, 127.0.0.1 and ::1.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './broker.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });

export class Authority {
  constructor() {
    this.folder = temporaryFolder();
    this.file = join(this.folder, 'ca.pem');
    this.key = join(this.folder, 'ca.key');
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=Test authority', '-keyout', this.key, '-out', this.file],
    );
    this.pem = readFileSync(this.file);
  }
  // Writes NAME.pem and NAME.key; the same name again: another certificate in the same files.
  issue(name) {
    const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) => join(this.folder, `${name}.${end}`));
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
    writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n');
    openssl(
      ...['x509', '-req', '-in', request, '-CA', this.file, '-CAkey', this.key, '-CAcreateserial', '-days', '2'],
      ...['-extfile', extensions, '-out', cert],
    );
    return { cert, key };
  }
}
