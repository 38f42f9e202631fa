package sessions

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAMissedErrorSaysHowMany(t *testing.T) {
	err := fmt.Errorf("broadcasting: %w", &MissedError{Sessions: make([]*Session, 3)})
	require.ErrorIs(t, err, ErrFull)
	require.NotErrorIs(t, err, ErrClosed)
	require.ErrorContains(t, err, "sessions that missed the event: 3")
}

// One Problem may answer many requests at once: with -race this sees a write to it.
func TestAProblemIsShared(t *testing.T) {
	shared := &Problem{Status: 429, Detail: "too fast", Code: -32000, RetryAfter: 1500 * time.Millisecond}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			w := httptest.NewRecorder()
			shared.ServeHTTP(w, nil)
			if w.Code != 429 || w.Header().Get("Retry-After") != "2" || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("the response is %d %v", w.Code, w.Header())
			}
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 4 ||
				got["title"] != "Too Many Requests" || got["status"] != 429. || got["detail"] != "too fast" || got["code"] != -32000. {
				t.Errorf("the body is %s", w.Body)
			}
		})
	}
	all.Wait()
	require.Equal(t, "too fast", shared.Error())

	w := httptest.NewRecorder()
	(&Problem{Status: 404, Detail: "not here"}).ServeHTTP(w, nil)
	require.Empty(t, w.Header().Values("Retry-After"))
	require.JSONEq(t, `{"title":"Not Found","status":404,"detail":"not here"}`, w.Body.String())
}
