package baas_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

// versions are those of the signature. What holds for a call holds for both.
var versions = map[string]baas.SignatureVersion{"version 2": baas.SignatureV2, "version 3": baas.SignatureV3}

// common is the value of a common parameter, which version 3 has in a header.
func common(r baastest.Request, param string) string {
	if value := r.Params.Get(param); value != "" {
		return value
	}
	return r.Header.Get(headersOfVersion3[param])
}

var headersOfVersion3 = map[string]string{
	"Action": "X-Acs-Action", "SignatureNonce": "X-Acs-Signature-Nonce", "Timestamp": "X-Acs-Date",
}

// A wire notes what a server gets, to the byte.
type wire struct {
	mu    sync.Mutex
	conns []*bytes.Buffer
}

type notedConn struct {
	net.Conn
	wire *wire
	got  *bytes.Buffer
}

// Write notes what the server has read: its end of the pipe takes no more.
func (c *notedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	c.got.Write(p[:n])
	return n, err
}

// to is the way to a server in memory over the wire. Each call makes new
// connections, as another process does.
func (w *wire) to(server *baastest.Server) baas.Option {
	transport := server.HTTPClient().Transport.(*http.Transport).Clone()
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.conns = append(w.conns, new(bytes.Buffer))
		return &notedConn{conn, w, w.conns[len(w.conns)-1]}, nil
	}
	return baas.WithHTTPClient(&http.Client{Transport: transport})
}

// applications are the requests for a certificate.
func (w *wire) applications() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, conn := range w.conns {
		for _, request := range strings.SplitAfter(conn.String(), "POST /")[1:] { // which no form holds
			if request = strings.TrimSuffix(request, "POST /"); strings.Contains(request, actionApply) {
				list = append(list, request)
			}
		}
	}
	return list
}

// signedMarks are in the first copy, so that the comparison compares something.
var signedMarks = map[string][]string{
	"version 2": {"SignatureNonce=", "Timestamp=", "Signature=", "Password="},
	"version 3": {
		"\r\nX-Acs-Signature-Nonce: ", "\r\nX-Acs-Date: ", "\r\nX-Acs-Content-Sha256: ", "\r\nX-Acs-Version: ",
		"\r\nAuthorization: ACS3-HMAC-SHA256 Credential=", "Password=",
	},
}

// TestSecondCopyIsTheFirst to the byte, line and headers included: as a resend
// of the same call, and as a resumed one of another client.
func TestSecondCopyIsTheFirst(t *testing.T) {
	t.Parallel()
	for version, signature := range versions {
		for where, inQuery := range inBodyAndQuery {
			for name, again := range map[string]func(*testing.T, *wire, *baastest.Server, ...baas.Option){
				"resent": resend, "resumed": resume,
			} {
				t.Run(name+", "+version+", parameters "+where, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						server := baastest.NewServer(baastest.WithInMemory())
						defer server.Close()
						sent := new(wire)
						again(t, sent, server, baas.WithSignatureVersion(signature), queryOption(inQuery))
						copies := sent.applications()
						require.GreaterOrEqual(t, len(copies), 2)
						for _, mark := range signedMarks[version] {
							require.Contains(t, copies[0], mark)
						}
						for _, c := range copies {
							require.Equal(t, copies[0], c)
						}
						require.Equal(t, 1, server.Issued())
					})
				})
			}
		}
	}
}

// resend has a call meet whatever lets the same bytes follow.
func resend(t *testing.T, sent *wire, server *baastest.Server, opts ...baas.Option) {
	server.Inject(baastest.DropBefore(), reply(503, "busy"), reply(429, "slow down"))
	client := server.Client(append(opts, sent.to(server))...)
	_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
	require.NoError(t, err)
	require.Len(t, sent.applications(), 4)
}

// resume has a call end in doubt, and makes it again with a client of its own.
func resume(t *testing.T, sent *wire, server *baastest.Server, opts ...baas.Option) {
	journal := &stamps{}
	first := server.Client(append(opts, sent.to(server), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))...)
	world{server, first}.learnTime(t)
	server.Inject(baastest.DropBefore())
	_, err := first.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithJournal(journal.record))
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	time.Sleep(4*time.Minute + 55*time.Second) // of the bubble
	second := server.Client(append(opts, sent.to(server))...)
	_, err = second.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithResume(journal.all[0]))
	require.NoError(t, err)
	_, err = second.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithResume(journal.all[0]))
	requireUnknown(t, err, baas.ReasonNonceUsed, journal.all[0])
}

// TestResumeWithoutASignature: a bearer token stands for a signature, so the
// digest alone tells other parameters.
func TestResumeWithoutASignature(t *testing.T) {
	t.Parallel()
	cred := credentialsOfEveryKind(t)["bearer"]
	for version, signature := range versions {
		for where, inQuery := range inBodyAndQuery {
			t.Run(version+", parameters "+where, func(t *testing.T) {
				t.Parallel()
				server := baastest.NewServer(baastest.WithInMemory(), baastest.WithCredential(cred))
				defer server.Close()
				client := server.Client(baas.WithSignatureVersion(signature), queryOption(inQuery), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 1}))
				journal := &stamps{}
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithJournal(
					func(ctx context.Context, s baas.Stamp) error {
						server.Inject(baastest.DropBefore())
						return journal.record(ctx, s)
					}))
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				sent := len(server.Requests())
				other := newRequest()
				other.Password += "x"
				_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), other, baas.WithResume(journal.all[0]))
				requireUnknown(t, err, baas.ReasonNotRepeatable, journal.all[0])
				require.Len(t, server.Requests(), sent, "nothing is sent")
				_, err = client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest(), baas.WithResume(journal.all[0]))
				require.NoError(t, err)
			})
		}
	}
}

// TestEveryCredential gets its certificate from a server that verifies it, under
// both versions and wherever the parameters are.
func TestEveryCredential(t *testing.T) {
	t.Parallel()
	for version, signature := range versions {
		for where, inQuery := range inBodyAndQuery {
			for kind, cred := range credentialsOfEveryKind(t) {
				t.Run(kind+", "+version+", parameters "+where, func(t *testing.T) {
					t.Parallel()
					server := baastest.NewServer(baastest.WithInMemory(), baastest.WithCredential(cred))
					defer server.Close()
					client := server.Client(baas.WithSignatureVersion(signature), queryOption(inQuery))
					server.Inject(baastest.DropBefore())
					_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
					require.NoError(t, err)
					requests := server.Requests()
					require.Len(t, requests, 2)
					require.Equal(t, requests[0].Header, requests[1].Header)
					require.Equal(t, requests[0].Params, requests[1].Params)
					requireCredential(t, kind, version, requests[0])
				})
			}
		}
	}
}

// requireCredential asserts that a request has its credential where the version
// has it, and no other.
func requireCredential(t *testing.T, kind, version string, r baastest.Request) {
	t.Helper()
	if version == "version 2" {
		require.Equal(t, kind == "sts", r.Params.Has("SecurityToken"))
		require.Equal(t, kind == "bearer", r.Params.Has("BearerToken"))
		require.Empty(t, r.Header.Get("Authorization"))
		return
	}
	require.Equal(t, kind == "sts", r.Header.Get("X-Acs-Security-Token") == securityToken)
	require.Equal(t, kind == "bearer", r.Header.Get("X-Acs-Bearer-Token") == bearerToken)
	require.Equal(t, kind != "bearer", r.Header.Get("Authorization") != "")
	require.Equal(t, kind == "sts", strings.Contains(r.Header.Get("Authorization"), "x-acs-security-token"), "it is signed")
	for _, name := range []string{"SecurityToken", "BearerToken", "Signature", "AccessKeyId"} {
		require.False(t, r.Params.Has(name), name)
	}
}

// TestWrongCredential is refused by the same server, so its checks are some.
func TestWrongCredential(t *testing.T) {
	t.Parallel()
	made := func(config *credentials.Config, kind string) credentials.Credential {
		cred, err := credentials.NewCredential(config.SetType(kind))
		require.NoError(t, err)
		return cred
	}
	for version, signature := range versions {
		for kind, cred := range credentialsOfEveryKind(t) {
			t.Run(kind+", "+version, func(t *testing.T) {
				t.Parallel()
				server := baastest.NewServer(baastest.WithInMemory(), baastest.WithCredential(cred))
				defer server.Close()
				for code, wrong := range map[string]credentials.Credential{
					"access_key SignatureDoesNotMatch": made(new(credentials.Config).SetAccessKeyId("id").SetAccessKeySecret("x"), "access_key"),
					"sts InvalidSecurityToken.MalFormed": made(
						new(credentials.Config).SetAccessKeyId("id").SetAccessKeySecret(accessKeySecret).SetSecurityToken("x"), "sts"),
					"bearer InvalidBearerToken": made(new(credentials.Config).SetBearerToken("x"), "bearer"),
				} {
					of, want, _ := strings.Cut(code, " ")
					if of != kind {
						continue
					}
					client := server.Client(baas.WithSignatureVersion(signature), baas.WithCredential(wrong))
					_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
					require.ErrorIs(t, err, baas.ErrUnauthenticated)
					requireEnd(t, want, 1, nil, err)
				}
				require.Zero(t, server.Issued())
			})
		}
	}
}

// TestGatewayCanonicalRequest: the real message of version 3 quotes the canonical
// request, with the tokens, and the parameters if they are in the query.
func TestGatewayCanonicalRequest(t *testing.T) {
	t.Parallel()
	for where, inQuery := range inBodyAndQuery {
		for _, kind := range []string{"access_key", "sts"} {
			t.Run(kind+", parameters "+where, func(t *testing.T) {
				t.Parallel()
				cred := credentialsOfEveryKind(t)[kind]
				server := baastest.NewServer(baastest.WithInMemory(), baastest.WithCredential(cred))
				defer server.Close()
				var log bytes.Buffer
				var messages []string
				next := server.HTTPClient().Transport
				client := server.Client(baas.WithSignatureVersion(baas.SignatureV3), queryOption(inQuery),
					baas.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					baas.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						r = r.Clone(r.Context())
						r.Header.Set("X-Acs-Date", time.Now().Add(time.Minute).UTC().Format("2006-01-02T15:04:05Z")) // which was not signed
						resp, err := next.RoundTrip(r)
						if err == nil {
							messages = append(messages, messageOf(t, resp))
						}
						return resp, err
					})}))
				_, err := client.ApplyAntChainCertificateWithKeyAutoCreation(t.Context(), newRequest())
				requireEnd(t, "SignatureDoesNotMatch", 1, nil, err)
				require.ErrorIs(t, err, baas.ErrUnauthenticated)
				require.Len(t, messages, 1)
				require.Contains(t, messages[0], "server CanonicalRequest is [POST")
				require.Equal(t, kind == "sts", strings.Contains(messages[0], "x-acs-security-token:"+securityToken))
				require.Equal(t, inQuery, strings.Contains(messages[0], "Password="+encoded(password)))
				for _, text := range append(everyText(err), log.String()) {
					requireNoSecret(t, text)
					require.NotContains(t, strings.ToLower(text), "x-acs-")
				}
			})
		}
	}
}

// messageOf reads a refusal, and leaves it to be read.
func messageOf(t *testing.T, resp *http.Response) string {
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var refusal struct{ Message string }
	require.NoError(t, json.Unmarshal(body, &refusal))
	return refusal.Message
}
