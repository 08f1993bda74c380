//! The model MCP server: pure core and dialects.
