"""The Admin/Monitor API: `JanusAdmin`, its typed answers, tables of everybody's handles, packet captures."""
