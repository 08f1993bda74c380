// The client of @modelcontextprotocol/sdk 1.x: see ../drive.mjs.
export { Client } from '@modelcontextprotocol/sdk/client/index.js';
export { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
