package baas_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

var kills = flag.Int("baas.kills", 20, "how many processes to kill between journal and reply")

// childTask names the environment variable that makes a child process of the
// test binary. Its input is an errand; its output is "journaled", then "key" and
// the key in quotes, or "unknown" and the Reason.
const childTask = "BAAS_TEST_CHILD"

// An errand is one call of another process.
type errand struct {
	URL, ID, Secret string
	Chain           string
	Version         baas.SignatureVersion
	InQuery         bool
	Journal         string // the file that outlives the process
	Resume          bool   // what the journal has
}

func runChild() int {
	var e errand
	if err := json.NewDecoder(os.Stdin).Decode(&e); err != nil {
		return 2
	}
	client, err := baas.NewClient(baas.WithEndpoint(e.URL), baas.WithAccessKey(e.ID, e.Secret),
		baas.WithSignatureVersion(e.Version), queryOption(e.InQuery))
	if err != nil {
		return 2
	}
	req := newRequest()
	req.AntChainID = e.Chain
	option := baas.WithJournal(e.record)
	if e.Resume {
		stamp, err := e.stamp()
		if err != nil {
			return 2
		}
		option = baas.WithResume(stamp)
	}
	resp, err := client.ApplyAntChainCertificateWithKeyAutoCreation(context.Background(), req, option)
	var unknown *baas.OutcomeUnknownError
	switch {
	case err == nil:
		fmt.Printf("key %q\n", resp.Result.PrivateKey)
	case errors.As(err, &unknown):
		fmt.Printf("unknown %s\n", unknown.Reason)
	default:
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

// record has the stamp on disk before the message may be sent.
func (e *errand) record(_ context.Context, s baas.Stamp) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f, err := os.Create(e.Journal)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		_, err = fmt.Println("journaled")
	}
	return err
}

func (e *errand) stamp() (s baas.Stamp, err error) {
	text, err := os.ReadFile(e.Journal)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

// child starts a process, has journaled run as soon as it has journaled, and
// returns how it ended: "" if it was killed.
func (e errand) child(t *testing.T, journaled func(*os.Process)) string {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	in, err := json.Marshal(e)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childTask+"=1")
	cmd.Stdin = strings.NewReader(string(in))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(out)
	var end string
	for {
		line, err := lines.ReadString('\n')
		if line == "journaled\n" {
			journaled(cmd.Process)
		} else if err == nil {
			end = strings.TrimSuffix(line, "\n")
		}
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil {
		require.ErrorAs(t, err, &exit)
		require.NotEqual(t, 2, exit.ExitCode(), "%s", errs.String())
	}
	return end
}

// A tally counts how calls ended.
type tally struct {
	killed  int // between journal and reply
	early   int // had the reply before the kill
	arrived int // of the killed, whose message the server had by then
	keys    int // of the killed, that ended in the key when resumed
	unknown int // or in SignatureNonceUsed
}

// TestKilledBetweenJournalAndReply kills processes at random moments after they
// have journaled, and has others resume: each call ends with one certificate,
// and in its key or in SignatureNonceUsed.
func TestKilledBetweenJournalAndReply(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short leaves out what starts many processes")
	}
	server := baastest.NewServer()
	defer server.Close()
	model, err := server.Credential().GetCredential()
	require.NoError(t, err)
	dir := t.TempDir()
	calls := 0
	next := func() errand {
		calls++
		return errand{
			URL: server.URL(), ID: *model.AccessKeyId, Secret: *model.AccessKeySecret, Chain: fmt.Sprint("chain", calls),
			Version: baas.SignatureVersion(calls % 2), InQuery: calls/2%2 == 1, Journal: filepath.Join(dir, fmt.Sprint(calls)),
		}
	}
	next().usual(t) // makes the server's CA
	usual := next().usual(t)
	random := newRandom(t)
	var sum tally
	for sum.killed < *kills {
		require.Less(t, calls, 20**kills+20, "hardly a process is killed before it is done")
		next().killAndResume(t, server, momentOf(random, usual), &sum)
	}
	server.Close()
	require.Equal(t, calls, server.Issued(), "one certificate a call")
	t.Logf("killed %d processes between journal and reply, which usually takes %v; %d of their messages had arrived by then", sum.killed, usual, sum.arrived)
	t.Logf("resumed, %d calls ended in the key and %d in doubt, since their first copy was carried out; %d more had the reply before the kill", sum.keys, sum.unknown, sum.early)
}

// usual is how long an undisturbed process takes from journal to its end.
func (e errand) usual(t *testing.T) time.Duration {
	t.Helper()
	var start time.Time
	end := e.child(t, func(*os.Process) { start = time.Now() })
	require.Contains(t, end, "key ")
	return time.Since(start)
}

// momentOf is when to kill. The message arrives early, so the magnitude is
// random, and then the moment in it.
func momentOf(random *mathrand.Rand, usual time.Duration) time.Duration {
	return time.Duration(random.Int64N(1 + int64(usual)>>random.IntN(8)))
}

// killAndResume kills a process so long after it has journaled, and resumes its
// call, unless it was done by then.
func (e errand) killAndResume(t *testing.T, server *baastest.Server, after time.Duration, sum *tally) {
	t.Helper()
	var timer *time.Timer
	end := e.child(t, func(p *os.Process) { timer = time.AfterFunc(after, func() { _ = p.Kill() }) })
	require.NotNil(t, timer, "it journals")
	timer.Stop()
	if end != "" {
		require.Contains(t, end, "key ")
		sum.early++
		return
	}
	sum.killed++
	if slices.ContainsFunc(server.Requests(), func(r baastest.Request) bool { return r.Params.Get("AntChainId") == e.Chain }) {
		sum.arrived++
	}
	e.Resume = true
	end = e.child(t, func(*os.Process) { t.Error("a resumed call journals nothing") })
	if strings.HasPrefix(end, "key ") {
		sum.keys++
		return
	}
	require.Equal(t, "unknown "+string(baas.ReasonNonceUsed), end)
	sum.unknown++
}
