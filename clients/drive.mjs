// What the drivers of the TypeScript SDKs share, whose clients are asked alike: the protocol of README.md. Started as
// `drive.mjs DRIVER`: that file exports the SDK's `Client` and `StreamableHTTPClientTransport`. It sets nothing that the SDK
// has a default for, and repeats nothing: what the SDK does is what is tested.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Client, StreamableHTTPClientTransport } = await import(pathToFileURL(process.argv[2]).href);

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');

const client = new Client({ name: 'stalemate', version: '1' });
client.fallbackNotificationHandler = async (n) => say({ notification: n.method });
client.onerror = (error) => say({ log: String(error) });
let transport;

// Errors in the SDK's own words, with what it gives as their cause.
const words = (error) => {
  const cause = error?.cause?.code ?? error?.cause?.message;
  return cause ? `${error.message}: ${cause}` : String(error?.message ?? error);
};

const texts = (result) => {
  const text = (result.content ?? []).map((block) => block.text ?? '').join('\n');
  if (result.isError) throw new Error(text);
  return text;
};

const requests = {
  'resources/read': (params) => client.readResource(params),
  'prompts/get': (params) => client.getPrompt(params),
  'completion/complete': (params) => client.complete(params),
  'resources/subscribe': (params) => client.subscribeResource(params),
};

const operations = {
  async connect({ url }) {
    transport = new StreamableHTTPClientTransport(new URL(url));
    await client.connect(transport);
    return true;
  },
  async list_tools() {
    const names = [];
    let cursor;
    do {
      const page = await client.listTools(cursor ? { cursor } : undefined);
      names.push(...page.tools.map((tool) => tool.name));
      cursor = page.nextCursor;
    } while (cursor);
    return names;
  },
  async call_tool({ name, arguments: args }) {
    return texts(await client.callTool({ name, arguments: args }));
  },
  async request({ method, params }) {
    if (!requests[method]) throw new Error(`this client has no ${method}`);
    return JSON.stringify(await requests[method](params));
  },
  // As the SDK documents it: the session is ended first, then the connection.
  async disconnect() {
    try {
      await transport?.terminateSession();
    } finally {
      await client.close();
    }
    return true;
  },
};

const carryOut = async ({ id, op, ...parameters }) => {
  try {
    say({ id, ok: await operations[op](parameters) });
  } catch (error) {
    say({ id, error: words(error) });
  }
};

createInterface({ input: process.stdin }).on('line', (line) => carryOut(JSON.parse(line)));
say({ ready: 1 });
