package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	official "github.com/aliyun/alibaba-cloud-sdk-go/services/baas"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/internal/testkit"
)

const (
	accessKeyID     = "LTAI5tExampleExample"
	accessKeySecret = "ExampleExampleExampleExample30"
)

func newRequest() *baas.ApplyAntChainCertificateWithKeyAutoCreationRequest {
	return &baas.ApplyAntChainCertificateWithKeyAutoCreationRequest{
		AntChainID: "1q8B5R9p", ConsortiumID: "DV80nJXq",
		CommonName: "wallet.example.com", CountryName: "CN", StateOrProvinceName: "Zhejiang", LocalityName: "Hangzhou",
		OrganizationName: "Example & Co", OrganizationUnitName: "区块链", Password: "p4ss+word/ÄÖ",
	}
}

// recordReply lets baastest issue one certificate and returns the reply, flat,
// since that is the shape of which every client gets the key.
func recordReply(b *testing.B) []byte {
	b.Helper()
	server := baastest.NewServer(baastest.WithReplyShape(baastest.Flat))
	defer server.Close()
	recorder := &recorder{next: server.HTTPClient().Transport}
	client := server.Client(baas.WithHTTPClient(&http.Client{Transport: recorder}))
	if _, err := client.ApplyAntChainCertificateWithKeyAutoCreation(b.Context(), newRequest()); err != nil {
		b.Fatal(err)
	}
	return recorder.reply
}

// A recorder keeps the last request's body and query, and the reply.
type recorder struct {
	next        http.RoundTripper
	query, body string
	reply       []byte
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.query, r.body = req.URL.RawQuery, string(body)
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(strings.NewReader(r.body))
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	r.reply, err = io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(r.reply))
	return resp, nil
}

// newServer answers every request with one reply, so that what is measured is
// the client; over TLS with HTTP/2 if that is asked for.
func newServer(b *testing.B, http2 bool) *httptest.Server {
	b.Helper()
	reply := recordReply(b)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		_, _ = w.Write(reply)
	}))
	testkit.Start(b, server, http2)
	return server
}

// A caller makes one call.
type caller func(ctx context.Context) error

// callers are those compared, by the names of the table in README.md.
func callers(b *testing.B, server *httptest.Server) []struct {
	name string
	call caller
} {
	return []struct {
		name string
		call caller
	}{
		{"a-bare-post", barePost(b, server)},
		{"b-hand-written", handWritten(b, server)},
		{"c-this-client", thisClient(b, server, nil)},
		{"d-official-sdk", officialSDK(b, server)},
	}
}

// newTransport has connections for as many goroutines as are measured.
func newTransport(b *testing.B, server *httptest.Server) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if server.TLS != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	}
	t.MaxIdleConnsPerHost = 512
	t.MaxIdleConns = 512
	b.Cleanup(t.CloseIdleConnections)
	return t
}

// barePost sends the bytes of a call that was signed before, and throws the
// reply away: the floor.
func barePost(b *testing.B, server *httptest.Server) caller {
	b.Helper()
	recorder := &recorder{next: newTransport(b, server)}
	client, err := baas.NewClient(baas.WithEndpoint(server.URL), baas.WithAccessKey(accessKeyID, accessKeySecret),
		baas.WithHTTPClient(&http.Client{Transport: recorder}))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := client.ApplyAntChainCertificateWithKeyAutoCreation(b.Context(), newRequest()); err != nil {
		b.Fatal(err)
	}
	target, body := server.URL+"/?"+recorder.query, recorder.body
	hc := &http.Client{Transport: newTransport(b, server)}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := hc.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return err
	}
}

// handWritten is what users write today: the call and nothing more.
func handWritten(b *testing.B, server *httptest.Server) caller {
	b.Helper()
	hc := &http.Client{Transport: newTransport(b, server)}
	return func(ctx context.Context) error {
		r := newRequest()
		form := url.Values{
			"AntChainId": {r.AntChainID}, "ConsortiumId": {r.ConsortiumID}, "CommonName": {r.CommonName},
			"CountryName": {r.CountryName}, "StateOrProvinceName": {r.StateOrProvinceName}, "LocalityName": {r.LocalityName},
			"OrganizationName": {r.OrganizationName}, "OrganizationUnitName": {r.OrganizationUnitName}, "Password": {r.Password},
		}
		query := url.Values{
			"Action": {"ApplyAntChainCertificateWithKeyAutoCreation"}, "Version": {"2018-12-21"}, "Format": {"JSON"},
			"AccessKeyId": {accessKeyID}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
			"SignatureNonce": {rand.Text()}, "Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
		}
		query.Set("Signature", handWrittenSignature(form, query))
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/?"+query.Encode(), strings.NewReader(form.Encode()))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := hc.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		var reply struct {
			RequestID string `json:"RequestId"`
			Result    baas.CertificateResult
		}
		if err := json.Unmarshal(body, &reply); err != nil {
			return err
		}
		return checkKey(reply.Result.PrivateKey)
	}
}

func handWrittenSignature(form, query url.Values) string {
	names := make([]string, 0, len(form)+len(query))
	all := make(map[string]string)
	for _, values := range []url.Values{form, query} {
		for name := range values {
			names = append(names, name)
			all[name] = values.Get(name)
		}
	}
	slices.Sort(names)
	pairs := make([]string, 0, len(names))
	for _, name := range names {
		pairs = append(pairs, encode(name)+"="+encode(all[name]))
	}
	mac := hmac.New(sha1.New, []byte(accessKeySecret+"&"))
	mac.Write([]byte("POST&%2F&" + encode(strings.Join(pairs, "&"))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func encode(s string) string {
	s = url.QueryEscape(s)
	s = strings.ReplaceAll(s, "+", "%20")
	s = strings.ReplaceAll(s, "*", "%2A")
	return strings.ReplaceAll(s, "%7E", "~")
}

func checkKey(key string) error {
	if !strings.Contains(key, "PRIVATE KEY") {
		return fmt.Errorf("no key in %d bytes", len(key))
	}
	return nil
}

// thisClient is a client with a given transport, or its own if that is nil.
func thisClient(b *testing.B, server *httptest.Server, given *http.Transport) caller {
	b.Helper()
	opts := []baas.Option{baas.WithEndpoint(server.URL), baas.WithAccessKey(accessKeyID, accessKeySecret)}
	if given != nil {
		opts = append(opts, baas.WithHTTPClient(&http.Client{Transport: given}))
	}
	client, err := baas.NewClient(opts...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	return func(ctx context.Context) error {
		resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(ctx, newRequest())
		if err != nil {
			return err
		}
		return checkKey(resp.Result.PrivateKey)
	}
}

// officialSDK is set up as for production, without retries.
func officialSDK(b *testing.B, server *httptest.Server) caller {
	b.Helper()
	config := sdk.NewConfig().WithScheme("HTTP").WithAutoRetry(false)
	config.Transport = newTransport(b, server)
	client, err := official.NewClientWithOptions("cn-hangzhou", config, credentials.NewAccessKeyCredential(accessKeyID, accessKeySecret))
	if err != nil {
		b.Fatal(err)
	}
	r := newRequest()
	return func(context.Context) error {
		req := official.CreateApplyAntChainCertificateWithKeyAutoCreationRequest()
		req.Domain = strings.TrimPrefix(server.URL, "http://")
		req.AntChainId, req.ConsortiumId, req.CommonName, req.CountryName = r.AntChainID, r.ConsortiumID, r.CommonName, r.CountryName
		req.StateOrProvinceName, req.LocalityName = r.StateOrProvinceName, r.LocalityName
		req.OrganizationName, req.OrganizationUnitName, req.Password = r.OrganizationName, r.OrganizationUnitName, r.Password
		resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(req)
		if err != nil {
			return err
		}
		return checkKey(resp.Result.PrivateKey)
	}
}

// BenchmarkCall is the whole call, one after the other, over loopback.
func BenchmarkCall(b *testing.B) {
	server := newServer(b, false)
	for _, c := range callers(b, server) {
		b.Run(c.name, func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// turn is how many calls are made before it is another caller's turn.
const turn = 100

// BenchmarkRatios makes the calls of BenchmarkCall in turns, so that whatever
// else the machine does burdens all alike, and reports ratios of medians.
func BenchmarkRatios(b *testing.B) {
	server := newServer(b, false)
	all := callers(b, server)
	times := make([][]time.Duration, len(all))
	ctx := b.Context()
	for b.Loop() {
		for i, c := range all {
			start := time.Now()
			for range turn {
				if err := c.call(ctx); err != nil {
					b.Fatal(err)
				}
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	median := func(i int) float64 {
		slices.Sort(times[i])
		return float64(times[i][len(times[i])/2])
	}
	client := median(2)
	for i, unit := range []string{"c/a", "c/b", "", "c/d"} {
		if unit != "" {
			b.ReportMetric(client/median(i), unit)
		}
	}
}
