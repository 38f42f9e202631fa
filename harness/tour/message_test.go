package tour_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/tour"
)

func TestAConversationTellsEachMessageWithItsBytes(t *testing.T) {
	var all []tour.Message
	err := tour.PlayConversation(t.Context(), 0, []string{"05-correlation"}, func(m tour.Message) { all = append(all, m) })
	require.NoError(t, err)
	require.Greater(t, len(all), 20)
	var answers int
	for i, m := range all {
		require.Contains(t, tour.Parties(), m.From.String())
		require.Contains(t, tour.Parties(), m.To.String())
		require.Equal(t, m.Lesson == "05-correlation", m.Yours)
		require.Equal(t, m.End, m.Wire == "", "%s: what is sent has bytes", m.Text)
		if i > 0 {
			require.GreaterOrEqual(t, m.At, all[i-1].At)
		}
		switch {
		case strings.HasPrefix(m.Text, "GET "), strings.HasPrefix(m.Text, "POST "):
			request, _, _ := strings.Cut(m.Text, " {")
			require.True(t, strings.HasPrefix(m.Wire, strings.Join(strings.Fields(request)[:2], " ")), "%s: %q", m.Text, m.Wire)
		case strings.HasPrefix(m.Text, "request "):
			require.Regexp(t, `(?s)^(:.*\n\n)*event: request\ndata: \{.*\}\n\n$`, m.Wire)
		case m.Text == "202 Accepted":
			answers++
			require.True(t, strings.HasPrefix(m.Wire, "HTTP/1.1 202 Accepted\r\n"), "%q", m.Wire)
		}
	}
	require.Equal(t, 3, answers)
	require.Contains(t, all[1].Wire, "HTTP/1.1 200 OK\r\n")
	require.Contains(t, all[1].Wire, "\r\n\r\nevent: endpoint\n")
}

func TestAConversationEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	err := tour.PlayConversation(ctx, 0, nil, func(tour.Message) {
		if n++; n == 6 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, n, 12)
}
