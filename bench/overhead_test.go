package bench

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// BenchmarkOverhead makes calls in turns, so that whatever else the machine does
// burdens all alike. It reports what this client adds to a bare POST, as a part
// of what hand-written code adds: with its own transport and with a given one,
// over HTTP/1 and over TLS with HTTP/2.
func BenchmarkOverhead(b *testing.B) {
	for _, protocol := range []struct {
		name  string
		http2 bool
	}{{"http", false}, {"tls-http2", true}} {
		b.Run(protocol.name, func(b *testing.B) {
			if protocol.http2 && runtime.GOOS != "linux" {
				b.Skip("the client's own transport trusts the system's roots, which only Linux takes from a variable")
			}
			server := newServer(b, protocol.http2)
			if protocol.http2 {
				file := filepath.Join(b.TempDir(), "roots.pem")
				block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
				if err := os.WriteFile(file, block, 0o600); err != nil {
					b.Fatal(err)
				}
				b.Setenv("SSL_CERT_FILE", file)
			}
			all := []caller{
				barePost(b, server), handWritten(b, server),
				thisClient(b, server, nil), thisClient(b, server, newTransport(b, server)),
			}
			times := make([][]time.Duration, len(all))
			for b.Loop() {
				for i, call := range all {
					start := time.Now()
					for range turn {
						if err := call(b.Context()); err != nil {
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
			bare := median(0)
			byHand := median(1) - bare
			b.ReportMetric((median(2)-bare)/byHand, "own")
			b.ReportMetric((median(3)-bare)/byHand, "given")
		})
	}
}
