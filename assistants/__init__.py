"""What assistants may ask: an MCP server on the published file, with governed measures alone."""
