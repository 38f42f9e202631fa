package bench

import (
	_ "github.com/coder/websocket"
	_ "github.com/donovanhide/eventsource"
	_ "github.com/launchdarkly/eventsource"
	_ "github.com/modelcontextprotocol/go-sdk/mcp"
	_ "github.com/r3labs/sse/v2"
	_ "github.com/stretchr/testify/require"
	_ "github.com/tmaxmax/go-sse"
)
