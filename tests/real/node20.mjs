// Imported before Medplum: its client, which nothing here uses, names a global that Node.js 20 doesn't have yet.
globalThis.WebSocket ??= class {};
