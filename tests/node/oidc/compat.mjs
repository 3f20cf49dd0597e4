// Lets oidc-provider run on Node 18 (Debian 12, Ubuntu 24.04), which lacks three
// things that it calls. Does nothing on newer versions. Use: node --import ./compat.mjs
import crypto from 'node:crypto';
import { register } from 'node:module';

globalThis.crypto ??= crypto.webcrypto;
URL.parse ??= (address, base) => (URL.canParse(address, base) ? new URL(address, base) : null);

if (!crypto.hash) {
  // A built-in module cannot be given a new export: importers get a module around it instead.
  const around = `
    import crypto from 'crypto';
    export * from 'crypto';
    export default crypto;
    export const hash = (name, data, encoding = 'hex') =>
      crypto.createHash(name).update(data).digest(encoding);`;
  const hooks = `
    export const resolve = (name, context, next) => name === 'node:crypto'
      ? { url: ${JSON.stringify(asUrl(around))}, shortCircuit: true }
      : next(name, context);`;
  register(asUrl(hooks));
}

function asUrl(source) {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
