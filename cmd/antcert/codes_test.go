package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/identity"
)

// hang answers nothing until the client goes: nothing is issued or consumed.
func hang() baastest.Fault {
	return baastest.Respond(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
}

// put makes a folder with a record.
func (w *world) put(s identity.State, age time.Duration) {
	w.Helper()
	r := identity.Record{
		State: s, Chain: testChain, Consortium: "DV80nJXq", Subject: strings.ReplaceAll(testSubject, ",", ", "), Holder: "host/1/ABC", Since: time.Now().Add(-age).UTC().Truncate(time.Second),
		Stamp: &baas.Stamp{Nonce: "N0NCE", Time: time.Now().Add(-age).UTC().Truncate(time.Second), Digest: "d"}, RequestID: "REQ", Reason: "reset",
	}
	data, err := json.Marshal(r)
	require.NoError(w, err)
	require.NoError(w, os.MkdirAll(w.dir, 0o700))
	require.NoError(w, os.WriteFile(filepath.Join(w.dir, "identity.1.json"), data, 0o600))
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	wrong := []string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET=wrong", passwordVariable + "=" + testPassword}
	for _, row := range []struct {
		name    string
		prepare func(w *world)
		line    string
		env     []string
		code    int
		says    string // in standard error
	}{
		{"0 done", nil, enrollLine, nil, 0, ""},
		{"1 refused", func(w *world) {
			w.srv.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"), baastest.Refuse(403, "Forbidden.RAM", "no"))
		}, "chains --endpoint {url}", nil, 1, "baas:DescribeAntChainConsortiums,"},
		{"1 refused: nodes", func(w *world) {
			w.srv.Inject(baastest.Refuse(403, "Forbidden.RAM", "no"), baastest.Refuse(403, "Forbidden.RAM", "no"))
		}, "nodes --endpoint {url} --chain x", nil, 1, "baas:DescribeAntChainNodes,"},
		{"1 refused: a certificate for a key that was made here", func(w *world) { w.srv.Inject(baastest.Refuse(403, "Forbidden.RAM", "no")) },
			enrollLine + " --csr", nil, 1, "baas:ApplyAntChainCertificate,"},
		{"1 refused, and nothing was issued", func(w *world) { w.srv.Inject(baastest.Fault{}, baastest.Refuse(400, "InvalidParameter", "no")) }, enrollLine, nil, 1, "InvalidParameter"},
		{"1 wrong access key", nil, "chains --endpoint {url}", wrong, 1, "check the access key"},
		{"1 no credentials", nil, "chains --endpoint {url}", []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=", "ALIBABA_CLOUD_ACCESS_KEY_SECRET="}, 1, "--profile"},
		{"1 no such profile", nil, "chains --endpoint {url} --profile nope", nil, 1, `antcert: profile "nope" of the aliyun command line is not usable`},
		{"1 could not be reached", nil, "chains --endpoint http://127.0.0.1:1", nil, 1, "check the network"},
		{"1 throttled", func(w *world) {
			w.srv.Inject(baastest.Throttle(), baastest.Throttle(), baastest.Throttle(), baastest.Throttle())
		}, "chains --endpoint {url}", nil, 1, "wait a minute"},
		{"1 took too long", func(w *world) { w.srv.Inject(hang()) }, "chains --endpoint {url} --timeout 500ms", nil, 1, "--timeout"},
		{"1 a key is there: nothing to clear", func(w *world) { w.must(enrollLine) }, "clear {dir}", nil, 1, "no doubt to clear"},
		{"1 of another chain", func(w *world) { w.must(enrollLine) }, "enroll {dir} --endpoint {url} --chain other --consortium DV80nJXq --subject {subject}", nil, 1, "use another folder"},
		{"2 unknown command", nil, "foo", nil, 2, "there is no command"},
		{"2 unknown flag", nil, "chains --foo", nil, 2, "-foo"},
		{"2 unknown value", nil, "chains -o xml", nil, 2, "none of text, json"},
		{"2 flag missing", nil, "enroll {dir}", nil, 2, "chain, consortium, subject"},
		{"2 argument missing", nil, "status", nil, 2, "antcert status --help"},
		{"2 argument too many", nil, "status a b", nil, 2, "antcert status --help"},
		{"2 subject", nil, "enroll {dir} --endpoint {url} --chain a --consortium b --subject CN=a", nil, 2, "OU is missing"},
		{"2 no password", nil, enrollLine, []string{passwordVariable + "="}, 2, "--password-file"},
		{"2 pin", func(w *world) { w.must(enrollLine) }, "connect {dir} --node 127.0.0.1:1 --pin x", nil, 2, "is not a pin"},
		{"2 node", nil, "connect {dir} --node x", nil, 2, "host:port"},
		{"2 time", nil, "verify {dir} --expires-in soon", nil, 2, "30d"},
		{"2 endpoint", nil, "chains --endpoint http://192.0.2.1", nil, 2, "--endpoint is plain HTTP"},
		{"2 region", nil, "chains --region X!", nil, 2, "--region is not"},
		{"2 nobody can confirm", func(w *world) { w.put(identity.InDoubt, time.Hour) }, "clear {dir}", nil, 2, "--confirm ID"},
		{"2 another chain confirmed", func(w *world) { w.put(identity.InDoubt, time.Hour) }, "clear {dir} --confirm x", nil, 2, "not the chain's ID"},
		{"2 name of a Secret", nil, "secret {dir} --name A_B", nil, 2, "small letters"},
		{"3 outcome unknown", func(w *world) {
			drop := baastest.DropAfter()
			w.srv.Inject(baastest.Fault{}, drop, drop, drop, drop)
		}, enrollLine, nil, 3, "antcert clear"},
		{"3 in doubt already", func(w *world) { w.put(identity.InDoubt, time.Hour) }, enrollLine, nil, 3, "antcert clear"},
		{"3 in doubt: status", func(w *world) { w.put(identity.InDoubt, time.Hour) }, "status {dir}", nil, 3, ""},
		{"3 in doubt: verify", func(w *world) { w.put(identity.InDoubt, time.Hour) }, "verify {dir}", nil, 3, "nonce N0NCE, request ID REQ"},
		{"3 cleared too early", func(w *world) { w.put(identity.InDoubt, time.Minute) }, "clear {dir} --confirm " + testChain, nil, 3, "clear it after"},
		{"3 another holder is enrolling", func(w *world) { w.put(identity.Applying, 0) }, enrollLine + " --timeout 2s", nil, 3, "another holder is enrolling"},
		{"3 under way: status", func(w *world) { w.put(identity.Applying, 0) }, "status {dir}", nil, 3, ""},
		{"3 outcome of a CSR unknown", func(w *world) {
			drop := baastest.DropAfter()
			w.srv.Inject(drop, drop, drop, drop)
		}, enrollLine + " --csr", nil, 3, "antcert complete"},
		{"0 cleared", func(w *world) { w.put(identity.InDoubt, time.Hour) }, "clear {dir} --confirm " + testChain, nil, 0, ""},
		{"4 not there", nil, "verify {dir}", nil, 4, "antcert enroll"},
		{"4 not there: status", nil, "status {dir}", nil, 4, ""},
		{"4 nothing to complete", nil, "complete {dir} --endpoint {url}", nil, 4, "antcert enroll"},
		{"4 wrong password", func(w *world) { w.must(enrollLine) }, "verify {dir}", []string{passwordVariable + "=x"}, 4, "wrong password"},
		{"4 a file is missing", func(w *world) { w.must(enrollLine); w.remove("ca.crt") }, "verify {dir}", nil, 4, "antcert complete"},
		{"4 the key is stored, and files are missing", func(w *world) {
			no := baastest.Refuse(403, "Forbidden.RAM", "no")
			w.srv.Inject(baastest.Fault{}, baastest.Fault{}, no, no)
			w.srv.InjectDownload(no, no, no)
		}, enrollLine, nil, 4, "antcert complete gets them"},
		{"4 it took too long to get the files", func(w *world) {
			w.srv.InjectDownload(hang(), hang(), hang(), hang(), hang(), hang())
		}, enrollLine + " --timeout 8s", nil, 4, "--timeout"},
		{"4 a copy of a file is damaged: enroll", func(w *world) { w.must(enrollLine); w.spoil() }, enrollLine, nil, 4, "move what is named away, and then: antcert complete "},
		{"4 a copy of a file is damaged: complete", func(w *world) { w.must(enrollLine); w.spoil() }, "complete {dir} --endpoint {url}", nil, 4, "ca.crt"},
		{"4 a copy of a file is damaged: verify", func(w *world) { w.must(enrollLine); w.spoil() }, "verify {dir}", nil, 4, "get it again: antcert complete "},
		{"1 a file is in the way of a new identity", func(w *world) { require.NoError(w, os.Mkdir(w.dir, 0o700)); w.spoil() }, enrollLine, nil, 1, "use another folder"},
		{"4 a record is damaged", func(w *world) { w.damage() }, "status {dir}", nil, 4, "identity.1.json"},
		{"5 expires soon", func(w *world) { w.must(enrollLine) }, "verify {dir} --expires-in 400d", nil, 5, "ends at"},
		{"0 expires later", func(w *world) { w.must(enrollLine) }, "verify {dir} --expires-in 720h", nil, 0, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withPassword()
			if row.prepare != nil {
				row.prepare(w)
			}
			r := w.with(row.env...).run(row.line)
			require.Equal(t, row.code, r.code, r.err)
			require.Contains(t, r.err, row.says)
			if row.says == "" {
				require.Empty(t, errorLines(r.err))
			}
		})
	}
}

func (w *world) remove(name string) {
	w.Helper()
	require.NoError(w, os.Remove(filepath.Join(w.dir, name)))
}

func (w *world) damage() {
	w.Helper()
	require.NoError(w, os.MkdirAll(w.dir, 0o700))
	require.NoError(w, os.WriteFile(filepath.Join(w.dir, "identity.1.json"), []byte("{"), 0o600))
}

// spoil damages a file that is copied out of the record, or puts it there.
func (w *world) spoil() {
	w.Helper()
	require.NoError(w, os.WriteFile(filepath.Join(w.dir, "ca.crt"), []byte("junk"), 0o600))
}
