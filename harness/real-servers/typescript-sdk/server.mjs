// The transport of the TypeScript SDK as it is: one for the whole process, with an event store or without. Usage:
// node server.mjs PORT [store]
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js';

const [port, store] = process.argv.slice(2);
const server = new McpServer({ name: 'memory-server', version: '0.6.3' });
server.registerTool('slow', { description: 'takes a second' }, async () => {
  await setTimeout(1000);
  return { content: [{ type: 'text', text: 'done' }] };
});
const transport = new StreamableHTTPServerTransport({
  sessionIdGenerator: randomUUID,
  ...(store && { eventStore: new InMemoryEventStore(), retryInterval: 3000 }),
});
await server.connect(transport);

createServer((request, response) => {
  if (new URL(request.url, 'http://localhost').pathname === '/mcp') {
    transport.handleRequest(request, response);
  } else {
    response.writeHead(404).end();
  }
}).listen(Number(port), '127.0.0.1');
