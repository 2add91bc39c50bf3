package robust

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// A slowCredential takes a second, and knows how many ask at a time.
type slowCredential struct {
	credentials.Credential
	asking, most, asked atomic.Int32
	err                 error
}

func (c *slowCredential) GetCredential() (*credentials.CredentialModel, error) {
	c.asked.Add(1)
	if n := c.asking.Add(1); n > c.most.Load() {
		c.most.Store(n)
	}
	defer c.asking.Add(-1)
	time.Sleep(time.Second) // of the bubble
	if c.err != nil {
		return nil, c.err
	}
	return c.Credential.GetCredential()
}

// An uncomparableCredential cannot be the key of a map.
type uncomparableCredential struct {
	*slowCredential
	labels []string
}

// TestOneCredentialTwoClients: it is asked by one goroutine at a time.
func TestOneCredentialTwoClients(t *testing.T) {
	for name, c := range map[string]struct {
		shared func(*slowCredential) credentials.Credential
		most   int32 // at a time
		err    error
	}{
		"a pointer":                   {func(c *slowCredential) credentials.Credential { return c }, 1, nil},
		"one that fails":              {func(c *slowCredential) credentials.Credential { return c }, 1, errors.New("no credentials today")},
		"one that cannot be compared": {func(c *slowCredential) credentials.Credential { return uncomparableCredential{c, nil} }, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newServer()
				defer server.Close()
				slow := &slowCredential{Credential: server.Credential(), err: c.err}
				var running sync.WaitGroup
				for i := range 2 {
					client := server.Client(baas.WithCredential(c.shared(slow)))
					for j := range 10 {
						server.Inject(success())
						running.Go(func() {
							_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(fmt.Sprint(i, j)))
							if (err == nil) != (c.err == nil) || c.err != nil && !errors.Is(err, baas.ErrCredentials) {
								t.Error(err)
							}
						})
					}
				}
				running.Wait()
				require.LessOrEqual(t, slow.most.Load(), c.most, "asked by so many at a time")
				require.Less(t, slow.asked.Load(), int32(20), "a flight is shared")
			})
		})
	}
}

// TestTwoCredentialsTwoClients: one that hangs holds up nobody but its own
// clients.
func TestTwoCredentialsTwoClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newServer()
		defer server.Close()
		server.Inject(success(), success())
		start := time.Now()
		var running sync.WaitGroup
		for i := range 2 {
			client := server.Client(baas.WithCredential(&slowCredential{Credential: server.Credential()}))
			running.Go(func() {
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(fmt.Sprint(i)))
				if err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		require.Less(t, time.Since(start), 2*time.Second)
	})
}
