module example.com/sseworkbook/harness/interop/peers

go 1.26

require (
	example.com/sseworkbook v0.0.0
	github.com/tmaxmax/go-sse v0.12.0
)

replace example.com/sseworkbook => ../../..
