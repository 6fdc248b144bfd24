// An HTTP server (port 8080) and a client on loopback that ask and answer ten times a second over one connection, until standard input ends. Says which
// process it is.

import { Agent, createServer, get } from 'node:http';

const PORT = 8080;
const server = createServer((_, response) => response.end('hello'));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
server.listen(PORT, '127.0.0.1', () => {
  console.log(process.pid);
  setInterval(() => get({ port: PORT, host: '127.0.0.1', agent }, (response) => response.resume()), 100);
});
process.stdin.on('end', () => process.exit(0)).resume();
