package certbundle_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// Not parallel: the heap is everybody's.
func TestAThousandBundlesLeaveTheHeapSteady(t *testing.T) {
	ca := newAuthority(t)
	good, bad := ca.bundle(t), ca.bundle(t)
	cert, key := ca.issue(t)
	good.PrivateKey, good.ClientCert = lockedKey(t, key, keyPassword), pemCerts(cert)
	bad.PrivateKey = lockedKey(t, key, "other")

	use := func() {
		_, err := clone(good).Verify(keyPassword)
		require.NoError(t, err)
		_, err = clone(good).TLSConfig(keyPassword)
		require.NoError(t, err)
		_, err = clone(bad).Verify(keyPassword)
		require.ErrorIs(t, err, certbundle.ErrPassword)
	}
	for range 50 { // what is made once is made
		use()
	}
	before := heap()
	goroutines := runtime.NumGoroutine()
	for range 1000 {
		use()
	}
	// A bundle has some 3 KiB: if each were kept, there would be megabytes more.
	require.Less(t, heap(), before+256<<10)
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
}

// clone makes a bundle that shares no memory, so that no cache can take it for
// the one before.
func clone(b *certbundle.Bundle) *certbundle.Bundle {
	return &certbundle.Bundle{
		PrivateKey: append([]byte("\n"), b.PrivateKey...),
		ClientCert: append([]byte("\n"), b.ClientCert...),
		CACert:     append([]byte("\n"), b.CACert...),
		TrustStore: append([]byte(nil), b.TrustStore...),
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first finalized
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkVerify(b *testing.B) {
	bundle := issued(b, newIssuer(b), keyPassword)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bundle.Verify(keyPassword); err != nil {
			b.Fatal(err)
		}
	}
}
