// The client of @modelcontextprotocol/client 2.x: see ../drive.mjs.
export { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
