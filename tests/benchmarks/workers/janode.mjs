// npm janode. The arguments are the folder it is installed in and the URL; orders and answers as in serve.py.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, url] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const load = (path) => import(pathToFileURL(`${folder}/node_modules/janode/src/${path}`));
const Janode = (await load('janode.js')).default;
const EchoTest = (await load('plugins/echotest-plugin.js')).default;

const connection = await Janode.connect({ address: { url } });
const session = await connection.create();
const held = [];

async function calls(count, inFlight) {
  let left = count;
  const takeTurns = async () => {
    while (left-- > 0) await session.sendRequest({ janus: 'keepalive' });
  };
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  await Promise.all(Array.from({ length: inFlight }, takeTurns));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const used = process.cpuUsage(cpu);
  return { seconds, cpu: (used.user + used.system) / 1e6 };
}

async function obey(order) {
  switch (order.do) {
    case 'calls':
      return calls(order.count, order.in_flight);
    case 'trace':
      return null; // V8 counts its heap anyway
    case 'attach':
      for (let i = 0; i < order.count; i++) held.push(await session.attach(EchoTest));
      return null;
    case 'memory': {
      for (let i = 0; i < 3; i++) globalThis.gc();
      const { rss, heapUsed } = process.memoryUsage();
      return { rss, traced: heapUsed };
    }
    default:
      throw new Error(`no such order: ${order.do}`);
  }
}

console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify((await obey(JSON.parse(line))) ?? null));
}
await connection.close();
process.exit(0);
